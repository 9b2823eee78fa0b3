//! The memory files of one cgroup, and what they say.
//!
//! Each is read once a turn, and opened when it is needed first. The trap: the files of swap and
//! of events are not on every kernel; absent is not zero, and not the end of the cgroup either.

use super::super::growth::Growth;
use super::Holder;
use crate::sys::cgroup::{Cgroup, Limit, MEMORY, Version, field, limit};
use crate::sys::turn_file::TurnFile;
use crate::time::Tick;
use rustix::io::Errno;
use std::os::fd::BorrowedFd;

/// One cgroup that can be limited, with its files.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) cgroup: Cgroup,
    version: Version,
    limit: TurnFile,
    usage: TurnFile,
    stat: TurnFile,
    /// Where version 2 begins to slow down.
    high: TurnFile,
    hits: TurnFile,
    /// Of version 1; version 2 has the kills beside the hits.
    kills: TurnFile,
    swap_limit: TurnFile,
    swap_usage: TurnFile,
    /// How fast the limit is hit, for each of the two who ask.
    pub(super) hit_rate: Growth,
    pub(super) strain: Growth,
    /// The kills at the sample before.
    pub(super) killed: Option<u64>,
}

/// What `memory.stat` says, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Stat {
    pub(super) anon: Option<u64>,
    shmem: Option<u64>,
    active_file: Option<u64>,
    inactive_file: Option<u64>,
    slab: Option<u64>,
    slab_reclaimable: Option<u64>,
    slab_unreclaimable: Option<u64>,
    kernel_stack: Option<u64>,
    sock: Option<u64>,
    pub(super) hierarchical_limit: Option<u64>,
}

/// The memory that is held against a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Held {
    /// The working set, in bytes.
    pub(in super::super) used: u64,
    /// Its limit, in bytes.
    pub(in super::super) limit: u64,
    /// What fills most of the working set, and with how many bytes.
    pub(in super::super) consumer: Option<(&'static str, u64)>,
    pub(super) holder: Holder,
    stat: Stat,
}

impl Level {
    /// The files of a cgroup; `own` says that it is the process's.
    pub(super) fn new(cgroup: Cgroup, version: Version, own: bool) -> Level {
        let file = |first: &str, second: &str| {
            TurnFile::new(cgroup.dir.join(if version == Version::V1 { first } else { second }))
        };
        // Above, hits of other children's limits are none of this process's. The own cgroup has
        // the kills in the same file.
        let events = if own { "memory.events" } else { "memory.events.local" };
        Level {
            version,
            limit: file(MEMORY.limit[0], MEMORY.limit[1]),
            usage: file("memory.usage_in_bytes", "memory.current"),
            stat: file("memory.stat", "memory.stat"),
            high: file("memory.high", "memory.high"),
            hits: file("memory.failcnt", events),
            kills: TurnFile::new(cgroup.dir.join("memory.oom_control")),
            swap_limit: file("memory.memsw.limit_in_bytes", "memory.swap.max"),
            swap_usage: file("memory.memsw.usage_in_bytes", "memory.swap.current"),
            hit_rate: Growth::default(),
            strain: Growth::default(),
            killed: None,
            cgroup,
        }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let charged = [&self.limit, &self.usage, &self.stat, &self.high];
        let others = [&self.hits, &self.kills, &self.swap_limit, &self.swap_usage];
        charged.into_iter().chain(others).filter_map(TurnFile::fd)
    }

    /// The limit, if there is one below `total`.
    pub(super) fn limit(&mut self, total: u64, now: Tick) -> Result<Option<u64>, Errno> {
        Ok(match limit(self.limit.text(now)?, total) {
            Some(Limit::Amount(limit)) => Some(limit),
            _ => None,
        })
    }

    pub(super) fn stat(&mut self, now: Tick) -> Result<Stat, Errno> {
        Ok(Stat::parse(self.version, self.stat.text(now)?))
    }

