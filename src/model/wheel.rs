//! A hierarchical timing wheel with one timer per table index.
//!
//! A timer is a 12-byte entry in an array that lies beside the table: two links and its time, so
//! setting, moving and clearing touch a handful of words and allocate nothing (Varghese and
//! Lauck, 1987, scheme 7). Times are in grains of [`GRAIN_NS`]; the wheel may hand out a timer
//! up to one grain early, so the caller compares the exact time it keeps itself, and sets the
//! timer again if it is not due. The trap: links are indices, so an entry must be cleared
//! before its index is used for something else.

use crate::time::Tick;

/// Nanoseconds in a grain: 2^20, a little over a millisecond.
pub const GRAIN_NS: u64 = 1 << 20;

const LEVELS: usize = 6;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const NONE: u32 = u32::MAX;
/// Marks an entry whose `before` names a list head instead of another entry.
const HEAD: u32 = 1 << 31;

/// One timer; `before` is another entry, a list head, or [`NONE`] when the timer is not set.
#[derive(Clone, Copy, Debug)]
struct Entry {
    next: u32,
    before: u32,
    /// The grain, modulo 2^32: 52 days, beyond the longest interval.
    when: u32,
}

const IDLE: Entry = Entry { next: NONE, before: NONE, when: 0 };

/// The wheel.
#[derive(Debug)]
pub struct Wheel {
    entries: Vec<Entry>,
    heads: [u32; LEVELS * SLOTS],
    /// One bit per slot that is not empty.
    occupied: [u64; LEVELS],
    /// The present grain: everything before it was handed out.
    now: u64,
}

impl Wheel {
    /// An empty wheel that begins at `now`.
    pub fn new(now: Tick) -> Wheel {
        Wheel {
            entries: Vec::new(),
            heads: [NONE; LEVELS * SLOTS],
            occupied: [0; LEVELS],
            now: now.0 / GRAIN_NS,
        }
    }

    /// Makes room for timers of the indices below `count`.
    pub fn reserve(&mut self, count: usize) {
        self.entries.reserve(count.saturating_sub(self.entries.len()));
    }

    /// Sets or moves the timer of an index. A time that has passed is due in the next turn; one
    /// further away than 52 days is handed out early.
    ///
    /// # Panics
    ///
    /// If the index is 2^31 or more.
    pub fn set(&mut self, index: u32, at: Tick) {
        assert!(index < HEAD, "a table has fewer than 2^31 entries");
        if index as usize >= self.entries.len() {
            self.entries.resize(index as usize + 1, IDLE);
        } else {
            self.unlink(index);
        }
        self.link(index, (at.0 / GRAIN_NS).clamp(self.now, self.now + u64::from(HEAD)));
    }

    /// Clears the timer of an index, if it is set.
    pub fn clear(&mut self, index: u32) {
        if (index as usize) < self.entries.len() {
            self.unlink(index);
        }
    }

    /// Takes every timer whose grain has been reached, in order of slots, and appends its index.
    pub fn expire(&mut self, now: Tick, due: &mut Vec<u32>) {
        let target = now.0 / GRAIN_NS;
        loop {
            // Timers of the present grain lie in the present slot of level 0.
            self.take_slot((self.now % SLOTS as u64) as usize, due);
            if self.now >= target {
                return;
            }
            match self.next_occupied() {
                Some(next) if next <= target => self.advance(next),
                _ => {
                    self.advance(target);
                    return;
                }
            }
        }
    }

    /// Calls `visit` for each timer of the earliest slot that is not empty: the earliest timer is
    /// among them. Returns false if no timer is set.
    pub fn visit_earliest(&self, mut visit: impl FnMut(u32)) -> bool {
        let Some((level, slot)) = self.earliest_slot() else {
            return false;
        };
        let mut index = self.heads[level * SLOTS + slot];
        while index != NONE {
            visit(index);
            index = self.entries[index as usize].next;
        }
        true
    }

    /// A grain that is not after the earliest timer, for progress through empty stretches.
    fn next_occupied(&self) -> Option<u64> {
        let (level, slot) = self.earliest_slot()?;
        let shift = SLOT_BITS * level as u32;
        let span = 1u64 << (shift + SLOT_BITS);
        let base = self.now & !(span - 1);
        let start = base + ((slot as u64) << shift);
        // The top level wraps round: a slot behind the present one belongs to the next turn.
        Some(if start < self.now & !((1 << shift) - 1) { start + span } else { start })
    }

    /// The first occupied slot at or after the present place, from the lowest level up. Slots of
    /// a lower level always lie before those of a higher one, because a timer is placed at the
    /// highest digit in which its grain differs from the present one.
    fn earliest_slot(&self) -> Option<(usize, usize)> {
        (0..LEVELS).find(|&level| self.occupied[level] != 0).map(|level| {
            let place = (self.now >> (SLOT_BITS * level as u32)) as u32 % SLOTS as u32;
            let ahead = self.occupied[level].rotate_right(place).trailing_zeros();
            (level, ((place + ahead) % SLOTS as u32) as usize)
        })
    }

