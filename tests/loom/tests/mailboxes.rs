//! No wake-up is lost, and the descriptor tells the truth once everybody has come to rest.

use loom::sync::Arc;
use loom::thread::spawn;
use meshvitals::{CheckId, Event, Kind, Kinds, Tick};
use meshvitals_loom::event::{Mailbox, Next};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

fn mailbox(capacity: usize) -> Arc<Mailbox> {
    Arc::new(Mailbox::new(Kinds::ALL, capacity).unwrap())
}

fn event(check: u64) -> Event {
    Event::new(Kind::Status, CheckId(check), Tick(0))
}

fn is_readable(mailbox: &Mailbox) -> bool {
    let mut fds = [PollFd::new(mailbox, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
}

#[test]
fn a_wait_ends_with_an_event_of_another_thread() {
    loom::model(|| {
        let mailbox = mailbox(8);
        let engine = Arc::clone(&mailbox);
        let engine = spawn(move || engine.push(event(1)));
        let mut taken = Vec::new();
        assert_eq!(mailbox.take(9, None, |event| taken.push(event.check)), Next::Taken(1));
        engine.join().unwrap();
        assert_eq!(taken, [CheckId(1)]);
        assert!(!is_readable(&mailbox));
    });
}

#[test]
fn a_wake_and_the_end_reach_a_wait() {
    loom::model(|| {
        let mailbox = mailbox(8);
        let other = Arc::clone(&mailbox);
        let other = spawn(move || {
            other.wake();
            other.set_stopped(true);
        });
        // The wake may or may not have been seen together with the end.
        while mailbox.take(9, None, |_| ()) != Next::Stopped {}
        other.join().unwrap();
        assert!(is_readable(&mailbox), "a poller must not sleep over the end");
    });
}

#[test]
fn two_consumers_share_what_is_there_and_lose_nothing() {
    loom::model(|| {
        let mailbox = mailbox(1);
        let (one, two) = (Arc::clone(&mailbox), Arc::clone(&mailbox));
        let engine = spawn(move || {
            one.push(event(1));
            one.push(event(2));
        });
        let consumer = spawn(move || two.take(1, None, |_| ()));
        let taken = mailbox.take(1, None, |_| ());
        assert_eq!((taken, consumer.join().unwrap()), (Next::Taken(1), Next::Taken(1)));
        engine.join().unwrap();
        assert!(!is_readable(&mailbox));
    });
}

#[test]
fn the_descriptor_is_readable_exactly_while_there_is_something() {
    loom::model(|| {
        let mailbox = mailbox(8);
        let engine = Arc::clone(&mailbox);
        let engine = spawn(move || engine.push(event(1)));
        let mut left = 1;
        // Never waits: what the model's consumer does when its poll found nothing.
        if mailbox.take(9, Some(std::time::Duration::ZERO), |_| ()) == Next::Taken(1) {
            left = 0;
        }
        engine.join().unwrap();
        assert_eq!(is_readable(&mailbox), left == 1);
    });
}
