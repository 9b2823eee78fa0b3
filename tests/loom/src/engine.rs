//! The cell that statuses are read from, and the function of the host that is retired.

#[path = "../../../src/engine/callback.rs"]
mod callback;
#[path = "../../../src/engine/publish/cell.rs"]
mod cell;

pub use callback::{Callback, Function, Run};
pub use cell::Cell;

use meshvitals::Status;

/// Gives a cell to a new generation, as the slab does under the allocator's lock.
pub fn open(cell: &Cell, generation: u32) {
    cell.open(generation, Status::Unknown);
}
