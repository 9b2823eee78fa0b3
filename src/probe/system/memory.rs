//! The share of memory in use: of the tightest limit of this process's cgroups, else of the host.
//!
//! A process is killed when a cgroup that it is in is full, however much the host has left; so
//! where there is a limit below the host's memory, that decides. For the host, from the `sysinfo`
//! crate, in use is what is neither free nor reclaimable without swapping: total less available, so the
//! page cache does not count. The trap: the crate keeps its last figures when the system's cannot
//! be read, so that has to be found out before asking it.

use super::reading::Reading;
use super::working_set::{self, Tightest};
use super::{bytes, measured, unreadable};
use crate::model::signal::Signal;
use crate::model::{Level, Outcome, Reason, RunResult};
use crate::sys::kept_file::check;
use crate::time::Tick;
use std::os::fd::BorrowedFd;
use sysinfo::{MemoryRefreshKind, System};

const PATH: &str = "/proc/meminfo";

pub(super) struct Sampler {
    cgroups: working_set::Sampler,
    /// Made on first need, because that costs a look around.
    system: Option<System>,
}

impl std::fmt::Debug for Sampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sampler").finish_non_exhaustive()
    }
}

impl Sampler {
    pub(super) fn new() -> Sampler {
        Sampler { cgroups: working_set::Sampler::new("/"), system: None }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.cgroups.fds()
    }

    pub(super) fn sample(&mut self, level: Level, now: Tick) -> RunResult {
        if let Err(error) = check(PATH) {
            return unreadable(PATH, error);
        }
        if self.system.is_none() {
            self.system = System::new().ok();
        }
        let Some(system) = &mut self.system else { return unsupported() };
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let (total, available) = (system.total_memory(), system.available_memory());
        match self.cgroups.sample(total, now) {
            Ok(None) => weigh(level, total, available),
            Ok(Some(tightest)) => limited(level, &tightest, self.cgroups.place(&tightest)),
            Err(error) => unreadable("the memory files of this process's cgroup", error),
        }
    }
}

impl Sampler {
    /// The value of a signal of the memory.
    pub(super) fn signal(&mut self, _signal: Signal, _now: Tick) -> RunResult {
        super::none_yet()
    }
}

/// The result of a working set and its limit.
fn limited(level: Level, tightest: &Tightest, place: String) -> RunResult {
    let (used, limit) = (bytes(tightest.used), bytes(tightest.limit));
    let mostly = tightest.consumer.map(|(name, part)| format!(", {} {name}", bytes(part)));
    let figures = format!("working set {used} of {limit}{}", mostly.unwrap_or_default());
    let share = tightest.share();
    let reading = Reading::new("cgroup.memory.working_set", share, figures);
    measured(level, share, reading.limit(tightest.limit as f64).of(place))
}

fn unsupported() -> RunResult {
    RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED)
        .with_message("this system does not tell how much memory it has")
}

/// The result of these figures, in bytes.
fn weigh(level: Level, total: u64, available: u64) -> RunResult {
    if total == 0 {
        return unsupported();
    }
    let used = total.saturating_sub(available);
    let figures = format!("memory {} of {} in use", bytes(used), bytes(total));
    let share = used as f64 / total as f64;
    measured(level, share, Reading::new("host.memory.used", share, figures).limit(total as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Level = Level { threshold: 0.9 };

    #[test]
    fn memory_that_is_available_is_not_in_use() {
        let cases = [
            (1000, 1000, 0.0, Outcome::Pass),
            (1000, 300, 0.7, Outcome::Pass),
            (1000, 50, 0.95, Outcome::Warn),
            (1000, 0, 1.0, Outcome::Fail),
            // Seen where a container shows its own total beside the host's available.
            (1000, 5000, 0.0, Outcome::Pass),
        ];
        for (total, available, value, outcome) in cases {
            let result = weigh(LEVEL, total, available);
            assert_eq!((result.value, result.outcome), (value, outcome));
        }
    }

    #[test]
    fn a_complaint_has_figures_with_units() {
        let gib = 1u64 << 30;
        let result = weigh(LEVEL, 31 * gib / 2, 6 * gib / 10);
        let expected = "memory 14.9 GiB of 15.5 GiB in use; 96.1 % is at or above 90.0 %";
        assert_eq!(result.message.as_str(), expected);
        assert_eq!(result.reason, Reason::MATCH_VALUE);
    }

    #[test]
    fn no_total_is_no_evidence() {
        let result = weigh(LEVEL, 0, 0);
        assert_eq!(result.outcome, Outcome::Local);
        assert_eq!(result.reason, Reason::LOCAL_UNSUPPORTED);
        assert!(result.value.is_nan());
    }
}
