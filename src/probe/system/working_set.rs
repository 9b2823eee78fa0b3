//! The memory of this process's cgroups against their limits: what the kernel would kill it by.
//!
//! The working set is what is charged to a cgroup less the pages of files that were not used
//! lately (`inactive_file`), as the kubelet reckons it. Files that are read again and again fill
//! it, but bring no kill near, so what is judged leaves all of the page cache out.
//! Promises the level that is nearest to a kill by that, each level's own figures against its own
//! limit, at a few reads of kept descriptors and no allocation.
//!
//! The traps: the figures of version 1 without `total_` leave the children out, and limits above
//! a container are seen only in `hierarchical_memory_limit`.
//! Keys: the kernel's cgroup-v2.rst, "Memory Interface Files", and cgroup-v1/memory.rst.

mod level;

pub(super) use level::Held;

use crate::sys::cgroup::{Cgroup, MEMORY, Unread, Version, find};
use crate::sys::kept_file::check;
use crate::time::{SECOND, Tick};
use level::Level;
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// Processes are moved and limits put on new levels; a minute is the age at which nobody minds.
const LOOK_AGAIN_NS: u64 = 60 * SECOND;

#[derive(Debug)]
struct Found {
    version: Version,
    levels: Vec<Level>,
    /// Whether the process's own cgroup cannot be seen.
    partial: bool,
}

#[derive(Debug)]
pub(super) struct Sampler {
    root: PathBuf,
    /// Tells the memory of the machine, which limits are compared with.
    machine: fn() -> Option<u64>,
    total: u64,
    found: Option<Found>,
    looked: Tick,
}

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Holder {
    /// The cgroup with this index.
    Visible(usize),
    /// One above all that can be seen.
    Hidden,
}

/// Swap in use, of the swap that a cgroup may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Swapped {
    pub(super) used: u64,
    pub(super) limit: u64,
    holder: Holder,
}

impl Sampler {
    /// Figures of the files below this directory: `/`, or a recorded tree.
    pub(super) fn new(root: impl Into<PathBuf>, machine: fn() -> Option<u64>) -> Sampler {
        Sampler { root: root.into(), machine, total: 0, found: None, looked: Tick(0) }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.found.iter().flat_map(|found| &found.levels).flat_map(Level::fds)
    }

    /// The level nearest to its limit; none if nothing below the machine's memory limits this
    /// process.
    pub(super) fn sample(&mut self, now: Tick) -> Result<Option<Held>, Unread> {
        self.most(now, Held::firm_share)
    }

    /// The level with a limit for which something is highest.
    pub(super) fn most(
        &mut self,
        now: Tick,
        rank: fn(&Held) -> f64,
    ) -> Result<Option<Held>, Unread> {
        self.ask(now, |found, total| found.most(total, now, rank)).map(Option::flatten)
    }

