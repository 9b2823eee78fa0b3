//! External checks: the engine owns schedule, deadline and status, the host program runs.

use crate::rig::{MS, Rig, S, external, fail, is_readable, pass};
use meshvitals::{
    CheckId, Code, Event, Kind, Kinds, Mask, Outcome, Reason, RunResult, Status, Tick,
};

#[track_caller]
fn expect_stale(rig: &Rig, check: CheckId, token: u64) {
    let before = rig.monitor.snapshot(check).unwrap();
    let error = rig.monitor.report(check, token, fail(), Tick(0)).unwrap_err();
    assert_eq!(error.code(), Code::Stale, "{error}");
    assert_eq!(format!("{:?}", rig.monitor.snapshot(check).unwrap()), format!("{before:?}"));
}

/// A check that is not asked again soon, and its first request.
fn asked(rig: &Rig, more: &str) -> (CheckId, Event) {
    let id = rig.register(&external("c", &format!(r#""interval": "1h"{more}"#)));
    let due = rig.advance_to_due(id);
    (id, due)
}

#[test]
fn a_request_carries_what_its_answer_needs_and_the_answer_makes_a_status() {
    let rig = Rig::hearing(Kinds::STATUS.and(Kinds::DUE).and(Kinds::RESULT));
    let (id, due) = asked(&rig, r#", "cookie": 9, "linger": "3s""#);
    assert_eq!((due.cookie, due.deadline.0, due.linger_until.0), (9, S, 4 * S));
    rig.answer(&due, pass().with_value(4.5).with_message("fine"));
    rig.expect_status(id, Status::Unknown, Status::Healthy, Reason::NONE);
    let result = rig.expect_event(Kind::Result, id);
    assert_eq!((result.token, result.outcome), (due.token, Some(Outcome::Pass)));
    assert_eq!((result.value, result.text.as_str(), result.cookie), (4.5, "fine", 9));
    assert_eq!(rig.monitor.status(id), Status::Healthy);
    rig.expect_quiet();
}

#[test]
fn the_deadline_starts_when_the_request_is_handed_out() {
    let rig = Rig::new();
    rig.register(&external("c", r#""timeout": "5s""#));
    rig.advance_to(0);
    rig.advance_to(3 * S);
    let due = rig.take().remove(0);
    assert_eq!((due.at.0, due.deadline.0), (0, 8 * S));
    rig.advance_to(7 * S);
    rig.answer(&due, pass());
    rig.expect_status(due.check, Status::Unknown, Status::Healthy, Reason::NONE);
}

#[test]
fn without_a_subscription_to_requests_nothing_is_measured() {
    let rig = Rig::hearing(Kinds::STATUS.and(Kinds::RESULT));
    let id = rig.register(&external("c", ""));
    for _ in 0..10 {
        rig.advance_by(10 * S);
        let result = rig.expect_event(Kind::Result, id);
        assert_eq!(
            (result.outcome, result.reason),
            (Some(Outcome::Local), Reason::HOST_NOT_POLLING)
        );
    }
    assert_eq!(rig.monitor.snapshot(id).unwrap().failures, 0);
    rig.expect_quiet();
}

#[test]
fn a_request_that_nobody_fetches_is_our_fault_and_is_not_handed_out_later() {
    let rig = Rig::hearing(Kinds::STATUS.and(Kinds::RESULT));
    let requests = rig.monitor.subscribe(Kinds::DUE, 8).unwrap();
    let id = rig.register(&external("c", ""));
    rig.advance_to(0);
    rig.expect_quiet();
    rig.advance_to(S);
    let result = rig.expect_event(Kind::Result, id);
    assert_eq!((result.outcome, result.reason), (Some(Outcome::Local), Reason::HOST_NOT_POLLING));
    assert_eq!(requests.poll(8, None).unwrap(), [], "it is out of date");
    rig.advance_to(10 * S);
    let due = requests.poll(8, None).unwrap().remove(0);
    rig.answer(&due, pass());
    rig.expect_status(id, Status::Unknown, Status::Healthy, Reason::NONE);
}

#[test]
fn a_request_that_is_out_of_date_is_taken_back() {
    type Act = fn(&Rig, CheckId);
    let acts: [Act; 3] = [
        |rig, _| rig.advance_to(S),
        |rig, id| rig.monitor.pause(id, true).unwrap(),
        |rig, id| rig.monitor.unregister(id).unwrap(),
    ];
    for act in acts {
        let rig = Rig::hearing(Kinds::STATUS);
        let requests = rig.monitor.subscribe(Kinds::DUE, 8).unwrap();
        let id = rig.register(&external("c", ""));
        rig.advance_to(0);
        assert!(is_readable(requests.fd().unwrap()));
        act(&rig, id);
        assert!(!is_readable(requests.fd().unwrap()), "there is nothing to take");
    }
}

#[test]
fn requests_that_are_out_of_date_do_not_hide_those_behind_them() {
    let rig = Rig::hearing(Kinds::STATUS);
    let requests = rig.monitor.subscribe(Kinds::DUE, 8).unwrap();
    let old = rig.register(&external("old", ""));
    rig.advance_to(0);
    let new = rig.register(&external("new", ""));
    rig.monitor.unregister(old).unwrap();
    rig.advance_to(0);
    let seen = requests.poll(1, None).unwrap();
    assert_eq!(seen.iter().map(|event| event.check).collect::<Vec<_>>(), [new]);
}

#[test]
fn silence_counts_once_the_host_has_seen_the_cancel() {
    let rig = Rig::hearing(Kinds::RESULT.and(Kinds::DUE));
    let (id, due) = asked(&rig, "");
    rig.advance_to(S);
    assert_eq!(rig.monitor.snapshot(id).unwrap().failures, 0, "not fetched yet");
    let cancel = rig.expect_event(Kind::Cancel, id);
    assert_eq!(cancel.token, due.token);
    let result = rig.expect_event(Kind::Result, id);
    assert_eq!((result.outcome, result.reason), (Some(Outcome::Timeout), Reason::TIMEOUT));
    assert_eq!((result.token, rig.monitor.snapshot(id).unwrap().failures), (due.token, 1));
    expect_stale(&rig, id, due.token);
}

#[test]
fn silence_of_a_host_that_does_not_poll_is_our_fault() {
    let rig = Rig::hearing(Kinds::RESULT);
    let requests = rig.monitor.subscribe(Kinds::DUE, 8).unwrap();
    let id = rig.register(&external("c", r#""interval": "1h""#));
    rig.advance_to(0);
    let due = requests.poll(8, None).unwrap().remove(0);
    rig.advance_to(S);
    rig.advance_to(2 * S);
    let result = rig.expect_event(Kind::Result, id);
    assert_eq!((result.outcome, result.reason), (Some(Outcome::Local), Reason::HOST_NOT_POLLING));
    assert_eq!(requests.poll(8, None).unwrap()[0].kind, Kind::Cancel);
    rig.expect_quiet();
    expect_stale(&rig, id, due.token);
}

#[test]
fn an_answer_between_deadline_and_cancel_is_late_or_in_time_by_its_own_date() {
    for (finished, outcome, reason) in
        [(S - 1, Outcome::Pass, Reason::NONE), (S + MS, Outcome::Timeout, Reason::LATE)]
    {
        let rig = Rig::hearing(Kinds::RESULT);
        let requests = rig.monitor.subscribe(Kinds::DUE, 8).unwrap();
        let id = rig.register(&external("c", r#""interval": "1h""#));
        rig.advance_to(0);
        let due = requests.poll(8, None).unwrap().remove(0);
        rig.advance_to(S + MS);
        rig.monitor.report(id, due.token, pass(), Tick(finished)).unwrap();
        let result = rig.expect_event(Kind::Result, id);
        assert_eq!((result.outcome, result.reason), (Some(outcome), reason));
        requests.poll(8, None).unwrap();
        rig.advance_to(5 * S);
        rig.expect_quiet();
        expect_stale(&rig, id, due.token);
    }
}

#[test]
fn tokens_are_good_for_one_answer() {
    let rig = Rig::new();
    let (id, due) = asked(&rig, "");
    for wrong in [due.token + 1, due.token ^ 1 << 30, 1, u64::MAX] {
        expect_stale(&rig, id, wrong);
    }
    let other = rig.register(&external("other", r#""interval": "1h""#));
    expect_stale(&rig, other, due.token);
    rig.answer(&due, pass());
    expect_stale(&rig, id, due.token);
    assert_eq!(rig.monitor.snapshot(id).unwrap().runs, 1);
}

#[test]
fn a_timeout_that_the_host_reports_is_an_answer() {
    let rig = Rig::new();
    let (id, due) = asked(&rig, r#", "linger": "10s""#);
    rig.answer(&due, RunResult::new(Outcome::Timeout, Reason::TIMEOUT));
    expect_stale(&rig, id, due.token);
    assert_eq!(rig.monitor.snapshot(id).unwrap().failures, 1);
}

#[test]
fn reports_from_the_future_and_of_the_wrong_kind_are_refused() {
    let rig = Rig::new();
    let (id, due) = asked(&rig, "");
    let code = |token, finished| {
        let refused = rig.monitor.report(id, token, pass(), Tick(finished));
        refused.map_err(|error| error.code())
    };
    assert_eq!(code(due.token, 1), Err(Code::Range));
    assert_eq!(code(0, 0), Err(Code::Mode), "token 0 is a heartbeat");
    assert_eq!(code(due.token, 0), Ok(()));
}

#[test]
fn unregister_pause_replace_and_stop_cancel_a_run_that_the_host_has() {
    type Act = fn(&Rig, CheckId);
    let acts: [(&str, Act); 4] = [
        ("unregister", |rig, id| rig.monitor.unregister(id).unwrap()),
        ("pause", |rig, id| rig.monitor.pause(id, true).unwrap()),
        ("replace", |rig, _| {
            rig.monitor.replace(&external("c", r#""interval": "2h""#)).unwrap();
        }),
        ("stop", |rig, _| rig.monitor.stop(std::time::Duration::ZERO).unwrap()),
    ];
    for (name, act) in acts {
        let rig = Rig::hearing(Kinds::DUE);
        let (id, due) = asked(&rig, "");
        act(&rig, id);
        let cancel = rig.expect_event(Kind::Cancel, id);
        assert_eq!(cancel.token, due.token, "{name}");
        let code = rig.monitor.report(id, due.token, pass(), Tick(0)).unwrap_err().code();
        assert_eq!(code, Code::Stale, "{name}");
    }
}

#[test]
fn a_request_that_was_not_fetched_is_not_cancelled_either() {
    let rig = Rig::hearing(Kinds::DUE);
    let id = rig.register(&external("c", ""));
    rig.advance_to(0);
    rig.monitor.pause(id, true).unwrap();
    rig.expect_quiet();
}

#[test]
fn a_deadline_that_is_noticed_late_is_moved_and_then_kept() {
    let rig = Rig::new();
    let (id, _) = asked(&rig, "");
    rig.advance_to(1_500 * MS);
    rig.expect_quiet();
    assert_eq!(rig.planned(), Tick(2 * S), "moved by the half second that we were late");
    rig.advance_to(2 * S);
    rig.expect_event(Kind::Cancel, id);
}

#[test]
fn a_monitor_that_is_late_for_ever_blames_itself() {
    let rig = Rig::hearing(Kinds::DUE.and(Kinds::RESULT));
    let (id, _) = asked(&rig, "");
    for step in 1..=4 {
        rig.advance_to(step * 10 * S);
    }
    rig.expect_event(Kind::Cancel, id);
    let result = rig.expect_event(Kind::Result, id);
    assert_eq!((result.outcome, result.reason), (Some(Outcome::Local), Reason::LOCAL_STARVED));
    rig.expect_quiet();
}

#[test]
fn late_answers_take_back_silence_while_they_are_waited_for() {
    let rig = Rig::hearing(Kinds::DUE);
    let id = rig.register(&external("c", r#""interval": "1m", "linger": "3s""#));
    rig.make_healthy(id);
    let due = rig.advance_to_due(id);
    rig.advance_to(due.deadline.0);
    rig.expect_event(Kind::Cancel, id);
    assert_eq!(rig.monitor.snapshot(id).unwrap().failures, 1);
    rig.advance_to(due.linger_until.0 - MS);
    rig.answer(&due, pass());
    let snapshot = rig.monitor.snapshot(id).unwrap();
    assert_eq!((snapshot.failures, snapshot.passes), (0, 0), "neither silence nor a pass");
    expect_stale(&rig, id, due.token);
}

#[test]
fn nothing_lingers_beyond_its_time() {
    let rig = Rig::hearing(Kinds::DUE);
    let (id, due) = asked(&rig, r#", "linger": "3s", "failure_threshold": 2"#);
    rig.advance_to(due.deadline.0);
    rig.take();
    rig.advance_to(due.linger_until.0);
    expect_stale(&rig, id, due.token);
}

#[test]
fn a_late_answer_to_an_old_document_is_stale() {
    let rig = Rig::hearing(Kinds::DUE);
    let (id, due) = asked(&rig, r#", "linger": "1m""#);
    rig.advance_to(due.deadline.0);
    rig.take();
    let document = external("c", r#""interval": "2h", "linger": "1m""#);
    assert_eq!(rig.monitor.replace(&document).unwrap(), id);
    expect_stale(&rig, id, due.token);
    assert_eq!(rig.monitor.snapshot(id).unwrap().failures, 1);
}

#[test]
fn pausing_forgets_a_late_answer() {
    let rig = Rig::hearing(Kinds::DUE);
    let (id, due) = asked(&rig, r#", "linger": "1m""#);
    rig.advance_to(due.deadline.0);
    rig.take();
    rig.monitor.pause(id, true).unwrap();
    assert!(rig.monitor.snapshot(id).unwrap().mask.has(Mask::PAUSED));
    expect_stale(&rig, id, due.token);
}

#[test]
fn requests_follow_the_subscription() {
    let rig = Rig::hearing(Kinds::STATUS);
    let first = rig.monitor.subscribe(Kinds::DUE, 8).unwrap();
    let busy = rig.monitor.subscribe(Kinds::DUE.and(Kinds::LOG), 8).map(|_| ()).unwrap_err();
    assert_eq!(busy.code(), Code::Busy);
    let id = rig.register(&external("c", ""));
    drop(first);
    let second = rig.monitor.subscribe(Kinds::DUE, 8).unwrap();
    rig.advance_to(0);
    assert_eq!(second.poll(8, None).unwrap()[0].check, id);
}
