//! What a monitor's handles, threads and subscriptions share: the core, its lock, the log.
//!
//! The trap is foreign code: drops of callbacks and the log function may call the library, so
//! they run after every lock is left, as a thread of this monitor that must not wait for it.

use super::command::Leftover;
use super::core::Core;
use super::lifecycle::Life;
use super::workers;
use crate::error::{Code, Error};
use crate::model::{CheckId, document};
use crate::sync::{Arc, AtomicU32, AtomicU64, Mutex, Ordering, lock};
use crate::sys::fork;
use crate::time::{self, Tick};
use std::time::Duration;

/// A function of the host that takes lines of the log, with their level.
pub type Sink = Box<dyn Fn(i32, &str) + Send + Sync>;

/// The most severe level that is logged is 0 (error); 1 warning, 2 information, 3 detail.
pub(super) struct Log {
    pub level: i32,
    pub sink: Sink,
}

/// What a monitor's handles, threads and subscriptions share.
pub struct Inner {
    pub(super) core: Arc<Mutex<Core>>,
    pub(super) life: Arc<Mutex<Life>>,
    pub(super) log: Arc<Mutex<Option<Arc<Log>>>>,
    pub(super) manual: bool,
    pub(super) number: u32,
    /// The process generation in which it was made or last started.
    pub(super) generation: AtomicU32,
    /// The last instant a manual monitor was advanced to.
    pub(super) manual_now: AtomicU64,
    pub(super) overall: CheckId,
    /// What documents take where they are silent; never changes.
    pub(super) defaults: document::Defaults,
    /// How long dropping the monitor waits for its threads.
    pub(super) stop_timeout: Duration,
}

impl Inner {
    /// FORKED if this process is not the one in which the monitor was started.
    pub(crate) fn check_fork(&self) -> Result<(), Error> {
        if self.generation.load(Ordering::Acquire) == fork::generation() {
            return Ok(());
        }
        Err(Error::refused(Code::Forked, "the process was forked; start the monitor again"))
    }

    /// Makes a call on the core that can be refused.
    pub(super) fn call<R>(
        &self,
        call: impl FnOnce(&mut Core) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.check_fork()?;
        self.enter(call)
    }

    /// Makes a call on the core, wakes the engine if it must act sooner, and does outside the
    /// lock what runs foreign code.
    pub(super) fn enter<R>(&self, call: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = lock(&self.core);
        if !self.manual {
            core.clock(time::monotonic());
        }
        let answer = call(&mut core);
        let leftover = core.take_leftover();
        let needs_turn = core.needs_turn();
        drop(core);
        if needs_turn {
            lock(&self.life).wake();
        }
        self.clean_up(leftover);
        answer
    }

    /// Drops what runs foreign code and writes the log; never under a lock.
    pub(super) fn clean_up(&self, leftover: Leftover) {
        let Leftover { garbage, lines } = leftover;
        if garbage.is_empty() && lines.is_empty() {
            return;
        }
        workers::as_owner(self.number.into(), || {
            drop(garbage);
            let log = lock(&self.log).clone();
            if let Some(log) = log {
                for (level, line) in lines.iter().filter(|(level, _)| *level <= log.level) {
                    (log.sink)(*level, line);
                }
            }
        });
    }

    pub(super) fn manual_now(&self) -> Tick {
        Tick(self.manual_now.load(Ordering::Acquire))
    }
}
