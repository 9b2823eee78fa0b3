//! Heartbeats: the host program pushes, silence beyond the ttl fails.

use crate::rig::{MS, Rig, S, fail, pass};
use meshvitals::{CheckId, Code, Kind, Kinds, Outcome, Reason, Status, Tick};

fn heartbeat(rig: &Rig, more: &str) -> CheckId {
    rig.register(&format!(r#"{{"name": "h", "heartbeat": {{"ttl": "10s"}}{more}}}"#))
}

#[test]
fn one_silence_is_enough_by_default() {
    let rig = Rig::new();
    let id = heartbeat(&rig, "");
    rig.monitor.beat(id).unwrap();
    rig.expect_status(id, Status::Unknown, Status::Healthy, Reason::NONE);
    assert_eq!(rig.advance_to_next(), 10 * S);
    rig.expect_status(id, Status::Healthy, Status::Unhealthy, Reason::HEARTBEAT_SILENT);
}

#[test]
fn a_heartbeat_that_never_came_is_silence_too() {
    let rig = Rig::new();
    let id = heartbeat(&rig, "");
    rig.advance_to(10 * S - 1);
    rig.expect_quiet();
    rig.advance_to(10 * S);
    rig.expect_status(id, Status::Unknown, Status::Unhealthy, Reason::HEARTBEAT_SILENT);
}

#[test]
fn each_elapsed_ttl_is_one_timeout() {
    let rig = Rig::hearing(Kinds::RESULT);
    let id = heartbeat(&rig, r#", "failure_threshold": 3"#);
    rig.monitor.beat(id).unwrap();
    rig.expect_event(Kind::Result, id);
    for count in 1..=5 {
        rig.advance_to(count * 10 * S);
        let result = rig.expect_event(Kind::Result, id);
        assert_eq!((result.outcome, result.token), (Some(Outcome::Timeout), 0));
        let status = rig.monitor.snapshot(id).unwrap().status;
        let expected = if count < 3 { Status::Healthy } else { Status::Unhealthy };
        assert_eq!(status, expected, "after {count}");
    }
    rig.expect_quiet();
}

#[test]
fn beats_move_the_silence_and_recover() {
    let rig = Rig::new();
    let id = heartbeat(&rig, "");
    for step in 1..=20 {
        rig.monitor.beat(id).unwrap();
        rig.advance_to(step * 9 * S);
    }
    rig.expect_status(id, Status::Unknown, Status::Healthy, Reason::NONE);
    rig.expect_quiet();
    rig.advance_to(rig.now() + S);
    rig.expect_status(id, Status::Healthy, Status::Unhealthy, Reason::HEARTBEAT_SILENT);
    rig.monitor.beat(id).unwrap();
    rig.expect_quiet();
    rig.monitor.beat(id).unwrap();
    rig.expect_status(id, Status::Unhealthy, Status::Healthy, Reason::NONE);
}

#[test]
fn a_beat_may_say_no() {
    let rig = Rig::new();
    let id = heartbeat(&rig, r#", "failure_threshold": 2"#);
    rig.monitor.beat(id).unwrap();
    rig.take();
    rig.monitor.report(id, 0, fail(), Tick(0)).unwrap();
    rig.expect_quiet();
    rig.monitor.report(id, 0, fail(), Tick(0)).unwrap();
    rig.expect_status(id, Status::Healthy, Status::Unhealthy, Reason::REPORTED);
}

#[test]
fn it_stays_fresh_for_one_ttl_beyond_the_silence_that_convicts() {
    for (more, threshold) in [("", 1), (r#", "failure_threshold": 4"#, 4)] {
        let rig = Rig::new();
        let id = heartbeat(&rig, more);
        rig.advance_to(3 * S);
        rig.monitor.beat(id).unwrap();
        let fresh_until = rig.monitor.snapshot(id).unwrap().fresh_until;
        assert_eq!(fresh_until.0, 3 * S + 10 * S * threshold + 10 * S);
    }
}

#[test]
fn a_silence_that_we_notice_late_convicts_nobody_at_once() {
    let rig = Rig::new();
    let id = heartbeat(&rig, "");
    rig.monitor.beat(id).unwrap();
    rig.take();
    rig.advance_to(10 * S + 500 * MS);
    rig.expect_quiet();
    rig.advance_to(11 * S - 1);
    rig.expect_quiet();
    rig.advance_to(11 * S);
    rig.expect_status(id, Status::Healthy, Status::Unhealthy, Reason::HEARTBEAT_SILENT);
}

#[test]
fn after_a_long_gap_whoever_beats_has_one_whole_ttl_again() {
    let rig = Rig::new();
    let id = heartbeat(&rig, "");
    rig.advance_to(1_000 * S);
    rig.expect_quiet();
    assert_eq!(rig.planned(), Tick(1_010 * S));
    rig.monitor.beat(id).unwrap();
    rig.expect_status(id, Status::Unknown, Status::Healthy, Reason::NONE);
}

#[test]
fn reports_in_another_order_do_not_make_it_older() {
    let rig = Rig::new();
    let id = heartbeat(&rig, "");
    rig.advance_to(9 * S);
    rig.monitor.report(id, 0, pass(), Tick(8 * S)).unwrap();
    rig.monitor.report(id, 0, pass(), Tick(2 * S)).unwrap();
    let snapshot = rig.monitor.snapshot(id).unwrap();
    assert_eq!((snapshot.last.0, snapshot.fresh_until.0), (8 * S, 28 * S));
    assert_eq!(rig.planned(), Tick(18 * S));
}

#[test]
fn a_pause_ends_with_a_whole_ttl() {
    let rig = Rig::new();
    let id = heartbeat(&rig, "");
    rig.monitor.pause(id, true).unwrap();
    rig.advance_to(60 * S);
    rig.monitor.beat(id).unwrap();
    assert_eq!(rig.monitor.snapshot(id).unwrap().runs, 0, "nobody looks at a paused check");
    rig.monitor.pause(id, false).unwrap();
    assert_eq!(rig.planned(), Tick(70 * S));
}

#[test]
fn it_cannot_be_asked_to_run_and_takes_no_token() {
    let rig = Rig::new();
    let id = heartbeat(&rig, "");
    assert_eq!(rig.monitor.check_now(id).unwrap_err().code(), Code::Mode);
    assert_eq!(rig.monitor.report(id, 3, pass(), Tick(0)).unwrap_err().code(), Code::Mode);
}
