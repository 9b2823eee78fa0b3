//! How many kills there were in the last minutes, by a counter that only grows.
//!
//! Promises a fixed amount of memory, however many kills there are: they are kept by slots of ten
//! seconds, so that one is remembered up to ten seconds longer than asked for. The counter at the
//! first sample is the baseline and counts nothing: what was before this monitor may be years old.
//! So the first value is 0 and not unknown, because unlike a rate it can be told.

use crate::time::{SECOND, Tick};

const SLOT_NS: u64 = 10 * SECOND;
/// Ten minutes, and the slot that is being filled.
const SLOTS: usize = 61;

/// The kills of the last ten minutes.
#[derive(Debug)]
pub(super) struct Kills {
    slots: [u64; SLOTS],
    /// The number of the slot that was filled last, counted from the beginning of time.
    last: u64,
    /// The first sample.
    since: Option<Tick>,
}

impl Kills {
    pub(super) fn new() -> Kills {
        Kills { slots: [0; SLOTS], last: 0, since: None }
    }

    /// Adds the kills since the sample before.
    pub(super) fn add(&mut self, kills: u64, now: Tick) {
        self.since.get_or_insert(now);
        let slot = (now.0 / SLOT_NS).max(self.last);
        let passed = (slot - self.last).min(SLOTS as u64);
        for number in 0..passed {
            self.slots[((slot - number) % SLOTS as u64) as usize] = 0;
        }
        self.last = slot;
        let place = &mut self.slots[(slot % SLOTS as u64) as usize];
        *place = place.saturating_add(kills);
    }

    /// "3 killed for want of memory in 10 min, 1 in 5 min", or in the time since the first sample.
    pub(super) fn figures(&self, now: Tick) -> String {
        let count = self.of(10);
        match watched(self.since, now, 10) {
            600.. => {
                format!("{count} killed for want of memory in 10 min, {} in 5 min", self.of(5))
            }
            seconds => format!("{count} killed for want of memory in {seconds} s of watching"),
        }
    }

    /// The kills of the last minutes, up to ten, at the time of the last addition.
    pub(super) fn of(&self, minutes: u64) -> u64 {
        let slots = (minutes * 60 * SECOND / SLOT_NS).min(self.last);
        let each = (0..=slots).map(|back| self.slots[((self.last - back) % SLOTS as u64) as usize]);
        each.fold(0, u64::saturating_add)
    }
}

/// For how long it was looked, in seconds, up to the minutes asked for.
fn watched(since: Option<Tick>, now: Tick, minutes: u64) -> u64 {
    since.map_or(0, |since| now.since(since) / SECOND).min(60 * minutes)
}

/// What a counter grew by, and the counter to be compared with next. One that ran backwards is
/// another one: the process was moved, or the cgroup made anew.
pub(super) fn grown(before: &mut Option<u64>, count: u64) -> u64 {
    before.replace(count).map_or(0, |before| count.saturating_sub(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kills_are_forgotten_after_their_minutes() {
        let mut kills = Kills::new();
        let cases = [
            (5, 1, 1, 1, "a kill"),
            (5, 1, 2, 2, "another in the same slot"),
            (300, 0, 2, 2, "not yet five minutes"),
            (320, 1, 1, 3, "the first two are older than five minutes"),
            (609, 0, 1, 3, "in the tenth minute"),
            (610, 0, 1, 1, "the first two are ten minutes old"),
            (920, 0, 0, 1, "only the last is left"),
            (100_000, 0, 0, 0, "long after"),
            (99_000, 2, 2, 2, "time that runs backwards adds to the last"),
        ];
        for (at_s, new, five, ten, why) in cases {
            kills.add(new, Tick(at_s * SECOND));
            assert_eq!((kills.of(5), kills.of(10)), (five, ten), "{why}");
        }
        kills.add(u64::MAX, Tick(u64::MAX));
        kills.add(u64::MAX, Tick(u64::MAX));
        assert_eq!(kills.of(10), u64::MAX);
    }

    #[test]
    fn the_sentence_says_no_longer_time_than_was_watched() {
        let mut kills = Kills::new();
        kills.add(0, Tick(SECOND));
        assert_eq!(kills.figures(Tick(SECOND)), "0 killed for want of memory in 0 s of watching");
        kills.add(2, Tick(31 * SECOND));
        assert_eq!(
            kills.figures(Tick(31 * SECOND)),
            "2 killed for want of memory in 30 s of watching"
        );
        kills.add(1, Tick(601 * SECOND));
        let ended = "3 killed for want of memory in 10 min, 1 in 5 min";
        assert_eq!(kills.figures(Tick(601 * SECOND)), ended);
    }

    #[test]
    fn the_first_count_is_the_baseline_and_one_that_fell_is_another_counter() {
        let mut before = None;
        let counts = [7, 7, 9, 3, 4].map(|count| grown(&mut before, count));
        assert_eq!(counts, [0, 0, 2, 0, 1]);
    }
}
