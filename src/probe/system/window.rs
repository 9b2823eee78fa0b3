//! Counters at an earlier instant, to compare the present ones with.
//!
//! Several checks may ask at any distance from each other; each gets a rate over about the same
//! time, because counters are only forgotten when there are others of the age of the window.

use crate::time::{MILLISECOND, Tick};

/// Samples nearer to each other than this are not compared: counters are too coarse.
pub(super) const SHORTEST_NS: u64 = 50 * MILLISECOND;

/// The counters to compare with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<T> {
    span_ns: u64,
    older: Option<(T, Tick)>,
    newer: Option<(T, Tick)>,
}

impl<T: Copy> Window<T> {
    /// A window over at least so much time, once that much has passed.
    pub(super) fn new(span_ns: u64) -> Window<T> {
        Window { span_ns, older: None, newer: None }
    }

    /// The counters to compare these with, and how old they are; none at the first sample, and
    /// while that is too near.
    pub(super) fn compare(&mut self, counters: T, now: Tick) -> Option<(T, u64)> {
        let Some(newer) = self.newer else {
            self.restart(counters, now);
            return None;
        };
        let (before, at) = if now.since(newer.1) >= self.span_ns {
            (self.older, self.newer) = (Some(newer), Some((counters, now)));
            newer
        } else {
            self.older.unwrap_or(newer)
        };
        let over_ns = now.since(at);
        (over_ns >= SHORTEST_NS).then_some((before, over_ns))
    }

    /// Begins anew, for counters that ran backwards.
    pub(super) fn restart(&mut self, counters: T, now: Tick) {
        (self.older, self.newer) = (None, Some((counters, now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_between_gets_the_rate_of_the_whole_window() {
        let mut window = Window::new(1_000 * MILLISECOND);
        let mut at = |ms: u64| {
            let found = window.compare(ms, Tick(ms * MILLISECOND));
            found.map(|(before, over_ns)| (before, over_ns / MILLISECOND))
        };
        assert_eq!(at(0), None);
        assert_eq!(at(49), None, "too near");
        assert_eq!(at(200), Some((0, 200)), "nothing older is known");
        assert_eq!(at(1_000), Some((0, 1_000)));
        assert_eq!(at(1_060), Some((0, 1_060)), "another asks");
        assert_eq!(at(16_000), Some((1_000, 15_000)));
        assert_eq!(at(16_100), Some((1_000, 15_100)));
        assert_eq!(at(17_000), Some((16_000, 1_000)));
        window.restart(7, Tick(0));
        assert_eq!(window.compare(8, Tick(MILLISECOND)), None);
    }
}
