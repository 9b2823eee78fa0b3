//! Checks that depend on others: blocked while those are UNHEALTHY.

use crate::rig::{Rig, S, external};
use meshvitals::{CheckId, Code, Mask, Reason, Status};

use Status::{Healthy, Unhealthy, Unknown};

const QUICK: &str = r#""failure_threshold": 1, "success_threshold": 1, "interval": "1m""#;

fn on(name: &str, dependencies: &str) -> String {
    external(name, &format!(r#"{QUICK}, "depends_on": [{dependencies}]"#))
}

fn rig_with(documents: &[String]) -> (Rig, Vec<CheckId>) {
    let rig = Rig::new();
    let ids = rig.monitor.register_many(&format!("[{}]", documents.join(","))).unwrap();
    rig.advance_to(0);
    for due in rig.take() {
        rig.answer(&due, crate::rig::pass());
    }
    rig.take();
    (rig, ids)
}

/// Asks one check and lets it fail or pass; other requests of that turn pass.
fn set(rig: &Rig, id: CheckId, good: bool) {
    rig.monitor.check_now(id).unwrap();
    let due = rig.advance_to_due(id);
    rig.answer(&due, if good { crate::rig::pass() } else { crate::rig::fail() });
}

#[test]
fn an_unhealthy_dependency_blocks_and_is_named() {
    let (rig, ids) = rig_with(&[on("base", ""), on("top", r#""base""#)]);
    set(&rig, ids[0], false);
    rig.expect_status(ids[0], Healthy, Unhealthy, Reason::REPORTED);
    let event = rig.expect_status(ids[1], Healthy, Unknown, Reason::BLOCKED);
    assert_eq!(event.text.as_str(), "blocked by base");
    let snapshot = rig.monitor.snapshot(ids[1]).unwrap();
    assert_eq!((snapshot.mask, snapshot.measured), (Mask::BLOCKED, Healthy));
    assert_eq!(snapshot.message.as_str(), "blocked by base");
    set(&rig, ids[0], true);
    rig.expect_status(ids[0], Unhealthy, Healthy, Reason::NONE);
    rig.expect_status(ids[1], Unknown, Healthy, Reason::UNMASKED);
    rig.expect_quiet();
}

#[test]
fn chains_are_blocked_from_below_whatever_the_order_of_the_batch() {
    let chain = [on("c", r#""b""#), on("a", ""), on("d", r#""c""#), on("b", r#""a""#)];
    let (rig, ids) = rig_with(&chain);
    let [c, a, d, b] = ids[..] else { panic!() };
    set(&rig, a, false);
    rig.expect_status(a, Healthy, Unhealthy, Reason::REPORTED);
    for (id, cause) in [(b, "a"), (c, "b"), (d, "c")] {
        let event = rig.expect_status(id, Healthy, Unknown, Reason::BLOCKED);
        assert_eq!(event.text.as_str(), format!("blocked by {cause}"));
    }
    rig.monitor.unregister(a).unwrap();
    for id in [b, c, d] {
        rig.expect_status(id, Unknown, Healthy, Reason::UNMASKED);
    }
    rig.expect_quiet();
}

#[test]
fn a_check_is_blocked_while_any_of_its_dependencies_is_unhealthy() {
    let diamond = [on("a", ""), on("l", r#""a""#), on("r", r#""a""#), on("top", r#""l", "r""#)];
    let (rig, ids) = rig_with(&diamond);
    let [a, l, r, top] = ids[..] else { panic!() };
    set(&rig, a, false);
    let blocked: Vec<CheckId> = rig.take().iter().map(|event| event.check).collect();
    assert_eq!(blocked, [a, l, r, top], "each once");
    set(&rig, a, true);
    let freed: Vec<_> = rig.take().iter().map(|event| (event.check, event.status)).collect();
    assert_eq!(freed, [(a, Healthy), (l, Healthy), (r, Healthy), (top, Healthy)]);
    set(&rig, l, false);
    set(&rig, r, false);
    set(&rig, l, true);
    assert!(rig.monitor.snapshot(top).unwrap().mask.has(Mask::BLOCKED), "r is still there");
}

#[test]
fn unknown_degraded_and_masked_dependencies_do_not_block() {
    let rig = Rig::new();
    let base = rig.register(&on("base", ""));
    let top = rig.register(&on("top", r#""base""#));
    assert_eq!(rig.monitor.snapshot(top).unwrap().mask, Mask(0));
    rig.monitor.override_status(base, Some((Unhealthy, 60_000))).unwrap();
    assert_eq!(rig.monitor.snapshot(top).unwrap().mask, Mask(0), "measured decides");
    rig.monitor.pause(base, true).unwrap();
    assert_eq!(rig.monitor.snapshot(top).unwrap().mask, Mask(0));
}

#[test]
fn whoever_joins_an_unhealthy_dependency_is_blocked_at_once() {
    let (rig, ids) = rig_with(&[on("base", "")]);
    set(&rig, ids[0], false);
    rig.take();
    let top = rig.register(&on("top", r#""base""#));
    rig.expect_status(top, Unknown, Unknown, Reason::BLOCKED);
}

#[test]
fn what_cannot_be_depended_on_is_refused_with_its_place() {
    let rig = Rig::new();
    let batch = format!("[{}, {}]", on("a", ""), on("b", r#""nobody""#));
    let error = rig.monitor.register_many(&batch).unwrap_err();
    assert_eq!((error.code(), error.key()), (Code::Document, "/1/depends_on"));
    let error = rig.monitor.register(&on("a", r#""nobody""#)).unwrap_err();
    assert_eq!((error.code(), error.key()), (Code::Document, "/depends_on"));
    let round = [on("x", ""), on("a", r#""c""#), on("b", r#""a""#), on("c", r#""b""#)];
    let error = rig.monitor.register_many(&format!("[{}]", round.join(","))).unwrap_err();
    assert_eq!((error.code(), error.key()), (Code::Document, "/1/depends_on"));
    assert_eq!(rig.monitor.list().unwrap(), [], "nothing is left of refused documents");
}

#[test]
fn a_replacement_may_not_close_a_circle() {
    let (rig, ids) = rig_with(&[on("a", ""), on("b", r#""a""#), on("c", r#""b""#)]);
    let error = rig.monitor.replace(&on("a", r#""c""#)).unwrap_err();
    assert_eq!((error.code(), error.key()), (Code::Document, "/depends_on"));
    rig.monitor.replace(&on("b", "")).unwrap();
    assert_eq!(rig.monitor.replace(&on("a", r#""c""#)).unwrap(), ids[0]);
}

#[test]
fn a_replacement_takes_over_its_dependents_and_its_new_dependencies() {
    let (rig, ids) = rig_with(&[on("a", ""), on("b", ""), on("top", r#""a""#)]);
    set(&rig, ids[1], false);
    rig.take();
    rig.monitor.replace(&on("top", r#""b""#)).unwrap();
    rig.expect_status(ids[2], Healthy, Unknown, Reason::BLOCKED);
    set(&rig, ids[0], false);
    assert_eq!(rig.take().len(), 1, "top no longer cares for a");
    rig.monitor.replace(&on("b", r#""a""#)).unwrap();
    rig.monitor.unregister(ids[1]).unwrap();
    rig.monitor.unregister(ids[0]).unwrap();
    assert_eq!(rig.monitor.snapshot(ids[2]).unwrap().mask, Mask(0));
}

#[test]
fn a_chain_may_be_very_long() {
    let count = 20_000;
    let mut chain = vec![external("c0", QUICK)];
    chain.extend((1..count).map(|at| {
        let more = format!(r#""initial_delay": "1h", "depends_on": ["c{}"]"#, at - 1);
        external(&format!("c{at}"), &more)
    }));
    let rig = Rig::new();
    let ids = rig.monitor.register_many(&format!("[{}]", chain.join(","))).unwrap();
    set(&rig, ids[0], false);
    assert!(rig.monitor.snapshot(ids[count - 1]).unwrap().mask.has(Mask::BLOCKED));
    rig.monitor.unregister(ids[0]).unwrap();
    assert_eq!(rig.monitor.snapshot(ids[count - 1]).unwrap().mask, Mask(0));
    rig.advance_by(S);
}

/// What a check costs to leave must not grow with those that stay: nobody asserts the time here,
/// but with a list that is searched it takes about twenty times as long.
#[test]
fn very_many_may_depend_on_one_and_leave_in_any_order() {
    let count = 100_000;
    let rig = Rig::new();
    let base = rig.register(&external("base", QUICK));
    let later = r#""initial_delay": "1h", "depends_on": ["base"]"#;
    let documents: Vec<_> = (0..count).map(|at| external(&format!("d{at}"), later)).collect();
    let ids = rig.monitor.register_many(&format!("[{}]", documents.join(","))).unwrap();
    let last: Vec<_> = ids[..count - 1].iter().rev().copied().collect();
    rig.monitor.unregister_many(&last).unwrap();
    set(&rig, base, false);
    assert!(rig.monitor.snapshot(ids[count - 1]).unwrap().mask.has(Mask::BLOCKED));
    rig.monitor.unregister(base).unwrap();
    assert_eq!(rig.monitor.list().unwrap(), [ids[count - 1]]);
    assert_eq!(rig.monitor.snapshot(ids[count - 1]).unwrap().mask, Mask(0));
}
