//! The sockets of the reactor: those of runs in flight, and a few idle ones to be used again.
//!
//! A TCP socket is made and registered once. When its connection has served, it is dropped by a
//! reset and the socket waits for the next run: that saves making, registering and closing one,
//! and costs no more than the reset-close would. A socket whose connection went wrong is closed
//! instead, so that no state of it can leak into another run.
//!
//! The traps: a disconnect raises an edge of its own, and an edge found by a wait may be handled
//! after its socket has been given to another run. Every socket therefore remembers the turn in
//! which it was given away, and what a wait found before that is not for its new run.

use crate::sys::epoll::Epoll;
use crate::sys::socket::{self, Errno, Family, Kind};
use slab::Slab;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Idle sockets kept per family: as many as usually run at once.
const IDLE_LIMIT: usize = 128;

/// Stamps stay below this, because the upper half of the number space belongs to control
/// descriptors.
const STAMPS: u32 = 1 << 31;

#[derive(Debug)]
struct Slot {
    /// Shared with the conversation that takes place on it.
    fd: Arc<OwnedFd>,
    family: Family,
    kind: Kind,
    /// Tells this use of the slot from others; part of the registration.
    stamp: u32,
    registered: bool,
    /// The run that has the socket; none while it is idle.
    run: Option<usize>,
    /// The last turn before the run got it.
    turn: u32,
}

impl Slot {
    /// What its events carry.
    fn data(&self, place: usize) -> u64 {
        u64::from(self.stamp) << 32 | place as u64
    }
}

/// The sockets.
#[derive(Debug, Default)]
pub struct Sockets {
    slots: Slab<Slot>,
    idle: [Vec<usize>; 2],
    stamp: u32,
}

impl Sockets {
    /// A socket for a run, in this turn: an idle one or a new one.
    ///
    /// # Errors
    ///
    /// The system's error when none can be made.
    pub fn open(
        &mut self,
        (family, kind): (Family, Kind),
        run: usize,
        turn: u32,
    ) -> Result<usize, Errno> {
        if let Some(place) = self.idle_of(family, kind).and_then(Vec::pop)
            && let Some(slot) = self.slots.get_mut(place)
        {
            slot.run = Some(run);
            slot.turn = turn;
            return Ok(place);
        }
        let fd = Arc::new(match kind {
            Kind::Stream => socket::stream(family)?,
            Kind::Datagram => socket::datagram(family)?,
        });
        self.stamp = (self.stamp + 1) % STAMPS;
        let stamp = self.stamp;
        let slot = Slot { fd, family, kind, stamp, registered: false, run: Some(run), turn };
        Ok(self.slots.insert(slot))
    }

    /// Registers the socket if it is a new one.
    ///
    /// # Errors
    ///
    /// The system's error: no memory, or a limit is reached.
    pub fn register(&mut self, place: usize, epoll: &Epoll) -> Result<(), Errno> {
        let Some(slot) = self.slots.get_mut(place) else { return Ok(()) };
        if !slot.registered {
            epoll.add_socket(&*slot.fd, slot.data(place))?;
            slot.registered = true;
        }
        Ok(())
    }

    /// Has the state of a registered socket reported once more.
    ///
    /// # Errors
    ///
    /// As [`Sockets::register`].
    pub fn repeat(&self, place: usize, epoll: &Epoll) -> Result<(), Errno> {
        let Some(slot) = self.slots.get(place) else { return Ok(()) };
        epoll.repeat_socket(&*slot.fd, slot.data(place))
    }

