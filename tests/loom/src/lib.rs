//! The parts of the engine that threads meet in, compiled from their own files against loom.
//!
//! The library keeps cells in mapped pages and locks in statics, where loom's types cannot
//! stand. So the files with the ideas are included here, and the layers below them, `sync`,
//! `sys::wake` and `sys::pages`, are loom's. The trap: a file that begins to use more of those
//! layers needs it here too, or this crate does not compile. The
//! files' own tests need the real layers, so there is nothing here when tests are compiled.

#![cfg(not(test))]

pub mod engine;
pub mod event;
pub mod sync;
pub mod sys;

/// The words and values, which are pure and therefore the real ones.
pub mod model {
    pub use meshvitals::model::*;
}

/// As `model`.
pub mod time {
    pub use meshvitals::Tick;
}
