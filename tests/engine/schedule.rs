//! When checks run: spread, jitter, a grid that does not drift, and confirm runs.

use crate::rig::{MS, PATIENCE, Rig, S, external, fail, pass};
use meshvitals::{CheckId, Kind, Kinds, Monitor, Outcome, Status, Tick};
use std::collections::HashMap;

#[test]
fn first_runs_are_spread_by_the_name_over_the_smaller_of_interval_and_ten_seconds() {
    let first_runs = |interval: &str| -> Vec<u64> {
        let rig = Rig::new();
        let ids: Vec<_> = (0..200)
            .map(|number| {
                let text = format!(
                    r#"{{"name": "c{number}", "external": {{}}, "interval": "{interval}"}}"#
                );
                rig.register(&text)
            })
            .collect();
        ids.iter().map(|&id| rig.monitor.snapshot(id).unwrap().next.0).collect()
    };
    let long = first_runs("1h");
    assert!(long.iter().all(|&at| at < 10 * S));
    for tenth in 0..10 {
        let count = long.iter().filter(|&&at| at / S == tenth).count();
        assert!((5..45).contains(&count), "{count} of 200 in second {tenth}");
    }
    assert!(first_runs("2s").iter().all(|&at| at < 2 * S));
    assert_eq!(long, first_runs("1h"), "the same names start at the same time");
}

#[test]
fn a_level_in_doubt_keeps_its_interval_and_a_first_sample_has_a_second_soon() {
    // Every level in use is a failure at such thresholds.
    let monitor = Monitor::new(Some(
        r#"{"start_spread": 0, "memory_threshold": 0.000001, "disk_threshold": 0.000001,
            "cpu_threshold": 0.000001, "defaults": {"interval": "1h", "confirm_interval": 0.1}}"#,
    ))
    .unwrap();
    let ids = ["memory", "disk", "cpu"].map(|n| monitor.find(&format!("system.{n}")).unwrap());
    let events = monitor.subscribe(Kinds::RESULT, 64).unwrap();
    monitor.start().unwrap();
    let mut outcomes: HashMap<CheckId, Vec<Outcome>> = HashMap::new();
    while outcomes.values().map(Vec::len).sum::<usize>() < 4 {
        let seen = events.poll(64, Some(PATIENCE)).unwrap();
        assert!(!seen.is_empty(), "a result is missing: {outcomes:?}");
        for event in seen {
            outcomes.entry(event.check).or_default().extend(event.outcome);
        }
    }
    for id in &ids[..2] {
        assert_eq!(outcomes[id], [Outcome::Fail]);
        assert_eq!(monitor.status(*id), Status::Unknown, "one failure decides nothing");
    }
    assert_eq!((outcomes[&ids[2]][0], outcomes[&ids[2]].len()), (Outcome::Local, 2));
    for seen in ids.map(|id| monitor.snapshot(id).unwrap()) {
        assert!(seen.next > seen.last.after(1_800 * S), "{}", seen.name);
    }
}

