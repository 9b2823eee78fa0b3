//! How far a conversation came, and where its time went.
//!
//! Shared by the conversation, which says what it is doing, and the reactor, which must say at the
//! deadline what was not done in time. The clock is handed in as a function: the cryptography of
//! a handshake takes longer than the network does, so the time of a turn is too old for it.

use super::after::After;
use crate::model::{Phases, Reason, RunResult};
use crate::sync::{Mutex, lock};
use crate::time::Tick;
use std::borrow::Cow;

/// What a conversation is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Shaking hands for encryption.
    Handshake,
    /// Sending.
    #[default]
    Sending,
    /// Waiting for an answer or the rest of it.
    Receiving,
}

impl Doing {
    /// The reason when the deadline comes meanwhile.
    pub fn timeout(self) -> Reason {
        match self {
            Doing::Handshake => Reason::TLS_TIMEOUT,
            Doing::Sending => Reason::SEND_TIMEOUT,
            Doing::Receiving => Reason::RECEIVE_TIMEOUT,
        }
    }
}

#[derive(Debug)]
struct Inner {
    clock: fn() -> Tick,
    began: Tick,
    doing: Doing,
    step: Cow<'static, str>,
    has_answer: bool,
    phases: Phases,
    /// The verdict, and when it was known.
    verdict: Option<(RunResult, Tick)>,
    after: After,
}

impl Inner {
    /// Books the time since the last mark; nothing is booked once the verdict is known.
    fn mark(&mut self, now: Tick) {
        let now = self.verdict.as_ref().map_or(now, |(_, at)| *at);
        let phases = &mut self.phases;
        let phase = match self.doing {
            Doing::Handshake => &mut phases.tls_ns,
            _ if self.has_answer => &mut phases.transfer_ns,
            _ => &mut phases.first_byte_ns,
        };
        *phase = phase.saturating_add(now.since(self.began));
        self.began = now;
    }
}

/// The record of one conversation.
#[derive(Debug)]
pub struct Trace(Mutex<Inner>);

impl Trace {
    /// A record that begins now.
    pub fn new(clock: fn() -> Tick) -> Trace {
        Trace(Mutex::new(Inner {
            clock,
            began: clock(),
            doing: Doing::default(),
            step: Cow::Borrowed(""),
            has_answer: false,
            phases: Phases::default(),
            verdict: None,
            after: After::default(),
        }))
    }

    /// Something else is done from now on.
    pub fn does(&self, doing: Doing) {
        let mut inner = lock(&self.0);
        if inner.doing != doing {
            let now = (inner.clock)();
            inner.mark(now);
            inner.doing = doing;
        }
    }

    /// A step of the protocol begins, named for messages ("AUTH", "SELECT 1").
    pub fn step(&self, step: impl Into<Cow<'static, str>>) {
        lock(&self.0).step = step.into();
    }

    /// Bytes of an answer have come.
    pub fn answered(&self) {
        let mut inner = lock(&self.0);
        if inner.doing != Doing::Handshake && !inner.has_answer {
            let now = (inner.clock)();
            inner.mark(now);
            inner.has_answer = true;
        }
    }

    /// The verdict is known; what follows is only politeness.
    pub fn decide(&self, verdict: RunResult) {
        let mut inner = lock(&self.0);
        let now = (inner.clock)();
        inner.mark(now);
        inner.verdict = Some((verdict, now));
    }

    /// The verdict, if it is known.
    pub fn verdict(&self) -> Option<RunResult> {
        lock(&self.0).verdict.as_ref().map(|(verdict, _)| verdict.clone())
    }

    /// When the verdict was known; now, while it is not.
    pub fn ended(&self) -> Tick {
        let inner = lock(&self.0);
        inner.verdict.as_ref().map_or_else(inner.clock, |(_, at)| *at)
    }

    /// Looks at, or says, what comes after the verdict.
    pub fn after<T>(&self, look: impl FnOnce(&mut After) -> T) -> T {
        look(&mut lock(&self.0).after)
    }

    /// What is being done, and in which step.
    pub fn doing(&self) -> (Doing, Cow<'static, str>) {
        let inner = lock(&self.0);
        (inner.doing, inner.step.clone())
    }

    /// Where the time went until `now`.
    pub fn phases(&self, now: Tick) -> Phases {
        let mut inner = lock(&self.0);
        inner.mark(now);
        inner.phases
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    #[test]
    fn time_is_booked_to_what_was_done() {
        let is = |now| NOW.set(now);
        is(10);
        let trace = Trace::new(|| Tick(NOW.get()));
        trace.does(Doing::Handshake);
        is(15);
        trace.answered();
        trace.does(Doing::Sending);
        is(17);
        trace.does(Doing::Receiving);
        is(20);
        trace.answered();
        let phases = trace.phases(Tick(27));
        assert_eq!((phases.tls_ns, phases.first_byte_ns, phases.transfer_ns), (5, 5, 7));
        assert_eq!(trace.doing().0.timeout(), Reason::RECEIVE_TIMEOUT);
        is(30);
        assert_eq!(trace.ended(), Tick(30));
        trace.decide(RunResult::pass());
        is(40);
        trace.does(Doing::Sending);
        let phases = trace.phases(Tick(50));
        assert_eq!((phases.first_byte_ns, phases.transfer_ns), (5, 10), "a farewell is no answer");
        assert_eq!(trace.ended(), Tick(30));
    }
}
