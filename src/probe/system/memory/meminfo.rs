//! The memory of the whole machine, from `/proc/meminfo`.
//!
//! Promises what is available as the kernel reckons it; before Linux 3.14, which does not, what is
//! free or holds files, without what lies in a tmpfs. A cache of ZFS is no page cache to the
//! kernel and gives way down to its minimum, so that is added. The trap: the file says kB and
//! means KiB.
//! Keys: the kernel's filesystems/proc.rst, "meminfo"; the kstat `arcstats` of OpenZFS.

use crate::sys::cgroup::value;
use crate::sys::turn_file::TurnFile;
use crate::time::{SECOND, Tick};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// Modules are loaded seldom.
const LOOK_AGAIN_NS: u64 = 60 * SECOND;

/// The files.
#[derive(Debug)]
pub(super) struct Host {
    memory: TurnFile,
    arc: TurnFile,
    arc_path: PathBuf,
    /// Whether there was a cache of ZFS, and when that was looked for.
    looked: Option<(bool, Tick)>,
}

/// Figures in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) total: u64,
    pub(super) available: u64,
    /// What no reclaim gives back, where all its parts are told.
    pub(super) unreclaimable: Option<u64>,
    /// What fills most of what is in use, and with how many bytes.
    pub(super) consumer: Option<(&'static str, u64)>,
    pub(super) swap_total: Option<u64>,
    pub(super) swap_free: Option<u64>,
}

impl Figures {
    /// What is neither free nor reclaimable without swapping.
    pub(super) fn used(&self) -> u64 {
        self.total.saturating_sub(self.available)
    }
}

impl Host {
    pub(super) fn new(root: &Path) -> Host {
        let arc_path = root.join("proc/spl/kstat/zfs/arcstats");
        let memory = TurnFile::new(root.join("proc/meminfo"));
        Host { memory, arc: TurnFile::new(&arc_path), arc_path, looked: None }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        [&self.memory, &self.arc].into_iter().filter_map(TurnFile::fd)
    }

    /// The figures at this turn; none if the file has no such figures.
    pub(super) fn figures(&mut self, now: Tick) -> Result<Option<Figures>, Errno> {
        let Some(mut figures) = parse(self.memory.text(now)?) else { return Ok(None) };
        let looked = self.looked.filter(|(_, at)| now.since(*at) < LOOK_AGAIN_NS);
        let (zfs, at) = looked.unwrap_or_else(|| (self.arc_path.exists(), now));
        self.looked = Some((zfs, at));
        if zfs && let Some(spare) = self.arc.text(now).ok().and_then(spare) {
            figures.available = figures.available.saturating_add(spare).min(figures.total);
        }
        // In some containers the parts are the machine's and the total is not.
        let used = figures.used();
        figures.consumer = figures.consumer.filter(|part| part.1 <= used);
        Ok(Some(figures))
    }
}

fn parse(text: &[u8]) -> Option<Figures> {
    let of = |key: &str| kib(text, key);
    let older = || {
        let files = of("MemFree")?.saturating_add(of("Buffers")?).saturating_add(of("Cached")?);
        Some(files.saturating_add(of("SReclaimable")?).saturating_sub(of("Shmem")?))
    };
    // Files (`Cached` without what lies in a tmpfs) count as available, so they are no part of it.
    let parts = [
        ("anon", "AnonPages"),
        ("shmem", "Shmem"),
        ("slab", "SUnreclaim"),
        ("huge pages", "Hugetlb"),
    ];
    let told = parts.into_iter().filter_map(|(name, key)| Some((name, of(key)?)));
    let fixed = ["AnonPages", "Shmem", "SUnreclaim", "KernelStack"].map(of);
    Some(Figures {
        total: of("MemTotal").filter(|&total| total > 0)?,
        available: of("MemAvailable").or_else(older)?,
        unreclaimable: fixed
            .into_iter()
            .try_fold(0u64, |sum, part| Some(sum.saturating_add(part?))),
        consumer: told.filter(|part| part.1 > 0).max_by_key(|part| part.1),
        swap_total: of("SwapTotal"),
        swap_free: of("SwapFree"),
    })
}

