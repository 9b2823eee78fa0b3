//! One sentence about a number: what it is, against which level it stands, and where it is from.

use super::{Band, Bands, SignalSpec, Unit, Worse};
use crate::model::{Outcome, Reason, RunResult};
use crate::time::{MILLISECOND, SECOND, Tick};

/// Turns what was measured into what it means, with the sentence that says so. Results that are no
/// measurement are left as they are.
pub fn judge(spec: &SignalSpec, bands: &mut Bands, mut result: RunResult, at: Tick) -> RunResult {
    let Some(measure) = result.measure.as_deref().filter(|_| result.outcome == Outcome::Pass)
    else {
        return result;
    };
    let worse = spec.signal.row().worse;
    let values = [measure.degraded, measure.unhealthy];
    bands.step(&spec.levels, worse, values, at);
    let outcome = match (bands.degraded(), bands.unhealthy()) {
        (_, true) => Outcome::Fail,
        (true, false) => Outcome::Warn,
        (false, false) => Outcome::Pass,
    };
    let text = tell(spec, bands, &result, at);
    result.outcome = outcome;
    result.reason = if outcome == Outcome::Pass { Reason::NONE } else { Reason::MATCH_VALUE };
    result.with_message(&text)
}

/// The sentence. The scope stands last, because it can be long and messages are cut.
fn tell(spec: &SignalSpec, bands: &Bands, result: &RunResult, at: Tick) -> String {
    let row = spec.signal.row();
    let Some(measure) = result.measure.as_deref() else { return String::new() };
    let mut text = result.message.as_str().to_owned();
    let [degraded, unhealthy] = bands.turning();
    let levels = &spec.levels;
    let standing = [
        (levels.unhealthy, measure.unhealthy, bands.unhealthy(), unhealthy),
        (levels.degraded, measure.degraded, bands.degraded(), degraded),
    ];
    for (band, value, inside, turned) in standing {
        let Some(band) = band.filter(|_| inside || turned.is_some()) else { continue };
        let leaving = inside && turned.is_some();
        if let Some(against) = against(row.unit, row.worse, band, value, leaving) {
            text.push_str("; ");
            text.push_str(&against);
        }
        if let Some(since) = turned {
            text.push_str(&format!(", for {}", held(at.since(since), levels.hold_ns)));
        }
        break;
    }
    text.push_str(&measure.place());
    text
}

/// How much of the hold has passed, in the largest unit in which the hold is whole; rounded down,
/// because a hold that is not over must not be told as if it were.
fn held(held_ns: u64, hold_ns: u64) -> String {
    let units = [(SECOND, "s"), (MILLISECOND, "ms"), (1_000, "µs"), (1, "ns")];
    let found = units.into_iter().find(|(length, _)| hold_ns.is_multiple_of(*length));
    let (length, name) = found.unwrap_or((1, "ns"));
    format!("{} of {} {name}", held_ns / length, hold_ns / length)
}

/// A value against its band, unless there is nothing to compare.
fn against(unit: Unit, worse: Worse, band: Band, value: f64, leaving: bool) -> Option<String> {
    let (entered, left, beyond_exit) = match worse {
        Worse::Above => ("at or above", "not below", "below"),
        Worse::Below => ("at or below", "not above", "above"),
    };
    let beyond = match worse {
        Worse::Above => value >= band.enter,
        Worse::Below => value <= band.enter,
    };
    if unit == Unit::Truth {
        // The figures say it.
        return None;
    }
    if value.is_nan() {
        return Some("its level no longer counts".into());
    }
    let (word, level) = match (leaving, beyond) {
        (true, _) => (beyond_exit, band.exit),
        (false, true) => (entered, band.enter),
        (false, false) => (left, band.exit),
    };
    Some(format!("{} is {word} {}", unit.tell(value), unit.tell(level)))
}

