//! The share of a filesystem in use, as `df` shows it.
//!
//! What is reserved for the superuser counts neither as used nor as available: a filesystem is
//! full when nobody else can write. A path that cannot be examined is a failure of the check; a
//! shortage or a prohibition on our side is not. The trap: this can block for ever, so it runs on
//! a thread of the pool, under a deadline that somebody else keeps.

use super::reading::Reading;
use super::{bytes, local, measured, own_fault};
use crate::model::{DiskSpec, Level, Outcome, Reason, RunResult};
use crate::sys::statvfs::{Space, space};
use rustix::io::Errno;

/// Measures the filesystem of a path. May block.
pub fn disk(spec: &DiskSpec) -> RunResult {
    match space(&spec.path) {
        Ok(space) => weigh(spec.level, space, &spec.path),
        Err(error) => refused(error, &spec.path),
    }
}

fn weigh(level: Level, space: Space, path: &str) -> RunResult {
    let used = space.blocks.saturating_sub(space.free);
    let all = used.saturating_add(space.available);
    if space.blocks == 0 || all == 0 {
        return RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED)
            .with_message(&format!("the filesystem has no size of its own, on {path}"));
    }
    let size = |blocks: u64| blocks.saturating_mul(space.block_bytes);
    let figures = format!("disk {} of {} in use", bytes(size(used)), bytes(size(all)));
    let share = used as f64 / all as f64;
    let reading = Reading::new("filesystem.used", share, figures).limit(size(all) as f64);
    measured(level, share, reading.of(path.to_owned()))
}

/// The result when the system does not tell of the filesystem of a path.
pub(super) fn refused(error: Errno, path: &str) -> RunResult {
    let message = format!("the filesystem cannot be examined: {error}, on {path}");
    match own_fault(error) {
        Some(reason) => local(reason, error, &message),
        None => RunResult::new(Outcome::Fail, Reason::DISK_FAILED)
            .with_detail(error.raw_os_error())
            .with_message(&message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Level = Level { threshold: 0.9 };
    const MIB: u64 = 1 << 20;

    fn of(blocks: u64, free: u64, available: u64) -> RunResult {
        let space = Space { block_bytes: MIB, blocks, free, available, ..Space::default() };
        weigh(LEVEL, space, "/data")
    }

    #[test]
    fn the_share_is_the_one_of_df() {
        let cases = [
            (100, 100, 100, 0.0, Outcome::Pass),
            (100, 50, 50, 0.5, Outcome::Pass),
            // Five blocks are reserved: 90 of the 95 that count are used.
            (100, 10, 5, 90.0 / 95.0, Outcome::Warn),
            (100, 5, 0, 1.0, Outcome::Fail),
            // More free than there is, as some filesystems say.
            (100, 120, 100, 0.0, Outcome::Pass),
        ];
        for (blocks, free, available, value, outcome) in cases {
            let result = of(blocks, free, available);
            assert_eq!((result.value, result.outcome), (value, outcome));
        }
    }

    #[test]
    fn a_complaint_has_figures_and_the_path() {
        let result = of(100, 10, 5);
        let expected = "disk 90.0 MiB of 95.0 MiB in use; 94.7 % is at or above 90.0 % on /data";
        assert_eq!(result.message.as_str(), expected);
    }

    #[test]
    fn a_filesystem_without_blocks_is_no_evidence() {
        let result = disk(&DiskSpec { path: "/proc".into(), level: LEVEL });
        assert_eq!(result.outcome, Outcome::Local);
        assert_eq!(result.reason, Reason::LOCAL_UNSUPPORTED);
        assert!(result.message.as_str().ends_with("on /proc"));
    }

    #[test]
    fn a_path_that_is_gone_is_a_failure_with_its_number() {
        let path = "/proc/self/no-such-file".into();
        let result = disk(&DiskSpec { path, level: LEVEL });
        assert_eq!((result.outcome, result.reason), (Outcome::Fail, Reason::DISK_FAILED));
        assert_eq!(result.detail, libc::ENOENT);
    }

    #[test]
    fn what_is_our_own_fault_is_local() {
        let cases = [
            (Errno::MFILE, Outcome::Local, Reason::LOCAL_NO_DESCRIPTORS),
            (Errno::NFILE, Outcome::Local, Reason::LOCAL_NO_DESCRIPTORS),
            (Errno::NOMEM, Outcome::Local, Reason::LOCAL_NO_MEMORY),
            (Errno::ACCESS, Outcome::Local, Reason::LOCAL_NOT_PERMITTED),
            (Errno::NOSYS, Outcome::Local, Reason::LOCAL_UNSUPPORTED),
            (Errno::IO, Outcome::Fail, Reason::DISK_FAILED),
            (Errno::STALE, Outcome::Fail, Reason::DISK_FAILED),
            (Errno::NOTDIR, Outcome::Fail, Reason::DISK_FAILED),
        ];
        for (error, outcome, reason) in cases {
            let result = refused(error, "/data");
            assert_eq!((result.outcome, result.reason), (outcome, reason), "{error}");
            assert_eq!(result.detail, error.raw_os_error());
        }
    }

    #[test]
    fn the_root_of_this_host_has_a_share() {
        let result = disk(&DiskSpec { path: "/".into(), level: Level { threshold: 1.0 } });
        assert!(result.value > 0.0 && result.value <= 1.0, "{result:?}");
    }
}