/// The bytes behind a key.
fn kib(text: &[u8], key: &str) -> Option<u64> {
    let line = value(text, key, b':')?;
    let number = line.trim_ascii().strip_suffix(b"kB")?.trim_ascii();
    str::from_utf8(number).ok()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// By how many bytes a cache of ZFS is above its minimum.
fn spare(text: &[u8]) -> Option<u64> {
    Some(stat(text, "size")?.saturating_sub(stat(text, "c_min")?))
}

/// A line of a kstat: name, type, number.
fn stat(text: &[u8], name: &str) -> Option<u64> {
    text.split(|&byte| byte == b'\n').find_map(|line| {
        let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let found = words.next() == Some(name.as_bytes());
        let number = words.nth(1).filter(|_| found)?;
        str::from_utf8(number).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::system::recorded::Recorded;

    #[test]
    fn what_is_available_is_what_the_kernel_says_or_what_holds_files() {
        let new = "MemTotal:  100 kB\nMemFree: 1 kB\nMemAvailable:  60 kB\n";
        let old = "MemTotal: 100 kB\nMemFree: 20 kB\nBuffers: 5 kB\nCached: 30 kB\nShmem: 8 kB\n\
                   SReclaimable: 3 kB\n";
        let cases = [
            (new, Some((100, 60))),
            (old, Some((100, 50))),
            ("MemTotal: 100 kB\nMemFree: 20 kB\n", None),
            ("MemTotal: 0 kB\nMemAvailable: 0 kB\n", None),
            ("MemTotal: 100\nMemAvailable: 5 kB\n", None),
            ("MemTotal: 18446744073709551615 kB\nMemAvailable: 5 kB\n", None),
            ("MemTotal: x kB\nMemAvailable: 5 kB\n", None),
            // Cut inside a number.
            ("MemTotal: 100 kB\nMemAvailable: 5", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = parse(text.as_bytes()).map(|f| (f.total / 1024, f.available / 1024));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn the_other_figures_are_told_where_all_their_parts_are() {
        let text = "MemTotal: 100 kB\nMemAvailable: 60 kB\nSwapTotal: 40 kB\nSwapFree: 30 kB\n\
                    AnonPages: 5 kB\nShmem: 4 kB\nSUnreclaim: 2 kB\nKernelStack: 1 kB\n";
        let found = parse(text.as_bytes()).unwrap();
        assert_eq!(found.unreclaimable, Some(12 * 1024));
        assert_eq!((found.swap_total, found.swap_free), (Some(40 * 1024), Some(30 * 1024)));
        let less = text.replace("SUnreclaim", "SomethingElse");
        assert_eq!(parse(less.as_bytes()).unwrap().unreclaimable, None);
    }

    #[test]
    fn what_fills_most_of_it_is_named() {
        let text = "MemTotal: 100 kB\nMemAvailable: 60 kB\nCached: 50 kB\nAnonPages: 5 kB\n\
                    Shmem: 4 kB\nSUnreclaim: 2 kB\n";
        let consumer = |text: &str| parse(text.as_bytes()).unwrap().consumer;
        assert_eq!(consumer(text), Some(("anon", 5 * 1024)));
        assert_eq!(consumer(&text.replace("Shmem: 4", "Shmem: 40")), Some(("shmem", 40 * 1024)));
        assert_eq!(consumer(&text.replace("claim: 2", "claim: 9")), Some(("slab", 9 * 1024)));
        let huge = format!("{text}Hugetlb: 30 kB\n");
        assert_eq!(consumer(&huge), Some(("huge pages", 30 * 1024)));
        assert_eq!(consumer("MemTotal: 100 kB\nMemAvailable: 60 kB\nAnonPages: 0 kB\n"), None);
        let tree = Recorded::new(&format!("\n== proc/meminfo\n{}", text.replace(": 5", ": 41")));
        let figures = Host::new(tree.root()).figures(Tick(0)).unwrap().unwrap();
        assert_eq!((figures.used(), figures.consumer), (40 * 1024, None), "no part is more");
    }

    #[test]
    fn a_cache_of_zfs_gives_way_down_to_its_minimum() {
        let text = "13 1 0x01 98 26656 5139203 2105\nname type data\nhits 4 5\n\
                    c_min                           4    100\nsize                            4    350\n";
        let cases = [
            (text, Some(250)),
            ("size 4 50\nc_min 4 100\n", Some(0)),
            ("size 4 50\n", None),
            ("size 4\nc_min 4 1\n", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(spare(text.as_bytes()), expected, "{text}");
        }
    }
}