    /// The descriptor of a socket.
    pub fn fd(&self, place: usize) -> Option<BorrowedFd<'_>> {
        self.slots.get(place).map(|slot| slot.fd.as_fd())
    }

    /// A share of the descriptor of a socket.
    pub fn share(&self, place: usize) -> Option<Arc<OwnedFd>> {
        self.slots.get(place).map(|slot| Arc::clone(&slot.fd))
    }

    /// Those of all sockets, idle ones included.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.slots.iter().map(|(_, slot)| slot.fd.as_fd())
    }

    /// The run that an event of this turn is for: none if the socket was closed or given away
    /// since, or is idle.
    pub fn run_of(&self, data: u64, turn: u32) -> Option<usize> {
        let slot = self.slots.get(data as u32 as usize)?;
        (u64::from(slot.stamp) == data >> 32 && slot.turn != turn).then_some(slot.run)?
    }

    /// Keeps a socket with its connection for later.
    pub fn rest(&mut self, place: usize) {
        if let Some(slot) = self.slots.get_mut(place) {
            slot.run = None;
        }
    }

    /// Gives a socket that has rested to a run, in this turn.
    pub fn adopt(&mut self, place: usize, run: usize, turn: u32) {
        if let Some(slot) = self.slots.get_mut(place) {
            (slot.run, slot.turn) = (Some(run), turn);
        }
    }

    /// The socket that an event is for, if no run has it.
    pub fn idle(&self, data: u64) -> Option<usize> {
        let place = data as u32 as usize;
        let slot = self.slots.get(place)?;
        (slot.data(place) == data && slot.run.is_none()).then_some(place)
    }

    /// Drops the connection and keeps the socket; true if that raises an edge.
    pub fn reuse(&mut self, place: usize) -> bool {
        let Some(slot) = self.slots.get_mut(place) else { return false };
        slot.run = None;
        let (family, kind) = (slot.family, slot.kind);
        let room = self.idle_of(family, kind).is_some_and(|idle| idle.len() < IDLE_LIMIT);
        let can_stay =
            room && self.fd(place).is_some_and(|socket| socket::disconnect(socket).is_ok());
        if !can_stay {
            self.close(place);
        } else if let Some(idle) = self.idle_of(family, kind) {
            idle.push(place);
        }
        can_stay
    }

    /// Closes the socket of a run; by a reset, if it is connected.
    pub fn close(&mut self, place: usize) {
        self.slots.try_remove(place);
    }

    /// How many sockets are open, idle ones included.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The idle sockets of a family. Unix sockets cannot be used again; those for datagrams must
    /// not be: a late datagram, or the port that a stranger has learned, belongs to one run only.
    fn idle_of(&mut self, family: Family, kind: Kind) -> Option<&mut Vec<usize>> {
        match (family, kind) {
            (Family::V4, Kind::Stream) => Some(&mut self.idle[0]),
            (Family::V6, Kind::Stream) => Some(&mut self.idle[1]),
            (Family::Unix, _) | (_, Kind::Datagram) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const V4: (Family, Kind) = (Family::V4, Kind::Stream);

    fn data(sockets: &Sockets, place: usize) -> u64 {
        sockets.slots[place].data(place)
    }

    #[test]
    fn an_event_is_for_the_run_only_if_it_was_found_after_the_run_got_the_socket() {
        let mut sockets = Sockets::default();
        let place = sockets.open(V4, 7, 5).unwrap();
        let data = data(&sockets, place);
        assert_eq!(sockets.run_of(data, 5), None);
        assert_eq!(sockets.run_of(data, 6), Some(7));
        assert!(sockets.reuse(place));
        assert_eq!(sockets.run_of(data, 6), None, "idle");
        assert_eq!(sockets.open(V4, 8, 6), Ok(place));
        assert_eq!(sockets.run_of(data, 6), None, "an edge of its last run");
        assert_eq!(sockets.run_of(data, 7), Some(8));
    }

    #[test]
    fn an_event_of_a_closed_socket_is_not_for_the_next_one_in_its_place() {
        let mut sockets = Sockets::default();
        let place = sockets.open(V4, 7, 0).unwrap();
        let old = data(&sockets, place);
        sockets.close(place);
        assert_eq!(sockets.run_of(old, 1), None);
        assert_eq!(sockets.open(V4, 8, 0), Ok(place));
        assert_eq!(sockets.run_of(old, 1), None);
        assert_eq!(sockets.run_of(data(&sockets, place), 1), Some(8));
    }

    #[test]
    fn families_do_not_share_sockets_and_only_so_many_stay() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut sockets = Sockets::default();
        let places: Vec<usize> =
            (0..IDLE_LIMIT + 9).map(|run| sockets.open(V4, run, 0).unwrap()).collect();
        for &place in &places {
            socket::connect(sockets.fd(place).unwrap(), &address).unwrap();
        }
        let kept = places.iter().filter(|&&place| sockets.reuse(place)).count();
        assert_eq!((kept, sockets.len()), (IDLE_LIMIT, IDLE_LIMIT));
        if sockets.open((Family::V6, Kind::Stream), 0, 0).is_ok() {
            assert_eq!(sockets.len(), IDLE_LIMIT + 1);
        }
        let unix = sockets.open((Family::Unix, Kind::Stream), 0, 0).unwrap();
        assert!(!sockets.reuse(unix), "a unix socket connects once");
        let datagrams = sockets.open((Family::V4, Kind::Datagram), 0, 0).unwrap();
        socket::connect(sockets.fd(datagrams).unwrap(), &address).unwrap();
        assert!(!sockets.reuse(datagrams), "a late datagram is for nobody else");
    }
}
