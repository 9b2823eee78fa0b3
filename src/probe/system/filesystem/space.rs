//! Space and inodes in use, as `df` shows them.
//!
//! A share alone is wrong on large filesystems and an amount alone on small ones, so the failure
//! of space needs both; with next to nothing left no share is needed. The trap: in a container
//! the root is an overlay, whose figures are those of the disk below it; a limit that was put on
//! the container itself is not among them.

use super::super::disk::refused;
use super::super::reading::Reading;
use crate::model::signal::bytes;
use crate::model::{Outcome, Reason, RunResult};
use crate::sys::statvfs::{self, Space};

/// With as much available there is no failure, whatever the share.
const ENOUGH_BYTES: u64 = 1 << 30;
/// With less than this available there is one, whatever the share.
const FULL_BYTES: u64 = 64 << 20;
/// What stands for the share when there is a failure whatever it is.
const FULL: f64 = 100.0;

pub(super) fn space(path: &str) -> RunResult {
    let found = statvfs::space(path).and_then(|space| Ok((space, statvfs::is_overlay(path)?)));
    match found {
        Ok((space, overlay)) => weigh_space(space, overlay, path),
        Err(error) => refused(error, path),
    }
}

pub(super) fn inodes(path: &str) -> RunResult {
    match statvfs::space(path) {
        Ok(space) => weigh_inodes(space, path),
        Err(error) => refused(error, path),
    }
}

/// What a filesystem that does not count something answers.
pub(super) fn without(what: &str, path: &str) -> RunResult {
    RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED)
        .with_message(&format!("the filesystem has no {what} of its own, on {path}"))
}

fn weigh_space(space: Space, overlay: bool, path: &str) -> RunResult {
    let used = space.blocks.saturating_sub(space.free);
    let all = used.saturating_add(space.available);
    if space.blocks == 0 || all == 0 {
        return without("size", path);
    }
    let size = |blocks: u64| blocks.saturating_mul(space.block_bytes);
    let available = size(space.available);
    let share = 100.0 * used as f64 / all as f64;
    let mut figures = format!("{} of {} available", bytes(available), bytes(size(all)));
    let failure = if available < FULL_BYTES {
        figures.push_str(&format!(", less than {} is full", bytes(FULL_BYTES)));
        FULL
    } else if available < ENOUGH_BYTES {
        share
    } else {
        f64::NAN
    };
    let scope = match overlay {
        true => format!("{path} (overlay: the disk below it, not a limit of the container)"),
        false => path.to_owned(),
    };
    Reading::new("statvfs.space", share, figures)
        .of(scope)
        .limit(size(all) as f64)
        .unhealthy_by(failure)
        .result()
}

