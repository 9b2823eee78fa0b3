//! What lies over the measured status: override, paused, blocked, stale, in that order.

use crate::rig::{MS, Rig, S, external, fail, pass};
use meshvitals::{CheckId, Kind, Mask, Reason, Status};

use Status::{Degraded, Healthy, Unhealthy, Unknown};

fn healthy(rig: &Rig, name: &str, more: &str) -> CheckId {
    let id = rig.register(&external(name, more));
    rig.make_healthy(id);
    id
}

#[test]
fn an_override_is_published_for_its_time_while_the_measured_status_moves_below() {
    let rig = Rig::new();
    let id = healthy(&rig, "c", r#""failure_threshold": 1"#);
    rig.monitor.override_status(id, Some((Degraded, 15_000))).unwrap();
    rig.expect_status(id, Healthy, Degraded, Reason::OVERRIDDEN);
    assert_eq!(rig.drive(id, "f"), "D");
    rig.expect_quiet();
    let snapshot = rig.monitor.snapshot(id).unwrap();
    assert_eq!((snapshot.status, snapshot.measured), (Degraded, Unhealthy));
    assert_eq!((snapshot.mask, snapshot.reason), (Mask::OVERRIDE, Reason::OVERRIDDEN));
    assert_eq!(rig.monitor.status(id), Degraded);
    rig.advance_to(15 * S - 1);
    rig.expect_quiet();
    rig.advance_to(15 * S);
    rig.expect_status(id, Degraded, Unhealthy, Reason::UNMASKED);
    assert_eq!(rig.monitor.snapshot(id).unwrap().mask, Mask(0));
}

#[test]
fn an_override_can_be_renewed_and_ended() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""initial_delay": "1h""#));
    rig.monitor.override_status(id, Some((Healthy, 1_000))).unwrap();
    rig.expect_status(id, Unknown, Healthy, Reason::OVERRIDDEN);
    assert_eq!(rig.monitor.status(id), Healthy, "also fresh, though never measured");
    rig.advance_to(900 * MS);
    rig.monitor.override_status(id, Some((Healthy, 1_000))).unwrap();
    rig.advance_to(1_800 * MS);
    assert_eq!(rig.monitor.status(id), Healthy);
    rig.expect_quiet();
    rig.monitor.override_status(id, None).unwrap();
    rig.expect_status(id, Healthy, Unknown, Reason::UNMASKED);
    rig.monitor.override_status(id, None).unwrap();
    rig.expect_quiet();
}

#[test]
fn masks_decide_in_order_and_each_change_of_the_deciding_one_is_an_event() {
    let rig = Rig::new();
    let base = healthy(&rig, "base", r#""failure_threshold": 1, "interval": "1h""#);
    let id = healthy(&rig, "c", r#""depends_on": ["base"]"#);
    rig.advance_to(21 * S);
    while rig.take().iter().all(|event| event.reason != Reason::STALE) {
        rig.advance_to_next();
    }
    rig.monitor.check_now(base).unwrap();
    let due = rig.advance_to_due(base);
    rig.answer(&due, fail());
    let masks = |expected: u8| {
        assert_eq!(rig.monitor.snapshot(id).unwrap().mask, Mask(expected));
    };
    rig.expect_status(base, Healthy, Unhealthy, Reason::REPORTED);
    rig.expect_status(id, Unknown, Unknown, Reason::BLOCKED);
    masks(Mask::BLOCKED.0 | Mask::STALE.0);
    rig.monitor.pause(id, true).unwrap();
    rig.expect_status(id, Unknown, Unknown, Reason::PAUSED);
    rig.monitor.override_status(id, Some((Healthy, 1_000))).unwrap();
    rig.expect_status(id, Unknown, Healthy, Reason::OVERRIDDEN);
    masks(15);
    rig.monitor.pause(id, false).unwrap();
    rig.monitor.pause(id, true).unwrap();
    rig.monitor.check_now(base).unwrap();
    let due = rig.advance_to_due(base);
    rig.answer(&due, pass());
    rig.monitor.check_now(base).unwrap();
    let due = rig.advance_to_due(base);
    rig.answer(&due, pass());
    rig.expect_status(base, Unhealthy, Healthy, Reason::NONE);
    rig.expect_quiet();
    masks(Mask::OVERRIDE.0 | Mask::PAUSED.0 | Mask::STALE.0);
    rig.monitor.override_status(id, None).unwrap();
    rig.expect_status(id, Healthy, Unknown, Reason::PAUSED);
    rig.monitor.pause(id, false).unwrap();
    rig.expect_status(id, Unknown, Unknown, Reason::STALE);
    let due = rig.advance_to_due(id);
    rig.answer(&due, pass());
    rig.expect_status(id, Unknown, Healthy, Reason::UNMASKED);
    rig.expect_quiet();
}

#[test]
fn a_paused_check_does_not_run_and_goes_on_at_once_afterwards() {
    let rig = Rig::new();
    let id = healthy(&rig, "c", "");
    rig.monitor.pause(id, true).unwrap();
    rig.expect_status(id, Healthy, Unknown, Reason::PAUSED);
    rig.monitor.pause(id, true).unwrap();
    for _ in 0..10 {
        rig.advance_by(10 * S);
    }
    rig.expect_quiet();
    let snapshot = rig.monitor.snapshot(id).unwrap();
    assert_eq!((snapshot.reason, snapshot.next), (Reason::PAUSED, meshvitals::Tick::NEVER));
    rig.advance_by(3 * S);
    rig.monitor.pause(id, false).unwrap();
    rig.expect_status(id, Unknown, Unknown, Reason::STALE);
    rig.advance_by(0);
    let due = rig.expect_event(Kind::Due, id);
    rig.answer(&due, pass());
    rig.expect_status(id, Unknown, Healthy, Reason::UNMASKED);
    assert_eq!(rig.advance_to_due(id).at.0, 110 * S, "the grid stays");
}

#[test]
fn a_short_pause_keeps_what_is_measured() {
    let rig = Rig::new();
    let id = healthy(&rig, "c", "");
    rig.monitor.pause(id, true).unwrap();
    rig.advance_by(S);
    rig.monitor.pause(id, false).unwrap();
    rig.expect_status(id, Healthy, Unknown, Reason::PAUSED);
    rig.expect_status(id, Unknown, Healthy, Reason::UNMASKED);
}

#[test]
fn a_paused_check_is_not_asked_for() {
    let rig = Rig::new();
    let id = healthy(&rig, "c", "");
    rig.monitor.pause(id, true).unwrap();
    let code = rig.monitor.check_now(id).unwrap_err().code();
    assert_eq!(code, meshvitals::Code::Mode);
}
