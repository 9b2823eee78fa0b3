//! Atomics and locks, under one roof so that a model checker's can take their place.
//!
//! Promises that a lock is always entered: a panic elsewhere is no reason for the host's next
//! call to fail. What it does not promise is that the data behind a poisoned lock is consistent;
//! whoever panics under a lock of ours must leave nothing half-done. The trap: only what imports
//! its atomics from here can be model-checked.

pub use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};
pub use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};

use std::sync::PoisonError;
use std::time::Duration;

/// Enters a lock, also a poisoned one.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a condition variable, and enters the lock again, also a poisoned one.
pub fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// Waits while `condition` holds, at most for `timeout`, and enters the lock again, also a
/// poisoned one. The caller looks for itself whether the condition still holds.
pub fn wait_while<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    timeout: Duration,
    condition: impl FnMut(&mut T) -> bool,
) -> MutexGuard<'a, T> {
    condvar.wait_timeout_while(guard, timeout, condition).unwrap_or_else(PoisonError::into_inner).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisoned_lock_is_entered_anyway() {
        let mutex = Arc::new(Mutex::new(1));
        let inner = Arc::clone(&mutex);
        let thread = std::thread::spawn(move || {
            let _guard = lock(&inner);
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        assert!(thread.join().is_err());
        assert!(mutex.is_poisoned());
        assert_eq!(*lock(&mutex), 1);
    }
}