    /// Moves the present to `grain`, spreading the slots it enters over the levels below.
    fn advance(&mut self, grain: u64) {
        let changed = self.now ^ grain;
        self.now = grain;
        for level in (1..LEVELS).rev() {
            let shift = SLOT_BITS * level as u32;
            if changed >> shift == 0 {
                continue;
            }
            let slot = (grain >> shift) as usize % SLOTS;
            let mut index = self.detach(level * SLOTS + slot);
            while index != NONE {
                let Entry { next, when, .. } = self.entries[index as usize];
                self.entries[index as usize].before = NONE;
                self.link(index, self.widen(when));
                index = next;
            }
        }
    }

    fn take_slot(&mut self, slot: usize, due: &mut Vec<u32>) {
        let mut index = self.detach(slot);
        while index != NONE {
            let entry = &mut self.entries[index as usize];
            due.push(index);
            index = entry.next;
            entry.before = NONE;
        }
    }

    /// Empties a list and returns its first entry; the entries keep their links.
    fn detach(&mut self, head: usize) -> u32 {
        self.occupied[head / SLOTS] &= !(1 << (head % SLOTS));
        std::mem::replace(&mut self.heads[head], NONE)
    }

    /// The full grain of a stored one: never before the present.
    fn widen(&self, when: u32) -> u64 {
        self.now + u64::from(when.wrapping_sub(self.now as u32))
    }

    fn link(&mut self, index: u32, grain: u64) {
        let differs = self.now ^ grain;
        let level = match differs {
            0 => 0,
            bits => ((63 - bits.leading_zeros()) / SLOT_BITS).min(LEVELS as u32 - 1),
        };
        let slot = (grain >> (SLOT_BITS * level)) as usize % SLOTS;
        let head = level as usize * SLOTS + slot;
        let next = std::mem::replace(&mut self.heads[head], index);
        if next != NONE {
            self.entries[next as usize].before = index;
        }
        self.occupied[level as usize] |= 1 << slot;
        self.entries[index as usize] =
            Entry { next, before: HEAD | head as u32, when: grain as u32 };
    }

    fn unlink(&mut self, index: u32) {
        let Entry { next, before, .. } = self.entries[index as usize];
        if before == NONE {
            return;
        }
        if before & HEAD == 0 {
            self.entries[before as usize].next = next;
        } else {
            let head = (before & !HEAD) as usize;
            self.heads[head] = next;
            if next == NONE {
                self.occupied[head / SLOTS] &= !(1 << (head % SLOTS));
            }
        }
        if next != NONE {
            self.entries[next as usize].before = before;
        }
        self.entries[index as usize].before = NONE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u32, u64),
        Clear(u32),
        Expire(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        // Distances over all magnitudes, so that every level is used.
        let distance = (0u32..36).prop_flat_map(|bits| 0u64..1 << bits);
        prop_oneof![
            4 => (0u32..40, distance.clone()).prop_map(|(index, far)| Step::Set(index, far)),
            1 => (0u32..40).prop_map(Step::Clear),
            3 => distance.prop_map(Step::Expire),
        ]
    }

    /// Just below a grain at which every digit of the wheel wraps round; the largest u64 of
    /// nanoseconds is 2^44 grains.
    const START: u64 = 0xff_ffff_ff00;

    proptest! {
        #[test]
        fn the_wheel_equals_a_sorted_map(steps in prop::collection::vec(step(), 1..200)) {
            let mut now = START;
            let mut wheel = Wheel::new(Tick(now * GRAIN_NS));
            let mut model = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Set(index, far) => {
                        let far = far.min(1 << 31);
                        wheel.set(index, Tick((now + far) * GRAIN_NS + 5));
                        model.insert(index, now + far);
                    }
                    Step::Clear(index) => {
                        wheel.clear(index);
                        model.remove(&index);
                    }
                    Step::Expire(far) => {
                        now += far;
                        let mut due = Vec::new();
                        wheel.expire(Tick(now * GRAIN_NS), &mut due);
                        due.sort_unstable();
                        let expected: Vec<u32> =
                            model.extract_if(.., |_, when| *when <= now).map(|(i, _)| i).collect();
                        prop_assert_eq!(due, expected);
                    }
                }
                let mut visited = Vec::new();
                wheel.visit_earliest(|index| visited.push(index));
                let earliest = model.values().min();
                prop_assert_eq!(earliest, visited.iter().map(|index| &model[index]).min());
            }
        }
    }

    #[test]
    fn a_timer_of_the_present_grain_is_due_at_once_and_only_once() {
        let mut wheel = Wheel::new(Tick(1_000_000_000));
        wheel.set(3, Tick(0));
        let mut due = Vec::new();
        wheel.expire(Tick(1_000_000_000), &mut due);
        assert_eq!(due, [3]);
        wheel.expire(Tick(2_000_000_000), &mut due);
        assert_eq!(due, [3]);
        assert!(!wheel.visit_earliest(|_| ()));
    }

    #[test]
    fn an_entry_is_twelve_bytes() {
        assert_eq!(size_of::<Entry>(), 12);
    }
}