    /// Whether this process is in a cgroup that cannot be seen.
    pub(super) fn is_partial(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.partial)
    }

    /// Whether the kernel tells how long something waited for the memory of these cgroups.
    pub(super) fn tells_pressure(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.version == Version::V2)
    }

    /// Whether the limit of a level was hit since the sample before; none where that is not told.
    pub(super) fn strained(
        &mut self,
        held: &Held,
        now: Tick,
        anomalies: &mut u64,
    ) -> Result<Option<bool>, Unread> {
        let strained = |found: &mut Found, total| {
            let mut answer = None;
            // All are asked, so that the level that is nearest next has a sample before.
            for (index, level) in found.levels.iter_mut().enumerate() {
                if level.limit(total, now)?.is_some()
                    && let Some(count) = level.hits(now)?
                {
                    let rate = level.strain.step(count, now, anomalies);
                    if held.holder == Holder::Visible(index) {
                        answer = Some(rate.is_some_and(|rate| rate > 0.0));
                    }
                }
            }
            Ok(answer)
        };
        self.ask(now, strained).map(Option::flatten)
    }

    /// How often in a second the limit was hit that was hit most, and whose it is: the rate is
    /// none at the first sample, all where no cgroup tells it.
    pub(super) fn hits(
        &mut self,
        now: Tick,
        anomalies: &mut u64,
    ) -> Result<Option<(Option<f64>, String)>, Unread> {
        let hits = |found: &mut Found, total| {
            let mut best: Option<(Option<f64>, usize)> = None;
            for (index, level) in found.levels.iter_mut().enumerate() {
                // The own cgroup always, so that there is an answer without a limit too.
                if (index == 0 || level.limit(total, now)?.is_some())
                    && let Some(count) = level.hits(now)?
                {
                    let rate = level.hit_rate.step(count, now, anomalies);
                    if best.is_none_or(|best| rate > best.0) {
                        best = Some((rate, index));
                    }
                }
            }
            Ok(best)
        };
        let found = self.ask(now, hits)?.flatten();
        Ok(found.map(|(rate, index)| (rate, self.scope_of(Holder::Visible(index)))))
    }

    /// The own cgroup with a count of kills, none if it does not tell; all none without a cgroup.
    pub(super) fn kills(
        &mut self,
        now: Tick,
        grown: fn(&mut Option<u64>, u64) -> u64,
    ) -> Result<Option<(Option<u64>, String)>, Unread> {
        let kills = |found: &mut Found, _| match found.levels.first_mut() {
            None => Ok(None),
            Some(level) => {
                let count = level.kills(now)?;
                Ok(Some(count.map(|count| grown(&mut level.killed, count))))
            }
        };
        let found = self.ask(now, kills)?.flatten();
        Ok(found.map(|count| (count, self.scope_of(Holder::Visible(0)))))
    }

    /// The level nearest to its limit of swap; none if the machine's swap, `swap`, is the limit.
    pub(super) fn swap(&mut self, swap: u64, now: Tick) -> Result<Option<Swapped>, Unread> {
        let swapped = |found: &mut Found, total| {
            let mut best: Option<Swapped> = None;
            for (index, level) in found.levels.iter_mut().enumerate() {
                if let Some((used, limit)) = level.swap(total, swap, now)? {
                    let this = Swapped { used, limit, holder: Holder::Visible(index) };
                    if best.is_none_or(|best| this.share() > best.share()) {
                        best = Some(this);
                    }
                }
            }
            Ok(best)
        };
        self.ask(now, swapped).map(Option::flatten)
    }

    /// Where the kernel begins to slow down who is held, if that is below the limit.
    pub(super) fn slowed_from(&mut self, held: &Held, now: Tick) -> Option<u64> {
        let Holder::Visible(index) = held.holder else { return None };
        self.found.as_mut()?.levels.get_mut(index)?.slowed_from(held.limit, now)
    }

    /// Whose limit it is, for people.
    pub(super) fn place(&self, held: &Held) -> String {
        match held.holder {
            Holder::Visible(index) if self.level(index).is_some_and(Cgroup::is_own) => {
                format!("its cgroup {}", self.path(index))
            }
            holder => self.scope_of(holder),
        }
    }

    /// The scope of a limit.
    pub(super) fn scope(&self, held: &Held) -> String {
        self.scope_of(held.holder)
    }

    /// The scope of a limit of swap.
    pub(super) fn swap_scope(&self, swapped: &Swapped) -> String {
        self.scope_of(swapped.holder)
    }

    fn scope_of(&self, holder: Holder) -> String {
        match holder {
            Holder::Hidden => {
                let levels = self.found.as_ref().map_or(0, |found| found.levels.len());
                format!("a cgroup above {}", self.path(levels.saturating_sub(1)))
            }
            Holder::Visible(index) => self.level(index).map(Cgroup::place).unwrap_or_default(),
        }
    }

    fn level(&self, index: usize) -> Option<&Cgroup> {
        Some(&self.found.as_ref()?.levels.get(index)?.cgroup)
    }

    fn path(&self, index: usize) -> &str {
        self.level(index).map_or("", |cgroup| &cgroup.path)
    }

    /// Asks the levels, with the machine's memory. Looks for them again once a minute, and when
    /// one has vanished; none if there is nothing to be asked.
    fn ask<T>(
        &mut self,
        now: Tick,
        mut ask: impl FnMut(&mut Found, u64) -> Result<T, Errno>,
    ) -> Result<Option<T>, Unread> {
        let young = now.since(self.looked) < LOOK_AGAIN_NS;
        let total = self.total;
        let kept = self.found.as_mut().filter(|_| young);
        match kept.map(|found| ask(found, total)) {
            // A cgroup vanished, or the process left it.
            None | Some(Err(Errno::NOENT | Errno::NODEV)) => {}
            Some(answer) => return answer.map(Some).map_err(files),
        }
        self.look(now)?;
        let total = self.total;
        match self.found.as_mut().map(|found| ask(found, total)) {
            None => Ok(None),
            Some(Err(Errno::NOENT | Errno::NODEV)) => {
                self.found = None;
                Ok(None)
            }
            Some(answer) => answer.map(Some).map_err(files),
        }
    }

    /// Levels that are still the same are kept with what is known of them.
    fn look(&mut self, now: Tick) -> Result<(), Unread> {
        self.total = (self.machine)().ok_or_else(|| {
            let why = check(self.root.join("proc/meminfo"));
            Unread { what: "/proc/meminfo", error: why.err().unwrap_or(Errno::NODATA) }
        })?;
        let found = Found::look(&self.root)?;
        if !self.found.as_ref().is_some_and(|kept| kept.is_same(&found)) {
            self.found = Some(found);
        }
        self.looked = now;
        Ok(())
    }
}

