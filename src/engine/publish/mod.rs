//! The cells through which a status is read: two words at an address that never ends.
//!
//! Promises: a read is wait-free; a stale id reads UNKNOWN, never somebody else's status; a cell
//! outlives its check, its monitor and, reading UNKNOWN at once, a fork. Does not promise that a
//! raw status is fresh: whoever must not trust the engine uses [`Cell::status_at`].
//!
//! The trap: the layout of [`Cell`] is compiled into callers in other languages and frozen. A
//! writer stores the freshness first and then, with release, the word; a reader loads the word
//! first, so the freshness it finds is at least as new as the status.

mod slab;
#[cfg(test)]
mod tests;

pub use slab::{
    allocate, allocate_many, cell, hold, owner, release, release_many, restore, set_owner,
    was_given_out,
};

use crate::model::{CheckId, Status};
use crate::sync::Ordering;
use crate::sys::pages::words;
use crate::time::Tick;

words! {
    /// The published status of a check, a group or the whole.
    pub struct Cell {
        /// `generation << 32 | status`.
        pub word,
        /// Until when the status may be believed, as a tick of the monitor's clock.
        pub fresh_until_ns,
    }
}

impl Cell {
    /// The status, however old; UNKNOWN if the id is stale.
    pub fn status(&self, id: CheckId) -> Status {
        let word = self.word.load(Ordering::Acquire);
        if (word >> 32) as u32 != id.generation() {
            return Status::Unknown;
        }
        Status::from_number(word as u32 as i32).unwrap_or_default()
    }

    /// The status if it is still fresh at `now`, else UNKNOWN.
    pub fn status_at(&self, id: CheckId, now: Tick) -> Status {
        let status = self.status(id);
        if now < self.fresh_until() { status } else { Status::Unknown }
    }

    /// Until when the status may be believed.
    pub fn fresh_until(&self) -> Tick {
        Tick(self.fresh_until_ns.load(Ordering::Acquire))
    }

    /// Publishes a status; does nothing if the id is stale. Callers let publishing and releasing
    /// one id follow each other; should they not, the word is right all the same.
    pub fn publish(&self, id: CheckId, status: Status, fresh_until: Tick) {
        let mut seen = self.word.load(Ordering::Relaxed);
        let word = word(id.generation(), status);
        while (seen >> 32) as u32 == id.generation() {
            self.fresh_until_ns.store(fresh_until.0, Ordering::Relaxed);
            // Exchanged rather than stored: a release in between must not be undone.
            match self.word.compare_exchange(seen, word, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => seen = other,
            }
        }
    }
}

/// The first word of a cell.
const fn word(generation: u32, status: Status) -> u64 {
    (generation as u64) << 32 | status as u64
}
