//! A locked mutex that owns what it locks, so that a lock can be held from one function to
//! another.
//!
//! Needed around fork, where one handler locks and another unlocks. Promises the same as a
//! borrowed guard: the lock is left on drop, on the thread that entered it (the guard is not
//! `Send`). The trap: the drop may be the last of the `Arc`, and then runs the destructor of `T`,
//! though never under the lock.

use crate::sync::{Arc, Mutex, MutexGuard, lock};
use std::mem::transmute;
use std::ops::{Deref, DerefMut};

/// A guard that keeps its mutex alive.
pub struct OwnedGuard<T: 'static> {
    // Dropped in the order of declaration: the guard borrows from the mutex and goes first.
    guard: MutexGuard<'static, T>,
    _mutex: Arc<Mutex<T>>,
}

impl<T: 'static> OwnedGuard<T> {
    /// Enters the lock, also a poisoned one.
    pub fn lock(mutex: Arc<Mutex<T>>) -> OwnedGuard<T> {
        let guard = lock(&mutex);
        // SAFETY: only the lifetime changes. The mutex lives on the heap behind the `Arc` that is
        // stored beside the guard, so it neither moves nor ends before the guard, which is
        // dropped first; and the guard itself is never handed out, only borrows of it that end
        // with the borrow of `self`.
        let guard = unsafe { transmute::<MutexGuard<'_, T>, MutexGuard<'static, T>>(guard) };
        OwnedGuard { guard, _mutex: mutex }
    }
}

impl<T> Deref for OwnedGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for OwnedGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_held_as_long_as_the_guard_lives() {
        let mutex = Arc::new(Mutex::new(1));
        let mut guard = OwnedGuard::lock(Arc::clone(&mutex));
        *guard += 1;
        assert_eq!(*guard, 2);
        assert!(mutex.try_lock().is_err());
        drop(guard);
        assert_eq!(*mutex.try_lock().unwrap(), 2);
    }

    #[test]
    fn the_last_owner_may_be_the_guard() {
        let witness = Arc::new(());
        let guard = OwnedGuard::lock(Arc::new(Mutex::new(Arc::clone(&witness))));
        assert_eq!(Arc::strong_count(&guard), 2);
        drop(guard);
        assert_eq!(Arc::strong_count(&witness), 1);
    }
}
