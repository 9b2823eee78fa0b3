//! The process-wide slab of cells, and who owns which.
//!
//! Promises: finding a cell takes no lock; an address stays valid for the life of the process;
//! an id is given out once. Cells stand in memory that a forked child finds zeroed; owners and
//! generations stand beside it in memory that the child keeps, so that ids live on there and
//! [`restore`] can write a cell anew.
//!
//! Slot n stands in a chunk of 64, 128, 256 … slots, so nothing ever moves and the directory is
//! a fixed array. The trap: the lock of the allocator is entered under the locks of monitors and
//! held across fork after them; call nothing under it that locks.

use super::Cell;
use crate::error::{Code, Error};
use crate::model::{CheckId, Status};
use crate::sync::{AtomicBool, AtomicU32, Mutex, Ordering, lock};
use crate::sys::fork;
use crate::sys::pages::{self, words};
use std::sync::OnceLock;

/// The first chunk has `1 << FIRST_BITS` slots.
const FIRST_BITS: u32 = 6;
/// Chunks that a 32-bit slot number can reach in whole.
const CHUNKS: usize = (32 - FIRST_BITS) as usize;
/// The number of slots in all chunks.
const SLOTS: u32 = u32::MAX - ((1 << FIRST_BITS) - 1);
/// Marks the generation of a slot that is in use.
const LIVE: u64 = 1 << 32;

words! {
    /// What is known of a slot beside its cell.
    pub(super) struct Record {
        /// Given by the monitor, which finds its table entry by it.
        owner,
        /// The generation, with [`LIVE`] while the slot is in use; 0 once they are used up.
        pub(super) generation,
    }
}

struct Chunk {
    cells: &'static [Cell],
    records: &'static [Record],
}

pub(super) struct Allocator {
    used: u32,
    free: Vec<u32>,
}

