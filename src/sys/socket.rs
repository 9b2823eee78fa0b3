//! Non-blocking sockets that leave nothing behind.
//!
//! Every socket is close-on-exec. Streams, but for unix sockets, close by a reset: the side that
//! closes first in the orderly way keeps the port in TIME_WAIT for a minute, and a prober is
//! always the first. Errors stay plain numbers here, because a refusal is a measurement and not
//! a fault. The trap: a reset throws away what the peer has not read yet.

use rustix::io::retry_on_intr;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sockopt,
};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

pub use rustix::io::Errno;

/// The families that can be probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// Unix stream sockets.
    Unix,
}

impl Family {
    /// The family of an address.
    pub fn of(address: &SocketAddr) -> Family {
        match address {
            SocketAddr::V4(_) => Family::V4,
            SocketAddr::V6(_) => Family::V6,
        }
    }
}

/// What travels on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes, in order.
    Stream,
    /// Datagrams of the network; there are none on unix sockets here.
    Datagram,
}

/// How far a connect came at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    /// It is made.
    Now,
    /// The socket becomes writable, or has an error, when it is decided.
    Pending,
}

/// A non-blocking, close-on-exec stream socket that closes by a reset.
///
/// # Errors
///
/// The system's error: no descriptors, no memory, or the family is not supported.
pub fn stream(family: Family) -> Result<OwnedFd, Errno> {
    let socket = of_type(family, SocketType::STREAM)?;
    if family != Family::Unix {
        sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
    }
    Ok(socket)
}

/// A non-blocking, close-on-exec socket for datagrams. Once it is connected it takes those of its
/// peer only, and reports as an error that nobody takes any there.
///
/// # Errors
///
/// As [`stream`].
pub fn datagram(family: Family) -> Result<OwnedFd, Errno> {
    of_type(family, SocketType::DGRAM)
}

fn of_type(family: Family, of_type: SocketType) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let domain = match family {
        Family::V4 => AddressFamily::INET,
        Family::V6 => AddressFamily::INET6,
        Family::Unix => AddressFamily::UNIX,
    };
    rustix::net::socket_with(domain, of_type, flags, None)
}

/// Starts to connect to an address.
///
/// # Errors
///
/// The system's error when it is decided at once.
pub fn connect(socket: impl AsFd, address: &SocketAddr) -> Result<Connected, Errno> {
    pending(rustix::net::connect(socket, address))
}

/// Starts to connect to the path of a unix socket.
///
/// # Errors
///
/// The system's error when it is decided at once, which for unix sockets is always: `AGAIN`
/// means that the queue of the listener is full.
pub fn connect_unix(socket: impl AsFd, path: &str) -> Result<Connected, Errno> {
    pending(rustix::net::connect(socket, &SocketAddrUnix::new(path)?))
}

fn pending(result: Result<(), Errno>) -> Result<Connected, Errno> {
    match result {
        Ok(()) => Ok(Connected::Now),
        // An interrupted connect goes on by itself.
        Err(Errno::INPROGRESS | Errno::INTR) => Ok(Connected::Pending),
        Err(error) => Err(error),
    }
}

/// Drops the connection by a reset and keeps the socket for another one. The kernel notes the
/// reset as an error of the socket and forgets it with the next connect.
///
/// # Errors
///
/// The system's error where the kernel cannot do this; the socket must be closed then.
pub fn disconnect(socket: impl AsFd) -> Result<(), Errno> {
    rustix::net::connect_unspec(socket)
}

/// Holds back the last segment of the next handshake, so that data or a reset takes its place.
/// Lasts for one connection. A system that cannot do it sends the segment: no harm is done.
pub fn hold_back_ack(socket: impl AsFd) {
    let _ = sockopt::set_tcp_quickack(socket, false);
}

/// Takes the pending error of a socket, if there is one.
pub fn take_error(socket: impl AsFd) -> Option<Errno> {
    match sockopt::socket_error(socket) {
        Ok(Ok(())) => None,
        Ok(Err(error)) | Err(error) => Some(error),
    }
}

/// Whether a connection to this address has met itself: the kernel may choose the very port that
/// it connects to as the source, and if nobody listens there the two ends are one.
pub fn is_own_peer(socket: impl AsFd, address: &SocketAddr) -> bool {
    rustix::net::getsockname(socket)
        .ok()
        .and_then(|own| SocketAddr::try_from(own).ok())
        .is_some_and(|own| own.port() == address.port() && own.ip() == address.ip())
}

/// Sends what the socket takes; never raises SIGPIPE.
///
/// # Errors
///
/// The system's error; `AGAIN` when it takes nothing now.
pub fn send(socket: impl AsFd, bytes: &[u8]) -> Result<usize, Errno> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    retry_on_intr(|| rustix::net::send(socket.as_fd(), bytes, flags))
}

/// Receives what is there, of datagrams one; 0 is the end, or an empty datagram.
///
/// # Errors
///
/// The system's error; `AGAIN` when nothing is there yet.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Result<usize, Errno> {
    retry_on_intr(|| rustix::net::recv(socket.as_fd(), &mut *buffer, RecvFlags::DONTWAIT))
        .map(|(count, _)| count)
}

/// Says that nothing more will be sent.
///
/// # Errors
///
/// The system's error.
pub fn end(socket: impl AsFd) -> Result<(), Errno> {
    rustix::net::shutdown(socket, rustix::net::Shutdown::Write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;

    #[test]
    fn one_socket_connects_again_after_a_disconnect_that_the_peer_sees_as_a_reset() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = stream(Family::of(&address)).unwrap();
        for _ in 0..3 {
            connect(&socket, &address).unwrap();
            let (mut peer, _) = listener.accept().unwrap();
            assert_eq!(take_error(&socket), None);
            assert_eq!(send(&socket, b"x"), Ok(1));
            assert_eq!(peer.read(&mut [0; 4]).unwrap(), 1);
            assert_eq!(receive(&socket, &mut [0; 4]), Err(Errno::AGAIN));
            disconnect(&socket).unwrap();
            let error = peer.read(&mut [0; 4]).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
    }

    #[test]
    fn a_connection_that_met_itself_is_told_from_one_that_did_not() {
        let socket = stream(Family::V4).unwrap();
        rustix::net::bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address: SocketAddr = rustix::net::getsockname(&socket).unwrap().try_into().unwrap();
        connect(&socket, &address).unwrap();
        assert_eq!(take_error(&socket), None);
        assert!(is_own_peer(&socket, &address));

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = stream(Family::V4).unwrap();
        connect(&socket, &address).unwrap();
        assert!(!is_own_peer(&socket, &address));
    }

    #[test]
    fn a_path_that_no_address_can_hold_is_an_error() {
        let socket = stream(Family::Unix).unwrap();
        let path = "/tmp/".repeat(40);
        assert_eq!(connect_unix(&socket, &path), Err(Errno::NAMETOOLONG));
    }
}
