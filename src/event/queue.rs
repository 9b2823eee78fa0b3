//! The bounded queue of one subscription, without its lock.
//!
//! When the queue is full, the status changes of one check are merged: the status before the
//! first, the status after the last, and how many were merged are never lost. So the queue holds
//! at most its capacity or one event a check, whichever is more. Results merge likewise. The
//! INITIAL events of a new subscription, one a check, come on top and never merge: from them a
//! consumer learns what there is.
//! DUE and CANCEL are never merged or dropped: they are bounded by the runs in flight, because
//! a request that nobody fetched in time is taken back, and a run is cancelled only for who has
//! fetched it. Of the rest the newest is dropped when the queue is full, and the number dropped is told by the
//! `merged` of the next one. Order is kept per check.

use crate::model::{CheckId, Event, Kind, Reason};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// So many more places than events may be left over before they are taken out.
const SLACK: usize = 256;

/// What merges with what: the same kind of the same check.
type Key = (CheckId, Kind);

#[derive(Debug)]
struct Entry {
    event: Event,
    /// The number of the entry of the same key before this one.
    earlier: Option<u64>,
}

/// Events in order, merged where there are too many.
#[derive(Debug)]
pub struct Queue {
    capacity: usize,
    /// `None` where an entry was merged into a later one or dropped.
    entries: VecDeque<Option<Entry>>,
    /// The number of the first entry.
    first: u64,
    /// Entries that are not `None`.
    held: usize,
    /// The number of the last entry of each key that merges.
    last: HashMap<Key, u64, foldhash::fast::FixedState>,
    /// The numbers of requests to run, by token.
    requests: HashMap<u64, u64, foldhash::fast::FixedState>,
    /// Keys that had two entries at some time: where room can be made.
    doubled: Vec<Key>,
    /// Events dropped since the last one of their sort was queued.
    dropped: u32,
    /// Events merged or dropped since the queue was made.
    merged: u64,
}

impl Queue {
    /// An empty queue that merges beyond `capacity` events.
    pub fn new(capacity: usize) -> Queue {
        Queue {
            capacity,
            entries: VecDeque::new(),
            first: 0,
            held: 0,
            last: HashMap::default(),
            requests: HashMap::default(),
            doubled: Vec::new(),
            dropped: 0,
            merged: 0,
        }
    }

    /// Whether nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Events queued.
    pub fn len(&self) -> usize {
        self.held
    }

    /// Events merged or dropped so far.
    pub fn merged(&self) -> u64 {
        self.merged
    }

    /// Appends an event, merging if the queue is full.
    pub fn push(&mut self, event: Event) {
        match event.kind {
            Kind::Status | Kind::Result | Kind::Stopped => self.push_merging(event),
            Kind::Due => {
                let token = event.token;
                let number = self.append(event, None);
                self.requests.insert(token, number);
            }
            Kind::Cancel | Kind::Forked => {
                self.append(event, None);
            }
            Kind::Removed => {
                self.forget(event.check);
                self.push_dropping(event);
            }
            Kind::Registered | Kind::Log => self.push_dropping(event),
        }
        self.tidy();
    }

    /// Takes the oldest event.
    pub fn pop(&mut self) -> Option<Event> {
        loop {
            let entry = self.entries.pop_front()?;
            let number = self.first;
            self.first += 1;
            if let Some(Entry { event, .. }) = entry {
                self.held -= 1;
                if self.held == 0 {
                    self.doubled.clear();
                }
                if event.kind == Kind::Due {
                    self.requests.remove(&event.token);
                }
                if self.last.get(&(event.check, event.kind)) == Some(&number) {
                    self.last.remove(&(event.check, event.kind));
                }
                return Some(event);
            }
        }
    }

    fn push_merging(&mut self, event: Event) {
        let key = (event.check, event.kind);
        let earlier = self.last.get(&key).copied();
        if self.held < self.capacity {
            if earlier.is_some() {
                self.doubled.push(key);
            }
            let number = self.append(event, earlier);
            self.last.insert(key, number);
            return;
        }
        if let Some(Entry { event: queued, .. }) = earlier.and_then(|n| self.entry_mut(n))
            && queued.reason != Reason::INITIAL
        {
            merge(queued, event);
            self.merged += 1;
            return;
        }
        // One event a check may always be queued; make room elsewhere if there is any.
        self.make_room();
        let number = self.append(event, earlier);
        self.last.insert(key, number);
    }

