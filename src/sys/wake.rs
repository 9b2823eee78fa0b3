//! Wakes whoever waits for a descriptor: an eventfd, or a pipe where there is none.
//!
//! Any number of [`Wake::wake`] calls before a [`Wake::drain`] are one wake-up. Both ends are
//! non-blocking and close-on-exec. The trap: a pipe can be full, which means that the reader is
//! going to wake up anyway.

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{Errno, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A descriptor that becomes readable when it is woken.
#[derive(Debug)]
pub struct Wake {
    reader: OwnedFd,
    /// The writing end of a pipe; an eventfd is written where it is read.
    writer: Option<OwnedFd>,
}

impl Wake {
    /// An eventfd, else a pipe.
    ///
    /// # Errors
    ///
    /// The system's error when neither can be made (no descriptors left).
    pub fn new() -> io::Result<Wake> {
        match eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK) {
            Ok(reader) => Ok(Wake { reader, writer: None }),
            Err(Errno::NOSYS | Errno::INVAL | Errno::PERM) => Wake::pipe(),
            Err(error) => Err(error.into()),
        }
    }

    /// The fallback, public for its test.
    ///
    /// # Errors
    ///
    /// The system's error when no pipe can be made.
    pub fn pipe() -> io::Result<Wake> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Wake { reader, writer: Some(writer) })
    }

    /// Makes the descriptor readable. Never blocks, from any thread.
    pub fn wake(&self) {
        let fd = self.writer.as_ref().unwrap_or(&self.reader);
        // A full pipe or counter is readable already; nothing else can fail on our own fd.
        let _ = rustix::io::retry_on_intr(|| write(fd, &1u64.to_ne_bytes()));
    }

    /// Calls `each` with both ends.
    pub fn each_fd(&self, mut each: impl FnMut(BorrowedFd<'_>)) {
        each(self.reader.as_fd());
        self.writer.iter().for_each(|writer| each(writer.as_fd()));
    }

    /// Makes the descriptor unreadable until the next wake.
    pub fn drain(&self) {
        let mut buffer = [0u8; 512];
        while let Ok(count) = rustix::io::retry_on_intr(|| read(&self.reader, &mut buffer)) {
            if self.writer.is_none() || count < buffer.len() {
                break;
            }
        }
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn is_readable(wake: &Wake) -> bool {
        let mut fds = [PollFd::new(wake, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    fn behaves(wake: Wake) {
        assert!(!is_readable(&wake));
        for _ in 0..3 {
            wake.wake();
        }
        assert!(is_readable(&wake));
        wake.drain();
        assert!(!is_readable(&wake));
    }

    #[test]
    fn an_eventfd_wakes_once_for_many_calls() {
        let wake = Wake::new().unwrap();
        assert!(wake.writer.is_none(), "this system has eventfd");
        behaves(wake);
    }

    #[test]
    fn a_pipe_does_the_same() {
        behaves(Wake::pipe().unwrap());
    }

    #[test]
    fn a_full_pipe_neither_blocks_nor_loses_the_wake_up() {
        let wake = Wake::pipe().unwrap();
        for _ in 0..100_000 {
            wake.wake();
        }
        assert!(is_readable(&wake));
        wake.drain();
        assert!(!is_readable(&wake));
    }
}
