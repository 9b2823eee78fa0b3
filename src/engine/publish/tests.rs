//! The slab and its cells: ids live once, and readers see whole words.

use super::slab::{ALLOCATOR, entry, place};
use super::*;
use crate::model::{CheckId, Status};
use crate::sync::{AtomicBool, AtomicU64, Ordering, lock};
use crate::sys::fork::tests::in_child;
use crate::time::Tick;
use std::collections::HashSet;
use std::ptr;

/// Releases an id and gives its slot out again, with nobody in between.
fn hand_over(id: CheckId) -> CheckId {
    let mut allocator = lock(&ALLOCATOR);
    allocator.give_back(id);
    let other = allocator.take(1).unwrap();
    assert_eq!(other.slot(), id.slot());
    other
}

const LATER: Tick = Tick(u64::MAX);

#[test]
fn a_cell_is_two_words_aligned_to_sixteen_bytes() {
    assert_eq!(size_of::<Cell>(), 16);
    assert_eq!(align_of::<Cell>(), 16);
    assert_eq!(std::mem::offset_of!(Cell, word), 0);
    assert_eq!(std::mem::offset_of!(Cell, fresh_until_ns), 8);
    let id = allocate(1).unwrap();
    assert_eq!(ptr::from_ref(cell(id).unwrap()).addr() % 16, 0);
    release(id);
}

#[test]
fn slots_fill_chunks_that_double() {
    let cases = [
        (0, (0, 0)),
        (63, (0, 63)),
        (64, (1, 0)),
        (191, (1, 127)),
        (192, (2, 0)),
        (1_000_000, (13, 475_776)),
        (u32::MAX - 64, (25, (1 << 31) - 1)),
    ];
    for (slot, expected) in cases {
        assert_eq!(place(slot), expected, "slot {slot}");
    }
}

#[test]
fn a_new_cell_is_unknown_and_shows_what_is_published() {
    let id = allocate(1).unwrap();
    assert!(id.generation() >= 1);
    let cell = cell(id).unwrap();
    assert_eq!(cell.status(id), Status::Unknown);
    for status in Status::ALL {
        cell.publish(id, status, Tick(500));
        assert_eq!(cell.status(id), status);
        assert_eq!(cell.word.load(Ordering::Relaxed) as u32, status as u32);
        assert_eq!(cell.fresh_until(), Tick(500));
    }
    release(id);
}

#[test]
fn freshness_ends_at_its_instant() {
    let id = allocate(1).unwrap();
    let cell = cell(id).unwrap();
    cell.publish(id, Status::Healthy, Tick(500));
    assert_eq!(cell.status_at(id, Tick(499)), Status::Healthy);
    assert_eq!(cell.status_at(id, Tick(500)), Status::Unknown);
    assert_eq!(cell.status(id), Status::Healthy);
    release(id);
}

#[test]
fn a_stale_id_reads_unknown_at_the_same_address_and_writes_nothing() {
    let id = allocate(1).unwrap();
    let before = cell(id).unwrap();
    before.publish(id, Status::Unhealthy, LATER);
    release(id);
    let after = cell(id).unwrap();
    assert!(ptr::eq(before, after));
    assert_eq!(after.status(id), Status::Unknown);
    let word = after.word.load(Ordering::Relaxed);
    after.publish(id, Status::Healthy, LATER);
    restore(id, Status::Healthy);
    set_owner(id, 9);
    assert_eq!(after.status(id), Status::Unknown);
    assert_ne!(word >> 32, u64::from(id.generation()));
    assert_eq!(owner(id), 0);
}

#[test]
fn an_id_that_never_was_is_told_from_one_that_was() {
    let id = allocate(1).unwrap();
    let never = |generation: u32| !was_given_out(CheckId::new(generation, id.slot()));
    assert!(was_given_out(id) && never(0) && never(id.generation() + 1) && never(u32::MAX));
    release(id);
    assert!(was_given_out(id) && never(0) && never(u32::MAX));
    assert!(!was_given_out(CheckId(u64::MAX)) && !was_given_out(CheckId(0)));
}

#[test]
fn who_gets_the_slot_next_does_not_show_through_the_old_id() {
    let old = allocate(1).unwrap();
    let cell = cell(old).unwrap();
    cell.publish(old, Status::Degraded, LATER);
    let new = hand_over(old);
    assert_eq!(cell.status(new), Status::Unknown);
    assert_eq!(cell.status_at(new, Tick(0)), Status::Unknown);
    cell.publish(new, Status::Healthy, LATER);
    assert_eq!(cell.status(new), Status::Healthy);
    assert_eq!(cell.status(old), Status::Unknown);
    assert_eq!(cell.status_at(old, Tick(0)), Status::Unknown);
    release(new);
}

#[test]
fn an_id_is_given_out_once() {
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let id = allocate(1).unwrap();
        assert!(seen.insert(id), "{id:?} was given out twice");
        release(id);
        release(id);
    }
}

#[test]
fn a_slot_whose_generations_are_used_up_is_retired() {
    let id = allocate(1).unwrap();
    let (cell, record) = entry(id.slot()).unwrap();
    let last = CheckId::new(u32::MAX, id.slot());
    record.generation.store(1 << 32 | u64::from(u32::MAX), Ordering::Relaxed);
    restore(last, Status::Healthy);
    assert_eq!(cell.status(last), Status::Healthy);
    release(last);
    assert_eq!(cell.status(last), Status::Unknown);
    let ids = allocate_many(200, |_| 1).unwrap();
    assert!(ids.iter().all(|other| other.slot() != id.slot()));
    release_many(&ids);
    // Generation 0 is no id, although the slot has it now.
    release(CheckId::new(0, id.slot()));
    assert_eq!(owner(CheckId::new(0, id.slot())), 0);
}

