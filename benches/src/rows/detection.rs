//! P13: from the result that decides to the event in the host's hands, and how fast a wait in
//! poll ends.
//!
//! A target is there and gone in turns, and the first result decides. A second subscription tells
//! when the run that decided ended; when the host has the change, it looks at the same clock. The
//! figure is the slowest of a turn, not its mean. Beside the wait in poll stands what an eventfd
//! takes between two threads that do nothing else.

use super::Bench;
use crate::engine::{Engine, refused, tcp_checks};
use crate::os::net;
use crate::raw::wake;
use crate::rounds::interleaved;
use crate::table::{Goal, Row};
use meshvitals::{CheckId, Kinds, Status, Subscription, Tick};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Changes of status in a turn.
const CHANGES: u64 = 40;
/// Wake-ups in a turn.
const WAKES: u64 = 2_000;
const PATIENCE: Option<Duration> = Some(Duration::from_secs(10));
/// The target that comes and goes: looked at often, decided at once.
const KEYS: &str =
    r#","interval":"20ms","timeout":"1s","failure_threshold":1,"success_threshold":1"#;

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let plan = &bench.plan;
    let changes = plan.probes(CHANGES);
    let wakes = plan.probes(WAKES);
    let figures = interleaved(
        plan.rounds,
        &mut [
            &mut || detection_ms(bench, 0, changes),
            &mut || detection_ms(bench, 5_000, changes),
            &mut || poll_wake_us(wakes),
            &mut || wake::raw_us(wakes),
        ],
    )?;
    let detection = |load: &str, index: usize| {
        let name = format!("from the deciding result to the event, {load}");
        Row::alone("P13", name, "ms", &figures[index], Goal::AtMost(5.0))
    };
    Ok(vec![
        detection("nothing else to do", 0),
        detection("5,000 other checks/s", 1),
        Row::compared(
            "P13",
            "a wait in poll ends",
            "µs",
            (&figures[2], &figures[3]),
            Goal::AtMost(100.0),
        ),
    ])
}

/// The slowest of so many changes of status, in milliseconds.
fn detection_ms(bench: &Bench, others: usize, changes: u64) -> io::Result<f64> {
    let (listener, port) = net::listen(1024)?;
    let mut listener: Option<OwnedFd> = Some(listener);
    let target = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    let engine = Engine::new(
        r#"{"system_checks":false,"start_spread":"1s"}"#,
        &tcp_checks(&net::loopback(bench.ports.close, others), "fast", r#","interval":"1s""#),
    )?;
    let id =
        engine.monitor.register_many(&tcp_checks(&[target], "fast", KEYS)).map_err(refused)?[0];
    let changed = engine.monitor.subscribe(Kinds::STATUS, 1 << 16).map_err(refused)?;
    let results = engine.monitor.subscribe(Kinds::RESULT, 1 << 16).map_err(refused)?;
    engine.start()?;
    // Until everything has been looked at once, and the others are HEALTHY.
    std::thread::sleep(Duration::from_millis(if others > 0 { 1_500 } else { 100 }));
    while !changed.poll(4_096, Some(Duration::ZERO)).map_err(refused)?.is_empty() {}
    let mut slowest_ns = 0;
    for change in 0..changes {
        let wanted = if change % 2 == 0 { Status::Unhealthy } else { Status::Healthy };
        listener = match wanted {
            Status::Unhealthy => None,
            _ => Some(net::listen_at(port, 1024)?.0),
        };
        expect(&changed, id, wanted)?;
        let now = engine.monitor.now();
        slowest_ns = slowest_ns.max(now.since(expect(&results, id, wanted)?));
    }
    drop(listener);
    engine.stop()?;
    Ok(slowest_ns as f64 / 1e6)
}

/// Waits for the first event that says that the check has this status; its time.
fn expect(events: &Subscription, id: CheckId, wanted: Status) -> io::Result<Tick> {
    loop {
        let seen = events.poll(4_096, PATIENCE).map_err(refused)?;
        if seen.is_empty() {
            return Err(io::Error::other(format!("the target did not become {wanted}")));
        }
        let found = seen.iter().find(|event| event.check == id && event.status == wanted);
        if let Some(event) = found {
            return Ok(event.at);
        }
    }
}

/// The median time from a wake to the return of a poll that waits, in microseconds.
fn poll_wake_us(wakes: u64) -> io::Result<f64> {
    let engine = Engine::new(r#"{"system_checks":false}"#, "[]")?;
    let events = engine.monitor.subscribe(Kinds::STATUS, 64).map_err(refused)?;
    // A new subscription begins with what is known of each check.
    while !events.poll(64, Some(Duration::ZERO)).map_err(refused)?.is_empty() {}
    let wait = || events.poll(1, None).map(drop).map_err(refused);
    wake::median_us(wakes, wait, || events.wake().map_err(refused))
}
