//! Results that arrive from other threads, and the life that is woken for them.
//!
//! It outlives the threads of one life, so that a function that was stuck in an earlier one is
//! known to have come back. The trap is that two lives may overlap: each has a descriptor of its
//! own to be woken by. If they shared one, the first to look would make it unreadable, and the
//! other would sleep on.

use super::disks::Air;
use crate::model::{Outcome, Reason, RunResult};
use crate::probe::net::Done;
use crate::sync::{Arc, Mutex, Weak, lock};
use crate::sys::fork;
use crate::sys::wake::Wake;
use crate::time::{self, Tick};

/// Where results wait for the background thread of the latest life.
pub struct Inbox {
    /// The process generation in which it was made.
    born: u32,
    content: Mutex<Content>,
    /// Looks at filesystems, which may outlive their life as well.
    air: Arc<Air>,
}

#[derive(Default)]
struct Content {
    done: Vec<Done>,
    /// Wakes the latest life, if it is not over.
    wake: Weak<Wake>,
}

impl Default for Inbox {
    fn default() -> Self {
        Inbox { born: fork::generation(), content: Mutex::default(), air: Arc::default() }
    }
}

impl Inbox {
    /// Wakes this life from now on, and no earlier one.
    pub fn belong_to(&self, wake: &Arc<Wake>) {
        lock(&self.content).wake = Arc::downgrade(wake);
    }

    /// The looks at filesystems that are under way.
    pub fn air(&self) -> &Arc<Air> {
        &self.air
    }

    /// Wakes the latest life for what is no result.
    pub fn wake(&self) {
        self.add(|_| {});
    }

    /// Takes the results that have arrived.
    pub fn take(&self, done: &mut Vec<Done>) {
        done.append(&mut lock(&self.content).done);
    }

    /// At the end of a life: leaves to the next one, which may have begun, the results that came
    /// too late for this one.
    pub fn hand_on(&self, done: &mut Vec<Done>) {
        if !done.is_empty() {
            self.add(|content| content.append(done));
        }
    }

    fn put(&self, run: u64, result: RunResult, finished: Tick) {
        // A callback has forked and returned in the child, where nobody waits for it and the
        // descriptor is closed.
        if self.born == fork::generation() {
            self.add(|content| content.push(Done { run, result, finished }));
        }
    }

    fn add(&self, add: impl FnOnce(&mut Vec<Done>)) {
        let mut content = lock(&self.content);
        add(&mut content.done);
        let wake = content.wake.upgrade();
        drop(content);
        wake.iter().for_each(|wake| wake.wake());
    }
}

/// The promise of a job to say when it is over. One that was dropped unheard says so, too.
pub struct Reporter {
    inbox: Arc<Inbox>,
    token: u64,
    result: Option<(RunResult, Tick)>,
}

impl Reporter {
    /// A promise about the run of this token.
    pub fn new(inbox: Arc<Inbox>, token: u64) -> Reporter {
        Reporter { inbox, token, result: None }
    }

    /// Keeps it.
    pub fn say(mut self, result: RunResult, finished: Tick) {
        self.result = Some((result, finished));
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        let unheard =
            || (RunResult::new(Outcome::Local, Reason::POOL_EXHAUSTED), time::monotonic());
        let (result, finished) = self.result.take().unwrap_or_else(unheard);
        self.inbox.put(self.token, result, finished);
    }
}
