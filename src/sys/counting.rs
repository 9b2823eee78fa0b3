//! Counts what a thread allocates, in the library's own tests.
//!
//! Promises one number for each piece of memory that was asked for, made larger or smaller, by
//! this thread alone, so that tests that run at once do not disturb each other. The trap: it is
//! the allocator of every test of the library, so it must itself never allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    // Without a destructor and made by the compiler, so that its first use allocates nothing.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// How often this thread asks for memory while it does that.
pub fn allocations<R>(work: impl FnOnce() -> R) -> (u64, R) {
    let before = COUNT.get();
    let answer = work();
    (COUNT.get() - before, answer)
}

fn count() {
    COUNT.set(COUNT.get() + 1);
}

// SAFETY: every call goes on to the system's allocator as it came; counting touches only a plain
// variable of the thread.
unsafe impl GlobalAlloc for Counting {
    /// # Safety
    ///
    /// As for the system's allocator.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the same promise to us.
        unsafe { System.alloc(layout) }
    }

    /// # Safety
    ///
    /// As for the system's allocator.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the same promise to us.
        unsafe { System.alloc_zeroed(layout) }
    }

    /// # Safety
    ///
    /// As for the system's allocator.
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the memory is the system's, and the caller keeps the same promise to us.
        unsafe { System.realloc(old, layout, size) }
    }

    /// # Safety
    ///
    /// As for the system's allocator.
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: the memory is the system's, and the caller keeps the same promise to us.
        unsafe { System.dealloc(old, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_counts_and_those_of_other_threads_do_not() {
        assert_eq!(allocations(|| ()).0, 0);
        let (count, grown) = allocations(|| {
            let mut list = Vec::with_capacity(1);
            list.extend([1, 2]);
            list
        });
        assert_eq!((count, grown), (2, vec![1, 2]));
        let other = std::thread::spawn(|| allocations(|| vec![0_u8; 9]).0);
        assert_eq!(other.join().unwrap(), 1);
    }
}
