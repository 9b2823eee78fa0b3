//! When a check runs next: spread, jitter, and an absolute grid without drift.
//!
//! The nominal starts of a check lie on a grid `first + k * interval`; each start is moved by at
//! most half of the jitter, so two starts are `interval ± jitter` apart and the mean never
//! drifts. Randomness is a hash of the name and the round: the same check in the same round
//! moves the same way, which keeps replay exact. A grid point that was missed is skipped.

use super::Policy;
use crate::time::{SECOND, Tick};

/// The start spread where the configuration gives none: min(interval, 10 s).
const SPREAD_LIMIT_NS: u64 = 10 * SECOND;
/// The longest usual time between runs while in doubt.
const CONFIRM_LIMIT_NS: u64 = 7 * SECOND / 10;

/// Mixes the bits of a number; the finaliser of splitmix64 (Steele, Lea, Flood 2014).
pub fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A hash of a name that is the same in every process; FNV-1a, 64 bits, then mixed.
pub fn name_hash(name: &str) -> u64 {
    let fnv = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mix(fnv)
}

/// `hash` scaled into `0..span`.
fn scaled(hash: u64, span: u64) -> u64 {
    ((u128::from(hash) * u128::from(span)) >> 64) as u64
}

/// How long after `now` a check first runs.
pub fn first_delay(policy: &Policy, spread_ns: Option<u64>, hash: u64) -> u64 {
    match policy.initial_delay_ns {
        Some(delay) => delay,
        None => spread(policy, spread_ns, hash),
    }
}

/// The share of the start spread that a name has; used at the start and after a suspension.
pub fn spread(policy: &Policy, spread_ns: Option<u64>, hash: u64) -> u64 {
    let limit = policy.interval_ns.min(SPREAD_LIMIT_NS);
    scaled(hash, spread_ns.map_or(limit, |spread| spread.min(policy.interval_ns)))
}

/// The first grid point after both `grid` and `now`: missed ones are skipped.
pub fn next_grid(policy: &Policy, grid: Tick, now: Tick) -> Tick {
    let next = grid.after(policy.interval_ns);
    if next > now {
        return next;
    }
    let missed = now.since(next) / policy.interval_ns + 1;
    next.after(missed.saturating_mul(policy.interval_ns))
}

/// The start of the round at a grid point, moved by its jitter.
pub fn jittered(policy: &Policy, grid: Tick, hash: u64) -> Tick {
    moved(grid, policy.interval_ns, policy.jitter_ppm, mix(hash ^ grid.0))
}

/// The start of a confirm run after a run that started at `started`: ± 10 % by default.
pub fn confirm(policy: &Policy, started: Tick, hash: u64) -> Tick {
    again(policy, started, policy.confirm_interval_ns, hash)
}

/// The time between runs while in doubt that nobody asked for: min(0.7 s, interval / 5).
pub fn usual_confirm_ns(interval_ns: u64) -> u64 {
    CONFIRM_LIMIT_NS.min(interval_ns / 5)
}

/// The start of the run that gives a first sample something to be compared with: soon also where
/// doubt has time, because until then nothing is known.
pub fn second(policy: &Policy, started: Tick, hash: u64) -> Tick {
    let soon_ns = policy.confirm_interval_ns.min(usual_confirm_ns(policy.interval_ns));
    again(policy, started, soon_ns, hash)
}

fn again(policy: &Policy, started: Tick, wait_ns: u64, hash: u64) -> Tick {
    let at = started.after(wait_ns);
    // Twice the share, because here the whole jitter lies on one start.
    moved(at, wait_ns, policy.jitter_ppm.saturating_mul(2), mix(hash ^ at.0))
}

/// `at` moved within ± half of `ppm` millionths of `span`.
fn moved(at: Tick, span: u64, ppm: u32, hash: u64) -> Tick {
    let width = (u128::from(span) * u128::from(ppm) / 1_000_000) as u64;
    at.before(width / 2).after(scaled(hash, width.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy(interval_ns: u64, jitter_ppm: u32) -> Policy {
        Policy { interval_ns, jitter_ppm, ..Policy::default() }
    }

    #[test]
    fn names_are_spread_evenly_over_the_interval() {
        let policy = policy(SECOND, 0);
        let mut tenths = [0u32; 10];
        for number in 0..10_000 {
            let delay = first_delay(&policy, None, name_hash(&format!("check-{number}")));
            tenths[(delay / (SECOND / 10)) as usize] += 1;
        }
        assert!(tenths.iter().all(|&count| (850..1150).contains(&count)), "{tenths:?}");
    }

    #[test]
    fn long_intervals_still_start_within_ten_seconds() {
        let policy = policy(3600 * SECOND, 0);
        assert!(first_delay(&policy, None, u64::MAX) < 10 * SECOND);
        assert_eq!(first_delay(&policy, Some(0), u64::MAX), 0);
        let fixed = Policy { initial_delay_ns: Some(7), ..policy };
        assert_eq!(first_delay(&fixed, None, u64::MAX), 7);
    }

    #[test]
    fn a_second_sample_comes_soon_also_where_doubt_has_time() {
        let slow = |interval_ns, confirm_interval_ns| Policy {
            confirm_interval_ns,
            ..policy(interval_ns, 0)
        };
        for (interval, confirm, soon) in [(15, 15, 700), (1, 1, 200), (15, 1, 700)] {
            let policy = slow(interval * SECOND, confirm * SECOND);
            assert_eq!(second(&policy, Tick(0), 7), Tick(soon * 1_000_000));
        }
        assert_eq!(second(&slow(15 * SECOND, 3), Tick(0), 7), Tick(3));
    }

    proptest! {
        #[test]
        fn the_grid_never_drifts_and_skips_what_was_missed(
            interval in 1u64..1 << 40, grid in 0u64..1 << 50, late in 0u64..1 << 50,
        ) {
            let policy = policy(interval, 0);
            let next = next_grid(&policy, Tick(grid), Tick(grid + late));
            prop_assert_eq!((next.0 - grid) % interval, 0);
            prop_assert!(next.0 > grid + late);
            prop_assert!(next.0 - (grid + late) <= interval);
        }

        #[test]
        fn jitter_is_symmetric_and_bounded(
            interval in 1_000u64..1 << 40, round in 10u64..1000, ppm in 0u32..=500_000, hash: u64,
        ) {
            let grid = Tick(interval * round);
            let start = jittered(&policy(interval, ppm), grid, hash);
            let half = interval as u128 * ppm as u128 / 2_000_000 + 1;
            prop_assert!(u128::from(start.0.abs_diff(grid.0)) <= half);
        }

        #[test]
        fn extreme_times_saturate(interval in 1u64.., grid: u64, now: u64, hash: u64) {
            let policy = policy(interval, 500_000);
            let next = next_grid(&policy, Tick(grid), Tick(now));
            jittered(&policy, next, hash);
            confirm(&policy, Tick(now), hash);
            second(&policy, Tick(now), hash);
        }
    }
}
