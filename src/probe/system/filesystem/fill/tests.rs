//! Trends of made-up filesystems, and what is remembered of them.

use super::*;
use proptest::prelude::*;

const GIB: u64 = 1 << 30;

fn minute(number: u64, available: u64) -> Sample {
    Sample { at: Tick(number * MINUTE), available }
}

/// The last answer of a filesystem with one sample a minute.
fn follow_minutes(available: impl IntoIterator<Item = u64>) -> RunResult {
    let past = Past::default();
    let results = available.into_iter().zip(0..).map(|(available, number)| {
        let space = Space { block_bytes: 1, blocks: 100 * GIB, available, ..Space::default() };
        follow(space, "/data", &past, Tick(number * MINUTE))
    });
    results.last().expect("a sample")
}

#[test]
fn the_time_to_full_is_that_of_the_trend() {
    // 1 GiB an hour less, 40 GiB left at the end.
    let steady = |minutes: u64| (0..=minutes).rev().map(|left| 40 * GIB + left * GIB / 60);
    for minutes in [10, 30, 50, 300] {
        let result = follow_minutes(steady(minutes));
        assert!((result.value - 40.0).abs() < 0.001, "{minutes}: {result:?}");
        let text = "40.0 GiB available, 1.0 GiB less each hour";
        assert_eq!((result.outcome, result.message.as_str()), (Outcome::Pass, text));
    }
    assert_eq!(follow_minutes(steady(10)).measure.unwrap().scope, "/data");
}

#[test]
fn what_is_not_filling_up_has_a_finite_time() {
    let flat = vec![GIB; 20];
    let rising: Vec<u64> = (0..20).map(|number| GIB + number).collect();
    // Full in two years.
    let slow: Vec<u64> = (0..20).map(|number| 1_051_200 - number).collect();
    for (samples, why) in [(flat, "flat"), (rising, "rising"), (slow, "slow")] {
        let result = follow_minutes(samples);
        assert_eq!(result.value, CAP_HOURS, "{why}");
        assert!(result.message.as_str().ends_with("available, not filling up"), "{why}");
    }
}

#[test]
fn what_is_full_needs_no_trend() {
    for samples in [vec![0], vec![0; 20], vec![GIB, GIB, 0]] {
        let result = follow_minutes(samples);
        assert_eq!((result.outcome, result.value), (Outcome::Pass, 0.0));
    }
}

#[test]
fn less_than_ten_minutes_are_no_trend() {
    for count in 1..=10_usize {
        let result = follow_minutes(vec![GIB; count]);
        assert_eq!((result.outcome, result.reason), (Outcome::Local, Reason::NO_SAMPLE));
        let spanned = count - 1;
        let text = format!("needs samples over 10 min, has {count} over {spanned} min, on /data");
        assert_eq!(result.message.as_str(), text);
    }
    assert_eq!(follow_minutes(vec![GIB; 11]).outcome, Outcome::Pass);
}

#[test]
fn wild_samples_do_not_move_the_trend() {
    let wild = [0, 90 * GIB, 1, 90 * GIB];
    let samples = (0..20_u64).map(|number| match number % 5 {
        // A fifth of all.
        2 => wild[(number / 5) as usize],
        _ => 50 * GIB - number * GIB / 60,
    });
    let result = follow_minutes(samples);
    let expected = (50.0 * 60.0 - 19.0) / 60.0;
    assert!((result.value - expected).abs() / expected < 0.05, "{result:?}");
}

#[test]
fn what_is_remembered_is_bounded_and_still_spans_the_window() {
    let past = Past::default();
    // Every second, for three hours.
    let mut trend = Trend::Slope(0.0);
    for second in 0..3 * 3600 {
        let sample = Sample { at: Tick(second * SECOND), available: 90 * GIB - second * 1024 };
        trend = past.take("/data", 7, sample);
        assert!(lock(&past.0)["/data"].samples.len() < MOST);
    }
    let Trend::Slope(slope) = trend else { panic!("{trend:?}") };
    assert!((slope + 3600.0 * 1024.0).abs() < 1.0, "{slope}");
    let paths = lock(&past.0);
    let samples = &paths["/data"].samples;
    let span_ns = samples[samples.len() - 1].at.since(samples[0].at);
    assert!(span_ns > WINDOW_NS - 2 * SPACING_NS && samples.capacity() <= MOST, "{samples:?}");
}

#[test]
fn a_path_that_nobody_asks_about_is_forgotten() {
    let past = Past::default();
    for number in 0..100 {
        past.take(&format!("/{number}"), 7, minute(number, GIB));
    }
    assert_eq!(lock(&past.0).len(), 51, "those of the last 50 minutes");
    assert_eq!(past.clone().take("/99", 7, minute(100, GIB)), short(2, MINUTE));
}

fn short(count: usize, span_ns: u64) -> Trend {
    Trend::Short { count, span_ns }
}

#[test]
fn another_filesystem_begins_anew() {
    let past = Past::default();
    for number in 0..20 {
        past.take("/data", 7, minute(number, GIB - number));
    }
    assert_eq!(past.take("/data", 8, minute(20, 9)), short(1, 0));
    assert_eq!(past.take("/data", 8, minute(21, 9)), short(2, MINUTE));
}

#[test]
fn a_gap_and_a_clock_that_ran_backwards_do_no_harm() {
    let past = Past::default();
    assert_eq!(past.take("/data", 7, minute(100, GIB)), short(1, 0));
    assert_eq!(past.take("/data", 7, minute(90, GIB)), short(2, 0));
    assert_eq!(past.take("/data", 7, minute(100, GIB)), short(2, 0));
    assert_eq!(past.take("/data", 7, minute(151, GIB)), short(1, 0), "all others are too old");
    assert_eq!(past.take("/data", 7, Sample { at: Tick::NEVER, available: 1 }), short(1, 0));
}

/// The definition, as slowly as it reads.
fn obvious(samples: &[Sample]) -> Option<f64> {
    let mut slopes = Vec::new();
    for a in samples {
        for b in samples {
            if a.at < b.at {
                let bytes = b.available as f64 - a.available as f64;
                slopes.push(bytes * HOUR_NS / (b.at.0 - a.at.0) as f64);
            }
        }
    }
    slopes.sort_by(f64::total_cmp);
    let middle = slopes.len() / 2;
    match slopes.len() {
        0 => None,
        length if length % 2 == 1 => Some(slopes[middle]),
        _ => Some((slopes[middle - 1] + slopes[middle]) / 2.0),
    }
}

proptest! {
    #[test]
    fn the_slope_is_the_one_of_the_definition(
        steps in prop::collection::vec((0..WINDOW_NS / 40, any::<u64>()), 0..=MOST),
    ) {
        let mut at = 0;
        let samples: Vec<Sample> = steps.iter().map(|&(step, available)| {
            at += step;
            Sample { at: Tick(at), available }
        }).collect();
        prop_assert_eq!(slope(&samples), obvious(&samples));
    }

    #[test]
    fn no_history_makes_a_value_that_is_no_number(
        steps in prop::collection::vec((any::<u64>(), any::<u64>(), 0..2_u64), 0..200),
    ) {
        let past = Past::default();
        for (at, available, id) in steps {
            let space = Space { block_bytes: 1, blocks: 1, available, id, ..Space::default() };
            let result = follow(space, "/data", &past, Tick(at));
            let good = result.value.is_finite() && (0.0..=CAP_HOURS).contains(&result.value);
            prop_assert!(good != (result.outcome == Outcome::Local));
        }
        prop_assert!(lock(&past.0).values().all(|history| history.samples.len() < MOST));
    }
}