#[test]
fn an_id_that_was_not_given_out_names_nothing() {
    let id = allocate(1).unwrap();
    let next = CheckId::new(id.generation() + 1, id.slot());
    assert_eq!(owner(next), 0);
    let other = {
        let mut allocator = lock(&ALLOCATOR);
        allocator.give_back(id);
        // Free, and about to be given out as this id.
        assert_eq!(owner(next), 0);
        allocator.give_back(next);
        let other = allocator.take(1).unwrap();
        assert_ne!(allocator.take(1).unwrap().slot(), other.slot(), "given back once");
        other
    };
    assert_eq!(other, next);
    assert_eq!(owner(next), 1);
    release(next);
    assert!(cell(CheckId::new(1, u32::MAX)).is_none());
    assert_eq!(owner(CheckId::new(1, u32::MAX)), 0);
}

#[test]
fn owners_are_kept_per_id() {
    let ids = allocate_many(1_000, |index| index as u64 + 7).unwrap();
    for (index, &id) in ids.iter().enumerate() {
        assert_eq!(owner(id), index as u64 + 7);
    }
    set_owner(ids[3], 99);
    assert_eq!(owner(ids[3]), 99);
    assert_eq!(owner(ids[4]), 11);
    release_many(&ids);
    assert!(ids.iter().all(|&id| owner(id) == 0));
}

#[test]
fn an_owner_is_never_told_for_the_id_of_another() {
    let first = allocate(1).unwrap();
    set_owner(first, first.0);
    let current = AtomicU64::new(first.0);
    let done = AtomicBool::new(false);
    let (started, begun) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            started.send(()).unwrap();
            while !done.load(Ordering::Relaxed) {
                let id = current.load(Ordering::Acquire);
                let owner = owner(CheckId(id));
                // 1 is the owner that a slot is handed over with.
                assert!(owner == id || owner <= 1, "{owner:x} for {id:x}");
            }
        });
        begun.recv().unwrap();
        let mut last = first;
        for _ in 0..200_000 {
            last = hand_over(last);
            set_owner(last, last.0);
            current.store(last.0, Ordering::Release);
        }
        done.store(true, Ordering::Relaxed);
        release(last);
    });
}

#[test]
fn a_reader_sees_only_what_was_written_for_its_id() {
    let id = allocate(1).unwrap();
    let target = cell(id).unwrap();
    target.publish(id, Status::Healthy, Tick(10));
    let (started, begun) = std::sync::mpsc::channel();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let (started, done) = (started.clone(), &done);
            scope.spawn(move || {
                started.send(()).unwrap();
                while !done.load(Ordering::Relaxed) {
                    let status = target.status(id);
                    assert!(status != Status::Degraded, "of another id, or of nobody");
                    let fresh = target.fresh_until();
                    assert!([0, 10, 20, 30].contains(&fresh.0));
                }
            });
        }
        begun.recv().unwrap();
        begun.recv().unwrap();
        for _ in 0..100_000 {
            target.publish(id, Status::Unhealthy, Tick(20));
            target.publish(id, Status::Healthy, Tick(10));
        }
        // The same slot in other hands: what they publish is not for the readers' id.
        let mut last = id;
        for _ in 0..10_000 {
            last = hand_over(last);
            target.publish(last, Status::Degraded, Tick(30));
        }
        release(last);
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn threads_that_allocate_at_once_get_different_ids() {
    let mut all = HashSet::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..500).map(|_| allocate(1).unwrap()).collect::<Vec<_>>()))
            .collect();
        for thread in threads {
            for id in thread.join().unwrap() {
                assert!(all.insert(id));
            }
        }
    });
    all.into_iter().for_each(release);
}

#[test]
fn a_forked_child_reads_unknown_and_can_restore() {
    let id = allocate(42).unwrap();
    let cell = cell(id).unwrap();
    cell.publish(id, Status::Healthy, LATER);
    let answer = in_child(|| {
        let unknown = cell.status(id) == Status::Unknown;
        let owned = owner(id) == 42;
        restore(id, Status::Degraded);
        let restored = cell.status(id) == Status::Degraded;
        let stale = cell.status_at(id, Tick(1)) == Status::Unknown;
        cell.publish(id, Status::Healthy, LATER);
        let published = cell.status_at(id, Tick(1)) == Status::Healthy;
        i32::from(unknown && owned && restored && stale && published)
    });
    assert_eq!(answer, 1);
    assert_eq!(cell.status(id), Status::Healthy);
    release(id);
}

#[test]
fn a_forked_child_can_allocate_while_the_parent_is_busy_allocating() {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                release_many(&allocate_many(1_000, |_| 1).unwrap());
            }
        });
        let child = || {
            in_child(|| {
                let Ok(id) = allocate(5) else { return 0 };
                i32::from(owner(id) == 5)
            })
        };
        let answers: Vec<_> = (0..10).map(|_| child()).collect();
        done.store(true, Ordering::Relaxed);
        assert_eq!(answers, [1; 10]);
    });
}
