//! A tokio runtime for one thread, and our epoll instance as one descriptor of it.
//!
//! Promises the numbers of the descriptors that the runtime keeps for itself, so that a forked
//! child can close its copies; the runtime lends them to nobody. They are found by a mark that
//! only this runtime watches, so a number of somebody else's is never taken for one. Does not
//! promise to find them: without /proc, or when other threads open many descriptors at that
//! very moment, the child keeps its copies. The trap: the numbers mean something else as soon as
//! the runtime is gone.

use rustix::fs::fstat;
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Builder, Runtime};

/// How many of the lowest free numbers are looked at; the runtime takes three.
const CANDIDATES: usize = 16;

/// A runtime with one descriptor in it.
#[derive(Debug)]
pub struct Nested {
    /// The descriptor. Edge-triggered: whoever is woken clears the readiness before it looks.
    pub fd: AsyncFd<OwnedFd>,
    /// The runtime, which outlives the descriptor.
    pub runtime: Runtime,
    numbers: Vec<RawFd>,
}

impl Nested {
    /// A new runtime that watches a descriptor, which must be one of a kind that epoll accepts.
    ///
    /// # Errors
    ///
    /// The system's error when descriptors are short, or this one cannot be watched.
    pub fn new(fd: OwnedFd) -> io::Result<Nested> {
        let candidates: Vec<RawFd> =
            (0..RawFd::MAX).filter(|&number| !is_open(number)).take(CANDIDATES).collect();
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let entered = runtime.enter();
        // What cannot be found is not closed in a child, which is no reason not to start.
        let mut numbers = kept_by_the_runtime(&candidates).unwrap_or_default();
        let fd = watch(fd, Interest::READABLE)?;
        numbers.push(fd.as_raw_fd());
        drop(entered);
        Ok(Nested { fd, runtime, numbers })
    }

    /// The numbers of the descriptors that are closed with it: those of the runtime, as far as
    /// they were found, and that of [`Nested::fd`].
    pub fn numbers(&self) -> &[RawFd] {
        &self.numbers
    }
}

/// Registers a descriptor with the runtime of the calling thread, which must be within one.
pub(super) fn watch(fd: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the `AsyncFd` owns the descriptor, hands out no way to close or replace it, and
    // deregisters it before it is closed; an `OwnedFd` always answers with the same descriptor.
    unsafe { AsyncFd::register_with_interest(fd, interest) }.map_err(io::Error::from)
}

fn is_open(number: RawFd) -> bool {
    // SAFETY: only asks for the flags of a number, which may be anything.
    unsafe { libc::fcntl(number, libc::F_GETFD) >= 0 }
}

/// Which of these numbers are epoll instances of the runtime of the calling thread, and what
/// those watch besides the mark, a pipe that nobody else has ever seen.
fn kept_by_the_runtime(candidates: &[RawFd]) -> io::Result<Vec<RawFd>> {
    let (mark, _other_end) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    let inode = fstat(&mark)?.st_ino;
    let mark = watch(mark, Interest::READABLE)?;
    let mark = (mark.as_raw_fd(), inode);
    let mut numbers = Vec::new();
    for &number in candidates {
        let Ok(text) = std::fs::read_to_string(format!("/proc/thread-self/fdinfo/{number}")) else {
            continue;
        };
        let watched: Vec<(RawFd, u64)> = text.lines().filter_map(watched).collect();
        if watched.contains(&mark) {
            numbers.push(number);
            numbers.extend(watched.iter().filter(|&&one| one != mark).map(|(number, _)| number));
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// The number and the inode of a line such as `tfd: 5 events: 1d data: 0 pos:0 ino:61af sdev:7`.
fn watched(line: &str) -> Option<(RawFd, u64)> {
    let mut words = line.split_whitespace();
    let number = words.next().filter(|&word| word == "tfd:").and_then(|_| words.next())?;
    let inode = words.find_map(|word| word.strip_prefix("ino:"))?;
    Some((number.parse().ok()?, u64::from_str_radix(inode, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::epoll::Epoll;
    use crate::sys::wake::Wake;
    use std::os::fd::AsFd;

    #[test]
    fn a_line_tells_what_is_watched() {
        let line = "tfd:        5 events:       1d data: ffffffffffffffff  pos:0 ino:61af sdev:7";
        assert_eq!(watched(line), Some((5, 0x61af)));
        assert_eq!(watched("pos:\t0"), None);
        assert_eq!(watched("tfd: 5 events: 1d data: 0"), None, "before Linux 4.12");
    }

    #[test]
    fn the_runtime_s_own_descriptors_are_found_and_no_others() {
        // An instance of somebody else's that watches descriptors as well.
        let (epoll, wake) = (Epoll::new().unwrap(), Wake::new().unwrap());
        epoll.add_readable(&wake, 0).unwrap();
        let nested = Nested::new(epoll.as_fd().try_clone_to_owned().unwrap()).unwrap();
        let kinds: Vec<String> = nested
            .numbers()
            .iter()
            .map(|number| std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap())
            .map(|link| link.display().to_string())
            .collect();
        let count = |kind: &str| kinds.iter().filter(|other| *other == kind).count();
        // The instance, its copy and ours; and what wakes it.
        assert_eq!(count("anon_inode:[eventpoll]"), 3, "{kinds:?}");
        assert_eq!((count("anon_inode:[eventfd]"), kinds.len()), (1, 4), "{kinds:?}");
        let foreign = [epoll.as_fd().as_raw_fd(), wake.as_fd().as_raw_fd()];
        assert!(!nested.numbers().iter().any(|number| foreign.contains(number)));
    }
}