impl Swapped {
    /// The share of the limit; none is left of a limit of nothing.
    pub(super) fn share(&self) -> f64 {
        if self.limit == 0 { f64::INFINITY } else { self.used as f64 / self.limit as f64 }
    }
}

impl Found {
    /// No levels on a kernel without cgroups.
    fn look(root: &Path) -> Result<Found, Unread> {
        let Some(lineage) = find(root, MEMORY)? else {
            return Ok(Found { version: Version::V2, levels: Vec::new(), partial: false });
        };
        let version = lineage.version;
        let cgroups = lineage.cgroups.into_iter().enumerate();
        let level = |(index, cgroup): (usize, Cgroup)| Level::new(cgroup, version, index == 0);
        Ok(Found { version, levels: cgroups.map(level).collect(), partial: lineage.partial })
    }

    fn is_same(&self, other: &Found) -> bool {
        let cgroups = |found: &Found| -> Vec<Cgroup> {
            found.levels.iter().map(|level| level.cgroup.clone()).collect()
        };
        (self.version, self.partial) == (other.version, other.partial)
            && cgroups(self) == cgroups(other)
    }

    fn most(
        &mut self,
        total: u64,
        now: Tick,
        rank: fn(&Held) -> f64,
    ) -> Result<Option<Held>, Errno> {
        let mut best: Option<Held> = None;
        let mut take = |this: Held| {
            if best.is_none_or(|best| rank(&this) > rank(&best)) {
                best = Some(this);
            }
        };
        let mut lowest = total;
        for (index, level) in self.levels.iter_mut().enumerate() {
            if let Some(limit) = level.limit(total, now)? {
                lowest = lowest.min(limit);
                take(level.held(limit, Holder::Visible(index), now)?);
            }
        }
        // The highest level that can be seen is the nearest to one that cannot.
        if self.version == Version::V1
            && let Some(highest) = self.levels.last_mut()
        {
            let hidden = highest.stat(now)?.hierarchical_limit;
            if let Some(limit) = hidden.filter(|&limit| limit < lowest) {
                take(highest.held(limit, Holder::Hidden, now)?);
            }
        }
        Ok(best)
    }
}

/// The error of a file of a cgroup.
fn files(error: Errno) -> Unread {
    Unread { what: "the memory files of this process's cgroup", error }
}

#[cfg(test)]
mod tests;
