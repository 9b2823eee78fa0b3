//! A view with every kind of member, for the tests of the formats.

use super::View;
use crate::model::latency::Latencies;
use crate::model::signal::Measure;
use crate::model::{CheckId, Mask, Message, Phases, Reason, Snapshot, Status};
use crate::time::{SECOND, Tick};

/// A check that passes and measures nothing.
pub fn check(name: &str) -> Snapshot {
    Snapshot {
        check: CheckId::new(1, 7),
        name: name.into(),
        cookie: 0,
        status: Status::Healthy,
        measured: Status::Healthy,
        reason: Reason::NONE,
        mask: Mask(0),
        in_flight: 0,
        failures: 0,
        passes: 3,
        runs: 12,
        since: Tick(40 * SECOND),
        since_unix_ms: 1_000_040_000,
        last: Tick(95 * SECOND),
        next: Tick(110 * SECOND),
        fresh_until: Tick(140 * SECOND),
        latency_ns: 1_500_000,
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

/// 100 seconds into the life of a monitor.
pub fn view() -> View {
    let whole = Snapshot {
        probe: "group",
        runs: 4,
        last: Tick(0),
        next: Tick::NEVER,
        status: Status::Unhealthy,
        answer: false,
        ..check("overall")
    };
    let disk = Snapshot {
        probe: "disk",
        value: 0.72,
        threshold: 0.9,
        unit: Some("1"),
        measure: Some(Measure {
            formula: "filesystem.used",
            scope: "/data".into(),
            limit: 1_000.0,
            degraded: 0.72,
            unhealthy: 0.72,
        }),
        ..check("system.disk")
    };
    let down = Snapshot {
        status: Status::Unhealthy,
        measured: Status::Unhealthy,
        reason: Reason::CONNECT_REFUSED,
        failures: 3,
        message: Message::new("127.0.0.1:1 refused the connection"),
        answer: false,
        tags: Box::new(["readiness".into()]),
        ..check("quo\"te \\ back")
    };
    let paused = Snapshot {
        status: Status::Unknown,
        mask: Mask(Mask::PAUSED.0 | Mask::STALE.0),
        reason: Reason::PAUSED,
        next: Tick::NEVER,
        critical: false,
        ..check("paused")
    };
    let new = Snapshot { runs: 0, last: Tick(0), latency_ns: 0, ..check("系統") };
    let mut latencies = Latencies::default();
    let phases = Phases { connect_ns: 400_000, ..Phases::default() };
    latencies.add("tcp", &phases, 400_000);
    latencies.add("tcp", &phases, 2_000_000);
    View {
        latencies,
        now: Tick(100 * SECOND),
        unix_ms: 1_000_100_000,
        overall: Status::Unhealthy,
        groups: vec![whole],
        checks: vec![disk, down, paused, new],
    }
}
