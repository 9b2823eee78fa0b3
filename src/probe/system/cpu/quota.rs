//! CPU time against the quotas of this process's cgroups, and the time in which one stopped it.
//!
//! A quota grants so much CPU time in each period. The share is the time used over the wall time
//! over the quota, each level's own usage against its own quota; not over `nr_periods`, which do
//! not count while a cgroup is idle. Keys: the kernel's cgroup-v2.rst, "CPU Interface Files", and
//! scheduler/sched-bwc.rst.
//!
//! The trap: version 1 counts in nanoseconds and in a hierarchy of its own (`cpuacct`), version 2
//! in microseconds.

use super::super::numbers::{number, words};
use super::super::reading::Reading;
use super::super::unread;
use super::super::window::Window;
use super::{broken, cpus, over};
use crate::model::{Outcome, Reason, RunResult};
use crate::sys::cgroup::{CPU, CPU_TIME, Cgroup, Unread, Version, field, find};
use crate::sys::thread::allowed_cpus;
use crate::sys::turn_file::TurnFile;
use crate::time::{SECOND, Tick};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// Processes are moved and quotas put on new levels; a minute is the age at which nobody minds.
const LOOK_AGAIN_NS: u64 = 60 * SECOND;
/// Takes twenty periods of the usual 100 ms.
const WINDOW_NS: u64 = 5 * SECOND;
/// Fewer periods say nothing about a share of them.
const FEWEST_PERIODS: u64 = 20;
/// Below this share of the wall time it does not matter in how many periods it was.
const LEAST_STOPPED: f64 = 0.05;

/// What a level has counted.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Counters {
    /// None in version 1 for a cgroup whose `cpuacct` is another one.
    used_ns: Option<u64>,
    periods: u64,
    throttled: u64,
    stopped_ns: u64,
}

/// What a level counted over a window.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rates {
    /// CPUs in use on average; NaN where that is not counted.
    used: f64,
    periods: u64,
    throttled: u64,
    /// Stopped time over wall time; of several CPUs together it may exceed 1.
    stopped: f64,
    over_ns: u64,
}

impl Rates {
    /// In how many of the periods it was stopped, in percent.
    fn share(&self) -> f64 {
        match self.periods {
            0 => 0.0,
            periods => 100.0 * self.throttled as f64 / periods as f64,
        }
    }

    /// Whether that says anything.
    fn counts(&self) -> bool {
        self.periods >= FEWEST_PERIODS && self.stopped >= LEAST_STOPPED
    }
}

/// One cgroup that can have a quota, with its files.
#[derive(Debug)]
struct Level {
    cgroup: Cgroup,
    /// `cpu.max`, or the quota of version 1 and its period.
    quota: TurnFile,
    period: Option<TurnFile>,
    /// `cpuacct.usage` of version 1; version 2 has it in the statistics.
    usage: Option<TurnFile>,
    stat: TurnFile,
    window: Window<Counters>,
    last: Option<Rates>,
}

#[derive(Debug)]
pub(super) struct Sampler {
    root: PathBuf,
    levels: Vec<Level>,
    /// Whether this process is in a cgroup that cannot be seen.
    partial: bool,
    /// CPUs on which this process may run.
    allowed: f64,
    looked: Option<Tick>,
    anomalies: u64,
}

impl Sampler {
    pub(super) fn new(root: &Path) -> Sampler {
        Sampler {
            root: root.to_owned(),
            levels: Vec::new(),
            partial: false,
            allowed: f64::INFINITY,
            looked: None,
            anomalies: 0,
        }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.levels.iter().flat_map(|level| {
            let plain = [level.quota.fd(), level.stat.fd()];
            let rest = [&level.period, &level.usage].map(|file| file.as_ref()?.fd());
            plain.into_iter().chain(rest).flatten()
        })
    }

    pub(super) fn anomalies(&self) -> u64 {
        self.anomalies
    }

    /// Whether a quota may be hidden.
    pub(super) fn is_partial(&self) -> bool {
        self.partial
    }

