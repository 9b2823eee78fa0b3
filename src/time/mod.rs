//! Instants of the monitor's clock.
//!
//! Everything below `engine` is handed the time, once per turn; only `system.rs` reads a clock.
//! A tick is an instant of CLOCK_MONOTONIC, or of the manual clock, in nanoseconds. Durations
//! are plain `u64` nanoseconds with the suffix `_ns`. Arithmetic saturates: a duration of
//! 2^63 ns is legal input.

mod system;

pub use system::{boottime, coarse, monotonic, unix_ms};

/// Nanoseconds in a microsecond.
pub const MICROSECOND: u64 = 1_000;
/// Nanoseconds in a millisecond.
pub const MILLISECOND: u64 = 1_000_000;
/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// An instant of the monitor's clock, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(pub u64);

impl Tick {
    /// Later than everything: "never".
    pub const NEVER: Tick = Tick(u64::MAX);

    /// The instant `ns` later.
    #[must_use]
    pub const fn after(self, ns: u64) -> Tick {
        Tick(self.0.saturating_add(ns))
    }

    /// The instant `ns` earlier.
    #[must_use]
    pub const fn before(self, ns: u64) -> Tick {
        Tick(self.0.saturating_sub(ns))
    }

    /// How long after `earlier` this is; 0 if it is not after.
    pub const fn since(self, earlier: Tick) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The length of a duration, the longest tick for one that is longer.
pub fn nanoseconds(duration: core::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
