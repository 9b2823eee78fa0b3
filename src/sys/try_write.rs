//! One block written to a directory, and taken away again.
//!
//! Promises that a file that was made is removed whatever went wrong with it, from the directory
//! in which it was made, even if that was renamed meanwhile. The traps: a process that is killed
//! in between leaves the file behind, and the calls can hang for ever, so they belong on a thread
//! that may be lost.

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fsync, openat, unlinkat};
use rustix::io::{Errno, retry_on_intr, write};
use rustix::process::{Resource, getrlimit};
use std::os::fd::{AsFd, BorrowedFd};

/// What is written. Not zeros, which some filesystems do not store.
static BLOCK: [u8; 4096] = [b'm'; 4096];

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The directory is opened.
    Open,
    /// The file is made.
    Create,
    /// The block is written.
    Write,
    /// It is brought to the disk.
    Sync,
    /// The file is removed.
    Remove,
}

/// Makes a file of this name in a directory, writes 4096 bytes to it, waits until they are on the
/// disk, and removes it. Fails if there is one of that name. May block.
///
/// # Errors
///
/// The first step that failed, and what the system answered.
pub fn try_write(directory: &str, name: &str) -> Result<(), (Step, Errno)> {
    let at = |step| move |errno| (step, errno);
    // Above this limit the system would end the process by a signal.
    let limit = getrlimit(Resource::Fsize).current;
    if limit.is_some_and(|bytes| bytes < BLOCK.len() as u64) {
        return Err((Step::Write, Errno::FBIG));
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = retry_on_intr(|| openat(CWD, directory, flags, Mode::empty()));
    let directory = directory.map_err(at(Step::Open))?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let file = retry_on_intr(|| openat(&directory, name, flags, mode)).map_err(at(Step::Create))?;
    let written = write_all(file.as_fd(), &BLOCK).map_err(at(Step::Write));
    let synced = written.and_then(|()| retry_on_intr(|| fsync(&file)).map_err(at(Step::Sync)));
    let removed = retry_on_intr(|| unlinkat(&directory, name, AtFlags::empty()));
    synced.and(removed.map_err(at(Step::Remove)))
}

fn write_all(file: BorrowedFd<'_>, mut rest: &[u8]) -> Result<(), Errno> {
    while !rest.is_empty() {
        match retry_on_intr(|| write(file, rest))? {
            // No file answers so, and one that did would for ever.
            0 => return Err(Errno::IO),
            count => rest = &rest[count..],
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn directory(name: &str) -> PathBuf {
        let name = format!("meshvitals-try-write-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn nothing_is_left_of_a_block_that_was_written() {
        let path = directory("plain");
        assert_eq!(try_write(path.to_str().unwrap(), "a"), Ok(()));
        // Fails if anything is in it.
        std::fs::remove_dir(&path).unwrap();
    }

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let path = directory("taken");
        let file = path.join("a");
        std::fs::write(&file, "mine").unwrap();
        let answer = try_write(path.to_str().unwrap(), "a");
        assert_eq!(answer, Err((Step::Create, Errno::EXIST)));
        assert_eq!(std::fs::read(&file).unwrap(), b"mine");
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/nonexistent/target", &file).unwrap();
        let answer = try_write(path.to_str().unwrap(), "a");
        assert_eq!(answer, Err((Step::Create, Errno::EXIST)), "a link is not followed");
        std::fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn the_step_that_failed_is_told() {
        let cases = [
            ("/proc/self/no-such-file", Step::Open, Errno::NOENT),
            ("/proc/self/stat", Step::Open, Errno::NOTDIR),
        ];
        for (path, step, errno) in cases {
            assert_eq!(try_write(path, "a"), Err((step, errno)), "{path}");
        }
        // Nobody makes files in the directory of a process; why depends on who asks.
        let (step, errno) = try_write("/proc/self", "a").unwrap_err();
        assert!(step == Step::Create && [Errno::NOENT, Errno::ACCESS].contains(&errno), "{errno}");
    }

    #[test]
    fn a_block_is_written_to_its_end_or_not_at_all() {
        let full = openat(CWD, "/dev/full", OFlags::WRONLY, Mode::empty()).unwrap();
        assert_eq!(write_all(full.as_fd(), &BLOCK), Err(Errno::NOSPC));
        let null = openat(CWD, "/dev/null", OFlags::WRONLY, Mode::empty()).unwrap();
        assert_eq!(write_all(null.as_fd(), &BLOCK), Ok(()));
    }
}
