//! Mistakes that health checks before this one were reported for, each with a test that would see
//! it again. Those that other files see by their own tests: a panic of a check (`callbacks`), a
//! warning that answers HTTP 500 (the Python package's `test_web`), a limit of "max" and a path of
//! version 1 on version 2, the root cgroup in place of the own (`sys::cgroup`), CPU time divided by
//! `nr_periods` and NaN without a quota (`cpu::quota`), stolen time counted as busy (`cpu::host`),
//! a FUSE mount that never answers (`tests/mounts.rs`).

use crate::rig::{PATIENCE, Rig, S, document, external, fail, pass};
use meshvitals::{
    CheckId, Code, Kind, Kinds, Monitor, Outcome, Reason, RunResult, Status, Tick, probe_once,
};
use std::thread;

/// A check that is told its results.
fn beating(name: &str) -> String {
    document(name, r#""heartbeat": {"ttl": "1h"}"#, "")
}

fn say(rig: &Rig, id: CheckId, outcome: Outcome) {
    rig.monitor.report(id, 0, RunResult::new(outcome, Reason::REPORTED), Tick(0)).unwrap();
    rig.advance_by(0);
}

#[test]
fn three_failures_far_apart_in_two_hundred_runs_are_none_in_a_row() {
    let rig = Rig::new();
    let id = rig.register(&external("a", ""));
    let mut word = "p".repeat(203);
    for at in [50, 100, 150] {
        word.replace_range(at..=at, "f");
    }
    assert_eq!(rig.drive(id, &word), "H".repeat(203));
}

#[test]
fn a_change_is_told_once() {
    let rig = Rig::hearing(Kinds::STATUS.and(Kinds::DUE));
    let id = rig.register(&external("a", ""));
    rig.make_healthy(id);
    let mut told = 0;
    for _ in 0..5 {
        let due = rig.advance_to_due(id);
        rig.answer(&due, fail());
        told += rig.take().iter().filter(|event| event.kind == Kind::Status).count();
    }
    assert_eq!(told, 1);
}

#[test]
fn an_unhealthy_check_that_is_removed_counts_no_more() {
    let rig = Rig::new();
    let (bad, good) = (rig.register(&beating("bad")), rig.register(&beating("good")));
    say(&rig, good, Outcome::Pass);
    say(&rig, bad, Outcome::Fail);
    assert_eq!(rig.monitor.overall(), Status::Unhealthy);
    rig.monitor.unregister(bad).unwrap();
    rig.advance_by(0);
    assert_eq!(rig.monitor.overall(), Status::Healthy);
}

#[test]
fn a_check_that_hangs_again_and_again_is_down() {
    let rig = Rig::new();
    let id = rig.register(&external("a", ""));
    assert_eq!(rig.drive(id, "psss"), "HHHU");
}

#[test]
fn a_monitor_that_was_stopped_starts_again() {
    let monitor = Monitor::new(Some(r#"{"disk_paths": [], "start_spread": 0}"#)).unwrap();
    let events = monitor.subscribe(Kinds::STATUS, 64).unwrap();
    for _ in 0..3 {
        monitor.start().unwrap();
        let memory = monitor.find("system.memory").unwrap();
        while monitor.status(memory) == Status::Unknown {
            assert!(!events.poll(64, Some(PATIENCE)).unwrap().is_empty(), "no status came");
        }
        monitor.stop(PATIENCE).unwrap();
        assert_eq!(monitor.status(memory), Status::Unknown);
    }
}

#[test]
fn a_name_that_is_registered_twice_leaves_nobody_behind() {
    let rig = Rig::new();
    let id = rig.register(&external("a", ""));
    let second = rig.monitor.register(&external("a", r#""interval": "1s""#));
    assert_eq!(second.unwrap_err().code(), Code::Exists);
    rig.monitor.unregister(id).unwrap();
    rig.take();
    rig.advance_to(100 * S);
    rig.expect_quiet();
}

#[test]
fn one_healthy_check_hides_no_warning() {
    let rig = Rig::new();
    let warning = rig.register(&beating("warning"));
    say(&rig, warning, Outcome::Warn);
    say(&rig, warning, Outcome::Warn);
    for number in 0..3 {
        say(&rig, rig.register(&beating(&format!("good-{number}"))), Outcome::Pass);
        assert_eq!(rig.monitor.overall(), Status::Degraded);
    }
}

#[test]
fn what_is_critical_stays_so_when_it_is_silent() {
    for (critical, overall) in [("true", Status::Unhealthy), ("false", Status::Degraded)] {
        let rig = Rig::new();
        let more = format!(r#""critical": {critical}"#);
        let id = rig.register(&external("a", &more));
        assert_eq!(rig.drive(id, "psss"), "HHHU");
        assert_eq!(rig.monitor.overall(), overall, "critical: {critical}");
    }
}

#[test]
fn a_deadline_holds_on_any_thread() {
    let outcome = thread::spawn(|| {
        let rig = Rig::new();
        let id = rig.register(&external("a", ""));
        let due = rig.advance_to_due(id);
        rig.advance_to(due.deadline.0);
        rig.take();
        let late = rig.monitor.report(id, due.token, pass(), Tick(0));
        (late.is_err(), rig.monitor.snapshot(id).unwrap().reason)
    });
    assert_eq!(outcome.join().unwrap(), (true, Reason::TIMEOUT));
}

#[test]
fn cpu_that_several_threads_ask_for_at_once_is_a_share_for_each() {
    let asked: Vec<_> = (0..3)
        .map(|_| thread::spawn(|| probe_once(None, r#"{"name": "a", "cpu": {}}"#).unwrap()))
        .collect();
    for result in asked.into_iter().map(|thread| thread.join().unwrap()) {
        // Where a quota limits this process, a moment may be above it.
        assert!((0.0..=2.0).contains(&result.value), "{result:?}");
        assert_ne!(result.outcome, Outcome::Local);
    }
}
