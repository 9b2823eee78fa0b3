//! Merging, order and bounds of the queue.

use super::*;
use crate::model::Status;
use crate::time::Tick;
use proptest::prelude::*;

fn status(check: u64, previous: Status, status: Status, sequence: u64) -> Event {
    let event = Event::new(Kind::Status, CheckId(check), Tick(sequence));
    Event { previous, status, sequence, ..event }
}

fn drain(queue: &mut Queue) -> Vec<Event> {
    std::iter::from_fn(|| queue.pop()).collect()
}

#[test]
fn a_change_and_back_is_still_delivered_when_merged() {
    let mut queue = Queue::new(1);
    queue.push(status(1, Status::Healthy, Status::Unhealthy, 1));
    queue.push(status(1, Status::Unhealthy, Status::Healthy, 2));
    let events = drain(&mut queue);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].previous, events[0].status), (Status::Healthy, Status::Healthy));
    assert_eq!((events[0].merged, events[0].sequence), (1, 2));
}

#[test]
fn stops_that_nobody_hears_of_are_merged() {
    let mut queue = Queue::new(2);
    for round in 0..50 {
        queue.push(Event::new(Kind::Stopped, CheckId(0), Tick(round)));
    }
    let events = drain(&mut queue);
    assert!(events.len() <= 2);
    assert_eq!(events.iter().map(|event| event.merged + 1).sum::<u32>(), 50);
}

#[test]
fn a_removed_check_leaves_one_event() {
    let mut queue = Queue::new(10);
    queue.push(status(1, Status::Unknown, Status::Healthy, 1));
    queue.push(status(2, Status::Unknown, Status::Healthy, 1));
    queue.push(status(1, Status::Healthy, Status::Degraded, 2));
    queue.push(Event::new(Kind::Removed, CheckId(1), Tick(3)));
    let events = drain(&mut queue);
    let said: Vec<_> = events.iter().map(|event| (event.check.0, event.kind)).collect();
    assert_eq!(said, [(2, Kind::Status), (1, Kind::Removed)]);
    assert!(queue.is_empty());
}

#[test]
fn requests_to_run_are_never_dropped_and_lines_of_the_log_are_counted() {
    let mut queue = Queue::new(1);
    for token in 0..5 {
        queue.push(Event { token, ..Event::new(Kind::Due, CheckId(1), Tick(0)) });
    }
    queue.push(Event::new(Kind::Log, CheckId(0), Tick(0)));
    queue.push(Event::new(Kind::Log, CheckId(0), Tick(0)));
    assert_eq!(drain(&mut queue).len(), 5);
    queue.push(Event::new(Kind::Log, CheckId(0), Tick(0)));
    assert_eq!(drain(&mut queue)[0].merged, 2);
}

#[test]
fn a_queue_that_nobody_empties_does_not_grow_with_what_was_taken_back_or_forgotten() {
    let mut queue = Queue::new(4);
    queue.push(status(1, Status::Unknown, Status::Healthy, 1));
    for round in 1..10_000 {
        queue.push(Event { token: round, ..Event::new(Kind::Due, CheckId(1), Tick(0)) });
        queue.push(status(1 + round, Status::Unknown, Status::Healthy, 1));
        queue.push(status(1, Status::Healthy, Status::Healthy, 1 + round));
        queue.withdraw(round);
        queue.forget(CheckId(1 + round));
    }
    assert!(queue.len() <= 4);
    assert!(queue.entries.len() < 1_000 && queue.doubled.len() < 1_000);
    queue.push(Event { token: 7, ..Event::new(Kind::Due, CheckId(1), Tick(0)) });
    let said: Vec<_> = drain(&mut queue).iter().map(|e| (e.kind, e.merged)).collect();
    assert_eq!(said[0].0, Kind::Status);
    assert_eq!(said.last(), Some(&(Kind::Due, 0)));
}

#[test]
fn an_initial_event_is_never_merged_and_goes_with_its_check() {
    let initial = |check| Event {
        reason: Reason::INITIAL,
        ..Event::new(Kind::Status, CheckId(check), Tick(0))
    };
    let later = |check| Event::new(Kind::Status, CheckId(check), Tick(1));
    let mut queue = Queue::new(1);
    for event in [initial(1), initial(2), later(1), later(1), later(2), later(1)] {
        queue.push(event);
    }
    queue.forget(CheckId(2));
    let left: Vec<_> = std::iter::from_fn(|| queue.pop())
        .map(|event| (event.check.0, event.reason == Reason::INITIAL, event.merged))
        .collect();
    assert_eq!(left, [(1, true, 0), (1, false, 2)]);
}

proptest! {
    /// Whatever is lost in between, each check's story is whole: it begins where it began,
    /// ends where it ended, hangs together, and the counts add up.
    #[test]
    fn the_story_of_each_check_stays_whole(
        capacity in 1usize..8,
        steps in prop::collection::vec(prop_oneof![
            4 => (0u64..6, 0i32..4).prop_map(Some), 1 => Just(None)], 0..200),
    ) {
        let mut queue = Queue::new(capacity);
        let mut now = [Status::Unknown; 6];
        let (mut sent, mut seen) = ([0u64; 6], [0u64; 6]);
        let mut shown = [Status::Unknown; 6];
        let mut take = |event: Event| {
            let check = event.check.0 as usize;
            seen[check] += u64::from(event.merged) + 1;
            assert_eq!(event.sequence, seen[check], "in order, gaps only by merging");
            assert_eq!(event.previous, shown[check], "the story hangs together");
            shown[check] = event.status;
        };
        for step in steps {
            match step {
                Some((check, next)) => {
                    let next = Status::from_number(next).unwrap();
                    let previous = std::mem::replace(&mut now[check as usize], next);
                    sent[check as usize] += 1;
                    queue.push(status(check, previous, next, sent[check as usize]));
                    prop_assert!(queue.len() <= capacity.max(6));
                }
                None => queue.pop().into_iter().for_each(&mut take),
            }
        }
        drain(&mut queue).into_iter().for_each(&mut take);
        prop_assert_eq!(shown, now);
        prop_assert_eq!(seen, sent);
    }
}
