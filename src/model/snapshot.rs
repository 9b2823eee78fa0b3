//! Everything known about one check or group at one instant.

use super::signal::Measure;
use super::{CheckId, Message, Reason, Status};
use crate::time::Tick;

/// What lies over the measured status, as bits; the first that is set decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mask(pub u8);

impl Mask {
    /// The host program said what to publish.
    pub const OVERRIDE: Mask = Mask(1);
    /// The host program paused the check.
    pub const PAUSED: Mask = Mask(2);
    /// A dependency is UNHEALTHY or blocked itself.
    pub const BLOCKED: Mask = Mask(4);
    /// The last result is too old.
    pub const STALE: Mask = Mask(8);

    /// Whether a bit of `other` is set.
    pub const fn has(self, other: Mask) -> bool {
        self.0 & other.0 != 0
    }

    /// Sets or clears the bits of `other`.
    pub fn put(&mut self, other: Mask, on: bool) {
        self.0 = if on { self.0 | other.0 } else { self.0 & !other.0 };
    }
}

/// A copy of what is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The check or group.
    pub check: CheckId,
    /// Its name.
    pub name: Box<str>,
    /// The number given in its document.
    pub cookie: u64,
    /// What everybody reads.
    pub status: Status,
    /// What the detector says, below all masks.
    pub measured: Status,
    /// Why the published status is what it is.
    pub reason: Reason,
    /// What lies over the measured status.
    pub mask: Mask,
    /// Runs in flight.
    pub in_flight: u32,
    /// Failures in a row.
    pub failures: u32,
    /// Passes in a row.
    pub passes: u32,
    /// Runs that ended since registration; of a group: its members.
    pub runs: u64,
    /// Since when the published status holds.
    pub since: Tick,
    /// The same as a date.
    pub since_unix_ms: i64,
    /// The end of the last run, 0 before the first.
    pub last: Tick,
    /// The planned start of the next, [`Tick::NEVER`] if there is none.
    pub next: Tick,
    /// Until when the status may be believed.
    pub fresh_until: Tick,
    /// How long the last run took.
    pub latency_ns: u64,
    /// The value of the last run, NaN if none.
    pub value: f64,
    /// The threshold of a resource check, NaN for others.
    pub threshold: f64,
    /// The unit of both, of a resource check.
    pub unit: Option<&'static str>,
    /// How the value was come by, of a resource check.
    pub measure: Option<Measure>,
    /// The last message, or the cause of the mask.
    pub message: Message,
    /// Whether a probe of an orchestrator gets a yes; of a check: whether it is functional.
    pub answer: bool,
    /// The word of the probe, `group` for a group.
    pub probe: &'static str,
    /// The groups that the check belongs to.
    pub tags: Box<[Box<str>]>,
    /// Whether groups become UNHEALTHY with it.
    pub critical: bool,
}
