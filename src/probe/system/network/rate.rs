//! Events in a second, from a counter's own earlier values.

use super::super::window::Window;
use crate::time::{SECOND, Tick};

/// Events are compared over at least so much time, however many ask.
const WINDOW_NS: u64 = SECOND;

/// Events since an earlier sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Events {
    pub(super) count: u64,
    pub(super) over_s: f64,
}

impl Events {
    pub(super) fn per_second(self) -> f64 {
        self.count as f64 / self.over_s
    }
}

/// A counter's earlier values.
#[derive(Debug)]
pub(super) struct Rate {
    window: Window<u64>,
    latest: u64,
    last: Option<Events>,
    anomalies: u64,
}

impl Rate {
    pub(super) fn new() -> Rate {
        Rate { window: Window::new(WINDOW_NS), latest: 0, last: None, anomalies: 0 }
    }

    /// How often the counter ran backwards.
    pub(super) fn anomalies(&self) -> u64 {
        self.anomalies
    }

    /// Takes the counter; the events, or the last answer where there is nothing to compare with.
    pub(super) fn take(&mut self, counter: u64, now: Tick) -> Option<Events> {
        if counter < self.latest {
            self.anomalies += 1;
            self.window.restart(counter, now);
        } else if let Some((before, over_ns)) = self.window.compare(counter, now) {
            let over_s = over_ns as f64 / SECOND as f64;
            self.last = Some(Events { count: counter.saturating_sub(before), over_s });
        }
        self.latest = counter;
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MILLISECOND;

    #[test]
    fn a_rate_is_of_the_time_between_and_never_negative() {
        let mut rate = Rate::new();
        let mut at =
            |ms: u64, counter| rate.take(counter, Tick(ms * MILLISECOND)).map(Events::per_second);
        assert_eq!(at(0, 1_000), None, "nothing to compare with");
        assert_eq!(at(49, 1_001), None, "too near");
        assert_eq!(at(10_000, 1_020), Some(2.0));
        assert_eq!(at(20_000, 1_020), Some(0.0));
        assert_eq!(at(30_000, 1_050), Some(3.0));
        assert_eq!(at(40_000, 5), Some(3.0), "backwards, so the last one again");
        assert_eq!(at(50_000, 15), Some(1.0));
        assert_eq!(at(60_000, u64::MAX), Some((u64::MAX - 15) as f64 / 10.0));
        assert_eq!(rate.anomalies(), 1);
    }
}
