//! Start, stop and the clock.

use crate::rig::{PATIENCE, Rig, S, document, external, pass};
use meshvitals::{
    Callback, Code, Event, Kind, Kinds, Mask, Monitor, Outcome, Reason, Run, RunResult, Status,
    Tick,
};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const NOW: Option<Duration> = Some(Duration::ZERO);

fn running() -> Monitor {
    let monitor = Monitor::new(Some(r#"{"system_checks": false, "start_spread": 0}"#)).unwrap();
    monitor.start().unwrap();
    monitor
}

/// Polls until an event is as wanted.
#[track_caller]
fn wait_for(events: &meshvitals::Subscription, wanted: impl Fn(&Event) -> bool) -> Event {
    loop {
        let seen = events.poll(64, Some(PATIENCE)).unwrap();
        assert!(!seen.is_empty(), "it never happens");
        if let Some(event) = seen.into_iter().find(|event| wanted(event)) {
            return event;
        }
    }
}

#[test]
fn a_manual_clock_moves_forward_only_and_by_hand_only() {
    let rig = Rig::new();
    rig.advance_to(5 * S);
    let error = rig.monitor.advance(Tick(5 * S - 1)).unwrap_err();
    assert_eq!((error.code(), error.key()), (Code::Range, "now_ns"));
    assert_eq!(rig.now(), 5 * S);
    assert_eq!(rig.monitor.advance(Tick(5 * S)).unwrap(), Tick::NEVER, "nothing is planned");
    assert_eq!(rig.monitor.advance(Tick::NEVER).unwrap_err().code(), Code::Range);
    assert_eq!(rig.monitor.start().unwrap_err().code(), Code::Mode);
    assert_eq!(running().advance(Tick(0)).unwrap_err().code(), Code::Mode);
}

#[test]
fn a_manual_poll_never_waits() {
    let rig = Rig::new();
    rig.take();
    assert_eq!(rig.events.poll(64, None).unwrap(), []);
}

#[test]
fn a_group_in_which_nothing_counts_is_unknown_too_while_the_engine_stands() {
    let rig = Rig::new();
    let id = rig.register(&external("c", r#""tags": ["readiness"]"#));
    rig.make_healthy(id);
    rig.monitor.pause(id, true).unwrap();
    let status = |name| rig.monitor.status(rig.monitor.group_find(name).unwrap());
    // The whole has `meshvitals.self` or nothing; none of them counts a check that is paused.
    assert_eq!((status("readiness"), status("startup")), (Status::Healthy, Status::Healthy));
    rig.monitor.stop(Duration::ZERO).unwrap();
    for name in ["overall", "readiness", "liveness", "startup"] {
        assert_eq!(status(name), Status::Unknown, "{name}");
    }
    let readiness = rig.monitor.group_find("readiness").unwrap();
    assert!(!rig.monitor.answer(readiness).unwrap());
    rig.monitor.advance(rig.monitor.now()).unwrap();
    assert_eq!(status("readiness"), Status::Healthy, "a new life");
}

#[test]
fn stopping_makes_everything_unknown_and_tells_so() {
    let rig = Rig::hearing(Kinds::STATUS.and(Kinds::DUE).and(Kinds::LIFE));
    let id = rig.register(&external("c", r#""tags": ["readiness"]"#));
    let forced = rig.register(&external("forced", r#""initial_delay": "1h""#));
    let paused = rig.register(&external("paused", r#""initial_delay": "1h""#));
    rig.make_healthy(id);
    rig.monitor.override_status(forced, Some((Status::Healthy, 60_000))).unwrap();
    rig.monitor.pause(paused, true).unwrap();
    rig.take();
    rig.monitor.stop(Duration::ZERO).unwrap();
    for check in [id, forced, paused] {
        let cell = rig.monitor.cell(check).unwrap();
        assert_eq!(cell.status(check), Status::Unknown, "also for who reads it raw");
    }
    assert_eq!(rig.monitor.overall(), Status::Unknown);
    let readiness = rig.monitor.group_find("readiness").unwrap();
    assert!(!rig.monitor.answer(readiness).unwrap(), "nobody keeps the last answer true");
    rig.expect_status(id, Status::Healthy, Status::Unknown, Reason::RESTARTED);
    rig.expect_status(forced, Status::Healthy, Status::Unknown, Reason::RESTARTED);
    assert_eq!(rig.take().iter().map(|event| event.kind).collect::<Vec<_>>(), [Kind::Stopped]);
    assert_eq!(rig.events.poll(64, None).unwrap_err().code(), Code::Stopped);
    let late = rig.monitor.subscribe(Kinds::LIFE, 8).unwrap();
    assert_eq!(late.poll(64, None).unwrap_err().code(), Code::Stopped);
    assert_eq!(rig.monitor.snapshot(paused).unwrap().mask, Mask::PAUSED, "pauses stay");
    rig.monitor.stop(Duration::ZERO).unwrap();
}

#[test]
fn a_manual_monitor_begins_anew_with_the_next_advance() {
    let rig = Rig::new();
    let id = rig.register(&external("c", ""));
    rig.drive(id, "pff");
    rig.monitor.stop(Duration::ZERO).unwrap();
    let snapshot = rig.monitor.snapshot(id).unwrap();
    assert_eq!((snapshot.failures, snapshot.next), (0, Tick::NEVER));
    rig.advance_by(100 * S);
    assert_eq!(rig.drive(id, "fff"), "KKU", "counts begin anew, too");
}

#[test]
fn nothing_is_counted_while_the_monitor_stands() {
    let rig = Rig::new();
    let id = rig.register(r#"{"name": "h", "heartbeat": {"ttl": "10s"}}"#);
    rig.monitor.stop(Duration::ZERO).unwrap();
    assert_eq!(rig.monitor.beat(id).unwrap_err().code(), Code::NotRunning);
    assert_eq!(rig.monitor.snapshot(id).unwrap().runs, 0);
}

#[test]
fn stop_and_start_again_with_a_real_target() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let monitor = running();
    let events = monitor.subscribe(Kinds::ALL, 1 << 10).unwrap();
    let document =
        format!(r#"{{"name": "c", "tcp": {{"address": "{address}"}}, "interval": "1h"}}"#);
    let id = monitor.register(&document).unwrap();
    for round in 0..3 {
        let healthy = |event: &Event| event.check == id && event.status == Status::Healthy;
        wait_for(&events, |event| event.kind == Kind::Status && healthy(event));
        assert_eq!(monitor.status(id), Status::Healthy, "round {round}");
        monitor.stop(PATIENCE).unwrap();
        assert_eq!(monitor.status(id), Status::Unknown);
        assert_eq!(monitor.check_now(id).unwrap_err().code(), Code::NotRunning);
        while events.poll(64, None).is_ok() {}
        monitor.start().unwrap();
    }
    assert_eq!(monitor.list().unwrap().iter().filter(|&&other| other == id).count(), 1);
}

#[test]
fn a_stop_ends_a_poll_that_waits() {
    let monitor = running();
    let events = monitor.subscribe(Kinds::STATUS, 8).unwrap();
    events.poll(8, NOW).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| while events.poll(8, None).is_ok() {});
        monitor.stop(PATIENCE).unwrap();
        waiting.join().unwrap();
    });
}

#[test]
fn external_checks_run_on_a_real_clock() {
    let monitor = running();
    let events = monitor.subscribe(Kinds::DUE.and(Kinds::STATUS), 64).unwrap();
    let document = r#"{"name": "c", "external": {}, "interval": "50ms", "timeout": "10s",
        "jitter": 0, "initial_delay": 0, "failure_threshold": 2}"#;
    let id = monitor.register(document).unwrap();
    let mut answers = 0;
    let healthy = |event: &Event| event.kind == Kind::Status && event.status == Status::Healthy;
    while answers < 5 {
        let due = wait_for(&events, |event| event.kind == Kind::Due || healthy(event));
        if due.kind == Kind::Due {
            assert!(due.deadline > due.at);
            monitor.report(id, due.token, pass(), Tick(0)).unwrap();
            answers += 1;
        }
    }
    assert_eq!(monitor.status(id), Status::Healthy);
}

#[test]
fn an_engine_of_its_own_shows_its_own_health() {
    let monitor = running();
    let id = monitor.find("meshvitals.self").unwrap();
    let events = monitor.subscribe(Kinds::STATUS, 64).unwrap();
    if monitor.status(id) != Status::Healthy {
        wait_for(&events, |event| event.check == id && event.status == Status::Healthy);
    }
    assert!(!monitor.snapshot(id).unwrap().critical);
    assert_eq!(monitor.unregister(id).unwrap_err().code(), Code::Mode);
    assert_eq!(monitor.pause(id, true).unwrap_err().code(), Code::Mode);
    assert_eq!(monitor.check_now(id).unwrap_err().code(), Code::Mode);
}

#[test]
fn a_blip_of_local_faults_is_counted_and_does_not_turn_the_whole() {
    let monitor = Monitor::new(Some(r#"{"system_checks": false, "start_spread": 0}"#)).unwrap();
    // No route leads there, so each run is a local fault, and says nothing about a target.
    let nowhere = (0..3).map(|n| {
        let target = r#""tcp": {"address": "255.255.255.255:1"}, "interval": "1h""#;
        format!(r#"{{"name": "nowhere-{n}", {target}, "critical": false}}"#)
    });
    let documents: Vec<String> = nowhere.collect();
    monitor.register_many(&format!("[{}]", documents.join(","))).unwrap();
    let events = monitor.subscribe(Kinds::RESULT, 64).unwrap();
    monitor.start().unwrap();
    let mut faults = 0;
    while faults < 3 {
        let seen = events.poll(64, Some(PATIENCE)).unwrap();
        assert!(!seen.is_empty(), "there is no run");
        assert!(seen.iter().all(|event| event.outcome == Some(Outcome::Local)), "{seen:?}");
        faults += seen.len();
    }
    let own = monitor.snapshot(monitor.find("meshvitals.self").unwrap()).unwrap();
    assert!(own.value > 1.0, "the faults are counted: {}", own.value);
    assert_eq!((own.status, monitor.overall()), (Status::Healthy, Status::Healthy));
    let text = own.message.as_str();
    assert!(text.starts_with("0 in flight") && text.ends_with(", 3 local faults"), "{text}");
}

#[test]
fn what_a_system_does_not_offer_is_no_fault_of_the_monitor() {
    let monitor = Monitor::new(Some(
        r#"{"system_checks": false, "start_spread": 0, "checks": [{"name": "inodes",
            "disk_inodes": {"path": "/proc"}, "interval": "20ms", "initial_delay": 0}]}"#,
    ));
    let monitor = monitor.unwrap();
    let events = monitor.subscribe(Kinds::RESULT, 64).unwrap();
    monitor.start().unwrap();
    for _ in 0..3 {
        let seen = events.poll(1, Some(PATIENCE)).unwrap();
        assert_eq!(seen[0].reason, Reason::LOCAL_UNSUPPORTED, "{seen:?}");
    }
    let own = monitor.snapshot(monitor.find("meshvitals.self").unwrap()).unwrap();
    assert!(own.message.as_str().ends_with(", 0 local faults"), "{own:?}");
    let check = monitor.snapshot(monitor.find("inodes").unwrap()).unwrap();
    assert_eq!((check.status, check.runs >= 3), (Status::Unknown, true));
}

#[test]
fn another_level_of_the_same_signal_is_judged_with_the_next_value_and_resets_nothing() {
    let monitor = running();
    let events = monitor.subscribe(Kinds::STATUS, 64).unwrap();
    let document = |levels: &str| {
        let text = r#""interval": "50ms", "success_threshold": 1, "failure_threshold": 1"#;
        format!(r#"{{"name": "fds", "descriptors": {{"hold": 0, {levels}}}, {text}}}"#)
    };
    let id = monitor.register(&document(r#""unhealthy_enter": 100"#)).unwrap();
    wait_for(&events, |event| event.check == id && event.status == Status::Healthy);
    let same = monitor.replace(&document(r#""unhealthy_enter": 99"#)).unwrap();
    assert_eq!((same, monitor.status(id)), (id, Status::Healthy));
    // One that every process exceeds turns the check as soon as it is measured.
    let over = r#""unhealthy_enter": 0.001, "degraded_enter": 0.0005"#;
    monitor.replace(&document(over)).unwrap();
    let turned = wait_for(&events, |event| event.kind == Kind::Status && event.check == id);
    assert_eq!((turned.previous, turned.status), (Status::Healthy, Status::Unhealthy));
}

/// A function of the host that says that it was called, and does not return until it may.
struct Hangs(Sender<()>, Mutex<Receiver<()>>);

impl Hangs {
    fn new() -> (Hangs, Receiver<()>, Sender<()>) {
        let ((say, called), (release, released)) = (channel(), channel());
        (Hangs(say, Mutex::new(released)), called, release)
    }
}

impl Callback for Hangs {
    fn run(&self, _: &Run) -> RunResult {
        // Once the test has ended nobody hears it, and nobody holds it up.
        let _ = self.0.send(());
        let _ = self.1.lock().unwrap().recv();
        pass()
    }
}

#[test]
fn its_own_check_tells_how_many_threads_for_callbacks_are_busy_and_stuck() {
    let monitor = running();
    let events = monitor.subscribe(Kinds::RESULT, 64).unwrap();
    let told = || {
        let own = monitor.snapshot(monitor.find("meshvitals.self").unwrap()).unwrap();
        own.message.as_str().to_owned()
    };
    let until = |wanted: &str| {
        let start = std::time::Instant::now();
        while !told().contains(wanted) {
            assert!(start.elapsed() < PATIENCE, "{wanted} is never told: {}", told());
            std::thread::yield_now();
        }
    };
    assert!(told().contains(", callbacks: 0 of 4 threads busy, 0 events"), "{}", told());
    let register = |name: &str, timeout: &str| {
        let (function, called, release) = Hangs::new();
        let document = document(
            name,
            r#""callback": {}"#,
            &format!(r#""timeout": "{timeout}", "interval": "1h", "initial_delay": 0"#),
        );
        let id = monitor.register_callback(&document, function).unwrap();
        called.recv_timeout(PATIENCE).unwrap();
        (id, release)
    };
    let (slow, release_slow) = register("slow", "1m");
    let (hung, release_hung) = register("hung", "50ms");
    wait_for(&events, |event| event.check == hung && event.outcome == Some(Outcome::Timeout));
    // The oldest in flight is the slow one; the other is past its deadline, and a thread was
    // written off for it.
    assert!(told().contains(", callbacks: 1 of 4 threads busy, 1 stuck, "), "{}", told());
    drop(release_slow);
    wait_for(&events, |event| event.check == slow && event.outcome == Some(Outcome::Pass));
    until(", callbacks: 0 of 4 threads busy, 1 stuck, ");
    drop(release_hung);
    until(", callbacks: 0 of 4 threads busy, 0 events");
}
