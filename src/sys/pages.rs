//! Zeroed memory that is never given back, some of which a forked child finds zeroed again.
//!
//! Promises: what [`wiped`] and [`kept`] return is aligned to a page, reads as zeroes, stays at
//! its address for the life of the process, and costs memory only where it was written. A child
//! sees [`wiped`] memory as zeroes (MADV_WIPEONFORK, Linux 4.14) and [`kept`] memory as it was.
//! Where the system refuses to wipe, the memory is handed out all the same and a child sees the
//! last values: compare the fork generation as well where that matters.

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};
use std::io;
use std::ptr::null_mut;
use std::slice::from_raw_parts;

/// Types whose every bit pattern is valid and that change only through shared references:
/// structs of atomics, declared by the macro `words`.
///
/// # Safety
///
/// All bytes zero must be a valid value, also if they become so at once while borrowed, and the
/// type must be `Sync`, without a destructor and at most page-aligned.
pub unsafe trait Words: Sync + Send + 'static {}

/// Declares a struct of 64-bit atomics, aligned to 16 bytes and laid out as in C, that may live
/// in the memory of this file.
macro_rules! words {
    ($(#[$of_struct:meta])* $access:vis struct $name:ident {
        $($(#[$of_field:meta])* $field_access:vis $field:ident,)+
    }) => {
        $(#[$of_struct])*
        #[derive(Debug)]
        #[repr(C, align(16))]
        $access struct $name {
            $($(#[$of_field])* $field_access $field: $crate::sync::AtomicU64,)+
        }

        // SAFETY: every field is an `AtomicU64`, for which all bits are valid, which is `Sync`
        // and has no destructor; 16 is less than a page.
        unsafe impl $crate::sys::pages::Words for $name {}
    };
}

pub(crate) use words;

/// Memory that a forked child finds zeroed.
///
/// # Errors
///
/// The system's error when there is no memory.
pub fn wiped<T: Words>(count: usize) -> io::Result<&'static [T]> {
    map(count, true)
}

/// Memory that a forked child finds as it was.
///
/// # Errors
///
/// The system's error when there is no memory.
pub fn kept<T: Words>(count: usize) -> io::Result<&'static [T]> {
    map(count, false)
}

fn map<T: Words>(count: usize, wipe: bool) -> io::Result<&'static [T]> {
    let bytes = size_of::<T>()
        .checked_mul(count)
        .filter(|&bytes| bytes > 0 && bytes <= isize::MAX as usize)
        .ok_or(io::ErrorKind::OutOfMemory)?;
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a private anonymous mapping at an address of the kernel's choice touches nothing
    // that exists.
    let start = unsafe { mmap_anonymous(null_mut(), bytes, protection, MapFlags::PRIVATE) }?;
    if wipe {
        // SAFETY: the range is the mapping that was just made, which nobody else knows. Wiping
        // happens in a child before its first instruction, and zeroes are valid values.
        // Refused by old kernels and by some emulations, which the head of this file allows.
        let _ = unsafe { madvise(start, bytes, Advice::LinuxWipeOnFork) };
    }
    // SAFETY: the mapping is page-aligned (which `Words` says is enough), `count` elements long,
    // zeroed (a valid value of `Words`) and never unmapped.
    Ok(unsafe { from_raw_parts(start.cast::<T>(), count) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Ordering;

    words! {
        struct Pair {
            left,
            right,
        }
    }

    #[test]
    fn memory_is_zeroed_and_aligned() {
        let pages = wiped::<Pair>(1000).unwrap();
        assert_eq!(pages.len(), 1000);
        assert_eq!(size_of::<Pair>(), 16);
        assert_eq!(pages.as_ptr().addr() % 4096, 0);
        assert!(pages.iter().all(|p| p.left.load(Ordering::Relaxed) == 0));
        assert!(pages.iter().all(|p| p.right.load(Ordering::Relaxed) == 0));
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(wiped::<Pair>(0).is_err());
        assert!(kept::<Pair>(usize::MAX / 16).is_err());
        assert!(kept::<Pair>(usize::MAX).is_err());
    }

    #[test]
    fn a_child_finds_wiped_memory_zeroed_and_kept_memory_as_it_was() {
        let wiped = &wiped::<Pair>(1).unwrap()[0];
        let kept = &kept::<Pair>(1).unwrap()[0];
        for pair in [wiped, kept] {
            pair.left.store(5, Ordering::Relaxed);
        }
        let answer = crate::sys::fork::tests::in_child(|| {
            let zeroed = wiped.left.load(Ordering::Relaxed) == 0;
            let same = kept.left.load(Ordering::Relaxed) == 5;
            i32::from(zeroed) + 2 * i32::from(same)
        });
        assert_eq!(answer, 3);
        assert_eq!(wiped.left.load(Ordering::Relaxed), 5);
    }
}
