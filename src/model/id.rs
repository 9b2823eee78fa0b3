//! The id of a check or a group: `generation << 32 | slot`.
//!
//! Slots are process-wide, so an id is unique over all monitors of the process. It is never
//! used again: when a slot is freed its generation moves on, and a slot whose generations are
//! used up is retired. 0 is never an id.

/// A process-wide unique id of a check or a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckId(pub u64);

impl CheckId {
    /// Joins the halves.
    pub const fn new(generation: u32, slot: u32) -> CheckId {
        CheckId((generation as u64) << 32 | slot as u64)
    }

    /// The upper half: which use of the slot this is; at least 1.
    pub const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The lower half: the place in the process-wide slab.
    pub const fn slot(self) -> u32 {
        self.0 as u32
    }
}
