//! From reports to statuses.

use crate::rig::{Rig, S, external};
use meshvitals::{Reason, Status};

fn trace(more: &str, word: &str) -> String {
    let rig = Rig::new();
    let id = rig.register(&external("c", more));
    rig.drive(id, word)
}

#[test]
fn counts_in_a_row_decide() {
    for (word, statuses, why) in [
        ("p", "H", "the first pass decides"),
        ("fff", "KKU", "three failures in a row"),
        ("sss", "KKU", "silence fails as well"),
        ("pffpff", "HHHHHH", "a pass ends a streak"),
        ("pfsf", "HHHU", "failures and silence are one streak"),
        ("pfffpfpp", "HHHUUUUH", "two passes with no failure between"),
        ("pwwpp", "HHDDH", "two warnings, two passes"),
        ("pffwff", "HHHHHH", "a warning is alive"),
        ("pfxxxfxf", "HHHHHHHU", "local faults neither count nor interrupt"),
        ("pxxxxx", "HHHKKK", "local faults alone do nothing, but do not keep a status fresh"),
    ] {
        assert_eq!(trace("", word), statuses, "{why}: {word}");
    }
}

#[test]
fn thresholds_are_the_documents() {
    assert_eq!(trace(r#""failure_threshold": 1"#, "pf"), "HU");
    assert_eq!(trace(r#""failure_threshold": 5, "success_threshold": 1"#, "pfffffp"), "HHHHHUH");
    assert_eq!(trace(r#""degraded_threshold": 1"#, "pw"), "HD");
    assert_eq!(trace(r#""degraded_is_failure": true"#, "pwww"), "HHHU");
}

#[test]
fn the_first_result_decides_as_the_document_says() {
    assert_eq!(trace(r#""first_result_decides": "any""#, "f"), "U");
    assert_eq!(trace(r#""first_result_decides": "none""#, "ppf"), "KHH");
    assert_eq!(trace(r#""first_result_decides": "none""#, "pfpp"), "KKKH");
}

#[test]
fn a_role_that_informs_stops_at_degraded() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""role": "inform""#));
    assert_eq!(rig.drive(id, "pfffpp"), "HHHDDH");
    assert!(!rig.monitor.snapshot(id).unwrap().critical);
}

#[test]
fn start_grace_delays_the_first_unhealthy_only() {
    let rig = Rig::new();
    let more = r#""start_grace": "1m", "failure_threshold": 2"#;
    let id = rig.register(&external("c", more));
    rig.drive(id, "ff");
    while rig.now() < 57 * S {
        assert_eq!(rig.drive(id, "f"), "K");
    }
    while rig.now() < 60 * S {
        rig.drive(id, "f");
    }
    assert_eq!(rig.drive(id, "f"), "U", "the minute is over");
    let known = rig.register(&external("d", more));
    assert_eq!(rig.drive(known, "pff"), "HHU", "grace is for the first status");
}

#[test]
fn one_change_is_one_event_with_its_reason_and_a_sequence() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""failure_threshold": 2, "cookie": 7"#));
    let mut said = Vec::new();
    for letter in ["p", "f", "f", "p", "p"] {
        let due = rig.advance_to_due(id);
        let result = if letter == "p" { crate::rig::pass() } else { crate::rig::fail() };
        rig.answer(&due, result.with_message("words"));
        said.extend(rig.take());
    }
    let facts: Vec<_> = said
        .iter()
        .map(|event| (event.previous, event.status, event.reason, event.sequence, event.cookie))
        .collect();
    use Status::{Healthy, Unhealthy, Unknown};
    assert_eq!(
        facts,
        [
            (Unknown, Healthy, Reason::NONE, 1, 7),
            (Healthy, Unhealthy, Reason::REPORTED, 2, 7),
            (Unhealthy, Healthy, Reason::NONE, 3, 7),
        ]
    );
    assert!(said.iter().all(|event| event.text.as_str() == "words"));
}

#[test]
fn counts_show_in_the_snapshot() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""cookie": 5, "tags": ["a", "readiness"]"#));
    rig.drive(id, "pff");
    let snapshot = rig.monitor.snapshot(id).unwrap();
    assert_eq!((snapshot.failures, snapshot.passes, snapshot.runs), (2, 0, 3));
    assert_eq!((snapshot.status, snapshot.measured), (Status::Healthy, Status::Healthy));
    assert_eq!((&*snapshot.name, snapshot.cookie, snapshot.probe), ("c", 5, "external"));
    assert_eq!((snapshot.since.0, snapshot.last.0), (0, rig.now()));
    assert_eq!(snapshot.in_flight, 0);
    assert!(snapshot.next.0 > rig.now() && snapshot.next.0 < rig.now() + 2 * S, "in doubt");
    assert_eq!(snapshot.fresh_until.0, rig.now() + 21 * S);
    assert!(snapshot.critical && snapshot.answer && snapshot.threshold.is_nan());
    let tags: Vec<&str> = snapshot.tags.iter().map(|tag| &**tag).collect();
    assert_eq!(tags, ["a", "readiness"]);
}