    fn push_dropping(&mut self, mut event: Event) {
        if self.held >= self.capacity && !self.make_room() {
            self.dropped = self.dropped.saturating_add(1);
            self.merged += 1;
            return;
        }
        event.merged = std::mem::take(&mut self.dropped);
        self.append(event, None);
    }

    fn append(&mut self, event: Event, earlier: Option<u64>) -> u64 {
        self.entries.push_back(Some(Entry { event, earlier }));
        self.held += 1;
        self.first + self.entries.len() as u64 - 1
    }

    /// Merges two events of one check, if any check has two.
    fn make_room(&mut self) -> bool {
        while let Some(key) = self.doubled.pop() {
            let Some(&last) = self.last.get(&key) else { continue };
            let Some(earlier) = self.entry_mut(last).and_then(|entry| entry.earlier) else {
                continue;
            };
            if self.entry_mut(earlier).is_some_and(|entry| entry.event.reason == Reason::INITIAL) {
                continue;
            }
            let Some(Entry { mut event, earlier: before }) = self.take(earlier) else { continue };
            if before.is_some() {
                self.doubled.push(key);
            }
            if let Some(entry) = self.entry_mut(last) {
                entry.earlier = before;
                merge(&mut event, entry.event.clone());
                entry.event = event;
            }
            self.merged += 1;
            return true;
        }
        false
    }

    /// Takes back a request to run that is out of date, if it is still here.
    pub fn withdraw(&mut self, token: u64) {
        if let Some(number) = self.requests.remove(&token) {
            self.take(number);
            self.tidy();
        }
    }

    /// Drops the status changes and results of a check that was removed.
    pub fn forget(&mut self, check: CheckId) {
        for kind in [Kind::Status, Kind::Result] {
            let mut next = self.last.remove(&(check, kind));
            while let Some(number) = next {
                next = self.take(number).and_then(|entry| entry.earlier);
            }
        }
    }

    /// Takes out the places of dropped entries, and what is noted of keys that are not doubled
    /// any more, when there are many: a queue that nobody polls must not grow for ever.
    fn tidy(&mut self) {
        if self.entries.len() > 2 * self.held + SLACK {
            let held = |(number, entry): (u64, &Option<Entry>)| entry.as_ref().map(|_| number);
            let kept: Vec<u64> = (self.first..).zip(&self.entries).filter_map(held).collect();
            let first = self.first;
            let moved = |old: u64| kept.binary_search(&old).ok().map(|at| first + at as u64);
            self.entries.retain(Option::is_some);
            for entry in self.entries.iter_mut().flatten() {
                entry.earlier = entry.earlier.and_then(moved);
            }
            let numbers = self.last.values_mut().chain(self.requests.values_mut());
            numbers.for_each(|number| *number = moved(*number).unwrap_or(*number));
        }
        if self.doubled.len() > 2 * self.held + SLACK {
            let mut doubled = std::mem::take(&mut self.doubled);
            doubled.sort_unstable_by_key(|(check, kind)| (check.0, *kind as i32));
            doubled.dedup();
            doubled.retain(|key| {
                let last = self.last.get(key).copied().and_then(|number| self.entry_mut(number));
                last.and_then(|entry| entry.earlier).is_some()
            });
            self.doubled = doubled;
        }
    }

    fn place(&self, number: u64) -> Option<usize> {
        number.checked_sub(self.first).map(|place| place as usize)
    }

    fn entry_mut(&mut self, number: u64) -> Option<&mut Entry> {
        let place = self.place(number)?;
        self.entries.get_mut(place)?.as_mut()
    }

    fn take(&mut self, number: u64) -> Option<Entry> {
        let place = self.place(number)?;
        let taken = self.entries.get_mut(place)?.take();
        self.held -= usize::from(taken.is_some());
        taken
    }
}

/// Makes `older` say what both said.
fn merge(older: &mut Event, newer: Event) {
    let previous = older.previous;
    let merged = older.merged.saturating_add(newer.merged).saturating_add(1);
    *older = newer;
    older.previous = previous;
    older.merged = merged;
}

#[cfg(test)]
// Named, because `tests/loom` includes this file from elsewhere.
#[path = "queue/tests.rs"]
mod tests;
