//! Adding, replacing and removing checks while the engine runs.

use crate::rig::{Rig, S, external, fail, pass};
use meshvitals::{CheckId, Code, Event, Kind, Kinds, Monitor, Reason, RunResult, Status, Tick};

#[test]
fn a_batch_is_registered_whole_or_not_at_all() {
    let rig = Rig::hearing(Kinds::LIFE);
    let good = external("good", "");
    for (bad, code, key) in [
        (external("good", ""), Code::Exists, "/1/name"),
        (external("bad", r#""interval": "1ms""#), Code::Range, "/1/interval"),
        (r#"{"name": "bad", "tcp": {"address": "127.0.0.1:1"}}"#.into(), Code::Mode, "/1/tcp"),
        (r#"{"name": "bad", "callback": {}}"#.into(), Code::Mode, "/1/callback"),
        (r#"{"name": "system.bad", "external": {}}"#.into(), Code::Range, "/1/name"),
    ] {
        let error = rig.monitor.register_many(&format!("[{good}, {bad}]")).unwrap_err();
        assert_eq!((error.code(), error.key()), (code, key), "{bad}");
        assert_eq!(rig.monitor.list().unwrap(), []);
        rig.expect_quiet();
    }
    let ids = rig.monitor.register_many(&format!("[{good}, {}]", external("b", ""))).unwrap();
    assert_eq!(rig.monitor.list().unwrap(), ids);
    assert_eq!(rig.expect_event(Kind::Registered, ids[0]).text.as_str(), "good");
    rig.expect_event(Kind::Registered, ids[1]);
    let error = rig.monitor.register(&good).unwrap_err();
    assert_eq!((error.code(), error.key()), (Code::Exists, "/name"));
    assert_eq!(rig.monitor.find("good").unwrap(), ids[0]);
}

#[test]
fn the_same_document_changes_nothing() {
    let rig = Rig::hearing(Kinds::ALL);
    let id = rig.register(&external("c", r#""tags": ["b", "a"], "interval": "10s""#));
    let due = rig.advance_to_due(id);
    let before = format!("{:?}", rig.monitor.snapshot(id));
    rig.take();
    let same = external("c", r#""interval": 10, "tags": ["a", "b"], "failure_threshold": 3"#);
    assert_eq!(rig.monitor.replace(&same).unwrap(), id);
    rig.expect_quiet();
    assert_eq!(format!("{:?}", rig.monitor.snapshot(id)), before);
    rig.answer(&due, pass());
}

#[test]
fn another_schedule_keeps_id_counts_and_status() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    assert_eq!(rig.drive(id, "pff"), "HHH");
    rig.take();
    assert_eq!(rig.monitor.replace(&external("c", r#""interval": "20s""#)).unwrap(), id);
    rig.expect_quiet();
    assert_eq!(rig.monitor.snapshot(id).unwrap().failures, 2);
    assert_eq!(rig.drive(id, "f"), "U", "the third in a row");
}

#[test]
fn another_probe_begins_anew_under_the_same_id() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    rig.make_healthy(id);
    let due = rig.advance_to_due(id);
    rig.take();
    let beat = r#"{"name": "c", "heartbeat": {"ttl": "1m"}}"#;
    assert_eq!(rig.monitor.replace(beat).unwrap(), id);
    rig.expect_event(Kind::Cancel, id);
    rig.expect_status(id, Status::Healthy, Status::Unknown, Reason::RESTARTED);
    let snapshot = rig.monitor.snapshot(id).unwrap();
    assert_eq!((snapshot.passes, snapshot.last, snapshot.probe), (0, Tick(0), "heartbeat"));
    assert!(rig.monitor.report(id, due.token, pass(), Tick(0)).is_err());
    rig.monitor.beat(id).unwrap();
    rig.expect_status(id, Status::Unknown, Status::Healthy, Reason::NONE);
    assert_eq!(rig.planned(), Tick(rig.now() + 60 * S));
}

#[test]
fn a_replaced_run_is_discarded_and_a_new_one_starts() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    let old = rig.advance_to_due(id);
    rig.monitor.replace(&external("c", r#""interval": "20s""#)).unwrap();
    rig.expect_event(Kind::Cancel, id);
    let new = rig.advance_to_due(id);
    assert_ne!(new.token, old.token);
    let stale = rig.monitor.report(id, old.token, fail(), Tick(0)).unwrap_err();
    assert_eq!(stale.code(), Code::Stale);
    rig.answer(&new, pass());
}

#[test]
fn replace_inserts_what_is_new_and_refuses_like_register() {
    let rig = Rig::new();
    let id = rig.monitor.replace(&external("c", "")).unwrap();
    assert_eq!(rig.monitor.find("c").unwrap(), id);
    let tcp = r#"{"name": "c", "tcp": {"address": "127.0.0.1:1"}}"#;
    assert_eq!(rig.monitor.replace(tcp).unwrap_err().code(), Code::Mode);
    let error = rig.monitor.replace(&external("c", r#""depends_on": ["x"]"#)).unwrap_err();
    assert_eq!(error.key(), "/depends_on");
}

#[test]
fn callbacks_cannot_be_replaced() {
    struct Passes;
    impl meshvitals::Callback for Passes {
        fn run(&self, _: &meshvitals::Run) -> RunResult {
            pass()
        }
    }
    let rig = Rig::new();
    let document = r#"{"name": "c", "callback": {}}"#;
    rig.monitor.register_callback(document, Passes).unwrap();
    assert_eq!(rig.monitor.replace(document).unwrap_err().code(), Code::Mode);
    assert_eq!(rig.monitor.replace(&external("c", "")).unwrap_err().code(), Code::Mode);
    rig.register(&external("d", ""));
    let to_callback = r#"{"name": "d", "callback": {}}"#;
    assert_eq!(rig.monitor.replace(to_callback).unwrap_err().code(), Code::Mode);
}

#[test]
fn ids_are_never_reused_and_stale_ones_say_so() {
    let rig = Rig::new();
    let mut seen = std::collections::HashSet::new();
    let mut last = None;
    for _ in 0..200 {
        let id = rig.register(&external("c", ""));
        assert!(seen.insert(id));
        rig.make_healthy(id);
        if let Some(old) = last {
            assert_eq!(rig.monitor.status(old), Status::Unknown);
            assert_eq!(rig.monitor.cell(old).unwrap().status(old), Status::Unknown);
            for code in [
                rig.monitor.snapshot(old).unwrap_err().code(),
                rig.monitor.unregister(old).unwrap_err().code(),
                rig.monitor.check_now(old).unwrap_err().code(),
                rig.monitor.pause(old, true).unwrap_err().code(),
                rig.monitor.override_status(old, None).unwrap_err().code(),
                rig.monitor.report(old, 0, pass(), Tick(0)).unwrap_err().code(),
            ] {
                assert_eq!(code, Code::Stale);
            }
        }
        assert_eq!(rig.monitor.status(id), Status::Healthy);
        rig.monitor.unregister(id).unwrap();
        last = Some(id);
    }
}

#[test]
fn ids_of_nobody_of_groups_and_of_other_monitors_are_not_found() {
    let rig = Rig::new();
    let other = Monitor::new(Some(r#"{"clock": "manual"}"#)).unwrap();
    let foreign = other.register(&external("c", "")).unwrap();
    let own = rig.register(&external("c", ""));
    let overall = rig.monitor.group_find("overall").unwrap();
    let never = CheckId::new(own.generation() + 1_000, own.slot());
    for id in [CheckId(0), CheckId::new(0, own.slot()), CheckId(u64::MAX), never, foreign, overall]
    {
        assert_eq!(rig.monitor.unregister(id).unwrap_err().code(), Code::NotFound, "{id:?}");
        assert_eq!(rig.monitor.pause(id, true).unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(rig.monitor.status(CheckId(0)), Status::Unknown);
}

#[test]
fn removal_is_all_or_nothing_and_tells_of_each_once() {
    let rig = Rig::hearing(Kinds::LIFE);
    let [a, b] = ["a", "b"].map(|name| rig.register(&external(name, "")));
    rig.monitor.unregister(b).unwrap();
    assert_eq!(rig.monitor.unregister_many(&[a, b]).unwrap_err().code(), Code::Stale);
    assert_eq!(rig.monitor.list().unwrap(), [a]);
    rig.monitor.unregister_many(&[a, a]).unwrap();
    let removed = |event: &Event| (event.kind == Kind::Removed).then_some(event.check);
    let told: Vec<_> = rig.take().iter().filter_map(removed).collect();
    assert_eq!(told, [b, a]);
}

#[test]
fn a_check_may_be_removed_while_its_event_is_handled() {
    let rig = Rig::new();
    for round in 0..50 {
        let id = rig.register(&external("c", ""));
        let due = rig.advance_to_due(id);
        if round % 2 == 0 {
            rig.answer(&due, pass());
        }
        for event in rig.take() {
            rig.monitor.unregister(event.check).unwrap();
        }
        if round % 2 == 1 {
            rig.monitor.unregister(id).unwrap();
        }
        assert_eq!(rig.monitor.list().unwrap(), []);
        rig.take();
    }
    rig.advance_by(100 * S);
    rig.expect_quiet();
}

#[test]
fn checks_and_groups_are_named_by_their_ids() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""tags": ["workers"]"#));
    let group = rig.monitor.group_find("workers").unwrap();
    assert_eq!(&*rig.monitor.name(id).unwrap(), "c");
    assert_eq!(&*rig.monitor.name(group).unwrap(), "workers");
    rig.monitor.unregister(id).unwrap();
    assert_eq!(rig.monitor.name(id).unwrap_err().code(), Code::Stale);
    assert_eq!(rig.monitor.name(CheckId(0)).unwrap_err().code(), Code::NotFound);
}
