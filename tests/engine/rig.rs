//! The words in which these tests speak: a manual monitor, its clock, and what it says.
//!
//! A poll hands out requests to run, which starts their clocks; so tests that care when that
//! happens poll when they mean it.

use meshvitals::{
    CheckId, Event, Kind, Kinds, Monitor, Outcome, Reason, RunResult, Status, Subscription, Tick,
};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::Duration;

pub const MS: u64 = 1_000_000;
pub const S: u64 = 1_000 * MS;

/// Long enough for any thread of this machine; only a failing test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A monitor whose clock the test moves, and a subscription to it.
pub struct Rig {
    pub monitor: Monitor,
    pub events: Subscription,
    seen: RefCell<VecDeque<Event>>,
    next: Cell<Tick>,
}

/// An external check that runs at once and then every ten seconds, exactly.
pub fn external(name: &str, more: &str) -> String {
    document(name, r#""external": {}"#, more)
}

/// A check of this probe that runs at once and then every ten seconds, exactly.
pub fn document(name: &str, probe: &str, more: &str) -> String {
    let mut document = format!(r#"{{"name": "{name}", {probe}"#);
    for (key, usual) in [
        ("interval", r#""10s""#),
        ("timeout", r#""1s""#),
        ("jitter", "0"),
        ("initial_delay", "0"),
        ("policy", r#""thresholds""#),
    ] {
        if !more.contains(&format!("\"{key}\"")) {
            document += &format!(r#", "{key}": {usual}"#);
        }
    }
    if !more.is_empty() {
        document += &format!(", {more}");
    }
    document + "}"
}

pub fn pass() -> RunResult {
    RunResult::pass()
}

pub fn fail() -> RunResult {
    RunResult::new(Outcome::Fail, Reason::REPORTED)
}

/// Whether a wait for this descriptor would end at once.
pub fn is_readable(fd: impl AsFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
}

impl Rig {
    /// Hears of statuses and requests.
    pub fn new() -> Rig {
        Rig::hearing(Kinds::STATUS.and(Kinds::DUE))
    }

    pub fn hearing(kinds: Kinds) -> Rig {
        Rig::of(r#"{"clock": "manual"}"#, kinds)
    }

    pub fn of(config: &str, kinds: Kinds) -> Rig {
        let monitor = Monitor::new(Some(config)).unwrap();
        let events = monitor.subscribe(kinds, 1 << 16).unwrap();
        Rig { monitor, events, seen: RefCell::default(), next: Cell::new(Tick(0)) }
    }

    pub fn register(&self, document: &str) -> CheckId {
        self.monitor.register(document).unwrap_or_else(|error| panic!("{document}: {error}"))
    }

    pub fn now(&self) -> u64 {
        self.monitor.now().0
    }

    /// Moves the clock to an instant.
    pub fn advance_to(&self, at: u64) {
        self.next.set(self.monitor.advance(Tick(at)).unwrap());
    }

    /// Moves the clock on.
    pub fn advance_by(&self, ns: u64) {
        self.advance_to(self.now() + ns);
    }

    /// Moves the clock to where the engine wants it next; says when that is.
    pub fn advance_to_next(&self) -> u64 {
        // A call since may have made something due earlier; asking again costs one turn.
        self.advance_to(self.now());
        let next = self.next.get();
        assert_ne!(next, Tick::NEVER, "nothing is planned");
        self.advance_to(next.0);
        next.0
    }

    /// What the engine wants next, without going there.
    pub fn planned(&self) -> Tick {
        self.advance_to(self.now());
        self.next.get()
    }

    fn poll(&self) {
        let groups = self.monitor.list_groups().unwrap();
        // A stopped monitor has nothing more to say.
        let events = self.events.poll(1 << 16, Some(Duration::ZERO)).unwrap_or_default();
        let of_checks = events.into_iter().filter(|event| !groups.contains(&event.check));
        self.seen.borrow_mut().extend(of_checks);
    }

    /// Everything that was said of checks and not looked at yet.
    pub fn take(&self) -> Vec<Event> {
        self.poll();
        self.seen.borrow_mut().drain(..).collect()
    }

    /// The next event must be this one.
    #[track_caller]
    pub fn expect_event(&self, kind: Kind, check: CheckId) -> Event {
        self.poll();
        let event = self.seen.borrow_mut().pop_front();
        let event = event.unwrap_or_else(|| panic!("nothing was said instead of {kind:?}"));
        assert_eq!((event.kind, event.check), (kind, check), "{event:?}");
        event
    }

    /// The next change of status must be this one; requests before it are dropped.
    #[track_caller]
    pub fn expect_status(&self, check: CheckId, from: Status, to: Status, why: Reason) -> Event {
        self.poll();
        let is_request = |event: &Event| matches!(event.kind, Kind::Due | Kind::Cancel);
        while self.seen.borrow().front().is_some_and(is_request) {
            self.seen.borrow_mut().pop_front();
        }
        let event = self.expect_event(Kind::Status, check);
        let said = (event.previous, event.status, event.reason);
        assert_eq!(said, (from, to, why), "{} {event:?}", event.reason);
        event
    }

    #[track_caller]
    pub fn expect_quiet(&self) {
        let said = self.take();
        assert!(said.is_empty(), "{said:?}");
    }

    /// Answers a request; it must be wanted.
    #[track_caller]
    pub fn answer(&self, due: &Event, result: RunResult) {
        self.monitor.report(due.check, due.token, result, Tick(0)).unwrap();
    }

    /// Moves on until a check is asked to run, dropping what else is said; the request.
    #[track_caller]
    pub fn advance_to_due(&self, check: CheckId) -> Event {
        for _ in 0..10_000 {
            let asked = |event: &Event| event.kind == Kind::Due && event.check == check;
            self.advance_by(0);
            if let Some(due) = self.take().into_iter().find(asked) {
                return due;
            }
            self.advance_to_next();
        }
        panic!("the check is never asked to run");
    }

    /// Runs an external check once for each letter (p pass, w warn, f fail, x local, s silence) and
    /// writes what is published after each: K(nown not), H, D, U.
    #[track_caller]
    pub fn drive(&self, check: CheckId, word: &str) -> String {
        let one = |letter| {
            let due = self.advance_to_due(check);
            let outcome = match letter {
                'p' => Outcome::Pass,
                'w' => Outcome::Warn,
                'f' => Outcome::Fail,
                'x' => Outcome::Local,
                _ => {
                    self.advance_to(due.deadline.0);
                    let cancelled = |event: &Event| event.kind == Kind::Cancel;
                    assert!(self.take().iter().any(cancelled));
                    return self.letter(check);
                }
            };
            self.answer(&due, RunResult::new(outcome, Reason::REPORTED));
            self.letter(check)
        };
        word.chars().map(one).collect()
    }

    fn letter(&self, check: CheckId) -> char {
        match self.monitor.snapshot(check).unwrap().status {
            Status::Unknown => 'K',
            Status::Healthy => 'H',
            Status::Degraded => 'D',
            Status::Unhealthy => 'U',
        }
    }

    /// Makes an external check HEALTHY and forgets what was said.
    pub fn make_healthy(&self, check: CheckId) {
        assert_eq!(self.drive(check, "p"), "H");
        self.take();
    }
}
