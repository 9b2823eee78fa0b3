//! A status is never torn, never somebody else's, and never older than its freshness.

use loom::sync::Arc;
use loom::thread::spawn;
use meshvitals::{CheckId, Status, Tick};
use meshvitals_loom::engine::{Cell, open};
use std::collections::HashSet;

const ID: CheckId = CheckId::new(1, 0);
const NEXT: CheckId = CheckId::new(2, 0);

fn a_cell() -> Arc<Cell> {
    let cell = Arc::new(Cell::default());
    open(&cell, 1);
    cell
}

#[test]
fn who_sees_a_status_sees_a_freshness_at_least_as_new() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(HashSet::new()));
    let collected = std::sync::Arc::clone(&seen);
    loom::model(move || {
        let cell = a_cell();
        let reader = Arc::clone(&cell);
        let reader = spawn(move || (reader.status(ID), reader.fresh_until()));
        // On this thread, which runs first: loom 0.7 forgets a reader's load when the writer
        // loads the same word before it stores.
        cell.publish(ID, Status::Healthy, Tick(10));
        cell.publish(ID, Status::Unhealthy, Tick(20));
        let (status, fresh_until) = reader.join().unwrap();
        let at_least = match status {
            Status::Healthy => Tick(10),
            Status::Unhealthy => Tick(20),
            _ => Tick(0),
        };
        assert!(fresh_until >= at_least, "{status} until {fresh_until:?}");
        assert_eq!(cell.status_at(ID, Tick(19)), Status::Unhealthy);
        collected.lock().unwrap().insert(status as i32);
    });
    assert_eq!(seen.lock().unwrap().len(), 3, "the checker tried every order");
}

#[test]
fn two_publishers_leave_one_of_their_statuses() {
    loom::model(|| {
        let cell = a_cell();
        let other = Arc::clone(&cell);
        let other = spawn(move || other.publish(ID, Status::Healthy, Tick(10)));
        cell.publish(ID, Status::Unhealthy, Tick(10));
        other.join().unwrap();
        assert!(matches!(cell.status_at(ID, Tick(9)), Status::Healthy | Status::Unhealthy));
    });
}

#[test]
fn a_publisher_that_comes_too_late_does_not_undo_a_release() {
    loom::model(|| {
        let cell = a_cell();
        let late = Arc::clone(&cell);
        let late = spawn(move || late.publish(ID, Status::Healthy, Tick(10)));
        let reader = Arc::clone(&cell);
        let reader = spawn(move || assert_eq!(reader.status(NEXT), Status::Unknown));
        open(&cell, 2);
        assert_eq!(cell.status(ID), Status::Unknown, "the old id is stale");
        late.join().unwrap();
        reader.join().unwrap();
        assert_eq!(cell.status(ID), Status::Unknown);
        assert_eq!(cell.status(NEXT), Status::Unknown, "nobody has published the new one");
    });
}
