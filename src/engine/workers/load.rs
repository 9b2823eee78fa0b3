//! How busy a pool is, for whoever must not wait for the pool's lock.
//!
//! Promises one consistent pair of numbers without a lock. Does not promise that it is still
//! true when it is looked at. The trap it avoids: whoever waits for the end of a pool joins its
//! threads under the lock, and the last thing that a thread does may be the host's.

use crate::sync::{AtomicU64, Ordering};

/// What a pool's threads are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Threads that run a job in its time.
    pub busy: usize,
    /// Threads that there may be besides those that are stuck.
    pub of: usize,
    /// Threads that run a job that was written off.
    pub stuck: usize,
}

/// Where a pool notes its load.
#[derive(Debug)]
pub struct Gauge {
    size: usize,
    limit: usize,
    /// Busy threads in the lower half, stuck ones in the upper.
    threads: AtomicU64,
}

impl Gauge {
    /// The gauge of a pool that runs so many jobs at once on at most so many threads.
    pub fn new(size: usize, limit: usize) -> Gauge {
        Gauge { size, limit, threads: AtomicU64::new(0) }
    }

    /// Notes what is the case; called under the lock of the pool, which orders the calls.
    pub(super) fn note(&self, busy: usize, stuck: usize) {
        self.threads.store((stuck as u64) << 32 | busy as u64, Ordering::Relaxed);
    }

    /// What was noted last.
    pub fn load(&self) -> Load {
        let threads = self.threads.load(Ordering::Relaxed);
        let stuck = (threads >> 32) as usize;
        let of = self.size.min(self.limit.saturating_sub(stuck));
        Load { busy: threads as u32 as usize, of, stuck }
    }
}
