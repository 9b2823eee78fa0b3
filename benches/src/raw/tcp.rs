//! The raw TCP probe: connects, looks at the error, resets.
//!
//! The trap of the reused sockets: dissolving one is a change that epoll tells as well. By the
//! time it does, the socket is connecting again or idle; so an event of an idle socket is
//! ignored, and one without readiness or error is not an end.

use super::Variant;
use crate::os::epoll::{BROKEN, EDGE, Epoll, OUT};
use crate::os::net::{self, Address};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

struct Slot {
    fd: Option<OwnedFd>,
    busy: bool,
}

/// A prober with a fixed number of places.
pub struct Prober {
    variant: Variant,
    epoll: Epoll,
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// Connections that were made.
    pub passed: u64,
    /// Connections that were refused or lost.
    pub failed: u64,
}

impl Prober {
    /// A prober that runs at most `places` probes at once.
    pub fn new(variant: Variant, places: usize) -> io::Result<Prober> {
        let epoll = Epoll::new(places)?;
        let mut slots = Vec::new();
        for index in 0..places {
            let fd = match variant {
                Variant::Fresh => None,
                Variant::Reused => {
                    let fd = net::stream()?;
                    epoll.add(fd.as_fd(), OUT | EDGE, index as u64)?;
                    Some(fd)
                }
            };
            slots.push(Slot { fd, busy: false });
        }
        let free = (0..places).collect();
        Ok(Prober { variant, epoll, slots, free, passed: 0, failed: 0 })
    }

    /// Whether a place is free.
    pub fn has_room(&self) -> bool {
        !self.free.is_empty()
    }

    /// Probes that have not ended.
    pub fn in_flight(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Begins a probe; there must be room.
    pub fn start(&mut self, address: &Address) -> io::Result<()> {
        let Some(index) = self.free.pop() else {
            return Err(io::Error::other("no place is free"));
        };
        let slot = &mut self.slots[index];
        slot.busy = true;
        match &slot.fd {
            Some(fd) => {
                net::hold_ack(fd.as_fd())?;
                net::connect(fd.as_fd(), address)
            }
            None => {
                let fd = net::stream()?;
                net::connect(fd.as_fd(), address)?;
                self.epoll.add(fd.as_fd(), OUT | EDGE, index as u64)?;
                slot.fd = Some(fd);
                Ok(())
            }
        }
    }

    /// Ends the probes that are decided, after waiting for one at most `timeout`.
    pub fn reap(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        for index in 0..self.epoll.wait(timeout)? {
            let (token, ready) = self.epoll.event(index);
            let slot = &mut self.slots[token as usize];
            let Some(fd) = slot.fd.as_ref().filter(|_| slot.busy) else { continue };
            if ready & (OUT | BROKEN) == 0 {
                continue;
            }
            match net::pending_error(fd.as_fd())? {
                0 if ready & BROKEN == 0 => self.passed += 1,
                _ => self.failed += 1,
            }
            match self.variant {
                Variant::Fresh => {
                    net::reset_on_close(fd.as_fd())?;
                    slot.fd = None;
                }
                Variant::Reused => net::dissolve(fd.as_fd())?,
            }
            slot.busy = false;
            self.free.push(token as usize);
        }
        Ok(())
    }
}

/// Probes the addresses in turn, as fast as it goes, until at least `probes` have ended; how many
/// did.
///
/// # Errors
///
/// The system's, and one when more than one probe in a thousand fails: that is not the load that
/// was to be measured.
pub fn as_fast_as_it_goes(
    variant: Variant,
    addresses: &[Address],
    places: usize,
    probes: u64,
) -> io::Result<u64> {
    let mut prober = Prober::new(variant, places)?;
    let mut next = addresses.iter().cycle();
    let mut started = 0;
    while prober.passed + prober.failed < probes {
        while started < probes && prober.has_room() {
            let Some(address) = next.next() else {
                return Err(io::Error::other("no addresses"));
            };
            prober.start(address)?;
            started += 1;
        }
        prober.reap(None)?;
    }
    if prober.failed * 1000 > probes {
        return Err(io::Error::other(format!("{} of {probes} probes failed", prober.failed)));
    }
    Ok(prober.passed + prober.failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

    fn refused() -> SocketAddrV4 {
        // Bound and never listening, so that nobody else gets the port.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }

    fn probe_until_ended(prober: &mut Prober, address: SocketAddrV4) {
        prober.start(&address.into()).unwrap();
        while prober.in_flight() > 0 {
            prober.reap(None).unwrap();
        }
    }

    #[test]
    fn a_socket_tells_success_and_refusal_apart_however_often_it_is_used() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let open = SocketAddrV4::new(Ipv4Addr::LOCALHOST, listener.local_addr().unwrap().port());
        let shut = refused();
        for variant in [Variant::Fresh, Variant::Reused] {
            let mut prober = Prober::new(variant, 1).unwrap();
            for _ in 0..10 {
                probe_until_ended(&mut prober, open);
                probe_until_ended(&mut prober, shut);
                probe_until_ended(&mut prober, shut);
            }
            assert_eq!((prober.passed, prober.failed), (10, 20), "{variant:?}");
        }
    }

    #[test]
    fn a_fresh_connection_is_seen_by_the_application_and_a_reused_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let open = SocketAddrV4::new(Ipv4Addr::LOCALHOST, listener.local_addr().unwrap().port());
        for (variant, seen) in [(Variant::Fresh, true), (Variant::Reused, false)] {
            let mut prober = Prober::new(variant, 1).unwrap();
            probe_until_ended(&mut prober, open);
            assert_eq!(listener.accept().is_ok(), seen, "{variant:?}");
        }
    }

    #[test]
    fn failures_spoil_the_measurement() {
        let addresses = [refused().into()];
        assert!(as_fast_as_it_goes(Variant::Fresh, &addresses, 4, 16).is_err());
    }
}
