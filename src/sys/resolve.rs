//! The system's resolver: getaddrinfo, with its own error numbers kept.
//!
//! It honours `/etc/hosts`, `nsswitch.conf` and whatever else the machine is set up with, which
//! is why no resolver of our own replaces it. The trap: it blocks for as long as it likes and
//! cannot be cancelled, so it is only called on threads that nobody waits for without a limit.

use std::ffi::CString;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ptr;

/// The meanings of the resolver's own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An authoritative answer: no such name, or a name without addresses.
    NotFound,
    /// No answer could be had for now.
    Again,
    /// No memory.
    Memory,
    /// A system call of the resolver failed.
    System,
    /// Another refusal.
    Other,
}

/// Why a name has no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub kind: Kind,
    /// errno for [`Kind::System`], else the EAI number of the system.
    pub number: i32,
}

impl Failure {
    /// An answer without addresses.
    pub const NO_ADDRESS: Failure = Failure { kind: Kind::NotFound, number: libc::EAI_NODATA };

    fn new(code: i32, errno: i32) -> Failure {
        let kind = match code {
            libc::EAI_NONAME | libc::EAI_NODATA => Kind::NotFound,
            libc::EAI_AGAIN => Kind::Again,
            libc::EAI_MEMORY => Kind::Memory,
            libc::EAI_SYSTEM => return Failure { kind: Kind::System, number: errno },
            _ => Kind::Other,
        };
        Failure { kind, number: code }
    }
}

/// The stream addresses of a name, in the order in which they should be tried. Blocks.
///
/// # Errors
///
/// What the system answered. A host that contains NUL is a name that does not exist.
pub fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    let host = CString::new(host).map_err(|_| Failure::new(libc::EAI_NONAME, 0))?;
    // SAFETY: addrinfo is plain data for which all zeroes (and NULL pointers) is valid.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_socktype = libc::SOCK_STREAM;
    // Families that this machine has no address of are not asked for.
    hints.ai_flags = libc::AI_ADDRCONFIG;
    let mut list: *mut libc::addrinfo = ptr::null_mut();
    // SAFETY: the host is NUL-terminated, the service may be NULL when the host is not, the
    // hints live across the call, and the list is valid for a write.
    let code = unsafe { libc::getaddrinfo(host.as_ptr(), ptr::null(), &hints, &mut list) };
    if code != 0 {
        let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
        return Err(Failure::new(code, errno));
    }
    let mut found = Vec::new();
    let mut entry = list;
    while !entry.is_null() {
        // SAFETY: the entry is a live element of the list that getaddrinfo has made.
        let info = unsafe { &*entry };
        found.extend(address(info, port));
        entry = info.ai_next;
    }
    // SAFETY: the list came from getaddrinfo and nothing borrowed from it is left.
    unsafe { libc::freeaddrinfo(list) };
    Ok(found)
}

fn address(info: &libc::addrinfo, port: u16) -> Option<SocketAddr> {
    let length = info.ai_addrlen as usize;
    match info.ai_family {
        libc::AF_INET if length >= size_of::<libc::sockaddr_in>() => {
            // SAFETY: the family and the length say that a sockaddr_in is there; it is copied
            // without assuming its alignment.
            let raw = unsafe { ptr::read_unaligned(info.ai_addr.cast::<libc::sockaddr_in>()) };
            let ip = Ipv4Addr::from(u32::from_be(raw.sin_addr.s_addr));
            Some(SocketAddr::V4(SocketAddrV4::new(ip, port)))
        }
        libc::AF_INET6 if length >= size_of::<libc::sockaddr_in6>() => {
            // SAFETY: as above, for sockaddr_in6.
            let raw = unsafe { ptr::read_unaligned(info.ai_addr.cast::<libc::sockaddr_in6>()) };
            let ip = Ipv6Addr::from(raw.sin6_addr.s6_addr);
            Some(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, raw.sin6_scope_id)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_hosts_file_has_loopback_addresses() {
        let found = resolve("localhost", 81).unwrap();
        assert!(!found.is_empty());
        assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 81));
    }

    #[test]
    fn an_address_in_text_is_its_own_answer() {
        assert_eq!(resolve("127.0.0.9", 5).unwrap(), ["127.0.0.9:5".parse().unwrap()]);
        assert_eq!(resolve("::1", 5).unwrap(), ["[::1]:5".parse().unwrap()]);
    }

    #[test]
    fn a_nul_is_never_cut_off() {
        let failure = resolve("localhost\0.example", 1).unwrap_err();
        assert_eq!(failure.kind, Kind::NotFound);
    }

    #[test]
    fn the_number_of_a_failed_system_call_is_errno() {
        let system = Failure::new(libc::EAI_SYSTEM, libc::EMFILE);
        assert_eq!(system, Failure { kind: Kind::System, number: libc::EMFILE });
        let again = Failure::new(libc::EAI_AGAIN, libc::EMFILE);
        assert_eq!(again, Failure { kind: Kind::Again, number: libc::EAI_AGAIN });
        assert_eq!(Failure::new(libc::EAI_NODATA, 0).kind, Kind::NotFound);
        assert_eq!(Failure::new(libc::EAI_FAIL, 0).kind, Kind::Other);
    }
}
