//! One cell: the two words that a reader in another thread, or another language, loads.
//!
//! Promises: a read is wait-free; a stale id reads UNKNOWN, never somebody else's status; who
//! sees a status finds a freshness at least as new. The order of the loads and stores is
//! checked in every interleaving by `tests/loom`.
//!
//! The trap: the layout of [`Cell`] is compiled into callers in other languages and frozen. A
//! writer stores the freshness first and then, with release, the word; a reader loads the word
//! first.

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

    /// Gives the cell to a new generation, with a status that is out of date until something is
    /// published. One at a time, and never while an older generation still owns it.
    pub(super) fn open(&self, generation: u32, status: Status) {
        self.fresh_until_ns.store(0, Ordering::Relaxed);
        // Exchanged, as in `publish`, so that the two have one order for the model checker too,
        // which lets a plain store and an exchange pass each other.
        self.word.swap(word(generation, status), Ordering::Release);
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

/// The first word.
const fn word(generation: u32, status: Status) -> u64 {
    (generation as u64) << 32 | status as u64
}
