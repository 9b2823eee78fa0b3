//! The raw loops by themselves: what this machine gives to whoever does nothing but the system
//! calls.

use super::Bench;
use crate::os::net::Address;
use crate::os::usage::Thread;
use crate::raw::{Variant, http, paced, tcp};
use crate::rounds::{interleaved, percentile};
use crate::table::{Goal, Row};
use std::io;
use std::time::Duration;

/// Places of the raw loops: the default of the engine's `max_runs`.
pub const PLACES: usize = 64;

/// CPU microseconds a probe, of the TCP loop as fast as it goes.
pub fn tcp_us(variant: Variant, addresses: &[Address], probes: u64) -> io::Result<f64> {
    per_probe_us(|| tcp::as_fast_as_it_goes(variant, addresses, PLACES, probes))
}

/// CPU microseconds a probe of what this thread does.
fn per_probe_us(work: impl FnOnce() -> io::Result<u64>) -> io::Result<f64> {
    let me = Thread::current();
    let before = me.cpu_ns()?;
    let probes = work()?;
    Ok((me.cpu_ns()? - before) as f64 / 1e3 / probes as f64)
}

/// The rows of all variants.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let mut rows = fast(bench)?;
    rows.extend(paced_rows(bench)?);
    Ok(rows)
}

fn fast(bench: &Bench) -> io::Result<Vec<Row>> {
    let plan = &bench.plan;
    let close = bench.addresses(bench.ports.close, 1000);
    let answers = bench.addresses(bench.ports.http, 1000);
    let probes = plan.probes(50_000);
    let http_us = |variant| {
        per_probe_us(|| {
            http::as_fast_as_it_goes(variant, &answers, PLACES, probes).map(|()| probes)
        })
    };
    let figures = interleaved(
        plan.rounds,
        &mut [
            &mut || tcp_us(Variant::Fresh, &close, probes),
            &mut || tcp_us(Variant::Reused, &close, probes),
            &mut || http_us(Variant::Fresh),
            &mut || http_us(Variant::Reused),
        ],
    )?;
    let names = [
        "TCP, full handshake",
        "TCP, reused sockets",
        "HTTP, fresh sockets",
        "HTTP, reused sockets",
    ];
    Ok(names.iter().zip(&figures).map(|(name, figures)| shown(name, "µs CPU", figures)).collect())
}

fn paced_rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let plan = &bench.plan;
    let addresses = bench.addresses(bench.ports.close, 1000);
    let mut rows = Vec::new();
    for grain_ms in [1, 10, 100] {
        let pace = paced::Pace {
            interval: Duration::from_secs(1),
            grain: Duration::from_millis(grain_ms),
            window: plan.window(),
        };
        let mut late = Vec::new();
        let mut contender = || {
            per_probe_us(|| {
                let mut run = paced::run(Variant::Reused, &addresses, PLACES, pace)?;
                late.push(percentile(&mut run.lateness_ns, 0.99) as f64 / 1e6);
                Ok(run.ended)
            })
        };
        let figures = interleaved(plan.rounds, &mut [&mut contender])?;
        let name = format!("TCP, reused, 1,000 probes/s, {grain_ms} ms grain");
        rows.push(shown(&name, "µs CPU", &figures[0]));
        // The first turn was for warming up.
        rows.push(shown(&format!("{name}: p99 lateness"), "ms", &late[1..]));
    }
    Ok(rows)
}

fn shown(name: &str, unit: &'static str, figures: &[f64]) -> Row {
    Row::alone("raw", name, unit, figures, Goal::Shown)
}
