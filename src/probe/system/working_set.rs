//! The memory of this process's cgroups against their limits: what the kernel would kill it by.
//!
//! The working set is what is charged to a cgroup less the pages of files that were not used
//! lately (`inactive_file`), as the kubelet reckons it; the page cache alone never fills it.
//! Promises the level with the highest share of its limit, each level's own figures against its
//! own limit, at a few reads of kept descriptors and no allocation.
//!
//! The traps: the figures of version 1 without `total_` leave the children out, and limits above
//! a container are seen only in `hierarchical_memory_limit`.
//! Keys: the kernel's cgroup-v2.rst, "Memory Interface Files", and cgroup-v1/memory.rst.

use crate::sys::cgroup::{Cgroup, Limit, MEMORY, Version, field, find, limit};
use crate::sys::kept_file::KeptFile;
use crate::time::{SECOND, Tick};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// Processes are moved and limits put on new levels; a minute is the age at which nobody minds.
const LOOK_AGAIN_NS: u64 = 60 * SECOND;
/// Takes `memory.stat` of today's kernels, about 2.5 KiB, and what is to come.
const STAT_BYTES: usize = 8192;

/// One cgroup that can be limited, with its files.
#[derive(Debug)]
struct Level {
    cgroup: Cgroup,
    limit: KeptFile,
    usage: KeptFile,
    stat: KeptFile,
}

#[derive(Debug)]
struct Found {
    version: Version,
    levels: Vec<Level>,
}

#[derive(Debug)]
pub(super) struct Sampler {
    root: PathBuf,
    found: Option<Found>,
    looked: Tick,
}

/// The level that is nearest to its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tightest {
    /// The working set, in bytes.
    pub(super) used: u64,
    /// Its limit, in bytes.
    pub(super) limit: u64,
    /// What fills most of the working set, and with how many bytes.
    pub(super) consumer: Option<(&'static str, u64)>,
    holder: Holder,
}

/// Whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Holder {
    /// The cgroup with this index.
    Visible(usize),
    /// One above all that can be seen.
    Hidden,
}

impl Tightest {
    /// The share of the limit; a limit of nothing is always used up.
    pub(super) fn share(&self) -> f64 {
        if self.limit == 0 { 1.0 } else { self.used as f64 / self.limit as f64 }
    }
}

impl Sampler {
    /// Figures of the files below this directory: `/`, or a recorded tree.
    pub(super) fn new(root: impl Into<PathBuf>) -> Sampler {
        Sampler { root: root.into(), found: None, looked: Tick(0) }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let levels = self.found.iter().flat_map(|found| &found.levels);
        levels.flat_map(|level| [&level.limit, &level.usage, &level.stat]).filter_map(KeptFile::fd)
    }

    /// The level nearest to its limit; none if nothing below `total`, the machine's memory in
    /// bytes, limits this process.
    pub(super) fn sample(&mut self, total: u64, now: Tick) -> Result<Option<Tightest>, Errno> {
        let age = now.since(self.looked);
        let kept = self.found.as_mut().filter(|_| age < LOOK_AGAIN_NS);
        match kept.map(|found| found.tightest(total)) {
            // A cgroup vanished, or the process left it.
            None | Some(Err(Errno::NOENT | Errno::NODEV)) => {}
            Some(answer) => return answer,
        }
        self.looked = now;
        self.found = Found::look(&self.root)?;
        match self.found.as_mut().map_or(Ok(None), |found| found.tightest(total)) {
            Err(Errno::NOENT | Errno::NODEV) => {
                self.found = None;
                Ok(None)
            }
            answer => answer,
        }
    }

    /// Whose limit it is, for people.
    pub(super) fn place(&self, tightest: &Tightest) -> String {
        let levels = self.found.as_ref().map_or(&[][..], |found| &found.levels);
        let path = |index: usize| levels.get(index).map_or("", |level| &level.cgroup.path);
        match tightest.holder {
            Holder::Hidden => format!("a cgroup above {}", path(0)),
            Holder::Visible(index) => {
                let above = levels.get(index).map_or(0, |level| level.cgroup.above);
                let what = ["its cgroup", "the parent cgroup", "a cgroup above,"][above.min(2)];
                format!("{what} {}", path(index))
            }
        }
    }
}

impl Found {
    fn look(root: &Path) -> Result<Option<Found>, Errno> {
        let lineage = match find(root, MEMORY) {
            // A kernel without cgroups.
            Err(Errno::NOENT) => None,
            answer => answer?,
        };
        Ok(lineage.map(|lineage| {
            let version = lineage.version;
            let usage = of(version, "memory.usage_in_bytes", "memory.current");
            let level = |cgroup: Cgroup| Level {
                limit: KeptFile::new(cgroup.dir.join(of(
                    version,
                    MEMORY.limit[0],
                    MEMORY.limit[1],
                ))),
                usage: KeptFile::new(cgroup.dir.join(usage)),
                stat: KeptFile::new(cgroup.dir.join("memory.stat")),
                cgroup,
            };
            Found { version, levels: lineage.cgroups.into_iter().map(level).collect() }
        }))
    }

    fn tightest(&mut self, total: u64) -> Result<Option<Tightest>, Errno> {
        let mut buffer = [0; STAT_BYTES];
        let mut best: Option<Tightest> = None;
        let mut lowest = total;
        let version = self.version;
        for (index, level) in self.levels.iter_mut().enumerate() {
            let Some(Limit::Amount(limit)) = limit(level.limit.read(&mut buffer)?, total) else {
                continue;
            };
            lowest = lowest.min(limit);
            let this = level.measure(version, limit, Holder::Visible(index), &mut buffer)?;
            if best.is_none_or(|best| this.share() > best.share()) {
                best = Some(this);
            }
        }
        if version == Version::V1
            && let Some(own) = self.levels.first_mut()
        {
            let hidden = field(own.stat.read(&mut buffer)?, "hierarchical_memory_limit");
            if let Some(limit) = hidden.filter(|&limit| limit < lowest) {
                return own.measure(version, limit, Holder::Hidden, &mut buffer).map(Some);
            }
        }
        Ok(best)
    }
}

impl Level {
    fn measure(
        &mut self,
        version: Version,
        limit: u64,
        holder: Holder,
        buffer: &mut [u8],
    ) -> Result<Tightest, Errno> {
        let usage = self.usage.read(buffer)?.trim_ascii();
        let usage: Option<u64> = str::from_utf8(usage).ok().and_then(|text| text.parse().ok());
        let stat = self.stat.read(buffer)?;
        let idle = field(stat, of(version, "total_inactive_file", "inactive_file"));
        let (Some(usage), Some(idle)) = (usage, idle) else { return Err(Errno::BADMSG) };
        let parts = [
            ("anon", of(version, "total_rss", "anon")),
            ("file", of(version, "total_active_file", "active_file")),
            ("shmem", of(version, "total_shmem", "shmem")),
            ("slab", "slab"),
        ];
        let told = parts.map(|(name, key)| (name, field(stat, key).unwrap_or(0)));
        let most = told.into_iter().filter(|part| part.1 > 0).max_by_key(|part| part.1);
        Ok(Tightest { used: usage.saturating_sub(idle), limit, consumer: most, holder })
    }
}

/// The name in version 1, or that in version 2.
fn of(version: Version, first: &'static str, second: &'static str) -> &'static str {
    match version {
        Version::V1 => first,
        Version::V2 => second,
    }
}

#[cfg(test)]
mod tests;
