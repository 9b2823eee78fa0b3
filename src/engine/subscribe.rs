//! Subscriptions: who hears of what.

use super::core::Core;
use super::groups::Group;
use super::inner::Inner;
use super::masks::reason;
use super::table::Check;
use crate::error::{Code, Error};
use crate::event::{Mailbox, Next};
use crate::model::{Event, Kind, Kinds, Message, Reason, Status};
use crate::sync::{Arc, AtomicBool, Ordering, Weak};
use crate::sys::fork;
use crate::time::{self, SECOND, Tick};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// The largest capacity of a queue.
const CAPACITY_LIMIT: usize = 1 << 20;

/// A queue of events. Outlives its monitor: then it gives the rest, and says STOPPED.
///
/// # Examples
///
/// ```
/// use meshvitals::{Kinds, Monitor};
/// use std::time::Duration;
///
/// let monitor = Monitor::new(Some(r#"{"system_checks": false}"#))?;
/// let subscription = monitor.subscribe(Kinds::LIFE, 64)?;
/// monitor.register(r#"{"name": "jobs", "heartbeat": {"ttl": "30s"}}"#)?;
/// let events = subscription.poll(16, Some(Duration::ZERO))?;
/// assert_eq!(events[0].text.as_str(), "jobs");
/// # Ok::<(), meshvitals::Error>(())
/// ```
pub struct Subscription {
    mailbox: Arc<Mailbox>,
    monitor: Weak<Inner>,
    manual: bool,
    /// The process generation in which it was made.
    born: u32,
    /// Whether this is the copy of a child, whose descriptor is closed.
    left: AtomicBool,
}

impl Subscription {
    /// Takes up to `limit` events, waiting for the first up to `patience` (`None`: as long as it
    /// takes; never in manual mode). Empty after a wake and when the time passed.
    ///
    /// # Errors
    ///
    /// STOPPED when the queue is empty and the monitor stopped or gone; FORKED in a child.
    pub fn poll(&self, limit: usize, patience: Option<Duration>) -> Result<Vec<Event>, Error> {
        self.check_fork()?;
        let patience = if self.manual { Some(Duration::ZERO) } else { patience };
        let until = patience.map(|wait| time::monotonic().after(time::nanoseconds(wait)));
        let mut events = Vec::new();
        loop {
            let none_yet = events.is_empty();
            let patience = match until {
                _ if !none_yet => Some(Duration::ZERO),
                Some(_) if patience == Some(Duration::ZERO) => patience,
                until => until.map(|at| Duration::from_nanos(at.since(time::monotonic()))),
            };
            let limit = limit - events.len();
            let next = self.mailbox.take(limit, patience, |event| events.push(event));
            let before = events.len();
            match next {
                Next::Stopped if none_yet => {
                    return Err(Error::refused(Code::Stopped, "the monitor is stopped"));
                }
                Next::Taken(taken) if taken > 0 => {
                    events.retain_mut(|event| self.hand_out(event));
                }
                Next::Stopped | Next::Taken(_) => return Ok(events),
            }
            // Requests that are out of date were not handed out. More may lie behind them, and
            // who gets less than asked for takes the queue for empty.
            if events.len() == before {
                return Ok(events);
            }
        }
    }

    /// A request to run a check starts its clock when it is handed out; one that is out of date
    /// is not handed out at all.
    fn hand_out(&self, event: &mut Event) -> bool {
        let call = |call: &dyn Fn(&mut Core)| {
            if let Some(monitor) = self.monitor.upgrade() {
                monitor.enter(|core| call(core));
            }
        };
        let limits = std::cell::Cell::new(None);
        match event.kind {
            Kind::Due => {
                call(&|core| limits.set(core.fetched_due(event.token, core.now())));
                let Some((deadline, linger_until)) = limits.get() else { return false };
                (event.deadline, event.linger_until) = (deadline, linger_until);
            }
            Kind::Cancel => call(&|core| core.fetched_cancel(event.token, core.now())),
            _ => {}
        }
        true
    }

    /// The descriptor that is readable while there is something to take.
    ///
    /// # Errors
    ///
    /// FORKED in a child.
    pub fn fd(&self) -> Result<BorrowedFd<'_>, Error> {
        self.check_fork()?;
        Ok(self.mailbox.as_fd())
    }

    /// Makes a poll that waits, or else the next one, return without an event.
    ///
    /// # Errors
    ///
    /// FORKED in a child.
    pub fn wake(&self) -> Result<(), Error> {
        self.check_fork()?;
        self.mailbox.wake();
        Ok(())
    }

    /// In a child: gives the number of the descriptor back, for who cannot drop the subscription
    /// because a thread of the parent holds it. Nobody may use the descriptor any more. Where it
    /// was made, and when it is repeated, it does nothing.
    pub fn leave_in_child(&self) {
        if self.check_fork().is_err() && !self.left.swap(true, Ordering::AcqRel) {
            self.mailbox.each_fd(fork::close_copy);
        }
    }

    /// Events that were merged into others, or dropped where that is allowed.
    pub fn merged(&self) -> u64 {
        self.check_fork().map_or(0, |()| self.mailbox.merged())
    }

    /// FORKED in a child of the process in which it was made.
    pub(crate) fn check_fork(&self) -> Result<(), Error> {
        if self.born == fork::generation() {
            return Ok(());
        }
        Err(Error::refused(Code::Forked, "this subscription belongs to the parent process"))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.check_fork().is_err() {
            // The parent's thread may have held its lock, and the descriptor's state is shared:
            // only the number is given back, and the memory is leaked.
            self.leave_in_child();
            std::mem::forget(Arc::clone(&self.mailbox));
            return;
        }
        if let Some(monitor) = self.monitor.upgrade() {
            monitor.enter(|core| core.unsubscribe(&self.mailbox));
        }
    }
}

