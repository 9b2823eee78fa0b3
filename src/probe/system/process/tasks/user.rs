//! The limit of tasks that this process's user may have: RLIMIT_NPROC.
//!
//! The kernel counts the tasks of a real user and tells nobody; to count them in `/proc` costs a
//! call for each task of the machine, and misses those of other namespaces. So what is held
//! against the limit is what is known for certain, the threads of this process: too few where the
//! user has other processes, never too many. The trap: the limit does not bind root, nor who has
//! CAP_SYS_ADMIN or CAP_SYS_RESOURCE (getrlimit(2)).

use super::super::super::numbers::{number, percent, words};
use super::super::super::reading::Reading;
use crate::model::RunResult;
use crate::sys::cgroup::value;
use crate::sys::turn_file::TurnFile;
use crate::time::Tick;
use rustix::process::{Resource, getrlimit};
use std::os::fd::BorrowedFd;
use std::path::Path;

/// CAP_SYS_ADMIN and CAP_SYS_RESOURCE, as bits.
const FREE: u64 = 1 << 21 | 1 << 24;

#[derive(Debug)]
pub(super) struct User {
    status: TurnFile,
    /// The soft limit, if there is one. A test answers instead of the kernel.
    pub(super) limit: fn() -> Option<u64>,
}

/// The threads of this process, and how many its user may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Threads {
    count: u64,
    limit: u64,
}

impl User {
    pub(super) fn new(root: &Path) -> User {
        User { status: TurnFile::new(root.join("proc/thread-self/status")), limit }
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.status.fd()
    }

    /// The threads, where a limit binds this process and they can be told.
    pub(super) fn threads(&mut self, now: Tick) -> Option<Threads> {
        let limit = (self.limit)()?;
        let count = bound(self.status.text(now).ok()?)?;
        Some(Threads { count, limit })
    }
}

impl Threads {
    pub(super) fn share(self) -> f64 {
        percent(self.count, self.limit)
    }

    pub(super) fn result(self) -> RunResult {
        let Threads { count, limit } = self;
        let figures = format!("{count} of {limit} tasks that its user may have (RLIMIT_NPROC)");
        let reading = Reading::new("process.tasks", self.share(), figures);
        reading.of("process").limit(limit as f64).result()
    }
}

fn limit() -> Option<u64> {
    getrlimit(Resource::Nproc).current
}

/// The number of threads, unless this process is above the limit.
fn bound(status: &[u8]) -> Option<u64> {
    let user = number(words(value(status, "Uid", b':')?).next()?)?;
    let rights = str::from_utf8(value(status, "CapEff", b':')?.trim_ascii()).ok()?;
    let is_free = user == 0 || u64::from_str_radix(rights, 16).ok()? & FREE != 0;
    number(value(status, "Threads", b':')?).filter(|_| !is_free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_count_for_whom_the_limit_binds() {
        let of = |user: &str, rights: &str, threads: &str| {
            let text = format!(
                "Name:\ta\nUid:\t{user}\t0\t0\t0\nThreads:\t{threads}\nCapInh:\tff\nCapEff:\t{rights}\n"
            );
            bound(text.as_bytes())
        };
        assert_eq!(of("1000", "0000000000000000", "57"), Some(57));
        assert_eq!(of("1000", "000001fffedfffff", "57"), Some(57), "all others");
        assert_eq!(of("0", "0000000000000000", "57"), None, "root");
        assert_eq!(of("1000", "0000000001000000", "57"), None, "CAP_SYS_RESOURCE");
        assert_eq!(of("1000", "0000000000200000", "57"), None, "CAP_SYS_ADMIN");
        for (user, rights, threads) in [("", "0", "7"), ("1", "x", "7"), ("1", "0", "-7")] {
            assert_eq!(of(user, rights, threads), None);
        }
        assert_eq!(bound(b"Threads:\t7\n"), None);
    }
}
