//! The raw HTTP/1.1 probe: fixed request bytes, the status line read into a shared buffer.

use super::Variant;
use crate::os::epoll::{BROKEN, EDGE, Epoll, IN, OUT};
use crate::os::net::{self, Address};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: raw\r\n\
                         Connection: close\r\n\r\n";

struct Slot {
    fd: Option<OwnedFd>,
    busy: bool,
    sent: bool,
}

/// Probes the addresses in turn, as fast as it goes, until `probes` have ended, each on a
/// connection of its own.
///
/// # Errors
///
/// The system's, and one for the first probe that fails.
pub fn as_fast_as_it_goes(
    variant: Variant,
    addresses: &[Address],
    places: usize,
    probes: u64,
) -> io::Result<()> {
    let mut epoll = Epoll::new(places)?;
    let mut slots: Vec<Slot> =
        (0..places).map(|_| Slot { fd: None, busy: false, sent: false }).collect();
    let mut free: Vec<usize> = (0..places).collect();
    let mut next = addresses.iter().cycle();
    let (mut started, mut ended) = (0, 0);
    let mut buffer = [0; 4096];
    while ended < probes {
        while started < probes {
            let (Some(index), Some(address)) = (free.pop(), next.next()) else { break };
            begin(&epoll, &mut slots[index], index, variant, address)?;
            started += 1;
        }
        for event in 0..epoll.wait(None)? {
            let (token, ready) = epoll.event(event);
            let slot = &mut slots[token as usize];
            if slot.busy && go_on(slot, variant, ready, &mut buffer)? {
                free.push(token as usize);
                ended += 1;
            }
        }
    }
    Ok(())
}

fn begin(
    epoll: &Epoll,
    slot: &mut Slot,
    index: usize,
    variant: Variant,
    address: &Address,
) -> io::Result<()> {
    if slot.fd.is_none() {
        let fd = net::stream()?;
        // Known to epoll before it connects, a reused socket needs no call later.
        epoll.add(fd.as_fd(), IN | OUT | EDGE, index as u64)?;
        slot.fd = Some(fd);
    }
    (slot.busy, slot.sent) = (true, false);
    let Some(fd) = &slot.fd else { return Ok(()) };
    if variant == Variant::Reused {
        net::hold_ack(fd.as_fd())?;
    }
    net::connect(fd.as_fd(), address)
}

/// Moves a probe on; whether it ended.
fn go_on(slot: &mut Slot, variant: Variant, ready: u32, buffer: &mut [u8]) -> io::Result<bool> {
    let Some(fd) = &slot.fd else { return Ok(false) };
    if ready & BROKEN != 0 {
        match net::pending_error(fd.as_fd())? {
            // The edge of a new socket, which is neither connected nor connecting yet.
            0 if !slot.sent && ready & IN == 0 => return Ok(false),
            0 => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
    if !slot.sent && ready & OUT != 0 {
        net::send(fd.as_fd(), REQUEST)?;
        slot.sent = true;
    }
    if !slot.sent || ready & IN == 0 {
        return Ok(false);
    }
    let count = match net::receive(fd.as_fd(), buffer) {
        Ok(count) => count,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
        Err(error) => return Err(error),
    };
    if !buffer[..count].starts_with(b"HTTP/1.1 200") {
        return Err(io::Error::other("not the answer of the target"));
    }
    match variant {
        Variant::Fresh => {
            net::reset_on_close(fd.as_fd())?;
            slot.fd = None;
        }
        Variant::Reused => net::dissolve(fd.as_fd())?,
    }
    slot.busy = false;
    Ok(true)
}
