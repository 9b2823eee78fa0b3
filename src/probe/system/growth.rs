//! How fast a counter of the kernel grows between two samples of one reader.
//!
//! Promises events in a second since the sample before. Samples less than 50 ms apart, and
//! counters that ran backwards, tell the last rate again. The trap: the first sample has no rate,
//! and none is not 0.

use crate::time::{MILLISECOND, SECOND, Tick};

/// The shortest time between two samples that are compared.
const SHORTEST_NS: u64 = 50 * MILLISECOND;

/// A counter as it was at the sample before, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Growth {
    before: Option<(u64, Tick)>,
    rate: Option<f64>,
}

impl Growth {
    /// Takes the counter; what it grows by in a second. A counter that ran backwards is counted
    /// in `anomalies`.
    pub(super) fn step(&mut self, count: u64, now: Tick, anomalies: &mut u64) -> Option<f64> {
        let Some((before, at)) = self.before else {
            self.before = Some((count, now));
            return None;
        };
        let over_ns = now.since(at);
        if over_ns < SHORTEST_NS {
            return self.rate;
        }
        match count.checked_sub(before) {
            Some(grown) => self.rate = Some(grown as f64 * SECOND as f64 / over_ns as f64),
            None => *anomalies += 1,
        }
        self.before = Some((count, now));
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_compared_with_the_sample_before() {
        let cases: [(u64, u64, Option<f64>, u64, &str); 8] = [
            (0, 10, None, 0, "the first has nothing to be compared with"),
            (49, 90, None, 0, "too close"),
            (1_000, 15, Some(5.0), 0, "against the first"),
            (1_049, 99, Some(5.0), 0, "too close, so the last rate"),
            (3_000, 17, Some(1.0), 0, "two in two seconds"),
            (4_000, 3, Some(1.0), 1, "backwards, so the last rate"),
            (5_000, 3, Some(0.0), 1, "compared with the new"),
            (6_000, u64::MAX, Some((u64::MAX - 3) as f64), 1, "no overflow"),
        ];
        let (mut growth, mut anomalies) = (Growth::default(), 0);
        for (at_ms, count, rate, counted, why) in cases {
            let found = growth.step(count, Tick(at_ms * MILLISECOND), &mut anomalies);
            assert_eq!((found, anomalies), (rate, counted), "{why}");
        }
    }
}
