//! A locked mutex that owns what it locks, so that a lock can be held from one function to
//! another.
//!
//! Needed around fork, where one handler locks and another unlocks. Promises the same as a
//! borrowed guard: the lock is left on drop, on the thread that entered it (the guard is not
//! `Send`). The trap: the drop may be the last of the `Arc`, and then runs the destructor of `T`,
//! though never under the lock. Whoever must not run it leaves the lock and leaks the rest.

use crate::sync::{Arc, Mutex, MutexGuard, lock};
use std::mem::{forget, transmute};
use std::ops::{Deref, DerefMut};

/// A guard that keeps its mutex alive.
pub struct OwnedGuard<T: 'static> {
    // Dropped in the order of declaration: the guard borrows from the mutex and goes first.
    guard: Option<MutexGuard<'static, T>>,
    mutex: Option<Arc<Mutex<T>>>,
}

const LEFT: &str = "nobody looks behind a lock that was left";

impl<T: 'static> OwnedGuard<T> {
    /// Enters the lock, also a poisoned one.
    pub fn lock(mutex: Arc<Mutex<T>>) -> OwnedGuard<T> {
        let guard = lock(&mutex);
        // SAFETY: only the lifetime changes. The mutex lives on the heap behind the `Arc` that is
        // stored beside the guard, so it neither moves nor ends before the guard, which is
        // dropped first; and the guard itself is never handed out, only borrows of it that end
        // with the borrow of `self`.
        let guard = unsafe { transmute::<MutexGuard<'_, T>, MutexGuard<'static, T>>(guard) };
        OwnedGuard { guard: Some(guard), mutex: Some(mutex) }
    }

    /// Leaves the lock, and lets go of the mutex without ending it: the last owner leaks it. What
    /// it guards must not be looked at after that.
    pub fn leave(&mut self) {
        self.guard = None;
        if let Some(mutex) = self.mutex.take() {
            let_go(mutex);
        }
    }
}

/// Drops an owner, unless it is the last one, which is leaked. For the child after a fork: there
/// is no other thread that could make it the last one meanwhile, and memory is not given back.
pub fn let_go<T: ?Sized>(owner: Arc<T>) {
    match Arc::strong_count(&owner) {
        1 => forget(owner),
        _ => drop(owner),
    }
}

impl<T> Deref for OwnedGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.guard.as_ref().expect(LEFT)
    }
}

impl<T> DerefMut for OwnedGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect(LEFT)
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
    fn a_lock_can_be_left_before_the_guard_is_dropped() {
        let mutex = Arc::new(Mutex::new(1));
        let mut guard = OwnedGuard::lock(Arc::clone(&mutex));
        guard.leave();
        assert_eq!(*mutex.try_lock().unwrap(), 1);
        assert_eq!(Arc::strong_count(&mutex), 1);
    }

    #[test]
    fn what_is_let_go_is_never_ended() {
        let content = Arc::new(());
        let owner = Arc::new(Arc::clone(&content));
        let_go(Arc::clone(&owner));
        assert_eq!(Arc::strong_count(&owner), 1);
        let_go(owner);
        assert_eq!(Arc::strong_count(&content), 2, "the last owner is leaked");
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
