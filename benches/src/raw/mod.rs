//! The raw loops that everything is compared with: one thread, epoll, non-blocking, no state kept.

pub mod http;
pub mod paced;
pub mod tcp;
pub mod wake;

/// How a connection is made and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// A new socket each time, a full handshake, closed with a reset.
    Fresh,
    /// A pool of sockets known to epoll for good, dissolved after use; the last segment of the
    /// handshake is held back, so that the reset takes its place.
    Reused,
}