impl Inner {
    /// Makes a subscription.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        kinds: Kinds,
        capacity: usize,
    ) -> Result<Subscription, Error> {
        self.check_fork()?;
        if kinds.0 == 0 || kinds.0 & !Kinds::ALL.0 != 0 {
            let allowed = "1 to 31: STATUS 1, DUE 2, RESULT 4, LIFE 8, LOG 16";
            return Err(Error::range("kinds", kinds.0, allowed));
        }
        if capacity == 0 || capacity > CAPACITY_LIMIT {
            return Err(Error::range("capacity", capacity, format!("1 to {CAPACITY_LIMIT}")));
        }
        let mailbox = Mailbox::new(kinds, capacity).map_err(|error| {
            Error::refused(Code::Limit, format!("no descriptor for the subscription: {error}"))
        })?;
        let mailbox = Arc::new(mailbox);
        self.call(|core| core.subscribe(Arc::clone(&mailbox)))?;
        Ok(Subscription {
            mailbox,
            monitor: Arc::downgrade(self),
            manual: self.manual,
            born: fork::generation(),
            left: AtomicBool::new(false),
        })
    }
}

impl Core {
    fn subscribe(&mut self, mailbox: Arc<Mailbox>) -> Result<(), Error> {
        let wants_due = |mailbox: &Arc<Mailbox>| mailbox.kinds().wants(Kinds::DUE);
        if wants_due(&mailbox) && self.mailboxes.iter().any(wants_due) {
            let text = "another subscription of this monitor receives DUE; free it first";
            return Err(Error::refused(Code::Busy, text));
        }
        if mailbox.kinds().wants(Kinds::STATUS) {
            self.table.iter().for_each(|(_, check)| mailbox.push(self.initial(check)));
            // After their members, as always.
            self.groups.iter().for_each(|group| mailbox.push(self.initial_of_group(group)));
        }
        if self.stopped {
            mailbox.set_stopped(true);
        }
        self.wanted = self.wanted.and(mailbox.kinds());
        self.mailboxes.push(mailbox);
        Ok(())
    }

    /// What a new subscription is told of a check.
    fn initial(&self, check: &Check) -> Event {
        let message = self.explanation(check);
        let text = match (message.as_str(), reason(check)) {
            ("", Reason::NONE) if check.published == Status::Unknown => {
                self.state(check.published, check.since) + ": not measured yet"
            }
            ("", Reason::NONE) => self.state(check.published, check.since),
            ("", reason) => format!("{}: {reason}", self.state(check.published, check.since)),
            (message, _) => message.to_owned(),
        };
        Event {
            cookie: check.cookie(),
            sequence: u64::from(check.sequence),
            previous: check.published,
            status: check.published,
            reason: Reason::INITIAL,
            value: check.value(),
            text: Message::new(&text),
            ..Event::new(Kind::Status, check.id, self.now)
        }
    }

    /// What a new subscription is told of a group.
    fn initial_of_group(&self, group: &Group) -> Event {
        Event {
            sequence: group.sequence,
            previous: group.status,
            status: group.status,
            reason: Reason::INITIAL,
            text: Message::new(&self.state(group.status, group.since)),
            ..group.event(Kind::Status, self.now)
        }
    }

    /// A status and its age in whole seconds.
    fn state(&self, status: Status, since: Tick) -> String {
        let age = Duration::from_secs(self.now.since(since) / SECOND);
        format!("{status} for {}", humantime::format_duration(age))
    }

    fn unsubscribe(&mut self, mailbox: &Arc<Mailbox>) {
        self.mailboxes.retain(|other| !Arc::ptr_eq(other, mailbox));
        let kinds = self.mailboxes.iter().map(|mailbox| mailbox.kinds());
        self.wanted = kinds.fold(Kinds(0), Kinds::and);
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Kinds;
    use crate::sys::fork::tests::in_child;
    use std::fs::File;
    use std::os::fd::{AsRawFd, IntoRawFd};
    use std::path::PathBuf;

    #[test]
    fn a_child_gives_the_descriptor_back_once() {
        let monitor = crate::Monitor::new(Some(r#"{"system_checks": false}"#)).unwrap();
        let events = monitor.subscribe(Kinds::LIFE, 8).unwrap();
        let number = events.fd().unwrap().as_raw_fd();
        let path = PathBuf::from(format!("/proc/self/fd/{number}"));
        let is_open = || path.symlink_metadata().is_ok();
        events.leave_in_child();
        assert!(is_open(), "nothing happens where it was made");
        let answer = in_child(|| {
            events.leave_in_child();
            let is_closed = !is_open();
            // The number means something else from now on.
            let others = (0..1024).map_while(|_| File::open("/dev/null").ok());
            let is_taken = others.map(IntoRawFd::into_raw_fd).any(|other| other == number);
            events.leave_in_child();
            i32::from(is_closed && is_taken && is_open())
        });
        assert_eq!(answer, 1);
        assert!(is_open(), "the parent's is another");
    }
}
