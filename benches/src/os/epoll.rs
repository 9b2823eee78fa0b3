//! epoll with a timeout in nanoseconds.

use super::check;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// Readiness to read.
pub const IN: u32 = libc::EPOLLIN as u32;
/// Readiness to write; for a connecting socket, the end of the handshake.
pub const OUT: u32 = libc::EPOLLOUT as u32;
/// An error waits, or both directions are shut.
pub const BROKEN: u32 = (libc::EPOLLERR | libc::EPOLLHUP) as u32;
/// Only changes are told.
pub const EDGE: u32 = libc::EPOLLET as u32;

/// An epoll descriptor and room for one batch of events.
pub struct Epoll {
    fd: OwnedFd,
    ready: Vec<libc::epoll_event>,
}

impl Epoll {
    /// A new one that tells at most `batch` events a turn.
    pub fn new(batch: usize) -> io::Result<Epoll> {
        // SAFETY: no pointers; a new descriptor on success.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the call above returned this descriptor, and nobody else has it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Epoll { fd, ready: Vec::with_capacity(batch) })
    }

    /// Watches `fd` until it is closed; `token` comes back with its events.
    pub fn add(&self, fd: BorrowedFd<'_>, interest: u32, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: interest, u64: token };
        let (epoll, fd) = (self.fd.as_raw_fd(), fd.as_raw_fd());
        // SAFETY: both descriptors are open and the event lives through the call.
        check(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event) })?;
        Ok(())
    }

    /// Waits for events, at most `timeout`; none at all is for ever. A signal is no event.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<usize> {
        let limit = timeout.map(|t| libc::timespec {
            tv_sec: t.as_secs() as libc::time_t,
            tv_nsec: t.subsec_nanos().into(),
        });
        let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        self.ready.clear();
        let room = self.ready.capacity() as libc::c_int;
        // SAFETY: the buffer has room for `room` events, the limit is NULL or live, and a NULL
        // signal mask is allowed.
        let count = check(unsafe {
            libc::epoll_pwait2(
                self.fd.as_raw_fd(),
                self.ready.as_mut_ptr(),
                room,
                limit,
                std::ptr::null(),
            )
        });
        let count = match count {
            Ok(count) => count as usize,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        // SAFETY: the kernel has initialised that many.
        unsafe { self.ready.set_len(count) };
        Ok(count)
    }

    /// An event of the last batch: its token and its bits.
    pub fn event(&self, index: usize) -> (u64, u32) {
        let event = self.ready[index];
        (event.u64, event.events)
    }
}