    pub(super) fn held(&mut self, limit: u64, holder: Holder, now: Tick) -> Result<Held, Errno> {
        let usage = number(self.usage.text(now)?);
        let stat = self.stat(now)?;
        let (Some(usage), Some(idle)) = (usage, stat.inactive_file) else {
            return Err(Errno::BADMSG);
        };
        let parts = [
            ("anon", stat.anon),
            ("file", stat.active_file),
            ("shmem", stat.shmem),
            ("slab", stat.slab),
        ];
        let told = parts.map(|(name, part)| (name, part.unwrap_or(0)));
        let consumer = told.into_iter().filter(|part| part.1 > 0).max_by_key(|part| part.1);
        Ok(Held { used: usage.saturating_sub(idle), limit, consumer, holder, stat })
    }

    /// Where the kernel begins to slow the cgroup down, if that is below a limit.
    pub(super) fn slowed_from(&mut self, below: u64, now: Tick) -> Option<u64> {
        match limit(self.high.text(now).ok()?, below) {
            Some(Limit::Amount(high)) if self.version == Version::V2 => Some(high),
            _ => None,
        }
    }

    /// How often the limit was hit, where that is told.
    pub(super) fn hits(&mut self, now: Tick) -> Result<Option<u64>, Errno> {
        let version = self.version;
        let text = self.hits.text(now).map(|text| match version {
            Version::V1 => number(text),
            Version::V2 => field(text, "max"),
        });
        self.optional(text)
    }

    /// How many processes of the own cgroup were killed for want of memory, where that is told.
    pub(super) fn kills(&mut self, now: Tick) -> Result<Option<u64>, Errno> {
        let count = match self.version {
            Version::V1 => self.kills.text(now),
            Version::V2 => self.hits.text(now),
        };
        let count = count.map(|text| field(text, "oom_kill"));
        self.optional(count)
    }

    /// Swap in use and its limit, if there is one below the machine's; `memory` and `swap` are
    /// what the machine has.
    pub(super) fn swap(
        &mut self,
        memory: u64,
        swap: u64,
        now: Tick,
    ) -> Result<Option<(u64, u64)>, Errno> {
        let all = match self.version {
            Version::V1 => memory.saturating_add(swap),
            Version::V2 => swap,
        };
        let found = self.swap_limit.text(now).map(|text| limit(text, all));
        let Some(Limit::Amount(most)) = self.optional(found)? else { return Ok(None) };
        let used = number(self.swap_usage.text(now)?).ok_or(Errno::BADMSG)?;
        if self.version == Version::V2 {
            return Ok(Some((used, most)));
        }
        // Version 1 counts memory and swap together.
        let limit = number(self.limit.text(now)?).ok_or(Errno::BADMSG)?;
        let memory = number(self.usage.text(now)?).ok_or(Errno::BADMSG)?;
        let most = most.saturating_sub(limit);
        Ok((most < swap).then_some((used.saturating_sub(memory), most)))
    }

    /// A file that may be missing is none, unless the whole cgroup is gone.
    fn optional<T>(&self, found: Result<Option<T>, Errno>) -> Result<Option<T>, Errno> {
        match found {
            Err(Errno::NOENT) if self.cgroup.dir.is_dir() => Ok(None),
            found => found,
        }
    }
}

impl Held {
    /// The share of the limit; a limit of nothing is always used up.
    pub(in super::super) fn share(&self) -> f64 {
        if self.limit == 0 { 1.0 } else { self.used as f64 / self.limit as f64 }
    }

    /// What of the working set is no page cache. The kernel gives all of that up before it kills,
    /// after it has written what is dirty, however lately it was used.
    pub(in super::super) fn firm(&self) -> u64 {
        self.used.saturating_sub(self.stat.active_file.unwrap_or(0))
    }

    /// The share of the limit that this is, which says how near a kill is.
    pub(in super::super) fn firm_share(&self) -> f64 {
        if self.limit == 0 { 1.0 } else { self.firm() as f64 / self.limit as f64 }
    }

    /// What can be had without a kill: of what files hold in use, and of the kernel's caches, the
    /// half is taken to give way.
    pub(in super::super) fn available(&self) -> u64 {
        let half = |part: Option<u64>| part.unwrap_or(0) / 2;
        let spare = half(self.stat.active_file).saturating_add(half(self.stat.slab_reclaimable));
        let free = self.limit.saturating_sub(self.used);
        // A usage above the limit eats of what would give way.
        let over = self.used.saturating_sub(self.limit);
        free.saturating_add(spare.saturating_sub(over)).min(self.limit)
    }

