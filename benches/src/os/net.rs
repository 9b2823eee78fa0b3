//! Non-blocking stream sockets over IPv4, as thin as they go.
//!
//! The trap: `dissolve` leaves an error waiting on the socket when it cut a connection off. The
//! next `connect` clears it, so nobody needs to fetch it; but the idle socket reports it to epoll.

use super::check;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// An address in the kernel's form.
#[derive(Clone, Copy)]
pub struct Address(libc::sockaddr_in);

impl From<SocketAddrV4> for Address {
    fn from(address: SocketAddrV4) -> Address {
        Address(libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: address.port().to_be(),
            sin_addr: libc::in_addr { s_addr: u32::from(*address.ip()).to_be() },
            sin_zero: [0; 8],
        })
    }
}

/// `count` loopback addresses with this port, all different up to some millions.
pub fn loopback(port: u16, count: usize) -> Vec<SocketAddrV4> {
    (0..count)
        .map(|n| {
            let [_, b, c, d] = (n as u32 % 0x00ff_0000 + 0x0001_0001).to_be_bytes();
            SocketAddrV4::new(Ipv4Addr::new(127, b, c, d), port)
        })
        .collect()
}

/// A new stream socket, non-blocking and close-on-exec.
pub fn stream() -> io::Result<OwnedFd> {
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: no pointers; a new descriptor on success.
    let fd = check(unsafe { libc::socket(libc::AF_INET, kind, 0) })?;
    // SAFETY: the call above returned this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Begins to connect; the end is told by epoll.
pub fn connect(fd: BorrowedFd<'_>, address: &Address) -> io::Result<()> {
    let length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    let pointer = std::ptr::from_ref(&address.0).cast();
    // SAFETY: the pointer is to a live sockaddr_in of that length.
    match check(unsafe { libc::connect(fd.as_raw_fd(), pointer, length) }) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(()),
    }
}

/// Drops the connection, with a reset if there was one, and keeps the socket.
pub fn dissolve(fd: BorrowedFd<'_>) -> io::Result<()> {
    let nowhere =
        libc::sockaddr { sa_family: libc::AF_UNSPEC as libc::sa_family_t, sa_data: [0; 14] };
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the pointer is to a live sockaddr of that length.
    check(unsafe { libc::connect(fd.as_raw_fd(), &nowhere, length) })?;
    Ok(())
}

/// Takes the error that waits on the socket; 0 for none.
pub fn pending_error(fd: BorrowedFd<'_>) -> io::Result<i32> {
    let mut error: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    let pointer = std::ptr::from_mut(&mut error).cast();
    // SAFETY: the pointer is to a live int, whose length is given.
    check(unsafe {
        libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ERROR, pointer, &mut length)
    })?;
    Ok(error)
}

fn set<T>(fd: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    let pointer = std::ptr::from_ref(value).cast();
    // SAFETY: the pointer is to a live value of that length.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, pointer, length) })?;
    Ok(())
}

/// Makes close send a reset, so that no port lingers.
pub fn reset_on_close(fd: BorrowedFd<'_>) -> io::Result<()> {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    set(fd, libc::SOL_SOCKET, libc::SO_LINGER, &linger)
}

/// Holds the last segment of the handshake back; lost at each connect.
pub fn hold_ack(fd: BorrowedFd<'_>) -> io::Result<()> {
    set(fd, libc::IPPROTO_TCP, libc::TCP_QUICKACK, &(0 as libc::c_int))
}

/// A listener on every address of the machine, on a port that the system chooses.
pub fn listen(backlog: i32) -> io::Result<(OwnedFd, u16)> {
    listen_at(0, backlog)
}

/// A listener on every address of the machine, on this port (0: one that the system chooses),
/// and its port.
pub fn listen_at(port: u16, backlog: i32) -> io::Result<(OwnedFd, u16)> {
    let fd = stream()?;
    let on: libc::c_int = 1;
    let borrowed = std::os::fd::AsFd::as_fd(&fd);
    set(borrowed, libc::SOL_SOCKET, libc::SO_REUSEADDR, &on)?;
    let mut address = Address::from(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port)).0;
    let mut length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    let pointer = std::ptr::from_mut(&mut address).cast::<libc::sockaddr>();
    // SAFETY: the pointer is to a live sockaddr_in of that length.
    check(unsafe { libc::bind(fd.as_raw_fd(), pointer, length) })?;
    // SAFETY: no pointers.
    check(unsafe { libc::listen(fd.as_raw_fd(), backlog) })?;
    // SAFETY: the pointer is to a live sockaddr_in, whose length is given.
    check(unsafe { libc::getsockname(fd.as_raw_fd(), pointer, &mut length) })?;
    Ok((fd, u16::from_be(address.sin_port)))
}

/// The next connection that waits, if any.
pub fn accept(listener: BorrowedFd<'_>) -> io::Result<Option<OwnedFd>> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    let (address, length) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: NULL asks for no address.
    let fd = check(unsafe { libc::accept4(listener.as_raw_fd(), address, length, flags) });
    match fd {
        // SAFETY: the call above returned this descriptor, and nobody else has it.
        Ok(fd) => Ok(Some(unsafe { OwnedFd::from_raw_fd(fd) })),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sends without waiting and without SIGPIPE.
pub fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the pointer and the length are those of a live slice.
    let sent = unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Receives what is there; 0 when the other side is done.
pub fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let (pointer, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the pointer and the length are those of a live slice.
    let got = unsafe { libc::recv(fd.as_raw_fd(), pointer, length, libc::MSG_DONTWAIT) };
    usize::try_from(got).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn loopback_addresses_differ_and_stay_in_their_network() {
        let addresses = loopback(80, 1_000_000);
        assert!(addresses.iter().all(|a| a.ip().is_loopback() && a.port() == 80));
        assert_eq!(addresses.iter().collect::<HashSet<_>>().len(), addresses.len());
    }
}
