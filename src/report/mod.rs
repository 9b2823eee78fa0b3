//! Text about a monitor from what is known at one instant: JSON for programs, OpenMetrics for
//! scrapers.
//!
//! Pure: a view goes in, text comes out. The names of keys and metrics are part of the interface
//! and only ever added to. The trap: ticks mean nothing outside the process, so every instant
//! leaves as a date in milliseconds of the unix epoch.

mod json;
mod openmetrics;
#[cfg(test)]
mod sample;

pub use json::json;
pub use openmetrics::openmetrics;

use crate::model::latency::Latencies;
use crate::model::{Snapshot, Status};
use crate::time::{MILLISECOND, Tick};

/// The formats that there are, for errors.
pub const FORMATS: &str = "json, openmetrics";

/// What a report is made from.
#[derive(Clone, Debug)]
pub struct View {
    /// The instant of the view.
    pub now: Tick,
    /// The same instant as a date.
    pub unix_ms: i64,
    /// The status of the whole.
    pub overall: Status,
    /// The groups, the whole first.
    pub groups: Vec<Snapshot>,
    /// The checks.
    pub checks: Vec<Snapshot>,
    /// Where the time of runs went.
    pub latencies: Latencies,
}

impl View {
    /// The date of an instant; `None` for what never was and never will be.
    fn date(&self, at: Tick) -> Option<i64> {
        if at == Tick(0) || at == Tick::NEVER {
            return None;
        }
        let ms = |ns: u64| (ns / MILLISECOND) as i64;
        let date = self.unix_ms.saturating_add(ms(at.since(self.now)));
        Some(date.saturating_sub(ms(self.now.since(at))))
    }
}

/// The word of a status in reports.
const fn word(status: Status) -> &'static str {
    match status {
        Status::Unknown => "unknown",
        Status::Healthy => "healthy",
        Status::Degraded => "degraded",
        Status::Unhealthy => "unhealthy",
    }
}

#[cfg(test)]
mod tests {
    use super::sample::view;
    use super::*;

    #[test]
    fn instants_become_dates_on_both_sides_of_now() {
        let view = view();
        assert_eq!(view.date(view.now), Some(view.unix_ms));
        assert_eq!(view.date(view.now.after(1_500_000_000)), Some(view.unix_ms + 1_500));
        assert_eq!(view.date(view.now.before(1_500_000_000)), Some(view.unix_ms - 1_500));
        assert_eq!(view.date(Tick(0)), None);
        assert_eq!(view.date(Tick::NEVER), None);
    }

    #[test]
    fn the_words_are_those_of_the_model_in_lower_case() {
        for status in Status::ALL {
            assert_eq!(word(status), status.word().to_lowercase());
        }
    }
}
