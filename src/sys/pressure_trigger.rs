//! A trigger on a pressure file: the kernel says at once when the stalled share of a window
//! exceeds a level, instead of being asked now and then.
//!
//! Promises one word a window at most, and to write to nothing that is not a pressure file of the
//! kernel's. Whoever may not set triggers, or finds a kernel without them, is told so and reads
//! the file now and then. Described in the kernel's accounting/psi.rst; a window that is a
//! multiple of 2 s needs no privilege.
//!
//! The trap: whoever looks first takes the word, and a look of an epoll instance is one. So the
//! descriptor is watched by the outermost instance, the runtime's own; nested in another one, that
//! one's look would leave nothing to find.

use super::nested::watch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags, fstatfs, openat};
use rustix::io::{Errno, pread, retry_on_intr, write};
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// In which the stalled time is counted, in microseconds.
const WINDOW_US: f64 = 2_000_000.0;
/// PROC_SUPER_MAGIC and CGROUP2_SUPER_MAGIC of linux/magic.h: where pressure files are.
const FILESYSTEMS: [u64; 2] = [0x9fa0, 0x6367_7270];
/// How a pressure file begins.
const BEGIN: &[u8] = b"some avg10=";

/// Which of the two lines of a pressure file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Time in which at least one task waited.
    Some,
    /// Time in which all of them waited.
    Full,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Line::Some => "some",
            Line::Full => "full",
        })
    }
}

/// A trigger; dropping it ends it.
#[derive(Debug)]
pub struct Trigger(AsyncFd<OwnedFd>);

impl Trigger {
    /// Sets a trigger for a share of the window, above 0 and up to 1, and has the runtime of the
    /// calling thread watch it. There must be one.
    ///
    /// # Errors
    ///
    /// What opening the file for writing answers, or the kernel when it reads the trigger; INVAL
    /// for another share and for what is no pressure file; what is short when it is watched.
    pub fn new(path: &Path, line: Line, share: f64) -> Result<Trigger, Errno> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = retry_on_intr(|| openat(CWD, path, flags, Mode::empty()))?;
        // The kernel reads 32 bits of any number, and takes what they say.
        let is_share = share > 0.0 && share <= 1.0;
        if !is_share || !is_pressure_file(&fd)? {
            return Err(Errno::INVAL);
        }
        let stalled_us = (share * WINDOW_US).max(1.0);
        write(&fd, format!("{line} {stalled_us:.0} {WINDOW_US:.0}\0").as_bytes())?;
        let watched = watch(fd, Interest::PRIORITY);
        watched.map(Trigger).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }

    /// Whether the kernel has spoken since the last time; the task is woken when it does. True
    /// for pressure, false when the trigger is over because its cgroup is gone.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<bool> {
        // What is urgent counts as readable, too; this needs no memory, unlike a wait for both.
        match self.0.poll_read_ready(context) {
            Poll::Ready(Ok(mut ready)) => {
                ready.clear_ready();
                Poll::Ready(!self.is_over())
            }
            Poll::Ready(Err(_)) => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Whether the kernel has taken it down, which stays an error for good.
    fn is_over(&self) -> bool {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut looked = [PollFd::new(self.0.get_ref(), PollFlags::PRI)];
        poll(&mut looked, Some(&at_once)).is_ok()
            && looked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)
    }
}

impl AsFd for Trigger {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }
}

/// Asked before anything is written, because a path of somebody else's may name anything.
fn is_pressure_file(fd: &OwnedFd) -> Result<bool, Errno> {
    if !FILESYSTEMS.contains(&(fstatfs(fd)?.f_type as u64)) {
        return Ok(false);
    }
    let mut text = [0; BEGIN.len()];
    let count = retry_on_intr(|| pread(fd, &mut text, 0))?;
    Ok(&text[..count] == BEGIN)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rustix::pipe::pipe;
    use std::fs;
    use tokio::runtime::Builder;

    /// What is over as soon as the other end is closed: a pipe in place of a pressure file.
    pub(crate) fn trigger_with_end() -> (Trigger, OwnedFd) {
        let (fd, end) = pipe().unwrap();
        (Trigger(watch(fd, Interest::PRIORITY).unwrap()), end)
    }

    #[track_caller]
    fn expect_refusal(path: &str) {
        let refusal = Trigger::new(Path::new(path), Line::Some, 0.1).err();
        assert_eq!(refusal, Some(Errno::INVAL), "{path}");
    }

    #[test]
    fn what_is_no_pressure_file_is_refused_and_left_as_it_is() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let _entered = runtime.enter();
        let none = Trigger::new(Path::new("/proc/no-such-file"), Line::Some, 0.1).err();
        assert_eq!(none, Some(Errno::NOENT));
        // A file of the kernel's that would take the words: it names the thread.
        let comm = "/proc/thread-self/comm";
        let before = fs::read(comm).unwrap();
        expect_refusal(comm);
        assert_eq!(fs::read(comm).unwrap(), before);
        // Somebody's record of a pressure file.
        let name = format!("meshvitals-pressure-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        fs::write(&path, text).unwrap();
        expect_refusal(&path.to_string_lossy());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        fs::remove_file(&path).unwrap();
    }
}
