//! How long a status may be believed, and what the engine does when that is over.

use crate::rig::{Rig, S, external, pass};
use meshvitals::{Kinds, Mask, Outcome, Reason, RunResult, Status};

#[test]
fn a_result_is_fresh_for_two_intervals_and_the_timeout() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    rig.make_healthy(id);
    let cell = rig.monitor.cell(id).unwrap();
    assert_eq!(cell.fresh_until().0, 21 * S);
    assert_eq!(rig.monitor.snapshot(id).unwrap().fresh_until.0, 21 * S);
    assert_eq!(cell.status_at(id, meshvitals::Tick(21 * S - 1)), Status::Healthy);
    assert_eq!(cell.status_at(id, meshvitals::Tick(21 * S)), Status::Unknown);
}

#[test]
fn the_engine_itself_writes_unknown_when_freshness_passes() {
    let rig = Rig::hearing(Kinds::STATUS);
    let requests = rig.monitor.subscribe(Kinds::DUE, 8).unwrap();
    let id = rig.register(&external("c", ""));
    rig.advance_to(0);
    let due = requests.poll(8, None).unwrap().remove(0);
    rig.answer(&due, pass());
    rig.take();
    rig.advance_to(10 * S);
    rig.advance_to(11 * S);
    rig.advance_to(21 * S - 1);
    rig.expect_quiet();
    assert_eq!(rig.monitor.cell(id).unwrap().status(id), Status::Healthy);
    // Nobody polls: all that comes is LOCAL, which renews nothing.
    rig.advance_to(21 * S);
    rig.expect_status(id, Status::Healthy, Status::Unknown, Reason::STALE);
    assert_eq!(rig.monitor.cell(id).unwrap().status(id), Status::Unknown);
    let snapshot = rig.monitor.snapshot(id).unwrap();
    assert_eq!((snapshot.status, snapshot.measured), (Status::Unknown, Status::Healthy));
    assert!(snapshot.mask.has(Mask::STALE));
    assert!(snapshot.runs > 1, "there were local results");
    let due = requests.poll(8, None).unwrap().remove(0);
    rig.answer(&due, pass());
    rig.expect_status(id, Status::Unknown, Status::Healthy, Reason::UNMASKED);
}

#[test]
fn local_results_do_not_renew() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    rig.make_healthy(id);
    for _ in 0..2 {
        let due = rig.advance_to_due(id);
        rig.answer(&due, RunResult::new(Outcome::Local, Reason::LOCAL_FAILED));
        assert_eq!(rig.monitor.snapshot(id).unwrap().fresh_until.0, 21 * S);
    }
    assert_eq!(rig.advance_to_next(), 21 * S);
    rig.expect_status(id, Status::Healthy, Status::Unknown, Reason::STALE);
}

#[test]
fn failures_renew_like_passes() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""failure_threshold": 2"#));
    rig.make_healthy(id);
    assert_eq!(rig.drive(id, "f"), "H");
    assert_eq!(rig.monitor.snapshot(id).unwrap().fresh_until.0, rig.now() + 21 * S);
}

#[test]
fn another_schedule_moves_the_freshness_of_what_is_known() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    rig.make_healthy(id);
    rig.monitor.replace(&external("c", r#""interval": "1m""#)).unwrap();
    assert_eq!(rig.monitor.cell(id).unwrap().fresh_until().0, 121 * S);
    rig.monitor.replace(&external("c", r#""interval": "2s""#)).unwrap();
    assert_eq!(rig.monitor.cell(id).unwrap().fresh_until().0, 5 * S);
    let overall = rig.monitor.group_find("overall").unwrap();
    assert_eq!(rig.monitor.snapshot(overall).unwrap().fresh_until.0, 5 * S);
}

#[test]
fn a_group_is_as_fresh_as_the_earliest_member_that_decides() {
    let rig = Rig::new();
    let overall = rig.monitor.group_find("overall").unwrap();
    let fresh_until = || rig.monitor.cell(overall).unwrap().fresh_until().0;
    let long = rig.register(&external("long", r#""interval": "1m""#));
    rig.make_healthy(long);
    let short = rig.register(&external("short", ""));
    rig.make_healthy(short);
    let spare = rig.register(&external("spare", r#""interval": "3s", "critical": false"#));
    rig.make_healthy(spare);
    assert_eq!(rig.monitor.overall(), Status::Healthy);
    assert_eq!(fresh_until(), 21 * S, "a member that is not critical does not decide HEALTHY");
    rig.monitor.pause(short, true).unwrap();
    assert_eq!(fresh_until(), 121 * S, "nor does one that is left out");
    assert_eq!(rig.monitor.overall(), Status::Healthy);
}

#[test]
fn a_group_never_reads_unknown_while_its_members_are_fresh_whether_few_or_many() {
    for count in [3, 200] {
        let rig = Rig::new();
        let all: Vec<_> = (0..count).map(|n| external(&format!("c{n}"), "")).collect();
        rig.monitor.register_many(&format!("[{}]", all.join(","))).unwrap();
        rig.advance_to(0);
        for step in 0..400 {
            for due in rig.take() {
                if due.kind == meshvitals::Kind::Due {
                    rig.answer(&due, pass());
                }
            }
            assert_eq!(rig.monitor.overall(), Status::Healthy, "step {step} at {}", rig.now());
            rig.advance_to_next();
        }
        assert!(rig.now() > 100 * S);
    }
}

#[test]
fn the_earliest_of_many_members_is_never_overlooked() {
    let rig = Rig::new();
    let many: Vec<_> =
        (0..100).map(|n| external(&format!("c{n}"), r#""interval": "1h""#)).collect();
    let ids = rig.monitor.register_many(&format!("[{}]", many.join(","))).unwrap();
    rig.advance_to(0);
    for due in rig.take() {
        if due.kind == meshvitals::Kind::Due {
            rig.answer(&due, pass());
        }
    }
    let overall = rig.monitor.group_find("overall").unwrap();
    let fresh_until = || rig.monitor.cell(overall).unwrap().fresh_until().0;
    assert_eq!(fresh_until(), 7_201 * S);
    rig.monitor.override_status(ids[7], Some((Status::Healthy, 100_000))).unwrap();
    assert_eq!(fresh_until(), 100 * S, "a member came to be less fresh");
    rig.monitor.override_status(ids[7], Some((Status::Healthy, 50_000))).unwrap();
    assert_eq!(fresh_until(), 50 * S, "and less again, with the same status");
    while rig.now() < 50 * S {
        assert_eq!(rig.monitor.overall(), Status::Healthy);
        rig.advance_to_next();
    }
    assert_eq!((rig.monitor.overall(), fresh_until()), (Status::Healthy, 7_201 * S));
}

#[test]
fn an_override_decides_how_fresh_a_group_is_while_it_lasts() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""initial_delay": "1h""#));
    rig.monitor.override_status(id, Some((Status::Healthy, 5_000))).unwrap();
    assert_eq!(rig.monitor.overall(), Status::Healthy);
    let overall = rig.monitor.group_find("overall").unwrap();
    assert_eq!(rig.monitor.snapshot(overall).unwrap().fresh_until.0, 5 * S);
    assert_eq!(rig.advance_to_next(), 5 * S);
    assert_eq!(rig.monitor.overall(), Status::Unknown);
}