    /// The share of the quota that is used most; none without a quota.
    pub(super) fn tightest(&mut self, now: Tick) -> Result<Option<(f64, Reading)>, RunResult> {
        let found = self.sample(now, |rates, quota| rates.used / quota)?;
        let Some((index, quota, rates)) = found.filter(|found| !found.2.used.is_nan()) else {
            return Ok(None);
        };
        let share = rates.used / quota;
        let mut figures =
            format!("{:.2} of {} in use {}", rates.used, cpus(quota), over(rates.over_ns));
        if rates.throttled > 0 {
            figures += &format!(", throttled in {} of {} periods", rates.throttled, rates.periods);
        }
        let reading = Reading::new("cgroup.cpu.usage", share, figures).limit(quota);
        Ok(Some((share, reading.of(self.levels[index].cgroup.place()))))
    }

    /// In how many periods a quota stopped the process, in percent; none without a quota.
    pub(super) fn throttling(&mut self, now: Tick) -> Result<Option<Reading>, RunResult> {
        // What stops a process need not be what it uses most of: a burst does not raise an average.
        let rank = |rates: &Rates, _| rates.share() + if rates.counts() { 100.0 } else { 0.0 };
        let Some((index, quota, rates)) = self.sample(now, rank)? else { return Ok(None) };
        let share = rates.share();
        let (throttled, periods) = (rates.throttled, rates.periods);
        let stopped = 100.0 * rates.stopped;
        let figures = format!(
            "throttled in {throttled} of {periods} periods {}, stopped {stopped:.1} % of the time",
            over(rates.over_ns)
        );
        let reading = Reading::new("cgroup.cpu.throttled", share, figures).limit(quota);
        let reading = reading.of(self.levels[index].cgroup.place());
        Ok(Some(if rates.counts() { reading } else { reading.degraded_by(f64::NAN) }))
    }

    /// The level that ranks highest, its quota in CPUs, and what it counted.
    fn sample(
        &mut self,
        now: Tick,
        rank: impl Fn(&Rates, f64) -> f64,
    ) -> Result<Option<(usize, f64, Rates)>, RunResult> {
        let fresh = self.looked.is_some_and(|looked| now.since(looked) < LOOK_AGAIN_NS);
        let first = if fresh { self.measure(now, &rank) } else { Err(Errno::NOENT) };
        let found = match first {
            // A cgroup vanished, the process left it, or it is time.
            Err(Errno::NOENT | Errno::NODEV) => {
                // An error answers nothing, so the next question looks again.
                self.looked = None;
                self.look().map_err(unread)?;
                self.looked = Some(now);
                self.measure(now, &rank)
            }
            answer => answer,
        };
        match found.map_err(broken)? {
            None => Ok(None),
            Some((index, quota)) => match self.levels[index].last {
                Some(rates) => Ok(Some((index, quota, rates))),
                None => Err(RunResult::new(Outcome::Local, Reason::NO_SAMPLE)),
            },
        }
    }

    fn look(&mut self) -> Result<(), Unread> {
        let lineage = find(&self.root, CPU)?;
        self.allowed = allowed_cpus().map_or(f64::INFINITY, |count| count as f64);
        self.partial = lineage.as_ref().is_some_and(|lineage| lineage.partial);
        let Some(lineage) = lineage else {
            self.levels.clear();
            return Ok(());
        };
        let times = match lineage.version {
            Version::V1 => find(&self.root, CPU_TIME)?.map(|lineage| lineage.cgroups),
            Version::V2 => None,
        };
        let mut old = std::mem::take(&mut self.levels);
        for cgroup in lineage.cgroups {
            if let Some(at) = old.iter().position(|level| level.cgroup == cgroup) {
                // Kept with what it has counted.
                self.levels.push(old.swap_remove(at));
                continue;
            }
            let same = times.iter().flatten().find(|other| other.path == cgroup.path);
            self.levels.push(Level::new(lineage.version, cgroup, same));
        }
        Ok(())
    }

