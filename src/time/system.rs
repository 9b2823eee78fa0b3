//! The only file that reads an OS clock.

use super::{SECOND, Tick};
use rustix::time::{ClockId, clock_gettime};

fn read(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    // Neither field is negative for the clocks of this file.
    (now.tv_sec as u64).wrapping_mul(SECOND).wrapping_add(now.tv_nsec as u64)
}

/// CLOCK_MONOTONIC: the clock of every tick outside manual mode. Stands still in suspension.
pub fn monotonic() -> Tick {
    Tick(read(ClockId::Monotonic))
}

/// CLOCK_MONOTONIC_COARSE: up to one kernel tick (4 ms) behind, and several times cheaper.
pub fn coarse() -> Tick {
    Tick(read(ClockId::MonotonicCoarse))
}

/// CLOCK_BOOTTIME: as [`monotonic`], but it also counts suspension.
pub fn boottime() -> Tick {
    Tick(read(ClockId::Boottime))
}

/// Milliseconds since 1970-01-01 UTC, for people and logs only; this clock may jump.
pub fn unix_ms() -> i64 {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
}
