//! The lock, the waiting and the descriptor around a queue.
//!
//! The engine pushes, one consumer or several pop. The descriptor is readable while there is
//! something to take: events, a wake, or the news that the monitor is stopped. A subscription
//! owns its queue, so it outlives the monitor.

use super::Queue;
use crate::model::{Event, Kind, Kinds};
use crate::sync::{Condvar, Mutex, lock, wait, wait_while};
use crate::sys::wake::Wake;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// What waiting brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// So many events were taken; 0 after a wake or when the time passed.
    Taken(usize),
    /// The queue is empty and the monitor is stopped or gone.
    Stopped,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    /// A wake that no poll has seen yet.
    woken: bool,
    stopped: bool,
    /// Whether the descriptor was made readable.
    signalled: bool,
}

/// A queue with a lock, shared by the engine and a subscription.
#[derive(Debug)]
pub struct Mailbox {
    kinds: Kinds,
    state: Mutex<State>,
    arrived: Condvar,
    wake: Wake,
}

impl Mailbox {
    /// What is of no interest any more when a check was removed.
    const OF_CHECKS: Kinds = Kinds::STATUS.and(Kinds::RESULT);

    /// An empty mailbox.
    ///
    /// # Errors
    ///
    /// The system's error when no descriptor can be made.
    pub fn new(kinds: Kinds, capacity: usize) -> io::Result<Mailbox> {
        let queue = Queue::new(capacity);
        let state = State { queue, woken: false, stopped: false, signalled: false };
        Ok(Mailbox { kinds, state: Mutex::new(state), arrived: Condvar::new(), wake: Wake::new()? })
    }

    /// Calls `each` with every descriptor that is open.
    pub fn each_fd(&self, each: impl FnMut(BorrowedFd<'_>)) {
        self.wake.each_fd(each);
    }

    /// What the subscription asked for.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// Queues an event if it was asked for. What was queued of a removed check goes in any case.
    pub fn push(&self, event: Event) {
        if self.kinds.wants(event.kind.mask()) {
            self.change(|state| state.queue.push(event));
        } else if event.kind == Kind::Removed && self.kinds.wants(Self::OF_CHECKS) {
            self.change(|state| state.queue.forget(event.check));
        }
    }

    /// Takes back a request to run that is out of date.
    pub fn withdraw(&self, token: u64) {
        if self.kinds.wants(Kinds::DUE) {
            self.change(|state| state.queue.withdraw(token));
        }
    }

    /// Makes a poll that waits, or else the next one, return.
    pub fn wake(&self) {
        self.change(|state| state.woken = true);
    }

    /// Says whether the monitor is stopped; polls return what is left, then that.
    pub fn set_stopped(&self, stopped: bool) {
        self.change(|state| state.stopped = stopped);
    }

    /// Events merged or dropped so far.
    pub fn merged(&self) -> u64 {
        lock(&self.state).queue.merged()
    }

    /// Takes up to `limit` events, handing each to `take`; waits for the first one up to
    /// `patience` (`None`: as long as it takes).
    pub fn take(
        &self,
        limit: usize,
        patience: Option<Duration>,
        mut take: impl FnMut(Event),
    ) -> Next {
        let mut state = lock(&self.state);
        if limit > 0 && !state.has_news() && patience != Some(Duration::ZERO) {
            let waits = |state: &mut State| !state.has_news();
            state = match patience {
                None => {
                    while !state.has_news() {
                        state = wait(&self.arrived, state);
                    }
                    state
                }
                Some(patience) => wait_while(&self.arrived, state, patience, waits),
            };
        }
        let mut taken = 0;
        while taken < limit {
            let Some(event) = state.queue.pop() else { break };
            take(event);
            taken += 1;
        }
        let woken = limit > 0 && std::mem::take(&mut state.woken);
        self.signal(&mut state);
        if taken == 0 && !woken && state.stopped { Next::Stopped } else { Next::Taken(taken) }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        change(&mut state);
        self.signal(&mut state);
        drop(state);
        self.arrived.notify_all();
    }

    /// Makes the descriptor readable while there is something to take, and only then.
    fn signal(&self, state: &mut State) {
        match (state.has_news(), state.signalled) {
            (true, false) => self.wake.wake(),
            (false, true) => self.wake.drain(),
            _ => return,
        }
        state.signalled = !state.signalled;
    }
}

impl State {
    fn has_news(&self) -> bool {
        self.woken || self.stopped || !self.queue.is_empty()
    }
}

impl AsFd for Mailbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckId;
    use crate::time::Tick;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use std::sync::Arc;

    fn mailbox() -> Mailbox {
        Mailbox::new(Kinds::ALL, 8).unwrap()
    }

    fn event(kind: Kind) -> Event {
        Event::new(kind, CheckId(1), Tick(0))
    }

    fn is_readable(mailbox: &Mailbox) -> bool {
        let mut fds = [PollFd::new(mailbox, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
    }

    #[test]
    fn the_descriptor_is_readable_while_there_is_something_to_take() {
        let mailbox = mailbox();
        assert!(!is_readable(&mailbox));
        mailbox.push(event(Kind::Status));
        mailbox.push(event(Kind::Removed));
        mailbox.push(event(Kind::Log));
        assert!(is_readable(&mailbox));
        assert_eq!(mailbox.take(1, None, |_| ()), Next::Taken(1));
        assert!(is_readable(&mailbox));
        assert_eq!(mailbox.take(9, None, |_| ()), Next::Taken(1));
        assert!(!is_readable(&mailbox));
    }

    #[test]
    fn a_wake_ends_a_wait_once_from_another_thread() {
        let mailbox = Arc::new(mailbox());
        let other = Arc::clone(&mailbox);
        let waiting = std::thread::spawn(move || other.take(9, None, |_| ()));
        mailbox.wake();
        assert_eq!(waiting.join().unwrap(), Next::Taken(0));
        assert!(!is_readable(&mailbox));
        assert_eq!(mailbox.take(9, Some(Duration::from_millis(1)), |_| ()), Next::Taken(0));
    }

    #[test]
    fn what_was_not_asked_for_is_not_queued() {
        let mailbox = Mailbox::new(Kinds::LIFE, 8).unwrap();
        mailbox.push(event(Kind::Status));
        mailbox.push(event(Kind::Registered));
        assert_eq!(mailbox.take(9, Some(Duration::ZERO), |_| ()), Next::Taken(1));
    }

    #[test]
    fn a_stopped_monitor_gives_the_rest_and_then_says_so() {
        let mailbox = mailbox();
        mailbox.push(event(Kind::Status));
        mailbox.set_stopped(true);
        assert_eq!(mailbox.take(9, None, |_| ()), Next::Taken(1));
        assert_eq!(mailbox.take(9, None, |_| ()), Next::Stopped);
        assert!(is_readable(&mailbox), "a poller must not sleep over the end");
    }
}
