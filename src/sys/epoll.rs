//! One epoll instance: which descriptors have something to say.
//!
//! Registrations carry a `u64` of the caller. A wait never blocks: whoever needs to sleep does
//! so on the descriptor of the instance itself, which is readable when a wait would find
//! something. The trap: a registration belongs to the open file and not to the number, so it
//! outlives a close when a forked child still holds a copy; callers must be able to tell a
//! stale `u64` from a live one.

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The changes of a socket that are reported.
const EDGES: EventFlags =
    EventFlags::IN.union(EventFlags::OUT).union(EventFlags::RDHUP).union(EventFlags::ET);

/// What a descriptor had to say when the wait looked at it.
#[derive(Clone, Copy, Debug)]
pub struct Ready(EventFlags);

impl Ready {
    /// Bytes, or the end of them, can be read.
    pub fn is_readable(self) -> bool {
        self.0.contains(EventFlags::IN)
    }

    /// Bytes can be written; for a connecting socket, that it is connected.
    pub fn is_writable(self) -> bool {
        self.0.contains(EventFlags::OUT)
    }

    /// The peer will send nothing more.
    pub fn is_ended(self) -> bool {
        self.0.contains(EventFlags::RDHUP)
    }

    /// An error is pending, or the socket is closed in both directions.
    pub fn is_broken(self) -> bool {
        self.0.intersects(EventFlags::ERR | EventFlags::HUP)
    }
}

/// Room for what one wait finds.
pub struct Events(Vec<Event>);

// SAFETY: an event is not Send because its data may be a pointer; every registration of this
// file carries a number.
unsafe impl Send for Events {}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = (0..self.len()).filter_map(|place| self.get(place));
        f.debug_list().entries(entries).finish()
    }
}

impl Events {
    /// Room for so many descriptors.
    pub fn with_capacity(capacity: usize) -> Events {
        Events(Vec::with_capacity(capacity))
    }

    /// How many the last wait found.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the last wait found nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what the last wait found.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether the last wait may have left some behind for want of room.
    pub fn is_full(&self) -> bool {
        self.0.len() == self.0.capacity()
    }

    /// The `u64` and the state of the descriptor at this place of the last wait.
    pub fn get(&self, place: usize) -> Option<(u64, Ready)> {
        self.0.get(place).map(|event| (event.data.u64(), Ready(event.flags)))
    }
}

/// An epoll instance, closed on exec.
#[derive(Debug)]
pub struct Epoll(OwnedFd);

impl Epoll {
    /// A new instance.
    ///
    /// # Errors
    ///
    /// The system's error when there are no descriptors or no memory left.
    pub fn new() -> io::Result<Epoll> {
        Ok(Epoll(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// Reports every change of a socket once: edges, so that what nobody handles is not
    /// reported for ever.
    ///
    /// # Errors
    ///
    /// The system's error: no memory, or the limit of watched descriptors is reached.
    pub fn add_socket(&self, fd: impl AsFd, data: u64) -> Result<(), Errno> {
        epoll::add(&self.0, fd, EventData::new_u64(data), EDGES)
    }

    /// Reports the present state of a socket once more, as if it had just changed.
    ///
    /// # Errors
    ///
    /// As [`Epoll::add_socket`].
    pub fn repeat_socket(&self, fd: impl AsFd, data: u64) -> Result<(), Errno> {
        epoll::modify(&self.0, fd, EventData::new_u64(data), EDGES)
    }

    /// Reports a descriptor for as long as it is readable.
    ///
    /// # Errors
    ///
    /// As [`Epoll::add_socket`].
    pub fn add_readable(&self, fd: impl AsFd, data: u64) -> Result<(), Errno> {
        epoll::add(&self.0, fd, EventData::new_u64(data), EventFlags::IN)
    }

    /// Looks once, without waiting, and replaces what `events` held.
    ///
    /// # Errors
    ///
    /// The system's error; an interruption is none, it finds nothing.
    pub fn wait(&self, events: &mut Events) -> io::Result<usize> {
        events.0.clear();
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        match epoll::wait(&self.0, spare_capacity(&mut events.0), Some(&at_once)) {
            Ok(count) => Ok(count),
            Err(Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::wake::Wake;

    #[test]
    fn a_readable_descriptor_is_reported_until_it_is_drained() {
        let epoll = Epoll::new().unwrap();
        let mut events = Events::with_capacity(2);
        let wake = Wake::new().unwrap();
        epoll.add_readable(&wake, 7).unwrap();
        assert_eq!(epoll.wait(&mut events).unwrap(), 0);
        wake.wake();
        for _ in 0..2 {
            assert_eq!(epoll.wait(&mut events).unwrap(), 1);
            let (data, ready) = events.get(0).unwrap();
            assert_eq!(data, 7);
            assert!(ready.is_readable() && !ready.is_writable());
        }
        wake.drain();
        assert_eq!(epoll.wait(&mut events).unwrap(), 0);
        assert!(events.is_empty() && events.get(0).is_none());
    }

    #[test]
    fn a_socket_is_reported_once_for_each_change() {
        let epoll = Epoll::new().unwrap();
        let mut events = Events::with_capacity(2);
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        epoll.add_socket(&ours, 9).unwrap();
        assert_eq!(epoll.wait(&mut events).unwrap(), 1, "writable from the start");
        assert!(events.get(0).unwrap().1.is_writable());
        assert_eq!(epoll.wait(&mut events).unwrap(), 0);
        epoll.repeat_socket(&ours, 9).unwrap();
        assert_eq!(epoll.wait(&mut events).unwrap(), 1, "asked to be repeated");
        assert_eq!(epoll.wait(&mut events).unwrap(), 0);
        drop(theirs);
        assert_eq!(epoll.wait(&mut events).unwrap(), 1);
        let ready = events.get(0).unwrap().1;
        assert!(ready.is_ended() && ready.is_broken());
    }

    #[test]
    fn a_full_buffer_says_so() {
        let epoll = Epoll::new().unwrap();
        let mut events = Events::with_capacity(1);
        let wakes = [Wake::new().unwrap(), Wake::new().unwrap()];
        for wake in &wakes {
            epoll.add_readable(wake, 0).unwrap();
            wake.wake();
        }
        assert_eq!(epoll.wait(&mut events).unwrap(), 1);
        assert!(events.is_full());
    }
}
