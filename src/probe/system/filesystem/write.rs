//! How long it takes to bring one block to a disk.
//!
//! The file has a name that nobody can foresee and is never one that exists. What the system
//! answers is a failure of the check, also that this process may not write there: who asks for
//! this check says that the path must take its writes. Only a shortage on our side is LOCAL.
//!
//! The trap: a process that is killed in the middle leaves a hidden file of 4 KiB behind, whose
//! name has its process id.

use super::super::reading::Reading;
use super::super::{local, own_fault};
use crate::model::{Outcome, Reason, RunResult};
use crate::sys::try_write::{Step, try_write};
use crate::time::{SECOND, monotonic};
use rustix::io::Errno;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

pub(super) fn write(path: &str) -> RunResult {
    let name = name();
    // The clock itself, because all that is handed in here is older than what is measured.
    let start = monotonic();
    match try_write(path, &name) {
        Ok(()) => took(monotonic().since(start), path),
        Err((step, error)) => failed(step, error, path, &name),
    }
}

/// Unknown to others, so that nobody can lay something in the way: the state of each hasher comes
/// from the system's randomness and is another one each time.
fn name() -> String {
    let random = RandomState::new().hash_one(());
    format!(".meshvitals-{}-{random:016x}", std::process::id())
}

fn took(time_ns: u64, path: &str) -> RunResult {
    let seconds = time_ns as f64 / SECOND as f64;
    let figures = format!("4.0 KiB written, synced and removed in {seconds:.3} s");
    Reading::new("filesystem.write", seconds, figures).of(path.to_owned()).result()
}

fn failed(step: Step, error: Errno, path: &str, name: &str) -> RunResult {
    let what = match step {
        Step::Open => "the directory cannot be opened",
        Step::Create => "no file can be made",
        Step::Write => "a file cannot be written to",
        Step::Sync => "a file cannot be synced",
        Step::Remove => "a file cannot be removed",
    };
    // The one that is left is named.
    let left = if step == Step::Remove { format!(" ({name})") } else { String::new() };
    let message = format!("{what}{left}: {error}, on {path}");
    match own_fault(error).filter(|&reason| reason != Reason::LOCAL_NOT_PERMITTED) {
        Some(reason) => local(reason, error, &message),
        None => RunResult::new(Outcome::Fail, Reason::DISK_FAILED)
            .with_detail(error.raw_os_error())
            .with_message(&message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_refusal_is_a_failure_and_a_shortage_of_ours_is_not() {
        use Outcome::{Fail, Local};
        let cases = [
            (Errno::ROFS, Fail, Reason::DISK_FAILED),
            (Errno::NOSPC, Fail, Reason::DISK_FAILED),
            (Errno::DQUOT, Fail, Reason::DISK_FAILED),
            (Errno::IO, Fail, Reason::DISK_FAILED),
            (Errno::ACCESS, Fail, Reason::DISK_FAILED),
            (Errno::PERM, Fail, Reason::DISK_FAILED),
            (Errno::NOTDIR, Fail, Reason::DISK_FAILED),
            (Errno::STALE, Fail, Reason::DISK_FAILED),
            (Errno::FBIG, Fail, Reason::DISK_FAILED),
            (Errno::MFILE, Local, Reason::LOCAL_NO_DESCRIPTORS),
            (Errno::NFILE, Local, Reason::LOCAL_NO_DESCRIPTORS),
            (Errno::NOMEM, Local, Reason::LOCAL_NO_MEMORY),
        ];
        for (error, outcome, reason) in cases {
            let result = failed(Step::Write, error, "/data", "a");
            assert_eq!((result.outcome, result.reason), (outcome, reason), "{error}");
            assert_eq!(result.detail, error.raw_os_error());
        }
    }

    #[test]
    fn a_failure_tells_its_step_and_a_file_that_is_left() {
        let cases = [
            (Step::Open, "the directory cannot be opened: "),
            (Step::Create, "no file can be made: "),
            (Step::Write, "a file cannot be written to: "),
            (Step::Sync, "a file cannot be synced: "),
            (Step::Remove, "a file cannot be removed (.a): "),
        ];
        for (step, text) in cases {
            let result = failed(step, Errno::IO, "/data", ".a");
            let message = result.message.as_str();
            assert!(message.starts_with(text) && message.ends_with(", on /data"), "{message}");
        }
    }

    #[test]
    fn no_name_comes_twice() {
        let names: HashSet<String> = (0..1_000).map(|_| name()).collect();
        assert_eq!(names.len(), 1_000);
        let elsewhere = std::thread::spawn(name).join().unwrap();
        assert!(!names.contains(&elsewhere) && !elsewhere.contains('/'));
    }

    #[test]
    fn a_directory_of_this_machine_takes_a_block_and_keeps_nothing() {
        let path = std::env::temp_dir().join(format!("meshvitals-write-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        let result = write(path.to_str().unwrap());
        assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
        assert!(result.value > 0.0 && result.value.is_finite());
        // Fails if anything is in it.
        std::fs::remove_dir(&path).unwrap();
    }
}
