//! What the table shows, in which order, and that it stays inside its room.

use super::super::paint::ansi;
use super::*;
use meshvitals::{CheckId, Mask, Message, Reason, Tick};

fn check(name: &str, status: Status) -> Snapshot {
    Snapshot {
        check: CheckId(1),
        name: name.into(),
        cookie: 0,
        status,
        measured: status,
        reason: Reason::NONE,
        mask: Mask(0),
        in_flight: 0,
        failures: 0,
        passes: 0,
        runs: 1,
        since: Tick(0),
        since_unix_ms: 1_000_000,
        last: Tick(1),
        next: Tick::NEVER,
        fresh_until: Tick::NEVER,
        latency_ns: 1_240_000,
        value: f64::NAN,
        threshold: f64::NAN,
        unit: None,
        measure: None,
        message: Message::NONE,
        answer: true,
        probe: "tcp",
        tags: Box::default(),
        critical: true,
    }
}

fn text(checks: &[Snapshot], events: &[Line], room: Room) -> Vec<String> {
    let scene = Scene {
        overall: Status::Unhealthy,
        unix_ms: 1_192_000,
        checks,
        events,
        footer: Some("q to quit"),
    };
    draw(&scene, room).iter().map(|line| ansi(line, false)).collect()
}

const WIDE: Room = Room { columns: 120, rows: None };

#[test]
fn a_row_has_status_name_age_value_latency_and_note() {
    let down = Snapshot {
        reason: Reason::CONNECT_REFUSED,
        value: 0.72,
        threshold: 0.9,
        unit: Some("1"),
        ..check("tcp:127.0.0.1:1", Status::Unhealthy)
    };
    let lines = text(&[check("a", Status::Healthy), down], &[], WIDE);
    assert_eq!(lines[0], "meshvitals  UNHEALTHY  2 checks: 1 unhealthy, 1 healthy");
    assert_eq!(lines[2], "STATUS     NAME                SINCE           VALUE   LATENCY  NOTE");
    assert_eq!(
        lines[3],
        "UNHEALTHY  tcp:127.0.0.1:1    3m 12s    72 % of 90 %   1.24 ms  connection refused"
    );
    assert_eq!(lines[4], "HEALTHY    a                  3m 12s                   1.24 ms");
    assert_eq!(lines.last().map(String::as_str), Some("q to quit"));
}

#[test]
fn nothing_leaves_its_room_and_the_worst_is_shown() {
    let mut checks: Vec<Snapshot> =
        (0..50).map(|n| check(&format!("check-{n}"), Status::Healthy)).collect();
    checks.push(check("the one that is down", Status::Unhealthy));
    let events = vec![vec![(Tone::Plain, "x".repeat(300))]; 9];
    for (columns, rows) in [(80, 24), (20, 10), (1, 1), (200, 5), (0, 0)] {
        let lines = text(&checks, &events, Room { columns, rows: Some(rows) });
        assert!(lines.len() <= rows, "{columns} x {rows}: {} lines", lines.len());
        assert!(lines.iter().all(|line| line.width() <= columns), "{columns} x {rows}");
    }
    let lines = text(&checks, &events, Room { columns: 80, rows: Some(24) });
    assert!(lines[3].contains("the one that is down"), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("… 40 more: 40 healthy")), "{lines:#?}");
    assert_eq!(lines.last().map(String::as_str), Some("q to quit"));
}

#[test]
fn only_the_latest_events_are_shown() {
    let events: Vec<Line> = (0..9).map(|n| vec![(Tone::Plain, format!("event {n}"))]).collect();
    let lines = text(&[check("a", Status::Healthy)], &events, WIDE);
    assert!(!lines.contains(&"event 2".to_owned()) && lines.contains(&"event 3".to_owned()));
}
