//! The share of memory in use: of the tightest limit of this process's cgroups, else of the host.
//!
//! A process is killed when a cgroup that it is in is full, however much the host has left; so
//! where there is a limit below the host's memory, that decides. For the host, in use is what is
//! neither free nor reclaimable without swapping: total less available, so the page cache does not
//! count. What limits are compared with is the machine's memory, from the `sysinfo` crate. The
//! trap: that looks around on each call, so it is asked once a minute.

mod kills;
mod meminfo;
mod signals;
mod swap;

use super::growth::Growth;
use super::reading::Reading;
use super::working_set::{self, Held};
use super::{bytes, host_scope, measured, unread, unreadable};
use crate::model::{Level, Outcome, Reason, RunResult};
use crate::sys::turn_file::TurnFile;
use crate::time::Tick;
use kills::Kills;
use meminfo::Host;
use std::os::fd::BorrowedFd;
use std::path::Path;
use sysinfo::{MemoryRefreshKind, System};

const PATH: &str = "/proc/meminfo";

#[derive(Debug)]
pub(super) struct Sampler {
    cgroups: working_set::Sampler,
    host: Host,
    /// Counters of the machine: kills, and pages that come back from swap.
    vmstat: TurnFile,
    kills: Kills,
    /// The kills of the machine at the sample before.
    killed: Option<u64>,
    swap_in: Growth,
    anomalies: u64,
}

impl Sampler {
    /// Figures of the files below this directory: `/`, or a recorded tree.
    pub(super) fn new(root: &Path) -> Sampler {
        Sampler::of(root, machine)
    }

    fn of(root: &Path, machine: fn() -> Option<u64>) -> Sampler {
        Sampler {
            cgroups: working_set::Sampler::new(root, machine),
            host: Host::new(root),
            vmstat: TurnFile::new(root.join("proc/vmstat")),
            kills: Kills::new(),
            killed: None,
            swap_in: Growth::default(),
            anomalies: 0,
        }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.cgroups.fds().chain(self.host.fds()).chain(self.vmstat.fd())
    }

    /// How often a counter ran backwards.
    pub(super) fn anomalies(&self) -> u64 {
        self.anomalies
    }

    /// The scope of the machine's figures.
    fn scope(&self) -> &'static str {
        host_scope(self.cgroups.is_partial())
    }

    pub(super) fn sample(&mut self, level: Level, now: Tick) -> RunResult {
        match self.cgroups.sample(now) {
            Ok(None) => {}
            Ok(Some(held)) => return limited(level, &held, self.cgroups.place(&held)),
            Err(error) => return unread(error),
        }
        match self.host.figures(now) {
            Ok(Some(figures)) => weigh(level, &figures, self.scope()),
            Ok(None) => unsupported(),
            Err(error) => unreadable(PATH, error),
        }
    }
}

/// The memory of this machine, in bytes.
fn machine() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    Some(system.total_memory()).filter(|&total| total > 0)
}

/// The result of a working set and its limit.
fn limited(level: Level, held: &Held, place: String) -> RunResult {
    let reading = Reading::new("cgroup.memory.working_set", held.share(), told(held, None));
    measured(level, held.firm_share(), reading.limit(held.limit as f64).of(place))
}

/// A working set in words, with the bytes from which it is slowed down. What is judged stands
/// last, because what it is compared with follows.
fn told(held: &Held, slowed_from: Option<u64>) -> String {
    let (used, limit) = (bytes(held.used), bytes(held.limit));
    let mut text = format!("working set {used} of {limit}");
    text += &mostly(held.consumer);
    if let Some(high) = slowed_from {
        text += &format!(", slowed from {}", bytes(high));
    }
    let firm = bytes(held.firm());
    if firm != used {
        text += &format!(", {firm} without page cache");
    }
    text
}

/// What fills most of a number, in words.
fn mostly(consumer: Option<(&'static str, u64)>) -> String {
    consumer.map(|(name, part)| format!(", {} {name}", bytes(part))).unwrap_or_default()
}

fn unsupported() -> RunResult {
    RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED)
        .with_message("this system does not tell how much memory it has")
}

/// The result of these figures, in bytes.
fn weigh(level: Level, figures: &meminfo::Figures, scope: &'static str) -> RunResult {
    let (used, total) = (figures.used(), figures.total);
    if total == 0 {
        return unsupported();
    }
    let mostly = mostly(figures.consumer);
    let figures = format!("memory {} of {} in use{mostly}", bytes(used), bytes(total));
    let share = used as f64 / total as f64;
    let reading = Reading::new("host.memory.used", share, figures).limit(total as f64);
    measured(level, share, reading.of(scope))
}

#[cfg(test)]
mod tests;
