//! The monitor's own health: from faults on this side to the status of `meshvitals.self`.
//!
//! A level rises with each fault and falls with each clean result, so it forgets. It becomes
//! DEGRADED, never more, only when faults still come [`HOLD_NS`] after the level was reached, and
//! ends only after the level was low for as long: one blip, of one check or of ten thousand at
//! once, must not turn the whole, and a level that hovers must not flap. When nothing runs any
//! more there are no clean results either, so [`QUIET_NS`] without a fault ends everything.

use super::Reason;
use crate::time::{SECOND, Tick};

/// The level, in tenths, rises by this for a local fault or a late run.
const FAULT: u32 = 5;
/// And falls by this for each clean result.
const CLEAN: u32 = 1;
/// It never rises above this.
const WORST: u32 = 20;
/// The level from which faults count towards DEGRADED.
const ENTER: u32 = 10;
/// Below this level they are forgotten, and DEGRADED may end.
const LEAVE: u32 = 5;
/// How long either must last.
pub const HOLD_NS: u64 = 10 * SECOND;
/// Faults further apart than this have nothing to do with each other.
pub const QUIET_NS: u64 = 30 * SECOND;

/// What is known of our own health.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalHealth {
    /// In tenths.
    level: u32,
    degraded: bool,
    /// Since when the level speaks for the other status.
    turned: Option<Tick>,
    fault: Reason,
    last_fault: Tick,
    /// All faults so far; these are never forgotten.
    faults: u64,
}

impl LocalHealth {
    /// Something went wrong on this side.
    pub fn count_fault(&mut self, fault: Reason, now: Tick) {
        self.forget(now);
        self.faults += 1;
        self.level = (self.level + FAULT).min(WORST);
        (self.fault, self.last_fault) = (fault, now);
        if self.level >= ENTER {
            self.speak_for(true, now);
        }
    }

    /// A result came as it should.
    pub fn count_clean(&mut self, now: Tick) {
        self.level = self.level.saturating_sub(CLEAN);
        if self.level < LEAVE {
            self.speak_for(false, now);
        }
    }

    /// Forgets faults that are too long ago.
    pub fn forget(&mut self, now: Tick) {
        if now >= self.last_fault.after(QUIET_NS) {
            *self = LocalHealth { faults: self.faults, ..LocalHealth::default() };
        }
    }

    /// When DEGRADED ends if nothing happens any more.
    pub fn forgets_at(&self) -> Tick {
        if self.degraded { self.last_fault.after(QUIET_NS) } else { Tick::NEVER }
    }

    fn speak_for(&mut self, degraded: bool, now: Tick) {
        if degraded == self.degraded {
            self.turned = None;
        } else if now.since(*self.turned.get_or_insert(now)) >= HOLD_NS {
            (self.degraded, self.turned) = (degraded, None);
        }
    }

    /// From 0, all is well, to 2.
    pub fn level(&self) -> f64 {
        f64::from(self.level) / 10.0
    }

    /// All faults so far.
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// Whether the status is DEGRADED; else it is HEALTHY.
    pub fn is_degraded(&self) -> bool {
        self.degraded
    }

    /// The last fault while the status is DEGRADED, else nothing.
    pub fn reason(&self) -> Reason {
        if self.degraded { self.fault } else { Reason::NONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts so many faults (positive) or clean results (negative) at each second; the statuses.
    fn trace(steps: &[(u64, i32)]) -> String {
        let mut health = LocalHealth::default();
        let mut statuses = String::new();
        for &(second, count) in steps {
            for _ in 0..count.abs() {
                match count > 0 {
                    true => health.count_fault(Reason::LOCAL_NO_ROUTE, Tick(second * SECOND)),
                    false => health.count_clean(Tick(second * SECOND)),
                }
            }
            statuses.push(if health.is_degraded() { 'D' } else { 'H' });
        }
        statuses
    }

    #[test]
    fn faults_that_last_degrade_and_a_blip_does_not() {
        for (steps, statuses, why) in [
            (&[(0, 2), (9, 1), (10, 1)][..], "HHD", "faults for ten seconds"),
            (&[(0, 10_000), (15, -15)], "HH", "a blip of every check at once"),
            (&[(0, 4), (15, -3), (30, -3), (45, -3)], "HHHH", "a blip that few results forget"),
            (&[(0, 4), (31, 1)], "HH", "two blips far apart, and nothing in between"),
            (&[(0, 4), (5, -16), (15, 4), (20, 1)], "HHHH", "two blips, forgotten in between"),
            (&[(0, 1), (15, 1), (30, 1)], "HHD", "a single check that goes on failing"),
            (
                &[(0, 1), (1, -9), (2, 1), (3, -9), (4, 1), (20, 1)],
                "HHHHHH",
                "a fault now and then",
            ),
            (&[(0, 4), (10, 1), (11, -15), (12, -9)], "HDDD", "well for less than ten seconds"),
            (&[(0, 4), (10, 1), (11, -16), (21, -1)], "HDDH", "well for ten seconds"),
            (
                &[(0, 4), (10, 1), (11, -16), (20, 2), (21, -11), (30, -1), (31, -1)],
                "HDDDDDH",
                "a relapse",
            ),
        ] {
            assert_eq!(trace(steps), statuses, "{why}");
        }
    }

    #[test]
    fn without_any_result_it_ends_all_the_same() {
        let mut health = LocalHealth::default();
        assert_eq!(health.forgets_at(), Tick::NEVER);
        for second in [0, 0, 10] {
            health.count_fault(Reason::LOCAL_NO_ROUTE, Tick(second * SECOND));
        }
        assert!(health.is_degraded());
        let end = Tick(10 * SECOND + QUIET_NS);
        assert_eq!(health.forgets_at(), end);
        health.forget(end.before(1));
        assert!(health.is_degraded());
        health.forget(end);
        assert_eq!((health.is_degraded(), health.level()), (false, 0.0));
        assert_eq!(health.forgets_at(), Tick::NEVER);
    }

    #[test]
    fn the_level_is_bounded_and_the_last_fault_is_told_while_it_matters() {
        let mut health = LocalHealth::default();
        (0..9).for_each(|_| health.count_fault(Reason::LOCAL_NO_PORTS, Tick(0)));
        assert_eq!((health.level(), health.reason()), (2.0, Reason::NONE));
        health.count_fault(Reason::LOCAL_STARVED, Tick(HOLD_NS));
        assert_eq!((health.is_degraded(), health.reason()), (true, Reason::LOCAL_STARVED));
        (0..99).for_each(|_| health.count_clean(Tick(HOLD_NS)));
        assert_eq!((health.level(), health.reason()), (0.0, Reason::LOCAL_STARVED));
        health.count_clean(Tick(2 * HOLD_NS));
        assert_eq!((health.is_degraded(), health.reason()), (false, Reason::NONE));
    }
}
