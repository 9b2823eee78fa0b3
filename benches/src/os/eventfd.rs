//! An eventfd that blocks: the least there is to wake a thread by a descriptor.

use super::check;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A blocking eventfd.
pub struct EventFd(OwnedFd);

impl EventFd {
    /// A new one that is not readable.
    pub fn new() -> io::Result<EventFd> {
        // SAFETY: no pointers; a new descriptor on success.
        let fd = check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) })?;
        // SAFETY: the call above returned this descriptor, and nobody else has it.
        Ok(EventFd(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Ends one wait.
    pub fn wake(&self) -> io::Result<()> {
        let one = 1u64;
        let pointer = std::ptr::from_ref(&one).cast();
        // SAFETY: the pointer is to eight live bytes.
        let count = unsafe { libc::write(self.0.as_raw_fd(), pointer, size_of::<u64>()) };
        if count < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Waits for a wake.
    pub fn wait(&self) -> io::Result<()> {
        let mut count = 0u64;
        let pointer = std::ptr::from_mut(&mut count).cast();
        // SAFETY: the pointer is to eight live bytes.
        let read = unsafe { libc::read(self.0.as_raw_fd(), pointer, size_of::<u64>()) };
        if read < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
