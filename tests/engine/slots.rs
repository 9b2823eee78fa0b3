//! Slots: concurrency is bounded, who hangs leaves room, and nothing leaks, with real sockets.

use crate::rig::{PATIENCE, Rig, document, external, pass};
use meshvitals::{CheckId, Event, Kind, Kinds, Monitor, Outcome, Reason, Status, Subscription};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

/// Takes connections, thanks to its backlog, and never answers.
struct BlackHole(TcpListener);

impl BlackHole {
    fn new() -> BlackHole {
        BlackHole(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}

fn http(name: &str, address: SocketAddr, more: &str) -> String {
    document(name, &format!(r#""http": {{"url": "http://{address}/"}}"#), more)
}

fn running(max_runs: usize) -> (Monitor, Subscription) {
    let config = format!(r#"{{"system_checks": false, "max_runs": {max_runs}}}"#);
    let monitor = Monitor::new(Some(&config)).unwrap();
    let events = monitor.subscribe(Kinds::RESULT.and(Kinds::DUE), 1 << 16).unwrap();
    monitor.start().unwrap();
    (monitor, events)
}

#[track_caller]
fn next_result(events: &Subscription) -> Event {
    events.poll(1, Some(PATIENCE)).unwrap().into_iter().next().expect("nothing happens")
}

#[track_caller]
fn wait_for(events: &Subscription, check: CheckId, outcome: Outcome) -> Event {
    loop {
        let event = next_result(events);
        if (event.check, event.outcome) == (check, Some(outcome)) {
            return event;
        }
    }
}

/// A deadline so short may pass before we look, which then is our own fault.
#[track_caller]
fn wait_for_any(events: &Subscription, check: CheckId) {
    while next_result(events).check != check {}
}

#[test]
fn those_that_wait_get_their_slots_in_order_and_their_clock_starts_then() {
    let hole = BlackHole::new();
    let (monitor, events) = running(1);
    let documents: Vec<String> = (0..6)
        .map(|n| http(&format!("c{n}"), hole.address(), r#""timeout": "40ms", "interval": "1h""#))
        .collect();
    let ids = monitor.register_many(&format!("[{}]", documents.join(","))).unwrap();
    let results: Vec<Event> = ids.iter().map(|_| next_result(&events)).collect();
    assert_eq!(results.iter().map(|event| event.check).collect::<Vec<_>>(), ids);
    for pair in results.windows(2) {
        let gap = pair[1].at.since(pair[0].at);
        assert!(gap >= 40_000_000, "each had its whole time: {gap}");
    }
    assert!(results.iter().all(|event| event.reason == Reason::RECEIVE_TIMEOUT));
}

#[test]
fn targets_that_hang_leave_half_of_the_slots_to_the_others() {
    let hole = BlackHole::new();
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let (monitor, events) = running(2);
    let tcp = format!(r#""tcp": {{"address": "{}"}}"#, target.local_addr().unwrap());
    let good = monitor.register(&document("good", &tcp, r#""interval": "20ms""#)).unwrap();
    let holes = ["a", "b"].map(|name| {
        let more = r#""timeout": "40ms", "interval": "50ms""#;
        let id = monitor.register(&http(name, hole.address(), more)).unwrap();
        wait_for(&events, id, Outcome::Timeout);
        id
    });
    for name in ["a", "b"] {
        monitor.replace(&http(name, hole.address(), r#""timeout": "1h""#)).unwrap();
    }
    let in_flight = || holes.iter().map(|&id| monitor.snapshot(id).unwrap().in_flight).sum::<u32>();
    while in_flight() == 0 {
        std::thread::yield_now();
    }
    for _ in 0..3 {
        wait_for(&events, good, Outcome::Pass);
    }
    assert_eq!(in_flight(), 1, "the other one waits");
}

#[test]
fn slots_come_back_from_timeouts_pauses_replacements_and_removals() {
    let hole = BlackHole::new();
    let (monitor, events) = running(2);
    for round in 0..300 {
        let name = format!("c{round}");
        let long = http(&name, hole.address(), r#""timeout": "1h", "interval": "1h""#);
        let short = http(&name, hole.address(), r#""timeout": "1ms", "interval": "1h""#);
        let id = monitor.register(if round % 4 == 0 { &short } else { &long }).unwrap();
        let started = || monitor.snapshot(id).unwrap().in_flight == 1;
        match round % 4 {
            0 => wait_for_any(&events, id),
            1 => {
                while !started() {
                    std::thread::yield_now();
                }
                monitor.pause(id, true).unwrap();
                monitor.pause(id, false).unwrap();
            }
            2 => {
                monitor.replace(&short).unwrap();
                wait_for_any(&events, id);
            }
            _ => {}
        }
        monitor.unregister(id).unwrap();
    }
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = format!(r#""tcp": {{"address": "{}"}}"#, target.local_addr().unwrap());
    let blocker = http("blocker", hole.address(), r#""timeout": "1h""#);
    monitor.register(&blocker).unwrap();
    let id = monitor.register(&document("last", &tcp, r#""interval": "20ms""#)).unwrap();
    for _ in 0..3 {
        wait_for(&events, id, Outcome::Pass);
    }
    assert_eq!(monitor.status(id), Status::Healthy);
}

#[test]
fn a_stop_gives_every_slot_back() {
    let hole = BlackHole::new();
    let (monitor, events) = running(2);
    for n in 0..4 {
        monitor.register(&http(&format!("c{n}"), hole.address(), r#""timeout": "1h""#)).unwrap();
    }
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = format!(r#""tcp": {{"address": "{}"}}"#, target.local_addr().unwrap());
    for round in 0..5 {
        monitor.stop(PATIENCE).unwrap();
        while events.poll(64, Some(PATIENCE)).is_ok() {}
        let holes = monitor.list().unwrap();
        let name = |id: &&CheckId| monitor.snapshot(**id).unwrap().name.starts_with('c');
        holes.iter().filter(name).for_each(|&id| monitor.pause(id, round == 4).unwrap());
        monitor.start().unwrap();
    }
    let id = monitor.register(&document("last", &tcp, "")).unwrap();
    wait_for(&events, id, Outcome::Pass);
}

#[test]
fn a_late_answer_of_a_lingering_run_takes_back_its_silence() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (monitor, events) = running(4);
    let more = r#""timeout": "30ms", "interval": "1h", "linger": "1h""#;
    let address = listener.local_addr().unwrap();
    let id = monitor.register(&http("c", address, more)).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    wait_for(&events, id, Outcome::Timeout);
    assert_eq!(monitor.snapshot(id).unwrap().failures, 1);
    assert_eq!(monitor.snapshot(id).unwrap().in_flight, 0, "it holds no slot");
    let _ = stream.read(&mut [0; 1024]).unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    drop(stream);
    let start = monitor.now();
    while monitor.snapshot(id).unwrap().failures > 0 {
        assert!(monitor.now().since(start) < PATIENCE.as_nanos() as u64);
        std::thread::yield_now();
    }
}

#[test]
fn without_linger_a_late_answer_is_nobodys_business() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (monitor, events) = running(4);
    let more = r#""timeout": "30ms", "interval": "1h""#;
    let address = listener.local_addr().unwrap();
    let id = monitor.register(&http("c", address, more)).unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    wait_for(&events, id, Outcome::Timeout);
    let _ = stream.read(&mut [0; 1024]).unwrap();
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    monitor.check_now(id).unwrap();
    let (_second, _) = listener.accept().unwrap();
    wait_for(&events, id, Outcome::Timeout);
    assert_eq!(monitor.snapshot(id).unwrap().failures, 2);
}

#[test]
fn thousands_of_external_runs_leave_nothing_behind() {
    let rig = Rig::hearing(Kinds::DUE);
    for round in 0..3_000 {
        let id = rig.register(&external("c", r#""linger": "500ms""#));
        let due = rig.advance_to_due(id);
        match round % 5 {
            0 => rig.answer(&due, pass()),
            1 => rig.advance_to(due.deadline.0),
            2 => {
                rig.advance_to(due.deadline.0);
                rig.expect_event(Kind::Cancel, id);
            }
            3 => rig.monitor.pause(id, true).unwrap(),
            _ => {}
        }
        rig.monitor.unregister(id).unwrap();
        rig.take();
    }
    rig.advance_by(1_000_000_000);
    assert_eq!(rig.planned(), meshvitals::Tick::NEVER, "nothing is waited for");
    let id = rig.register(&external("last", ""));
    assert_eq!(rig.drive(id, "p"), "H");
}