static DIRECTORY: [OnceLock<Chunk>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
pub(super) static ALLOCATOR: Mutex<Allocator> = Mutex::new(Allocator { used: 0, free: Vec::new() });
/// `Allocator::used`, for readers without the lock.
static USED: AtomicU32 = AtomicU32::new(0);
static HOOKED: AtomicBool = AtomicBool::new(false);

/// Where a slot stands: its chunk, and its place there.
pub(super) const fn place(slot: u32) -> (usize, usize) {
    let number = slot as u64 + (1 << FIRST_BITS);
    let bits = number.ilog2();
    ((bits - FIRST_BITS) as usize, (number - (1 << bits)) as usize)
}

pub(super) fn entry(slot: u32) -> Option<(&'static Cell, &'static Record)> {
    if slot >= USED.load(Ordering::Acquire) {
        return None;
    }
    let (chunk, index) = place(slot);
    let chunk = DIRECTORY.get(chunk)?.get()?;
    Some((chunk.cells.get(index)?, chunk.records.get(index)?))
}

/// The cell and the record of an id that is in use.
fn live(id: CheckId) -> Option<(&'static Cell, &'static Record)> {
    entry(id.slot()).filter(|(_, record)| record.is(id))
}

impl Record {
    fn is(&self, id: CheckId) -> bool {
        self.generation.load(Ordering::Acquire) == LIVE | u64::from(id.generation())
    }
}

impl Allocator {
    pub(super) fn take(&mut self, owner: u64) -> Result<CheckId, Error> {
        let (slot, generation) = match self.free.pop() {
            Some(slot) => (slot, None),
            None => (self.grow()?, Some(1)),
        };
        let Some((cell, record)) = entry(slot) else {
            return Err(Error::refused(Code::Limit, "a status cell is missing"));
        };
        let generation =
            generation.unwrap_or_else(|| record.generation.load(Ordering::Relaxed) as u32);
        // The owner first: see `owner`.
        record.owner.store(owner, Ordering::Release);
        record.generation.store(LIVE | u64::from(generation), Ordering::Release);
        cell.open(generation, Status::Unknown);
        Ok(CheckId::new(generation, slot))
    }

    /// One slot more, in a new chunk if it is the first there.
    fn grow(&mut self) -> Result<u32, Error> {
        let slot = self.used;
        if slot == SLOTS {
            return Err(Error::refused(Code::Limit, "every id of this process is used up"));
        }
        let (chunk, _) = place(slot);
        if DIRECTORY[chunk].get().is_none() {
            let size = 1 << (chunk as u32 + FIRST_BITS);
            let no_memory = |error| {
                let detail = format!("no memory for {size} more status cells: {error}");
                Error::refused(Code::Limit, detail)
            };
            let cells = pages::wiped(size).map_err(no_memory)?;
            let records = pages::kept(size).map_err(no_memory)?;
            // Never set before: only the holder of the allocator comes here.
            let _ = DIRECTORY[chunk].set(Chunk { cells, records });
        }
        self.used += 1;
        USED.store(self.used, Ordering::Release);
        Ok(slot)
    }

    pub(super) fn give_back(&mut self, id: CheckId) {
        let Some((cell, record)) = live(id) else { return };
        // A slot whose generations are used up gets none, and is never given out again.
        let next = id.generation().checked_add(1);
        record.generation.store(next.unwrap_or(0).into(), Ordering::Release);
        cell.open(next.unwrap_or(0), Status::Unknown);
        if next.is_some() {
            self.free.push(id.slot());
        }
    }
}

/// Lets forks see the allocator whole. Not under the allocator's lock, which a fork enters last.
fn hook() {
    if !HOOKED.load(Ordering::Acquire) {
        fork::hold_last(hold);
        HOOKED.store(true, Ordering::Release);
    }
}

/// A new id of this owner, its cell UNKNOWN.
///
/// # Errors
///
/// `Limit` when there is no memory or no id left.
pub fn allocate(owner: u64) -> Result<CheckId, Error> {
    hook();
    lock(&ALLOCATOR).take(owner)
}

/// As many new ids, the nth owned by `owner(n)`: all or none. `owner` must not call back here.
///
/// # Errors
///
/// `Limit` when there is no memory or too few ids are left.
pub fn allocate_many(
    count: usize,
    mut owner: impl FnMut(usize) -> u64,
) -> Result<Vec<CheckId>, Error> {
    hook();
    let mut ids = Vec::new();
    if ids.try_reserve_exact(count).is_err() {
        return Err(Error::refused(Code::Limit, format!("no memory for {count} ids")));
    }
    let mut allocator = lock(&ALLOCATOR);
    for index in 0..count {
        match allocator.take(owner(index)) {
            Ok(id) => ids.push(id),
            Err(error) => {
                ids.into_iter().for_each(|id| allocator.give_back(id));
                return Err(error);
            }
        }
    }
    Ok(ids)
}

/// Ends an id: its cell reads UNKNOWN from now on. A stale id is left alone.
pub fn release(id: CheckId) {
    lock(&ALLOCATOR).give_back(id);
}

/// Ends many ids under one lock.
pub fn release_many(ids: &[CheckId]) {
    let mut allocator = lock(&ALLOCATOR);
    ids.iter().for_each(|&id| allocator.give_back(id));
}

/// The cell of an id, also of a stale one; none if its slot was never in use, or the id is 0.
pub fn cell(id: CheckId) -> Option<&'static Cell> {
    entry(id.slot()).filter(|_| id.generation() > 0).map(|(cell, _)| cell)
}

/// Who owns an id; 0 if it is stale or never was.
pub fn owner(id: CheckId) -> u64 {
    let Some((_, record)) = entry(id.slot()) else { return 0 };
    let owner = record.owner.load(Ordering::Acquire);
    // Asked afterwards, because the slot may be changing hands: who has read the new owner also
    // sees that the old generation has ended, which happened before.
    if record.is(id) { owner } else { 0 }
}

/// Whether an id was ever given out: it is in use, or stale.
pub fn was_given_out(id: CheckId) -> bool {
    let Some((_, record)) = entry(id.slot()) else { return false };
    let generation = record.generation.load(Ordering::Acquire);
    let newest = generation as u32;
    // The generation of a free slot is the next one; after the last follows 0.
    let newest = if generation & LIVE == 0 { newest.wrapping_sub(1) } else { newest };
    (1..=newest).contains(&id.generation())
}

/// Changes who owns an id; a stale one is left alone. Callers let this and the release of the
/// same id follow each other.
pub fn set_owner(id: CheckId, owner: u64) {
    if let Some((_, record)) = live(id) {
        record.owner.store(owner, Ordering::Release);
    }
}

/// Writes a cell that a fork has wiped; it stays out of date until something is published.
pub fn restore(id: CheckId, status: Status) {
    if let Some((cell, _)) = live(id) {
        cell.open(id.generation(), status);
    }
}

/// Enters the allocator's lock until the box is dropped, so that a fork finds it whole.
pub fn hold() -> Box<dyn fork::Held> {
    Box::new(Some(lock(&ALLOCATOR)))
}
