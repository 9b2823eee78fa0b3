//! Subscriptions: what a new one is told, what is merged, and how they end.

use crate::rig::{MS, Rig, S, external, fail, is_readable, pass};
use meshvitals::{Code, Kind, Kinds, Reason, Status};
use std::time::Duration;

const NOW: Option<Duration> = Some(Duration::ZERO);
const QUICK: &str = r#""failure_threshold": 1, "success_threshold": 1, "initial_delay": "1h""#;

fn set(rig: &Rig, id: meshvitals::CheckId, good: bool) {
    rig.monitor.check_now(id).unwrap();
    let due = rig.advance_to_due(id);
    rig.answer(&due, if good { pass() } else { fail() });
}

#[test]
fn a_new_one_starts_with_every_check_and_nothing_is_lost_in_between() {
    let rig = Rig::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| rig.register(&external(name, QUICK)));
    set(&rig, a, true);
    set(&rig, b, false);
    let late = rig.monitor.subscribe(Kinds::STATUS, 2).unwrap();
    let events = late.poll(64, NOW).unwrap();
    let said: Vec<_> = events.iter().map(|e| (e.check, e.previous, e.status, e.sequence)).collect();
    let unhealthy = (b, Status::Unhealthy, Status::Unhealthy, 1);
    let unknown = (c, Status::Unknown, Status::Unknown, 0);
    assert_eq!(said[..3], [(a, Status::Healthy, Status::Healthy, 1), unhealthy, unknown]);
    assert!(events.iter().all(|event| event.reason == Reason::INITIAL));
    set(&rig, b, true);
    let next = late.poll(64, NOW).unwrap();
    assert_eq!((next[0].check, next[0].previous, next[0].sequence), (b, Status::Unhealthy, 2));
}