#[test]
fn the_monitors_start_spread_replaces_the_usual_one() {
    let config = r#"{"clock": "manual", "start_spread": 0}"#;
    let rig = Rig::of(config, Kinds::DUE);
    let id = rig.register(r#"{"name": "c", "external": {}, "interval": "1h"}"#);
    assert_eq!(rig.monitor.snapshot(id).unwrap().next, Tick(0));
}

#[test]
fn an_initial_delay_is_exact() {
    let rig = Rig::new();
    let more = r#""initial_delay": "3s", "jitter": 0.5"#;
    let id = rig.register(&external("c", more));
    assert_eq!(rig.advance_to_next(), 3 * S);
    rig.expect_event(Kind::Due, id);
}

#[test]
fn a_thousand_rounds_stay_on_the_grid_within_their_jitter() {
    for (jitter, initial) in [("0.1", "0"), ("0.5", "\"7s\""), ("0", "0")] {
        let rig = Rig::new();
        let more = format!(r#""jitter": {jitter}, "initial_delay": {initial}"#);
        let id = rig.register(&external("c", &more));
        let half = (jitter.parse::<f64>().unwrap() * 5.0 * S as f64) as u64;
        let mut first = None;
        let mut moved = 0;
        for round in 0..1_000u64 {
            let due = rig.advance_to_due(id);
            let first = *first.get_or_insert(due.at.0);
            let grid = first + round * 10 * S;
            assert!(due.at.0.abs_diff(grid) <= half, "round {round}: {} of {grid}", due.at.0);
            moved += u64::from(due.at.0 != grid);
            rig.answer(&due, pass());
        }
        assert_eq!(moved > 900, jitter != "0", "jitter {jitter} moved {moved} rounds");
    }
}

#[test]
fn the_first_round_is_run_once_whichever_way_its_jitter_points() {
    for number in 0..50 {
        let rig = Rig::new();
        let id = rig.register(&external(&format!("c{number}"), r#""jitter": 0.5"#));
        let due = rig.advance_to_due(id);
        rig.answer(&due, pass());
        let gap = rig.advance_to_due(id).at.0 - due.at.0;
        assert!((7_500 * MS..=12_500 * MS).contains(&gap), "{gap}");
    }
}

#[test]
fn missed_ticks_are_skipped() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""timeout": "25s""#));
    let due = rig.advance_to_due(id);
    rig.advance_to(24 * S);
    rig.expect_quiet();
    rig.answer(&due, pass());
    assert_eq!(rig.advance_to_due(id).at.0, 30 * S, "10 s and 20 s were missed");
}

#[test]
fn a_clock_that_jumps_over_many_rounds_runs_one() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    rig.make_healthy(id);
    rig.advance_to(1_005 * S);
    let due = rig.advance_to_due(id);
    assert_eq!(due.at.0, 1_005 * S);
    rig.answer(&due, pass());
    assert_eq!(rig.advance_to_due(id).at.0, 1_010 * S);
}

#[test]
fn no_second_run_starts_while_one_is_in_flight() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""timeout": "1h""#));
    rig.advance_to_due(id);
    for _ in 0..20 {
        rig.advance_by(10 * S);
    }
    rig.expect_quiet();
    assert_eq!(rig.monitor.snapshot(id).unwrap().in_flight, 1);
}

#[test]
fn confirm_runs_follow_a_first_failure_and_a_first_recovery() {
    let rig = Rig::new();
    let more = r#""confirm_interval": "700ms", "failure_threshold": 3, "success_threshold": 3"#;
    let id = rig.register(&external("c", more));
    let starts = |word: &str| -> Vec<u64> {
        let mut starts = Vec::new();
        for letter in word.chars() {
            let due = rig.advance_to_due(id);
            starts.push(due.at.0);
            rig.answer(&due, if letter == 'p' { pass() } else { fail() });
        }
        starts
    };
    // HEALTHY at 0; doubt from 10 s on, UNHEALTHY at 11.4 s; then the interval again; recovery
    // begins at 30 s and is over at 31.4 s.
    let seen = starts("pfffppp");
    let confirm = 700 * MS;
    assert_eq!(seen[..4], [0, 10 * S, 10 * S + confirm, 10 * S + 2 * confirm]);
    assert_eq!(seen[4..], [20 * S, 20 * S + confirm, 20 * S + 2 * confirm]);
    assert_eq!(starts("p"), [30 * S], "all is well: the grid again");
}

#[test]
fn confirm_runs_move_by_their_jitter_and_never_past_the_regular_start() {
    let rig = Rig::new();
    let more = r#""jitter": 0.1, "confirm_interval": "1s", "failure_threshold": 1000"#;
    let id = rig.register(&external("c", more));
    let mut last = None;
    let mut gaps = Vec::new();
    for _ in 0..200 {
        let due = rig.advance_to_due(id);
        gaps.extend(last.map(|last| due.at.0 - last));
        last = Some(due.at.0);
        rig.answer(&due, fail());
    }
    assert!(gaps.iter().all(|&gap| gap <= 1_100 * MS), "{gaps:?}");
    assert!(gaps.iter().filter(|&&gap| gap < 900 * MS).count() <= 30, "only regular starts");
    assert!(gaps.iter().any(|&gap| gap > 1_020 * MS) && gaps.iter().any(|&gap| gap < 980 * MS));
}

#[test]
fn a_run_that_was_asked_for_does_not_move_the_grid() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    rig.make_healthy(id);
    rig.advance_to(4 * S);
    rig.monitor.check_now(id).unwrap();
    let due = rig.advance_to_due(id);
    assert_eq!(due.at.0, 4 * S);
    rig.monitor.check_now(id).unwrap();
    rig.advance_by(0);
    rig.expect_quiet();
    rig.answer(&due, pass());
    assert_eq!(rig.advance_to_due(id).at.0, 10 * S);
}
