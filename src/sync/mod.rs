//! Locks and atomics, with the switch to loom's.
//!
//! A poisoned lock is entered anyway: every panic is caught at the boundary that it would cross,
//! and the data behind our locks is valid at each step.

#[cfg(not(loom))]
pub use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak, atomic};

#[cfg(loom)]
pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard, atomic};

/// Enters a lock, poisoned or not.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
