//! The share of CPU time in use: of a quota where there is one, else of the host.
//!
//! A process in a cgroup with a quota is stopped when that is used up, however idle the machine
//! is; so the tightest quota decides. Without one its CPU is that of the host, of the CPUs on
//! which it may run.

mod host;
mod quota;

use super::reading::Reading;
use super::{host_scope, measured, none, unreadable};
use crate::model::signal::Signal;
use crate::model::{Level, RunResult};
use crate::time::{SECOND, Tick};
use std::os::fd::BorrowedFd;
use std::path::Path;

#[derive(Debug)]
pub(super) struct Sampler {
    host: host::Sampler,
    quota: quota::Sampler,
}

impl Sampler {
    /// Figures of the files below this directory: `/`, or a recorded tree.
    pub(super) fn new(root: &Path) -> Sampler {
        Sampler { host: host::Sampler::new(root), quota: quota::Sampler::new(root) }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.host.fd().into_iter().chain(self.quota.fds())
    }

    /// How often counters ran backwards.
    pub(super) fn anomalies(&self) -> u64 {
        self.host.anomalies() + self.quota.anomalies()
    }

    /// The seed's check: the share in use against one threshold.
    pub(super) fn sample(&mut self, level: Level, now: Tick) -> RunResult {
        match self.in_use(now) {
            Ok((share, reading)) => measured(level, share, reading),
            Err(result) => result,
        }
    }

    /// The value of a signal of the CPU.
    pub(super) fn signal(&mut self, signal: Signal, now: Tick) -> RunResult {
        match signal {
            Signal::CpuSteal => self.host.steal(now),
            Signal::CpuThrottling => match self.quota.throttling(now) {
                Ok(Some(reading)) => reading.result(),
                Ok(None) if self.quota.is_partial() => {
                    none("no cgroup with a CPU quota can be seen, and its own is hidden")
                }
                Ok(None) => none("no cgroup of this process has a CPU quota"),
                Err(result) => result,
            },
            _ => match self.in_use(now) {
                Ok((share, reading)) => reading.valued(100.0 * share).result(),
                Err(result) => result,
            },
        }
    }

    fn in_use(&mut self, now: Tick) -> Result<(f64, Reading), RunResult> {
        let limited = match self.quota.tightest(now) {
            Ok(None) => {
                let scope = host_scope(self.quota.is_partial());
                let found = self.host.share(now);
                return found.map(|(share, reading)| (share, reading.of(scope)));
            }
            Ok(Some(found)) => Ok(found),
            Err(result) => Err(result),
        };
        // Sampled either way, so that a quota that is taken away leaves a baseline.
        self.host.keep(now);
        limited
    }
}

/// A number of CPUs for people: `2`, `0.5`.
fn cpus(count: f64) -> String {
    let rounded = (count * 100.0).round() / 100.0;
    if rounded == 1.0 { "1 CPU".into() } else { format!("{rounded} CPUs") }
}

/// The time that a share is of, for people.
fn over(over_ns: u64) -> String {
    format!("over {:.1} s", over_ns as f64 / SECOND as f64)
}

/// The result when a file of the CPU controller cannot be read.
fn broken(error: rustix::io::Errno) -> RunResult {
    unreadable("the CPU files of this process's cgroup", error)
}
