//! Callbacks: on the caller's thread by a manual clock, on the pool otherwise.

use crate::keeper::Keeper;
use crate::rig::{MS, PATIENCE, Rig, S, document, pass};
use meshvitals::{
    Callback, CheckId, Code, Event, Kind, Kinds, Monitor, Outcome, Reason, Run, RunResult, Status,
    Subscription,
};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

struct Function<F: Fn(&Run) -> RunResult + Send + Sync>(F);

impl<F: Fn(&Run) -> RunResult + Send + Sync> Callback for Function<F> {
    fn run(&self, run: &Run) -> RunResult {
        (self.0)(run)
    }
}

fn callback(name: &str, more: &str) -> String {
    document(name, r#""callback": {}"#, more)
}

#[test]
fn by_a_manual_clock_callbacks_run_inside_advance() {
    let rig = Rig::new();
    let here = std::thread::current().id();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let function = move |run: &Run| {
        assert_eq!(std::thread::current().id(), here);
        log.lock().unwrap().push((run.check, run.cookie, run.deadline.0));
        pass().with_value(2.0)
    };
    let document = callback("c", r#""cookie": 6"#);
    let id = rig.monitor.register_callback(&document, Function(function)).unwrap();
    rig.advance_to(0);
    rig.expect_status(id, Status::Unknown, Status::Healthy, Reason::NONE);
    assert_eq!(rig.advance_to_next(), 10 * S);
    assert_eq!(*seen.lock().unwrap(), [(id, 6, S), (id, 6, 11 * S)]);
    assert_eq!(rig.monitor.snapshot(id).unwrap().value, 2.0);
}

#[test]
fn more_callbacks_than_slots_all_run_in_their_order() {
    let rig = Rig::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..20 {
        let log = Arc::clone(&order);
        let function = Function(move |_: &Run| {
            log.lock().unwrap().push(number);
            pass()
        });
        rig.monitor.register_callback(&callback(&format!("c{number}"), ""), function).unwrap();
    }
    rig.advance_to(0);
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[test]
fn functions_that_were_silent_let_the_others_by_when_slots_are_short() {
    let rig = Rig::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..6 {
        let log = Arc::clone(&order);
        let function = Function(move |_: &Run| {
            log.lock().unwrap().push(number);
            if number < 4 { RunResult::new(Outcome::Timeout, Reason::TIMEOUT) } else { pass() }
        });
        let document = callback(&format!("c{number}"), r#""failure_threshold": 1"#);
        rig.monitor.register_callback(&document, function).unwrap();
    }
    rig.advance_to(0);
    assert_eq!(std::mem::take(&mut *order.lock().unwrap()), [0, 1, 2, 3, 4, 5]);
    rig.advance_to(10 * S);
    assert_eq!(*order.lock().unwrap(), [0, 1, 4, 5, 2, 3], "two of the four slots are kept");
}

#[test]
fn a_panic_is_a_failure_and_a_reported_timeout_is_not_stuck() {
    let rig = Rig::hearing(Kinds::RESULT);
    let count = AtomicUsize::new(0);
    let function = Function(move |_: &Run| match count.fetch_add(1, SeqCst) {
        0 => std::panic::resume_unwind(Box::new("on purpose")),
        1 => RunResult::new(Outcome::Timeout, Reason::TIMEOUT),
        _ => pass(),
    });
    let id = rig.monitor.register_callback(&callback("c", ""), function).unwrap();
    rig.advance_to(0);
    let result = rig.expect_event(Kind::Result, id);
    assert_eq!((result.outcome, result.reason), (Some(Outcome::Fail), Reason::CALLBACK_PANICKED));
    rig.advance_to_next();
    assert_eq!(rig.expect_event(Kind::Result, id).outcome, Some(Outcome::Timeout));
    rig.advance_to_next();
    assert_eq!(rig.expect_event(Kind::Result, id).outcome, Some(Outcome::Pass));
}

#[test]
fn a_callback_may_use_the_monitor_but_not_move_its_clock() {
    let rig = Rig::new();
    let monitor = Arc::new(Monitor::new(Some(r#"{"clock": "manual"}"#)).unwrap());
    let codes = Arc::new(Mutex::new(Vec::new()));
    let (inner, log) = (Arc::downgrade(&monitor), Arc::clone(&codes));
    let function = Function(move |run: &Run| {
        let monitor = inner.upgrade().unwrap();
        let mut log = log.lock().unwrap();
        log.push(monitor.advance(run.deadline).unwrap_err().code());
        log.push(monitor.stop(Duration::ZERO).unwrap_err().code());
        monitor.unregister(run.check).unwrap();
        pass()
    });
    let id = monitor.register_callback(&callback("c", ""), function).unwrap();
    monitor.advance(meshvitals::Tick(0)).unwrap();
    assert_eq!(*codes.lock().unwrap(), [Code::Deadlock, Code::Deadlock]);
    assert_eq!(monitor.snapshot(id).unwrap_err().code(), Code::Stale);
    drop(rig);
}

#[test]
fn what_another_callback_removed_or_paused_is_not_called_any_more() {
    for pause in [false, true] {
        let monitor = Arc::new(Monitor::new(Some(r#"{"clock": "manual"}"#)).unwrap());
        let calls = Arc::new(AtomicUsize::new(0));
        let (inner, victim) = (Arc::downgrade(&monitor), Arc::new(Mutex::new(None::<CheckId>)));
        let target = Arc::clone(&victim);
        let function = Function(move |_: &Run| {
            let (monitor, victim) = (inner.upgrade().unwrap(), target.lock().unwrap().unwrap());
            if pause {
                monitor.pause(victim, true).unwrap();
            } else if monitor.find("second").is_ok() {
                monitor.unregister(victim).unwrap();
            }
            pass()
        });
        monitor.register_callback(&callback("first", ""), function).unwrap();
        let count = Arc::clone(&calls);
        let counts = Function(move |_: &Run| {
            count.fetch_add(1, SeqCst);
            pass()
        });
        let id = monitor.register_callback(&callback("second", ""), counts).unwrap();
        *victim.lock().unwrap() = Some(id);
        monitor.advance(meshvitals::Tick(0)).unwrap();
        assert_eq!(calls.load(SeqCst), 0);
        if pause {
            assert_eq!(monitor.snapshot(id).unwrap().in_flight, 0);
            monitor.pause(id, false).unwrap();
            monitor.advance(meshvitals::Tick(MS)).unwrap();
            assert_eq!(calls.load(SeqCst), 1, "it goes on");
        }
    }
}

fn running() -> (Monitor, Subscription) {
    let monitor = Monitor::new(Some(r#"{"system_checks": false}"#)).unwrap();
    let events = monitor.subscribe(Kinds::RESULT, 1 << 12).unwrap();
    monitor.start().unwrap();
    (monitor, events)
}

const FAST: &str = r#""interval": "40ms", "timeout": "20ms", "failure_threshold": 3"#;

/// Polls until a check has a result of this reason.
#[track_caller]
fn wait_for(events: &Subscription, check: CheckId, reason: Reason) -> Event {
    loop {
        let seen = events.poll(1, Some(PATIENCE)).unwrap();
        let event = seen.into_iter().next().expect("it never happens");
        if event.check == check && event.reason == reason {
            return event;
        }
    }
}

#[test]
fn a_stuck_callback_fails_at_its_deadline_and_at_every_due_time_until_it_returns() {
    let (monitor, events) = running();
    let keeper = Keeper::register(&monitor, &callback("c", FAST));
    keeper.expect_call();
    let first = wait_for(&events, keeper.id, Reason::TIMEOUT);
    assert_eq!(first.outcome, Some(Outcome::Timeout));
    for _ in 0..3 {
        let more = wait_for(&events, keeper.id, Reason::STILL_RUNNING);
        assert_eq!((more.outcome, more.token), (Some(Outcome::Timeout), first.token));
    }
    assert_eq!(monitor.status(keeper.id), Status::Unhealthy);
    assert!(keeper.called.try_recv().is_err(), "it was not started again");
    keeper.let_return();
    keeper.expect_call();
    keeper.let_return();
    wait_for(&events, keeper.id, Reason::NONE);
}

#[test]
fn others_run_while_many_are_stuck() {
    let (monitor, events) = running();
    let stuck: Vec<Keeper> = (0..12)
        .map(|n| Keeper::register(&monitor, &callback(&format!("stuck{n}"), FAST)))
        .collect();
    for keeper in &stuck {
        keeper.expect_call();
    }
    let good = Function(|_: &Run| pass());
    let id = monitor.register_callback(&callback("good", FAST), good).unwrap();
    for _ in 0..5 {
        wait_for(&events, id, Reason::NONE);
    }
    drop(stuck);
}

#[test]
fn beyond_the_limit_of_threads_the_fault_is_ours_until_one_returns() {
    let (monitor, events) = running();
    let fast = FAST.replace("40ms", "400ms");
    let mut stuck: Vec<Keeper> = (0..64)
        .map(|n| Keeper::register(&monitor, &callback(&format!("stuck{n}"), &fast)))
        .collect();
    for keeper in &stuck {
        keeper.expect_call();
    }
    for keeper in &stuck {
        while monitor.snapshot(keeper.id).unwrap().failures == 0 {
            assert!(!events.poll(64, Some(PATIENCE)).unwrap().is_empty());
        }
    }
    let good = Function(|_: &Run| pass());
    let id = monitor.register_callback(&callback("good", FAST), good).unwrap();
    let exhausted = wait_for(&events, id, Reason::POOL_EXHAUSTED);
    assert_eq!(exhausted.outcome, Some(Outcome::Local));
    assert_eq!(monitor.snapshot(id).unwrap().failures, 0);
    stuck[17].let_all_return();
    wait_for(&events, id, Reason::NONE);
    drop(stuck);
}

#[test]
fn a_function_that_found_no_thread_until_its_deadline_is_our_fault_and_is_called_later() {
    let (monitor, events) = running();
    let fast = FAST.replace("40ms", "1h");
    let stuck: Vec<Keeper> = (0..62)
        .map(|n| Keeper::register(&monitor, &callback(&format!("stuck{n}"), &fast)))
        .collect();
    for keeper in &stuck {
        while monitor.snapshot(keeper.id).unwrap().failures == 0 {
            assert!(!events.poll(64, Some(PATIENCE)).unwrap().is_empty());
        }
    }
    let long = r#""interval": "1h", "timeout": "1h""#;
    let mut busy = ["a", "b"].map(|name| Keeper::register(&monitor, &callback(name, long)));
    busy.iter().for_each(Keeper::expect_call);
    let good = Function(|_: &Run| pass());
    let id = monitor.register_callback(&callback("good", FAST), good).unwrap();
    let unheard = wait_for(&events, id, Reason::POOL_EXHAUSTED);
    assert_eq!(unheard.outcome, Some(Outcome::Local));
    assert_eq!(monitor.snapshot(id).unwrap().failures, 0);
    busy[0].let_all_return();
    wait_for(&events, id, Reason::NONE);
    drop(stuck);
}

#[test]
fn a_pause_does_not_make_a_function_run_twice_at_once() {
    let (monitor, events) = running();
    let document = callback("c", r#""interval": "40ms", "timeout": "10s""#);
    let mut keeper = Keeper::register(&monitor, &document);
    keeper.expect_call();
    for _ in 0..20 {
        monitor.pause(keeper.id, true).unwrap();
        monitor.pause(keeper.id, false).unwrap();
    }
    let other = Function(|_: &Run| pass());
    let other = monitor.register_callback(&callback("other", FAST), other).unwrap();
    for _ in 0..5 {
        wait_for(&events, other, Reason::NONE);
    }
    assert!(keeper.called.try_recv().is_err());
    assert_eq!(monitor.snapshot(keeper.id).unwrap().failures, 0, "its time is not over");
    keeper.let_all_return();
    wait_for(&events, keeper.id, Reason::NONE);
    keeper.expect_call();
}

#[test]
fn a_function_that_outlives_a_stop_is_not_called_again_before_it_returns() {
    let (monitor, events) = running();
    let mut keeper = Keeper::register(&monitor, &callback("c", FAST));
    keeper.expect_call();
    let error = monitor.stop(Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.code(), Code::Timeout);
    while events.poll(64, Some(PATIENCE)).is_ok() {}
    monitor.start().unwrap();
    wait_for(&events, keeper.id, Reason::STILL_RUNNING);
    assert!(keeper.called.try_recv().is_err());
    keeper.let_all_return();
    keeper.expect_call();
    wait_for(&events, keeper.id, Reason::NONE);
    monitor.stop(PATIENCE).unwrap();
}

#[test]
fn a_function_that_was_in_flight_at_a_stop_is_called_in_the_next_life() {
    let (monitor, events) = running();
    let fast = r#""interval": "10ms", "timeout": "10s""#;
    let id = monitor.register_callback(&callback("c", fast), Function(|_: &Run| pass())).unwrap();
    for _ in 0..100 {
        wait_for(&events, id, Reason::NONE);
        monitor.stop(PATIENCE).unwrap();
        while events.poll(64, Some(PATIENCE)).is_ok() {}
        monitor.start().unwrap();
    }
}

#[test]
fn the_function_is_dropped_once_after_its_last_return() {
    let (monitor, _events) = running();
    let document = callback("c", r#""interval": "1h", "timeout": "1h""#);
    let mut running = Keeper::register(&monitor, &document);
    running.expect_call();
    monitor.unregister(running.id).unwrap();
    assert!(running.dropped.try_recv().is_err(), "it is still inside");
    running.let_all_return();
    running.dropped.recv_timeout(PATIENCE).unwrap();
    assert!(running.dropped.recv_timeout(PATIENCE).is_err(), "once, and then nobody is left");
    let idle = Keeper::register(&monitor, &callback("d", r#""initial_delay": "1h""#));
    monitor.unregister(idle.id).unwrap();
    idle.dropped.try_recv().expect("nobody is inside: dropped before unregister returns");
}

#[test]
fn stop_has_dropped_what_was_removed() {
    for _ in 0..20 {
        let (monitor, _events) = running();
        let keepers: Vec<Keeper> = (0..8)
            .map(|n| {
                let mut keeper = Keeper::register(&monitor, &callback(&format!("c{n}"), FAST));
                keeper.let_all_return();
                keeper
            })
            .collect();
        keepers[0].expect_call();
        keepers.iter().for_each(|keeper| monitor.unregister(keeper.id).unwrap());
        monitor.stop(PATIENCE).unwrap();
        for keeper in &keepers {
            keeper.dropped.try_recv().expect("dropped before stop returned");
        }
    }
}

/// Its drop calls the library.
struct Calls(std::sync::Weak<Monitor>, Sender<Code>);

impl Callback for Calls {
    fn run(&self, _: &Run) -> RunResult {
        pass()
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        if let Some(monitor) = self.0.upgrade() {
            let id = monitor.register(r#"{"name": "last", "heartbeat": {"ttl": "1s"}}"#).unwrap();
            monitor.beat(id).unwrap();
            let _ = self.1.send(monitor.stop(Duration::ZERO).unwrap_err().code());
        }
    }
}

#[test]
fn a_drop_may_call_the_library_but_not_stop_it() {
    let monitor = Arc::new(Monitor::new(Some(r#"{"system_checks": false}"#)).unwrap());
    monitor.start().unwrap();
    let (codes, seen) = channel();
    let function = Calls(Arc::downgrade(&monitor), codes);
    let id = monitor.register_callback(&callback("c", FAST), function).unwrap();
    monitor.unregister(id).unwrap();
    assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), Code::Deadlock);
}
