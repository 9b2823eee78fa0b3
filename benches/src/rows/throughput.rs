//! P1: TCP checks for each second of CPU, as fast as they go.
//!
//! The engine is asked for far more than it can do, so that it is always behind and never waits:
//! 2,000 targets every 10 ms. Its figure is that of its background thread alone, everything
//! included that it does with a result.

use super::{Bench, raw};
use crate::engine::{Engine, tcp_checks};
use crate::os::net;
use crate::raw::Variant;
use crate::rounds::interleaved;
use crate::table::{Goal, Row};
use std::io;
use std::time::Duration;

const TARGETS: usize = 2_000;
/// Runs at once, of all contenders alike: the default of the engine.
const CONFIG: &str = r#"{"system_checks":false,"max_runs":64}"#;

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let plan = &bench.plan;
    let targets = net::loopback(bench.ports.close, TARGETS);
    let addresses = bench.addresses(bench.ports.close, TARGETS);
    let engine =
        |connect| Engine::new(CONFIG, &tcp_checks(&targets, connect, r#","interval":"10ms""#));
    let (full, fast) = (engine("full")?, engine("fast")?);
    let probes = plan.probes(50_000);
    let warming = Duration::from_millis(200);
    let figures = interleaved(
        plan.rounds,
        &mut [
            &mut || full.run_us(warming, plan.window()).map(per_second),
            &mut || raw::tcp_us(Variant::Fresh, &addresses, probes).map(per_second),
            &mut || fast.run_us(warming, plan.window()).map(per_second),
            &mut || raw::tcp_us(Variant::Reused, &addresses, probes).map(per_second),
        ],
    )?;
    let row = |name, ours: usize, raw: usize, goal| {
        Row::compared("P1", name, "checks/CPU s", (&figures[ours], &figures[raw]), goal)
    };
    Ok(vec![
        row("TCP, full handshake", 0, 1, Goal::RatioAtLeast(0.95)),
        row("TCP, fast, against reused sockets", 2, 3, Goal::RatioAtLeast(0.9)),
    ])
}

fn per_second(us: f64) -> f64 {
    1e6 / us
}
