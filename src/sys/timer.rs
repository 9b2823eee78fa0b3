//! A descriptor that becomes readable at an instant, also when the machine slept past it.
//!
//! CLOCK_BOOTTIME counts suspension, so a deadline that passed during it fires on waking up.
//! May fire late, never early. Close-on-exec and non-blocking. The trap: setting a timer also
//! clears what has fired and was not drained.

use rustix::io::read;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::time::SECOND;

const ZERO: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// One timer, to be waited for with epoll or poll.
#[derive(Debug)]
pub struct Timer {
    fd: OwnedFd,
}

impl Timer {
    /// A timer that is not set.
    ///
    /// # Errors
    ///
    /// The system's error when none can be made (no descriptors left).
    pub fn new() -> io::Result<Timer> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        Ok(Timer { fd: timerfd_create(TimerfdClockId::Boottime, flags)? })
    }

    /// Fires once, `after_ns` from now; 0 is at once. Replaces an earlier instant.
    pub fn set(&self, after_ns: u64) {
        // Zero would clear the timer.
        let after_ns = after_ns.max(1);
        // Both quotients fit: u64::MAX nanoseconds are 1.8e10 seconds.
        self.arm(Timespec { tv_sec: (after_ns / SECOND) as _, tv_nsec: (after_ns % SECOND) as _ });
    }

    /// Never fires, and is not readable, until it is set again.
    pub fn clear(&self) {
        self.arm(ZERO);
    }

    /// Makes the descriptor unreadable until it fires again.
    pub fn drain(&self) {
        let mut count = [0u8; 8];
        // An empty read means that it had not fired; nothing else can fail on our own fd.
        let _ = rustix::io::retry_on_intr(|| read(&self.fd, &mut count));
    }

    fn arm(&self, value: Timespec) {
        let value = Itimerspec { it_interval: ZERO, it_value: value };
        // Fails only for a descriptor that is no timer or a time out of range.
        let _ = timerfd_settime(&self.fd, TimerfdTimerFlags::empty(), &value);
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{MILLISECOND, boottime};
    use rustix::event::{PollFd, PollFlags, poll};

    /// Waits up to ten seconds, or not at all, and says whether the timer has fired.
    fn fires(timer: &Timer, wait: bool) -> bool {
        let limit = Timespec { tv_sec: if wait { 10 } else { 0 }, tv_nsec: 0 };
        poll(&mut [PollFd::new(timer, PollFlags::IN)], Some(&limit)).unwrap() == 1
    }

    #[test]
    fn zero_fires_at_once_and_a_drain_ends_it() {
        let timer = Timer::new().unwrap();
        assert!(!fires(&timer, false));
        timer.set(0);
        assert!(fires(&timer, true));
        timer.drain();
        assert!(!fires(&timer, false));
        timer.drain();
    }

    #[test]
    fn it_is_never_early() {
        let timer = Timer::new().unwrap();
        let start = boottime();
        timer.set(20 * MILLISECOND);
        assert!(fires(&timer, true));
        assert!(boottime().since(start) >= 20 * MILLISECOND);
    }

    #[test]
    fn clearing_takes_back_what_fired_and_what_is_planned() {
        let timer = Timer::new().unwrap();
        timer.set(0);
        assert!(fires(&timer, true));
        timer.clear();
        assert!(!fires(&timer, false));
    }

    #[test]
    fn the_longest_time_is_far_away_and_can_be_replaced() {
        let timer = Timer::new().unwrap();
        timer.set(u64::MAX);
        assert!(!fires(&timer, false));
        timer.set(1);
        assert!(fires(&timer, true));
    }
}