/// A number of bytes for people.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
        // What would be shown as 1024.0 is shown as 1.0 of the next unit.
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::signal::{Measure, Signal};

    fn measured(value: f64) -> RunResult {
        let measure = Measure {
            formula: "cgroup.memory.working_set",
            scope: "the parent cgroup /kubepods".into(),
            limit: 100.0,
            degraded: value,
            unhealthy: value,
        };
        let mut result = RunResult::pass().with_value(value).with_message("working set so much");
        result.measure = Some(measure.into());
        result
    }

    fn spec(signal: Signal) -> SignalSpec {
        SignalSpec { signal, levels: signal.row().levels(), path: None }
    }

    #[test]
    fn a_sentence_says_figures_level_time_and_place() {
        let spec = spec(Signal::MemoryWorkingSet);
        let mut bands = Bands::default();
        let mut say = |second: u64, value| {
            let result = judge(&spec, &mut bands, measured(value), Tick(second * SECOND));
            (result.outcome, result.message.as_str().to_owned())
        };
        let place = ", limit of the parent cgroup /kubepods";
        let calm = format!("working set so much{place}");
        assert_eq!(say(0, 50.0), (Outcome::Pass, calm));
        let entering =
            format!("working set so much; 95.0 % is at or above 90.0 %, for 0 of 30 s{place}");
        assert_eq!(say(10, 95.0), (Outcome::Pass, entering));
        let inside = format!("working set so much; 95.0 % is at or above 90.0 %{place}");
        assert_eq!(say(40, 95.0), (Outcome::Warn, inside));
        let kept = format!("working set so much; 85.0 % is not below 80.0 %{place}");
        assert_eq!(say(41, 85.0), (Outcome::Warn, kept));
        let worst = format!("working set so much; 99.0 % is at or above 98.0 %{place}");
        say(42, 99.0);
        assert_eq!(say(72, 99.0), (Outcome::Fail, worst));
        let leaving = format!("working set so much; 0.1 % is below 90.0 %, for 0 of 30 s{place}");
        assert_eq!(say(80, 0.1), (Outcome::Fail, leaving));
        let still = format!("working set so much; 0.1 % is below 90.0 %, for 29 of 30 s{place}");
        assert_eq!(say(109, 0.1), (Outcome::Fail, still));
        assert_eq!(say(110, 0.1).0, Outcome::Pass);
        say(200, 95.0);
        say(230, 95.0);
        let leaving = format!("working set so much; 79.9 % is below 80.0 %, for 0 of 30 s{place}");
        assert_eq!(say(231, 79.9), (Outcome::Warn, leaving));
        // What belonged to it is not the case any more.
        let over = format!("working set so much; its level no longer counts, for 4 of 30 s{place}");
        assert_eq!(say(235, f64::NAN), (Outcome::Warn, over));
    }

    #[test]
    fn a_hold_that_is_not_over_is_never_told_as_over() {
        let second = 1_000 * MILLISECOND;
        let cases = [
            (29_999 * MILLISECOND, 30 * second, "29 of 30 s"),
            (2_499 * MILLISECOND, 2_500 * MILLISECOND, "2499 of 2500 ms"),
            (0, 500 * MILLISECOND, "0 of 500 ms"),
            (999_999, MILLISECOND, "0 of 1 ms"),
            (1_400, 1_500, "1400 of 1500 ns"),
            (1_999, 2_000, "1 of 2 µs"),
        ];
        for (held_ns, hold_ns, expected) in cases {
            assert_eq!(held(held_ns, hold_ns), expected);
        }
    }

    #[test]
    fn what_is_no_measurement_is_left_as_it_is() {
        let spec = spec(Signal::DiskWrite);
        let failed = RunResult::new(Outcome::Fail, Reason::DISK_FAILED).with_message("full");
        let judged = judge(&spec, &mut Bands::default(), failed, Tick(0));
        assert_eq!((judged.outcome, judged.reason), (Outcome::Fail, Reason::DISK_FAILED));
        assert_eq!(judged.message.as_str(), "full");
    }

    #[test]
    fn less_may_be_worse() {
        let spec = spec(Signal::DiskFill);
        let hold = spec.levels.hold_ns;
        let mut bands = Bands::default();
        judge(&spec, &mut bands, measured(7.5), Tick(0));
        let result = judge(&spec, &mut bands, measured(7.5), Tick(hold));
        assert_eq!(result.outcome, Outcome::Warn);
        assert!(result.message.as_str().contains("; 7.5 h is at or below 8.0 h"));
        let result = judge(&spec, &mut bands, measured(49.0), Tick(2 * hold));
        assert!(result.message.as_str().contains("; 49.0 h is above 48.0 h, for 0 of 60 s"));
    }

    #[test]
    fn bytes_are_told_in_the_unit_that_fits() {
        let cases = [
            (0, "0.0 B"),
            (1023, "1023.0 B"),
            (1024, "1.0 KiB"),
            ((1 << 30) - 1, "1.0 GiB"),
            (16_642_998_272, "15.5 GiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
    }
}
