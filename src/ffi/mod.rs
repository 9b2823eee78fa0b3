//! The C boundary: the only `no_mangle` functions and the only foreign pointers.
//!
//! Each body starts with the guard, which turns a panic into a code, reads its arguments,
//! makes one call of the Rust interface, and writes outputs only on success. The header
//! `include/meshvitals.h` is generated from these files: their comments are the specification.

mod arguments;
pub mod checks;
pub mod constants;
pub mod events;
mod guard;
pub mod host;
pub mod input;
pub mod life;
pub mod reads;
pub mod types;
