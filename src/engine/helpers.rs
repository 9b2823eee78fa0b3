//! The threads that help the background thread with what can block, and what holds them up.
//!
//! They start on first need and end with the life that they belong to, each after what it is
//! doing. The trap: nothing can end a call that hangs, so whoever waits for them says how long.

use super::workers::{Gauge, Pool};
use crate::error::{Code, Error};
use crate::probe::resolver::Threads;
use crate::sync::Arc;
use std::time::Duration;

/// Threads for callbacks, and how many there may be when some are stuck.
const CALLBACK_THREADS: (usize, usize) = (4, 64);
/// The same for filesystems, at each of which one thread looks at most. So many may fall silent at
/// once, and so many be dead, before any other one is held up.
const DISK_THREADS: (usize, usize) = (16, 64);
/// The same for programs.
const EXEC_THREADS: (usize, usize) = (4, 16);

/// The helpers of one life; clones are the same ones.
#[derive(Clone)]
pub struct Helpers {
    /// Those that call functions of the host program.
    pub callbacks: Pool,
    /// Those that examine filesystems.
    pub disks: Pool,
    /// Those that wait for programs.
    pub programs: Pool,
    /// Those that look for names; known from the end of the life on.
    names: Option<Threads>,
}

/// What a thread has not come back from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stuck {
    /// The background thread itself, which may be in a log function or the drop of a callback.
    Background,
    /// A callback.
    Callback,
    /// A filesystem.
    Disk,
    /// A program that cannot be killed, or its start.
    Program,
    /// The system's resolver.
    Name,
}

impl Helpers {
    /// Helpers that have not been needed yet.
    pub fn new(owner: u64) -> Helpers {
        let pool = |name, (size, limit)| Pool::new(name, size, limit, owner);
        Helpers {
            callbacks: pool("meshvitals-call", CALLBACK_THREADS),
            disks: pool("meshvitals-disk", DISK_THREADS),
            programs: pool("meshvitals-exec", EXEC_THREADS),
            names: None,
        }
    }

    /// The load of threads for callbacks where there are none yet.
    pub fn no_callbacks() -> Arc<Gauge> {
        let (size, limit) = CALLBACK_THREADS;
        Arc::new(Gauge::new(size, limit))
    }

    /// Ends the idle ones, and the others after what they are doing. `names` are the threads of
    /// a resolver that is about to be dropped.
    pub fn close(&mut self, names: Option<Threads>) {
        self.callbacks.close();
        self.disks.close();
        self.programs.close();
        self.names = names;
    }

    /// Once they are closed: waits for each kind as long as `left` says when its turn comes, and
    /// says what those are stuck in that are left then.
    pub fn wait(&self, left: &impl Fn() -> Duration) -> Vec<Stuck> {
        let mut stuck = Vec::new();
        if !self.callbacks.wait_idle(left()) {
            stuck.push(Stuck::Callback);
        }
        if !self.disks.wait_idle(left()) {
            stuck.push(Stuck::Disk);
        }
        if !self.programs.wait_idle(left()) {
            stuck.push(Stuck::Program);
        }
        if self.names.as_ref().is_some_and(|names| !names.wait(left())) {
            stuck.push(Stuck::Name);
        }
        stuck
    }
}

impl Stuck {
    fn text(self) -> &'static str {
        match self {
            Stuck::Background => "the background thread",
            Stuck::Callback => "a callback",
            Stuck::Disk => "the look at a filesystem",
            Stuck::Program => "a program",
            Stuck::Name => "the resolution of a name",
        }
    }

    /// The answer of a stop: TIMEOUT if anything is stuck, with each hindrance named once.
    pub fn refusal(mut all: Vec<Stuck>) -> Result<(), Error> {
        if all.is_empty() {
            return Ok(());
        }
        all.sort_unstable();
        all.dedup();
        let texts: Vec<&str> = all.into_iter().map(Stuck::text).collect();
        let text = format!("not back yet, and left to itself on its thread: {}", texts.join(", "));
        Err(Error::refused(Code::Timeout, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hindrance_is_named_once() {
        let error = Stuck::refusal(vec![Stuck::Name, Stuck::Callback, Stuck::Name]).unwrap_err();
        assert_eq!(error.code(), Code::Timeout);
        let text = error.to_string();
        assert!(text.ends_with(": a callback, the resolution of a name"), "{text}");
        assert_eq!(Stuck::refusal(Vec::new()), Ok(()));
    }

    #[test]
    fn nobody_holds_up_the_end_of_helpers_that_were_not_needed() {
        let mut helpers = Helpers::new(1);
        helpers.close(None);
        assert_eq!(helpers.wait(&|| Duration::ZERO), []);
    }
}