    fn measure(
        &mut self,
        now: Tick,
        rank: impl Fn(&Rates, f64) -> f64,
    ) -> Result<Option<(usize, f64)>, Errno> {
        let mut tightest: Option<(usize, f64, f64)> = None;
        for (index, level) in self.levels.iter_mut().enumerate() {
            let Some(quota) = level.quota(now)? else {
                // What was counted without a quota says nothing of the next one.
                (level.window, level.last) = (Window::new(WINDOW_NS), None);
                continue;
            };
            // What is above may be shared with processes that run on other CPUs.
            let quota = if level.cgroup.above == 0 { quota.min(self.allowed) } else { quota };
            self.anomalies += u64::from(!level.count(now)?);
            // A figure that is not a number ranks below every other.
            let share = level.last.map_or(-1.0, |rates| rank(&rates, quota).max(-0.5));
            if tightest.is_none_or(|(_, _, most)| share > most) {
                tightest = Some((index, quota, share));
            }
        }
        Ok(tightest.map(|(index, quota, _)| (index, quota)))
    }
}

impl Level {
    fn new(version: Version, cgroup: Cgroup, times: Option<&Cgroup>) -> Level {
        let file = |name: &str| TurnFile::new(cgroup.dir.join(name));
        let first = version == Version::V1;
        Level {
            quota: file(CPU.limit[usize::from(!first)]),
            period: first.then(|| file("cpu.cfs_period_us")),
            usage: times.map(|times| TurnFile::new(times.dir.join("cpuacct.usage"))),
            stat: file("cpu.stat"),
            window: Window::new(WINDOW_NS),
            last: None,
            cgroup,
        }
    }

    /// The quota in CPUs; none if there is none.
    fn quota(&mut self, now: Tick) -> Result<Option<f64>, Errno> {
        let quota = self.quota.text(now)?;
        match &mut self.period {
            None => parse(quota, b""),
            Some(period) => parse(quota, period.text(now)?),
        }
    }

    /// Takes the counters; false if one ran backwards.
    fn count(&mut self, now: Tick) -> Result<bool, Errno> {
        let stat = self.stat.text(now)?;
        let key = |name| field(stat, name);
        let (used_ns, stopped_ns) = match &mut self.usage {
            Some(usage) => {
                let used_ns = number(usage.text(now)?).ok_or(Errno::BADMSG)?;
                (Some(used_ns), key("throttled_time"))
            }
            None if self.period.is_some() => (None, key("throttled_time")),
            None => {
                let used_ns = key("usage_usec").map(ns).ok_or(Errno::BADMSG)?;
                (Some(used_ns), key("throttled_usec").map(ns))
            }
        };
        let counters = Counters {
            used_ns,
            periods: key("nr_periods").unwrap_or(0),
            throttled: key("nr_throttled").unwrap_or(0),
            stopped_ns: stopped_ns.unwrap_or(0),
        };
        let Some((before, over_ns)) = self.window.compare(counters, now) else { return Ok(true) };
        let rates = rates(before, counters, over_ns);
        match rates {
            Some(rates) => self.last = Some(rates),
            None => self.window.restart(counters, now),
        }
        Ok(rates.is_some())
    }
}

fn ns(us: u64) -> u64 {
    us.saturating_mul(1_000)
}

/// A quota in CPUs: both numbers in one text, or one in each. "max" and -1 are none.
fn parse(quota: &[u8], period: &[u8]) -> Result<Option<f64>, Errno> {
    let mut words = words(quota).chain(words(period));
    let (Some(quota), Some(period)) = (words.next(), words.next()) else {
        return Err(Errno::BADMSG);
    };
    if quota == b"max" || quota == b"-1" {
        return Ok(None);
    }
    match (number(quota), number(period)) {
        (Some(quota), Some(period)) if quota > 0 && period > 0 => {
            Ok(Some(quota as f64 / period as f64))
        }
        _ => Err(Errno::BADMSG),
    }
}

/// What was counted between two samples; none if a counter ran backwards.
fn rates(before: Counters, after: Counters, over_ns: u64) -> Option<Rates> {
    let wall = over_ns as f64;
    Some(Rates {
        used: match (before.used_ns, after.used_ns) {
            (Some(before), Some(after)) => after.checked_sub(before)? as f64 / wall,
            _ => f64::NAN,
        },
        periods: after.periods.checked_sub(before.periods)?,
        throttled: after.throttled.checked_sub(before.throttled)?,
        stopped: after.stopped_ns.checked_sub(before.stopped_ns)? as f64 / wall,
        over_ns,
    })
}

#[cfg(test)]
mod tests;