#[test]
fn a_new_one_is_told_of_the_whole_and_of_each_group_after_their_members() {
    let rig = Rig::new();
    let a = rig.register(&external("a", &format!(r#"{QUICK}, "tags": ["own"]"#)));
    let groups = rig.monitor.list_groups().unwrap();
    set(&rig, a, false);
    let late = rig.monitor.subscribe(Kinds::STATUS, 64).unwrap();
    let events = late.poll(64, NOW).unwrap();
    let order: Vec<_> = events.iter().map(|event| event.check).collect();
    assert_eq!(order, [&[a][..], &groups].concat());
    for event in &events {
        let seen = rig.monitor.snapshot(event.check).unwrap();
        assert_eq!((event.kind, event.reason), (Kind::Status, Reason::INITIAL));
        assert_eq!((event.previous, event.status), (seen.status, seen.status), "{}", seen.name);
    }
    let own = rig.monitor.group_find("own").unwrap();
    let first = events.iter().find(|event| event.check == own).unwrap();
    assert_eq!((first.status, first.sequence), (Status::Unhealthy, 2));
    set(&rig, a, true);
    let next = late.poll(64, NOW).unwrap();
    let next = next.iter().find(|event| event.check == own).unwrap();
    assert_eq!(
        (next.previous, next.sequence),
        (Status::Unhealthy, 3),
        "no gap to the first change"
    );
}

#[test]
fn the_text_of_the_first_event_is_the_last_message_or_since_when_the_status_holds() {
    let rig = Rig::new();
    let name = |name: &str| rig.register(&external(name, QUICK));
    let [new, good, bad, said, paused] = ["new", "good", "bad", "said", "paused"].map(name);
    set(&rig, good, true);
    set(&rig, bad, false);
    rig.monitor.check_now(said).unwrap();
    let due = rig.advance_to_due(said);
    rig.answer(&due, fail().with_message("no leader"));
    rig.monitor.pause(paused, true).unwrap();
    rig.advance_by(65 * MS);
    rig.advance_by(5 * S);
    let late = rig.monitor.subscribe(Kinds::STATUS, 64).unwrap();
    let events = late.poll(64, NOW).unwrap();
    for (check, text) in [
        (new, "UNKNOWN for 5s: not measured yet"),
        (good, "HEALTHY for 5s"),
        (bad, "UNHEALTHY for 5s: reported by the host program"),
        (said, "no leader"),
        (paused, "UNKNOWN for 5s: paused"),
        (rig.monitor.group_find("overall").unwrap(), "UNHEALTHY for 5s"),
        (rig.monitor.group_find("readiness").unwrap(), "HEALTHY for 5s"),
    ] {
        let event = events.iter().find(|event| event.check == check).unwrap();
        assert_eq!(event.text.as_str(), text);
    }
}

#[test]
fn a_change_and_back_is_told_when_it_had_to_be_merged() {
    let rig = Rig::new();
    let id = rig.register(&external("c", QUICK));
    set(&rig, id, true);
    let small = rig.monitor.subscribe(Kinds::STATUS, 1).unwrap();
    small.poll(64, NOW).unwrap();
    set(&rig, id, false);
    set(&rig, id, true);
    let events = small.poll(64, NOW).unwrap();
    let event = events.iter().find(|event| event.check == id).unwrap();
    assert_eq!((event.previous, event.status), (Status::Healthy, Status::Healthy));
    assert_eq!((event.merged, event.sequence), (1, 3));
    assert!(small.merged() >= 1);
}

#[test]
fn what_was_queued_of_a_removed_check_is_dropped_and_one_removed_follows() {
    for (kinds, expected) in [
        (Kinds::STATUS.and(Kinds::LIFE).and(Kinds::RESULT), vec![Kind::Removed]),
        (Kinds::STATUS.and(Kinds::RESULT), vec![]),
    ] {
        let rig = Rig::new();
        let heard = rig.monitor.subscribe(kinds, 64).unwrap();
        let id = rig.register(&external("c", QUICK));
        heard.poll(64, NOW).unwrap();
        set(&rig, id, true);
        set(&rig, id, false);
        rig.monitor.unregister(id).unwrap();
        let events = heard.poll(64, NOW).unwrap();
        let of_it = events.iter().filter(|event| event.check == id);
        assert_eq!(of_it.map(|event| event.kind).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_queue_that_nobody_polls_holds_no_more_than_the_checks_there_are() {
    let rig = Rig::new();
    let lazy = rig.monitor.subscribe(Kinds::STATUS.and(Kinds::RESULT).and(Kinds::LIFE), 4).unwrap();
    for _ in 0..2_000 {
        let id = rig.register(&external("c", QUICK));
        set(&rig, id, true);
        set(&rig, id, false);
        rig.monitor.unregister(id).unwrap();
        rig.take();
    }
    assert!(lazy.poll(1 << 16, NOW).unwrap().len() < 16);
}

#[test]
fn a_poll_gives_up_to_its_limit_in_order() {
    let rig = Rig::new();
    let ids = ["a", "b", "c"].map(|name| rig.register(&external(name, QUICK)));
    let heard = rig.monitor.subscribe(Kinds::STATUS, 64).unwrap();
    assert_eq!(heard.poll(0, NOW).unwrap(), []);
    let first: Vec<_> = heard.poll(2, NOW).unwrap().iter().map(|event| event.check).collect();
    assert_eq!(first, ids[..2]);
    assert!(is_readable(heard.fd().unwrap()));
    assert_eq!(heard.poll(2, NOW).unwrap()[0].check, ids[2]);
    assert_eq!(heard.poll(64, NOW).unwrap().len(), 3, "groups that are not taken yet");
    assert!(!is_readable(heard.fd().unwrap()));
}

#[test]
fn a_dropped_event_leaves_no_readable_descriptor() {
    let rig = Rig::new();
    let id = rig.register(&external("c", QUICK));
    let heard = rig.monitor.subscribe(Kinds::RESULT, 64).unwrap();
    set(&rig, id, true);
    assert!(is_readable(heard.fd().unwrap()));
    rig.monitor.unregister(id).unwrap();
    assert!(!is_readable(heard.fd().unwrap()));
}

#[test]
fn a_subscription_outlives_its_monitor() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    let requests = rig.monitor.subscribe(Kinds::STATUS.and(Kinds::LIFE), 64).unwrap();
    rig.advance_to(0);
    let Rig { monitor, events, .. } = rig;
    drop(monitor);
    let rest = requests.poll(64, None).unwrap();
    assert_eq!((rest[0].check, rest[0].reason), (id, Reason::INITIAL));
    assert_eq!(rest.last().unwrap().kind, Kind::Stopped);
    for _ in 0..2 {
        assert_eq!(requests.poll(64, None).unwrap_err().code(), Code::Stopped);
    }
    // The request that was queued is out of date; what else was said is there.
    let rest = events.poll(64, None).unwrap();
    assert!(!rest.is_empty() && rest.iter().all(|event| event.kind == Kind::Status));
    assert_eq!(events.poll(64, None).unwrap_err().code(), Code::Stopped);
}

#[test]
fn a_wake_ends_one_poll_without_an_event() {
    let rig = Rig::of(r#"{"system_checks": false}"#, Kinds::LIFE);
    rig.events.wake().unwrap();
    assert_eq!(rig.events.poll(64, None).unwrap(), []);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| rig.events.poll(64, None));
        rig.events.wake().unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), []);
    });
}

#[test]
fn masks_and_capacities_are_checked() {
    let rig = Rig::new();
    let code = |kinds, capacity| {
        rig.monitor.subscribe(Kinds(kinds), capacity).map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(code(0, 8), Err(Code::Range));
    assert_eq!(code(32, 8), Err(Code::Range));
    assert_eq!(code(1, 0), Err(Code::Range));
    assert_eq!(code(1, 8), Ok(()));
    assert_eq!(code(2, 8), Err(Code::Busy));
}

#[test]
fn every_result_of_a_run_is_heard_with_its_number() {
    let rig = Rig::hearing(Kinds::DUE.and(Kinds::RESULT));
    let id = rig.register(&external("c", ""));
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let due = rig.advance_to_due(id);
        rig.answer(&due, pass());
        tokens.push((due.token, rig.expect_event(Kind::Result, id).token));
    }
    assert!(tokens.iter().all(|(asked, answered)| asked == answered && *asked != 0));
    rig.advance_by(S);
}
