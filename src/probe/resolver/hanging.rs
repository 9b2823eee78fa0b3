//! How many names of this process hang in the system's resolver though nobody waits for them.
//!
//! Each holds a thread that nothing can end, also after its monitor, or the one probe that asked
//! for it, is gone; so they are counted together, and while there are too many no thread is
//! started for another name. The trap is a fork: a child has none of these threads, so the count
//! carries the generation of its process, and one of the parent counts as none.

use std::sync::atomic::{AtomicU64, Ordering};

/// Names that may hang in a process. Their threads only sleep; each is a stack.
pub const LIMIT: u32 = 64;

/// A count, with the process generation in its upper half.
#[derive(Debug)]
pub struct Hanging(AtomicU64);

/// That of this process.
pub static OF_PROCESS: Hanging = Hanging::new();

impl Hanging {
    /// Nothing hangs.
    pub const fn new() -> Hanging {
        Hanging(AtomicU64::new(0))
    }

    /// Whether no thread may be started any more.
    pub fn is_full(&self, generation: u32) -> bool {
        count(self.0.load(Ordering::Acquire), generation) >= LIMIT
    }

    /// One more hangs.
    pub fn add(&self, generation: u32) {
        self.change(generation, |count| count.saturating_add(1));
    }

    /// One has come back.
    pub fn remove(&self, generation: u32) {
        self.change(generation, |count| count.saturating_sub(1));
    }

    fn change(&self, generation: u32, change: impl Fn(u32) -> u32) {
        let changed =
            |word| Some(u64::from(generation) << 32 | u64::from(change(count(word, generation))));
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, changed);
    }
}

fn count(word: u64, generation: u32) -> u32 {
    if (word >> 32) as u32 == generation { word as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_until_one_comes_back() {
        let hanging = Hanging::new();
        (0..LIMIT).for_each(|_| hanging.add(3));
        assert!(hanging.is_full(3));
        hanging.remove(3);
        assert!(!hanging.is_full(3));
    }

    #[test]
    fn a_child_begins_with_none() {
        let hanging = Hanging::new();
        (0..LIMIT).for_each(|_| hanging.add(3));
        assert!(!hanging.is_full(4));
        hanging.add(4);
        assert_eq!(count(hanging.0.load(Ordering::Acquire), 4), 1);
    }
}
