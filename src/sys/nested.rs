//! Our epoll instance as one descriptor of tokio's.

use std::io;
use std::os::fd::OwnedFd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Registers a descriptor, which must be one of a kind that epoll accepts, with the runtime of
/// the calling thread. Edge-triggered: whoever is woken clears the readiness before it looks.
///
/// # Errors
///
/// The system's error when the descriptor cannot be registered.
pub fn nest(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the `AsyncFd` owns the descriptor, hands out no way to close or replace it, and
    // deregisters it before it is closed; an `OwnedFd` always answers with the same descriptor.
    unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }.map_err(io::Error::from)
}