fn weigh_inodes(space: Space, path: &str) -> RunResult {
    if space.inodes == 0 {
        return without("inodes", path);
    }
    let used = space.inodes.saturating_sub(space.inodes_free);
    let all = used.saturating_add(space.inodes_available);
    let share = match space.inodes_available {
        // All of nothing is in use as well.
        0 => FULL,
        _ => 100.0 * used as f64 / all as f64,
    };
    let figures = format!("{} of {all} inodes available", space.inodes_available);
    Reading::new("statvfs.inodes", share, figures).of(path.to_owned()).limit(all as f64).result()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::signal::{Bands, Signal, SignalSpec, judge};
    use crate::time::Tick;

    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;

    /// What it means without a time to hold, and how it is told.
    fn meaning(signal: Signal, result: RunResult) -> (Outcome, String) {
        let mut levels = signal.row().levels();
        levels.hold_ns = 0;
        let spec = SignalSpec { signal, levels, path: None };
        let result = judge(&spec, &mut Bands::default(), result, Tick(0));
        (result.outcome, result.message.as_str().to_owned())
    }

    fn of(blocks: u64, free: u64, available: u64) -> RunResult {
        let space = Space { block_bytes: MIB, blocks, free, available, ..Space::default() };
        weigh_space(space, false, "/data")
    }

    #[test]
    fn the_share_is_the_one_of_df_and_a_failure_needs_an_amount_too() {
        use Outcome::{Fail, Pass, Warn};
        let cases = [
            (100_000, 100_000, 100_000, 0.0, Pass, "empty"),
            (100_000, 50_000, 50_000, 50.0, Pass, "half"),
            // 5000 blocks are reserved: 90000 of the 95000 that count are used.
            (100_000, 10_000, 5_000, 100.0 * 90.0 / 95.0, Warn, "reserved blocks"),
            (100_000, 1_024, 1_024, 98.976, Warn, "1 GiB is enough"),
            (100_000, 1_023, 1_023, 98.977, Fail, "less than 1 GiB"),
            (10_000, 1_000, 1_000, 90.0, Warn, "less than 1 GiB, and the share is not there"),
            (100, 64, 64, 36.0, Pass, "64 MiB is something"),
            (100, 63, 63, 37.0, Fail, "less than 64 MiB at any share"),
            (100, 5, 0, 100.0, Fail, "full"),
            // More free than there is, as some filesystems say.
            (1_000, 1_200, 1_000, 0.0, Pass, "nonsense"),
        ];
        for (blocks, free, available, value, outcome, why) in cases {
            let result = of(blocks, free, available);
            assert!((result.value - value).abs() < 0.001, "{why}: {}", result.value);
            assert_eq!(meaning(Signal::DiskSpace, result).0, outcome, "{why}");
        }
    }

    #[test]
    fn a_sentence_about_space_is_true() {
        let (_, text) = meaning(Signal::DiskSpace, of(2_000, 20, 20));
        let expected = "20.0 MiB of 2.0 GiB available, less than 64.0 MiB is full; 100.0 % is at \
                        or above 98.0 %";
        assert!(text.starts_with(expected) && text.ends_with("/data"), "{text}");
        let (_, text) = meaning(Signal::DiskSpace, of(10_000, 100, 100));
        let expected = "100.0 MiB of 9.8 GiB available; 99.0 % is at or above 98.0 %";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn the_limit_is_what_everybody_may_use() {
        let result = of(100_000, 10_000, 5_000);
        let measure = result.measure.unwrap();
        assert_eq!((measure.limit, &*measure.scope), ((95_000 * MIB) as f64, "/data"));
    }

    #[test]
    fn an_overlay_is_said_to_be_one() {
        let blocks = 20 * GIB;
        let space = Space { block_bytes: 1, blocks, free: GIB, available: GIB, ..Space::default() };
        let scope = weigh_space(space, true, "/").measure.unwrap().scope;
        assert_eq!(scope, "/ (overlay: the disk below it, not a limit of the container)");
    }

    #[test]
    fn figures_beyond_all_bounds_do_no_harm() {
        let most = u64::MAX;
        for numbers in [[most; 4], [most, 0, most, most], [0; 4], [1, 0, 0, most], [2, most, 1, 0]]
        {
            let [blocks, free, available, block_bytes] = numbers;
            let [inodes, inodes_free, inodes_available, id] = numbers;
            let inodes = Space { inodes, inodes_free, inodes_available, id, ..Space::default() };
            let space = Space { block_bytes, blocks, free, available, ..inodes };
            for result in [weigh_space(space, false, "/"), weigh_inodes(space, "/")] {
                let finite = result.value.is_finite() && (0.0..=100.0).contains(&result.value);
                assert!(finite != (result.outcome == Outcome::Local), "{numbers:?} {result:?}");
            }
        }
    }

    #[test]
    fn inodes_are_judged_like_space_and_none_left_is_a_failure() {
        use Outcome::{Fail, Pass, Warn};
        let cases = [
            (1_000, 900, 900, 10.0, Pass),
            (1_000, 100, 100, 90.0, Warn),
            (1_000, 20, 20, 98.0, Fail),
            (1_000, 0, 0, 100.0, Fail),
            // All that is free is for the superuser.
            (1_000, 1_000, 0, 100.0, Fail),
        ];
        for (inodes, inodes_free, inodes_available, value, outcome) in cases {
            let space = Space { inodes, inodes_free, inodes_available, ..Space::default() };
            let result = weigh_inodes(space, "/data");
            assert_eq!(result.value, value);
            assert_eq!(meaning(Signal::DiskInodes, result).0, outcome, "{value}");
        }
        let none = weigh_inodes(Space { blocks: 5, ..Space::default() }, "/data");
        assert_eq!((none.outcome, none.reason), (Outcome::Local, Reason::LOCAL_UNSUPPORTED));
        let text = "the filesystem has no inodes of its own, on /data";
        assert_eq!(none.message.as_str(), text);
    }

    #[test]
    fn df_shows_the_same_of_this_machine() {
        let output = std::process::Command::new("df")
            .args(["--output=used,avail,iused,iavail", "-B1", "/"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers = text.lines().nth(1).unwrap().split_whitespace();
        let numbers: Vec<Option<f64>> = numbers.map(|number| number.parse().ok()).collect();
        // A dash stands for what is not counted; others use the disk meanwhile, so not exactly.
        for (result, pair) in [(space("/"), &numbers[..2]), (inodes("/"), &numbers[2..])] {
            let &[Some(used), Some(available)] = pair else {
                assert_eq!(result.outcome, Outcome::Local);
                continue;
            };
            let share = 100.0 * used / (used + available);
            assert!((result.value - share).abs() < 1.0, "{result:?} {share}");
            let limit = result.measure.unwrap().limit;
            assert!((limit / (used + available) - 1.0).abs() < 0.05, "{limit}");
        }
    }
}
