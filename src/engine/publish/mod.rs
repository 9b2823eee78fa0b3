//! The cells through which a status is read: two words at an address that never ends.
//!
//! Promises: a read is wait-free; a stale id reads UNKNOWN, never somebody else's status; a cell
//! outlives its check, its monitor and, reading UNKNOWN at once, a fork. Does not promise that a
//! raw status is fresh: whoever must not trust the engine uses [`Cell::status_at`].
//!
//! Finding a cell is in `slab`, what its words mean in `cell`.

mod cell;
mod slab;
#[cfg(test)]
mod tests;

pub use cell::Cell;
pub use slab::{
    allocate, allocate_many, cell, hold, owner, release, release_many, restore, set_owner,
    was_given_out,
};
