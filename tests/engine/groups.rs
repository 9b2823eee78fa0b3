//! Groups and the whole: aggregation, criticality, and the answers to an orchestrator.

use crate::rig::{PATIENCE, Rig, external, fail, pass};
use meshvitals::{
    CheckId, Code, Kind, Kinds, Message, Monitor, Outcome, Reason, RunResult, Status,
};
use std::time::Duration;

use Status::{Degraded, Healthy, Unhealthy, Unknown};

const QUICK: &str = r#""failure_threshold": 1, "degraded_threshold": 1, "success_threshold": 1"#;

struct World {
    rig: Rig,
}

impl World {
    fn new() -> World {
        World { rig: Rig::new() }
    }

    fn add(&self, name: &str, more: &str) -> CheckId {
        self.rig.register(&external(name, &format!(r#"{QUICK}, "interval": "1h", {more}"#)))
    }

    /// Lets a check become what is wanted by one result.
    fn set(&self, id: CheckId, status: Status) {
        self.rig.monitor.check_now(id).unwrap();
        let due = self.rig.advance_to_due(id);
        let result = match status {
            Healthy => pass(),
            Degraded => RunResult::new(Outcome::Warn, Reason::REPORTED),
            _ => fail(),
        };
        self.rig.answer(&due, result);
        assert_eq!(self.rig.monitor.status(id), status);
    }

    #[track_caller]
    fn expect(&self, group: &str, status: Status, answer: bool) {
        let id = self.rig.monitor.group_find(group).unwrap();
        let snapshot = self.rig.monitor.snapshot(id).unwrap();
        assert_eq!((snapshot.status, snapshot.answer), (status, answer), "{group}");
        assert_eq!(self.rig.monitor.status(id), status, "the cell of {group}");
        assert_eq!(self.rig.monitor.answer(id).unwrap(), answer);
    }
}

const CRITICAL: &str = r#""tags": ["readiness", "liveness", "startup", "own"]"#;

#[test]
fn an_empty_group_is_healthy_and_says_yes() {
    let world = World::new();
    for group in ["overall", "readiness", "liveness", "startup"] {
        world.expect(group, Healthy, true);
    }
    assert!(world.rig.monitor.group_find("nobody").is_err());
}

#[test]
fn before_the_first_result_only_liveness_says_yes() {
    let world = World::new();
    world.add("c", CRITICAL);
    for (group, answer) in [
        ("overall", false),
        ("readiness", false),
        ("own", false),
        ("liveness", true),
        ("startup", false),
    ] {
        world.expect(group, Unknown, answer);
    }
}

#[test]
fn a_group_that_was_empty_for_long_still_waits_for_its_first_result() {
    let world = World::new();
    let id = world.add("c", CRITICAL);
    world.rig.monitor.pause(id, true).unwrap();
    world.expect("readiness", Healthy, true);
    world.expect("startup", Healthy, false);
    world.rig.monitor.pause(id, false).unwrap();
    world.expect("readiness", Unknown, false);
}

#[test]
fn readiness_follows_its_members_and_keeps_its_last_answer_while_unknown() {
    let world = World::new();
    let id = world.add("c", CRITICAL);
    world.set(id, Healthy);
    world.expect("readiness", Healthy, true);
    world.set(id, Degraded);
    world.expect("readiness", Degraded, true);
    world.rig.monitor.override_status(id, Some((Unknown, 60_000))).unwrap();
    world.expect("readiness", Unknown, true);
    world.rig.monitor.override_status(id, None).unwrap();
    world.set(id, Unhealthy);
    world.expect("readiness", Unhealthy, false);
    world.rig.monitor.override_status(id, Some((Unknown, 60_000))).unwrap();
    world.expect("readiness", Unknown, false);
    world.expect("liveness", Unknown, true);
}

#[test]
fn liveness_says_no_only_for_unhealthy() {
    let world = World::new();
    let id = world.add("c", CRITICAL);
    for (status, answer) in [(Healthy, true), (Degraded, true), (Unhealthy, false)] {
        world.set(id, status);
        world.expect("liveness", status, answer);
    }
}

#[test]
fn startup_is_over_once_each_critical_member_was_functional() {
    let world = World::new();
    let first = world.add("first", CRITICAL);
    let second = world.add("second", CRITICAL);
    world.add("spare", r#""tags": ["startup"], "critical": false"#);
    world.set(first, Healthy);
    world.expect("startup", Unknown, false);
    world.set(first, Unhealthy);
    world.set(second, Degraded);
    world.expect("startup", Unhealthy, true);
    world.add("third", CRITICAL);
    world.expect("startup", Unhealthy, true);
}

#[test]
fn criticality_decides_what_a_failure_means() {
    let world = World::new();
    let critical = world.add("critical", CRITICAL);
    let spare = world.add("spare", r#""tags": ["readiness"], "critical": false"#);
    world.set(critical, Healthy);
    world.expect("overall", Healthy, true);
    world.set(spare, Unhealthy);
    world.expect("overall", Degraded, true);
    world.set(critical, Unhealthy);
    world.expect("overall", Unhealthy, false);
    world.rig.monitor.pause(critical, true).unwrap();
    world.expect("overall", Degraded, true);
    world.rig.monitor.unregister(spare).unwrap();
    world.expect("overall", Healthy, true);
}

#[test]
fn blocked_members_are_left_out_but_an_override_counts() {
    let world = World::new();
    let base = world.add("base", r#""critical": false"#);
    let top = world.add("top", r#""depends_on": ["base"], "tags": ["own"]"#);
    world.set(top, Unhealthy);
    world.expect("own", Unhealthy, false);
    world.set(base, Unhealthy);
    world.expect("own", Healthy, true);
    world.rig.monitor.override_status(top, Some((Unhealthy, 60_000))).unwrap();
    world.expect("own", Unhealthy, false);
}

#[test]
fn a_replacement_may_change_groups_and_criticality() {
    let world = World::new();
    let id = world.add("c", r#""tags": ["one"]"#);
    world.set(id, Unhealthy);
    world.expect("one", Unhealthy, false);
    let document =
        external("c", &format!(r#"{QUICK}, "interval": "1h", "tags": ["two"], "critical": false"#));
    assert_eq!(world.rig.monitor.replace(&document).unwrap(), id);
    assert!(world.rig.monitor.group_find("one").is_err(), "nobody is left in it");
    world.expect("two", Degraded, true);
    world.expect("overall", Degraded, true);
    assert_eq!(world.rig.monitor.status(id), Unhealthy, "the counts are kept");
}

#[test]
fn a_group_ends_with_its_last_member_and_its_name_may_come_again() {
    let world = World::new();
    let monitor = &world.rig.monitor;
    let life = monitor.subscribe(Kinds::STATUS.and(Kinds::LIFE), 64).unwrap();
    let standard = monitor.list_groups().unwrap();
    let first = world.add("first", r#""tags": ["own"]"#);
    let second = world.add("second", r#""tags": ["own"]"#);
    let own = monitor.group_find("own").unwrap();
    world.set(first, Unhealthy);
    monitor.unregister(first).unwrap();
    world.expect("own", Unknown, false);
    world.set(second, Unhealthy);
    life.poll(64, Some(Duration::ZERO)).unwrap();
    monitor.unregister(second).unwrap();
    assert_eq!(monitor.list_groups().unwrap(), standard);
    assert_eq!(monitor.group_find("own").unwrap_err().code(), Code::NotFound);
    assert_eq!(monitor.snapshot(own).unwrap_err().code(), Code::Stale);
    assert_eq!((monitor.status(own), monitor.cell(own).unwrap().status(own)), (Unknown, Unknown));
    let said = life.poll(64, Some(Duration::ZERO)).unwrap();
    let of_it: Vec<_> = said.iter().filter(|e| e.check == own).map(|e| (e.kind, &e.text)).collect();
    assert_eq!(of_it, [(Kind::Removed, &Message::new("own"))]);
    // Its place is taken by another group, which the policy of before must not lead to.
    let other = world.add("other", r#""tags": ["other"]"#);
    let again = world.add("again", r#""tags": ["own"]"#);
    assert_ne!(monitor.group_find("own").unwrap(), own);
    world.set(again, Unhealthy);
    world.set(other, Healthy);
    world.expect("own", Unhealthy, false);
    world.expect("other", Healthy, true);
}

#[test]
fn a_group_that_comes_again_at_once_may_stand_elsewhere() {
    let world = World::new();
    let keeper = world.add("keeper", r#""tags": ["before"]"#);
    let id = world.add("c", r#""tags": ["own"]"#);
    world.rig.monitor.unregister_many(&[keeper, id]).unwrap();
    let again = world.add("c", r#""tags": ["own"]"#);
    world.set(again, Unhealthy);
    world.expect("own", Unhealthy, false);
}

#[test]
fn a_replacement_of_the_only_member_keeps_the_group() {
    let world = World::new();
    let id = world.add("c", r#""tags": ["own"]"#);
    let own = world.rig.monitor.group_find("own").unwrap();
    world.set(id, Unhealthy);
    let document = external("c", &format!(r#"{QUICK}, "interval": "30m", "tags": ["own"]"#));
    assert_eq!(world.rig.monitor.replace(&document).unwrap(), id);
    assert_eq!(world.rig.monitor.group_find("own").unwrap(), own);
    world.expect("own", Unhealthy, false);
}

#[test]
fn tags_that_change_for_ever_do_not_pile_up() {
    let rig = Rig::new();
    let lazy = rig.monitor.subscribe(Kinds::STATUS.and(Kinds::LIFE), 4).unwrap();
    let groups = rig.monitor.list_groups().unwrap();
    let keeper = rig.register(&external("keeper", r#""tags": ["kept"]"#));
    for round in 0..2_000 {
        let tags = format!(r#""tags": ["r{round}", "kept", "s{round}"]"#);
        let id = rig.register(&external("c", &tags));
        rig.monitor.replace(&external("c", &format!(r#""tags": ["t{round}"]"#))).unwrap();
        rig.monitor.unregister(id).unwrap();
        rig.take();
        assert_eq!(rig.monitor.list_groups().unwrap().len(), groups.len() + 1);
    }
    assert!(lazy.poll(1 << 16, Some(Duration::ZERO)).unwrap().len() < 16);
    rig.monitor.unregister(keeper).unwrap();
    assert_eq!(rig.monitor.list_groups().unwrap(), groups);
}

#[test]
fn a_group_is_found_by_its_id_wherever_it_stands() {
    let rig = Rig::new();
    let tagged = |tag: &str| external(&format!("c-{tag}"), &format!(r#""tags": ["{tag}"]"#));
    let ids: Vec<CheckId> = ["a", "b", "c"].iter().map(|tag| rig.register(&tagged(tag))).collect();
    let a = rig.monitor.group_find("a").unwrap();
    rig.monitor.unregister(ids[0]).unwrap();
    // It takes the place that the first one had.
    rig.register(&tagged("d"));
    let find = |name: &str| rig.monitor.group_find(name).unwrap();
    for name in ["overall", "readiness", "liveness", "startup", "b", "c", "d"] {
        let snapshot = rig.monitor.snapshot(find(name)).unwrap();
        assert_eq!((&*snapshot.name, snapshot.check), (name, find(name)));
        assert_eq!(&*rig.monitor.name(find(name)).unwrap(), name);
    }
    assert_eq!(rig.monitor.snapshot(a).unwrap_err().code(), Code::Stale);
    // Those of another monitor stand in the same places.
    let other = Rig::new();
    assert_eq!(other.monitor.snapshot(find("d")).unwrap_err().code(), Code::NotFound);
}

#[test]
fn the_name_of_the_whole_is_no_tag() {
    let rig = Rig::new();
    let overall = external("c", r#""tags": ["zone", "overall"]"#);
    let error = rig.monitor.register(&overall).unwrap_err();
    assert_eq!(error.key(), "/tags/1", "the place in the document, whatever the order of names");
    assert_eq!(rig.monitor.replace(&overall).unwrap_err().key(), "/tags/1");
    let batch = format!("[{}, {overall}]", external("a", ""));
    assert_eq!(rig.monitor.register_many(&batch).unwrap_err().key(), "/1/tags/1");
}

#[test]
fn an_event_tells_a_group_from_a_check_of_its_name() {
    let rig = Rig::new();
    let overall = rig.register(&external("overall", ""));
    let own = rig.register(&external("own", r#""tags": ["own"]"#));
    let groups = rig.monitor.list_groups().unwrap();
    let all = rig.monitor.subscribe(Kinds::STATUS.and(Kinds::LIFE), 64).unwrap();
    let due = rig.advance_to_due(own);
    rig.answer(&due, pass());
    // Before they are removed, which takes back what nobody has heard of them.
    let mut events = all.poll(64, Some(Duration::ZERO)).unwrap();
    rig.monitor.unregister_many(&[overall, own]).unwrap();
    events.extend(all.poll(64, Some(Duration::ZERO)).unwrap());
    let mut told = std::collections::BTreeSet::new();
    for event in events {
        assert_eq!(event.is_group, groups.contains(&event.check), "{event:?}");
        told.insert((event.kind as i32, event.reason == Reason::INITIAL, event.is_group));
    }
    let (status, removed) = (Kind::Status as i32, Kind::Removed as i32);
    for both in [(status, true), (status, false), (removed, false)] {
        assert!([true, false].iter().all(|group| told.contains(&(both.0, both.1, *group))));
    }
}

#[test]
fn groups_tell_their_changes_after_their_members() {
    let rig = Rig::new();
    let all = rig.monitor.subscribe(Kinds::STATUS, 64).unwrap();
    all.poll(64, Some(Duration::ZERO)).unwrap();
    let id = rig.register(&external("c", r#""tags": ["own"]"#));
    let due = rig.advance_to_due(id);
    rig.answer(&due, pass());
    let groups = ["overall", "own"].map(|name| rig.monitor.group_find(name).unwrap());
    let events = all.poll(64, Some(Duration::ZERO)).unwrap();
    let said: Vec<_> = events.iter().map(|e| (e.check, e.previous, e.status, e.sequence)).collect();
    let joined = [(groups[0], Healthy, Unknown, 1), (groups[1], Healthy, Unknown, 1)];
    let passed = [
        (id, Unknown, Healthy, 1),
        (groups[0], Unknown, Healthy, 2),
        (groups[1], Unknown, Healthy, 2),
    ];
    assert_eq!(said, [&joined[..], &passed[..]].concat());
    assert!(events.iter().all(|event| event.kind == Kind::Status));
}

#[test]
fn whoever_hears_of_a_change_finds_it_in_the_cells() {
    let monitor = Monitor::new(Some(r#"{"system_checks": false}"#)).unwrap();
    let id = monitor.register(r#"{"name": "c", "heartbeat": {"ttl": "1h"}}"#).unwrap();
    let overall = monitor.group_find("overall").unwrap();
    let events = monitor.subscribe(Kinds::STATUS, 64).unwrap();
    let (done, seen) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let monitor = &monitor;
        scope.spawn(move || {
            for round in 0..4_000 {
                let status = if round % 2 == 0 { Healthy } else { Unhealthy };
                monitor.override_status(id, Some((status, 3_600_000))).unwrap();
                if seen.recv_timeout(PATIENCE).is_err() {
                    return;
                }
            }
        });
        let done = done;
        for _ in 0..4_000 {
            let mut heard = 0;
            while heard < 2 {
                for event in events.poll(64, Some(PATIENCE)).unwrap() {
                    if event.reason != Reason::INITIAL {
                        assert_eq!(monitor.status(event.check), event.status);
                        heard += 1;
                    }
                }
            }
            assert_eq!(monitor.status(overall), monitor.status(id));
            done.send(()).unwrap();
        }
    });
}
