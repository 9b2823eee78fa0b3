//! The descriptors of this process against its own limit.
//!
//! The kernel tells their number as the size of `/proc/self/fd` since 6.2; before, and in
//! sandboxes that imitate it, they are counted, which costs a call a descriptor and is therefore
//! done twice a minute at most.
//!
//! The traps: counting opens a descriptor that counts itself, and when none is left it cannot be
//! opened, which is the very thing to tell. The soft limit decides, and may be lowered below what
//! is open.

use super::super::numbers::percent;
use super::super::reading::Reading;
use super::super::{none, unreadable};
use crate::model::RunResult;
use crate::time::{SECOND, Tick};
use rustix::fs::{CWD, Dir, Mode, OFlags, openat, stat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Resource, getrlimit};
use std::path::{Path, PathBuf};

const PATH: &str = "/proc/self/fd";
/// How long a count by listing serves.
const LIST_AGAIN_NS: u64 = 30 * SECOND;

#[derive(Debug)]
pub(super) struct Sampler {
    dir: PathBuf,
    /// What the kernel tells; 0 if it does not count. A test answers instead of it.
    told: fn(&Path) -> Result<u64, Errno>,
    /// The limit, if there is one. Likewise.
    limit: fn() -> Option<u64>,
    listed: Option<(u64, Tick)>,
}

impl Sampler {
    pub(super) fn new(root: &Path) -> Sampler {
        Sampler { dir: root.join("proc/self/fd"), told, limit, listed: None }
    }

    pub(super) fn sample(&mut self, now: Tick) -> RunResult {
        let Some(limit) = (self.limit)() else {
            return none("this process has no limit of descriptors (RLIMIT_NOFILE)");
        };
        let (open, figures) = match self.count(now) {
            Ok(open) => (open, format!("{open} of {limit} descriptors")),
            // To list them takes one more than may be open.
            Err(Errno::MFILE) => (limit, format!("all of {limit} descriptors")),
            Err(error) => return unreadable(PATH, error),
        };
        let reading = Reading::new("process.descriptors", percent(open, limit), figures);
        reading.of("process").limit(limit as f64).result()
    }

    fn count(&mut self, now: Tick) -> Result<u64, Errno> {
        let told = (self.told)(&self.dir)?;
        if told > 0 {
            return Ok(told);
        }
        match self.listed {
            Some((count, at)) if now.since(at) < LIST_AGAIN_NS => Ok(count),
            _ => {
                let count = list(&self.dir)?;
                self.listed = Some((count, now));
                Ok(count)
            }
        }
    }
}

fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

fn told(dir: &Path) -> Result<u64, Errno> {
    let found = retry_on_intr(|| stat(dir))?;
    Ok(u64::try_from(found.st_size).unwrap_or(0))
}

/// The entries of the directory less the one that the listing itself adds.
fn list(dir: &Path) -> Result<u64, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = retry_on_intr(|| openat(CWD, dir, flags, Mode::empty()))?;
    let mut count: u64 = 0;
    for entry in Dir::new(fd)? {
        let dots = matches!(entry?.file_name().to_bytes(), b"." | b"..");
        count += u64::from(!dots);
    }
    Ok(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::super::super::recorded::Recorded;
    use super::*;
    use crate::model::{Outcome, Reason};

    fn of(
        tree: &Recorded,
        told: fn(&Path) -> Result<u64, Errno>,
        limit: fn() -> Option<u64>,
    ) -> Sampler {
        Sampler { told, limit, ..Sampler::new(tree.root()) }
    }

    #[test]
    fn what_the_kernel_counts_is_taken() {
        let tree = Recorded::new("");
        let result = of(&tree, |_| Ok(850), || Some(1000)).sample(Tick(0));
        assert_eq!((result.outcome, result.value), (Outcome::Pass, 85.0));
        assert_eq!(result.message.as_str(), "850 of 1000 descriptors");
        let measure = result.measure.unwrap();
        assert_eq!((measure.limit, &*measure.scope), (1000.0, "process"));
        let lowered = of(&tree, |_| Ok(850), || Some(100)).sample(Tick(0));
        assert_eq!(lowered.value, 850.0);
        let closed = of(&tree, |_| Ok(3), || Some(0)).sample(Tick(0));
        assert_eq!(closed.value, 100.0);
    }

    #[test]
    fn an_older_kernel_has_them_listed_twice_a_minute() {
        let tree = Recorded::new("");
        for number in 0..5 {
            tree.write(&format!("proc/self/fd/{number}"), "");
        }
        let mut sampler = of(&tree, |_| Ok(0), || Some(10));
        assert_eq!(sampler.sample(Tick(0)).value, 40.0, "less the listing's own");
        tree.write("proc/self/fd/5", "");
        assert_eq!(sampler.sample(Tick(LIST_AGAIN_NS - 1)).value, 40.0);
        assert_eq!(sampler.sample(Tick(LIST_AGAIN_NS)).value, 50.0);
    }

    #[test]
    fn none_left_to_list_with_is_all_in_use() {
        let tree = Recorded::new("");
        let result = of(&tree, |_| Err(Errno::MFILE), || Some(64)).sample(Tick(0));
        assert_eq!((result.outcome, result.value), (Outcome::Pass, 100.0));
        assert_eq!(result.message.as_str(), "all of 64 descriptors");
        let result = of(&tree, |_| Err(Errno::NFILE), || Some(64)).sample(Tick(0));
        assert_eq!(result.reason, Reason::LOCAL_NO_DESCRIPTORS);
    }

    #[test]
    fn no_limit_and_no_directory_are_no_figure() {
        let tree = Recorded::new("");
        let unlimited = of(&tree, |_| Ok(8), || None).sample(Tick(0));
        let missing = Sampler::new(tree.root()).sample(Tick(0));
        for (result, word) in [(unlimited, "RLIMIT_NOFILE"), (missing, PATH)] {
            assert_eq!(result.outcome, Outcome::Local);
            assert_eq!(result.reason, Reason::LOCAL_UNSUPPORTED);
            assert!(result.message.as_str().contains(word), "{result:?}");
        }
    }

    /// The kernel's count where it has one; other tests open and close files meanwhile.
    #[test]
    fn a_hundred_more_files_are_a_hundred_more_descriptors() {
        const FILES: usize = 100;
        let dir = Path::new(PATH);
        // Many more than a few tests at a time keep open.
        let slack = 60;
        let near = |found: u64, expected: u64| found.abs_diff(expected) <= slack;
        let before = list(dir).unwrap();
        let files: Vec<_> =
            (0..FILES).map(|_| std::fs::File::open("/proc/self/stat").unwrap()).collect();
        let after = list(dir).unwrap();
        assert!(near(after, before + FILES as u64), "{before} and then {after}");
        let told = Sampler::new(Path::new("/")).sample(Tick(0));
        let measure = told.measure.expect("a limit of descriptors");
        let open = (told.value * measure.limit / 100.0).round() as u64;
        assert!(near(open, after) && open >= FILES as u64, "{open} told, {after} listed");
        drop(files);
    }
}