    /// What no reclaim gives back. Parts of the kernel's own that it does not count are charged to
    /// nobody.
    pub(in super::super) fn unreclaimable(&self) -> Option<u64> {
        let Stat { slab_unreclaimable, kernel_stack, sock, .. } = self.stat;
        let kernel = [slab_unreclaimable, kernel_stack, sock].into_iter().flatten();
        let users = self.stat.anon?.saturating_add(self.stat.shmem?);
        Some(kernel.fold(users, u64::saturating_add))
    }
}

impl Stat {
    /// One pass over the text. Version 1 has figures without the children too, which are not
    /// those that are looked for.
    fn parse(version: Version, text: &[u8]) -> Stat {
        let mut stat = Stat::default();
        for line in text.split(|&byte| byte == b'\n') {
            let Some(blank) = memchr::memchr(b' ', line) else { continue };
            let (key, value) = line.split_at(blank);
            let slot = match (version, key) {
                (Version::V1, b"total_rss") | (Version::V2, b"anon") => &mut stat.anon,
                (Version::V1, b"total_shmem") | (Version::V2, b"shmem") => &mut stat.shmem,
                (Version::V1, b"total_active_file") | (Version::V2, b"active_file") => {
                    &mut stat.active_file
                }
                (Version::V1, b"total_inactive_file") | (Version::V2, b"inactive_file") => {
                    &mut stat.inactive_file
                }
                (Version::V1, b"hierarchical_memory_limit") => &mut stat.hierarchical_limit,
                (Version::V2, b"slab") => &mut stat.slab,
                (Version::V2, b"slab_reclaimable") => &mut stat.slab_reclaimable,
                (Version::V2, b"slab_unreclaimable") => &mut stat.slab_unreclaimable,
                (Version::V2, b"kernel_stack") => &mut stat.kernel_stack,
                (Version::V2, b"sock") => &mut stat.sock,
                _ => continue,
            };
            *slot = number(value);
        }
        stat
    }
}

/// A text that is one number.
fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_version_1_are_those_with_the_children() {
        let text = b"rss 1\ntotal_rss 2\ninactive_file 3\ntotal_inactive_file 4\nslab 9\n\
                     hierarchical_memory_limit 5\ntotal_shmem 18446744073709551616\nbroken\n\n";
        let found = Stat::parse(Version::V1, text);
        let expected = Stat {
            anon: Some(2),
            inactive_file: Some(4),
            hierarchical_limit: Some(5),
            ..Stat::default()
        };
        assert_eq!(found, expected);
        let second = Stat::parse(Version::V2, text);
        assert_eq!((second.anon, second.inactive_file, second.slab), (None, Some(3), Some(9)));
        assert_eq!(Stat::parse(Version::V2, b""), Stat::default());
    }

    #[test]
    fn half_of_what_gives_way_is_available() {
        let stat = Stat {
            active_file: Some(40),
            slab_reclaimable: Some(20),
            anon: Some(50),
            shmem: Some(6),
            kernel_stack: Some(2),
            ..Stat::default()
        };
        let held =
            |used, limit| Held { used, limit, consumer: None, holder: Holder::Visible(0), stat };
        assert_eq!(held(90, 200).available(), 140);
        assert_eq!(held(0, 10).available(), 10, "never more than the limit");
        assert_eq!(held(110, 100).available(), 20, "above the limit");
        assert_eq!(held(u64::MAX, 1).available(), 0);
        assert_eq!(held(90, 200).unreclaimable(), Some(58));
        assert_eq!((held(90, 200).firm(), held(90, 200).firm_share()), (50, 0.25));
        assert_eq!((held(30, 200).firm(), held(0, 0).firm_share()), (0, 1.0));
        let without = Held { stat: Stat { shmem: None, ..stat }, ..held(1, 2) };
        assert_eq!(without.unreclaimable(), None);
    }
}
