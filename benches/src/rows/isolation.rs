//! P6: targets that hang must not delay the others.
//!
//! Of 4,000 TCP targets a share is black holes, whose runs last until their deadline, longer
//! than the interval. The figure is the p99 lateness of the healthy ones: from the planned start,
//! which is known before the first run because there is no jitter, to the start that a result
//! tells of. It is compared with that of the same healthy ones when nothing else is watched.
//! Planned starts lie on the grid of the interval, so lateness is counted modulo the interval;
//! that runs were left out because they came too late is told by their number instead.
//!
//! The trap is `max_runs`: a hole keeps its slot until its deadline, so with fewer slots than
//! holes the healthy ones wait for slots. A user sets it above the number of targets that may be
//! dead at once; the rows with the default of 64 show what happens otherwise.

use super::Bench;
use crate::engine::{Engine, refused, tcp_checks};
use crate::os::net;
use crate::rounds::{Contender, interleaved, median, percentile};
use crate::table::{Goal, Row};
use meshvitals::{Kinds, Outcome, Status, Subscription};
use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

const TARGETS: usize = 4_000;
const INTERVAL: Duration = Duration::from_millis(500);
/// The checks: the deadline lies beyond the next start, and the first silence decides, so that
/// confirm runs are over before the window begins.
const KEYS: &str = r#","interval":"500ms","timeout":"700ms","jitter":0,"failure_threshold":1"#;
/// Until every hole has had its first deadline.
const SETTLING: Duration = Duration::from_millis(1_500);
/// As the user sets it who expects every target to be dead at once.
const ENOUGH: usize = TARGETS + 64;
const DEFAULT: usize = 64;

/// What a turn brought, of the healthy targets.
struct Seen {
    /// p99 lateness, in milliseconds.
    late_ms: f64,
    /// Runs that took place, of those that were planned.
    share: f64,
}

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let shares = [("1 %", 100), ("50 %", 2), ("99 %", 1)];
    let mut rows = Vec::new();
    for (name, part) in shares {
        let holes = if part == 1 { TARGETS - TARGETS / 100 } else { TARGETS / part };
        let healthy = TARGETS - holes;
        let mut took_place = Vec::new();
        let mut starved = || {
            turn(bench, healthy, holes, DEFAULT).map(|seen| {
                took_place.push(seen.share * 100.0);
                seen.late_ms
            })
        };
        let mut contenders: Vec<Contender<'_>> = vec![&mut starved];
        let mut beside = || turn(bench, healthy, holes, ENOUGH).map(|seen| seen.late_ms);
        let mut alone = || turn(bench, healthy, 0, ENOUGH).map(|seen| seen.late_ms);
        contenders.extend([&mut beside as Contender<'_>, &mut alone]);
        // With everything dead the default says nothing more than with half of it.
        let figures = interleaved(bench.plan.rounds, &mut contenders[usize::from(part == 1)..])?;
        let [.., beside, alone] = &figures[..] else { continue };
        // "By at most 10 % or 1 ms": whichever is more.
        let limit = Goal::AtMost((median(alone) * 1.1).max(median(alone) + 1.0));
        let title = |max_runs| format!("p99 lateness beside {name} holes, max_runs {max_runs}");
        rows.push(Row::compared("P6", title("4,064"), "ms", (beside, alone), limit));
        if part == 1 {
            continue;
        }
        let goal = if holes < DEFAULT { limit } else { Goal::Shown };
        rows.push(Row::compared("P6", title("64"), "ms", (&figures[0], alone), goal));
        // The first turn was for warming up.
        let name = format!("healthy runs that took place beside {name} holes, max_runs 64");
        rows.push(Row::alone("P6", name, "%", &took_place[1..], Goal::Shown));
    }
    Ok(rows)
}

/// One monitor's life with so many holes.
fn turn(bench: &Bench, healthy: usize, holes: usize, max_runs: usize) -> io::Result<Seen> {
    let mut targets = net::loopback(bench.ports.close, healthy);
    // Spread by their names, the holes start among the healthy ones.
    targets.extend(net::loopback(bench.ports.hole, holes));
    let config =
        format!(r#"{{"system_checks":false,"max_runs":{max_runs},"start_spread":"500ms"}}"#);
    let engine = Engine::new(&config, &tcp_checks(&targets, "fast", KEYS))?;
    let results = engine.monitor.subscribe(Kinds::RESULT, 1 << 16).map_err(refused)?;
    engine.start()?;
    let ours =
        targets.iter().zip(&engine.checks).filter(|(target, _)| target.port() == bench.ports.close);
    let planned = ours
        .map(|(_, &id)| Ok((id.0, engine.monitor.snapshot(id).map_err(refused)?.next.0)))
        .collect::<io::Result<HashMap<u64, u64>>>()?;
    take(&results, if holes == 0 { INTERVAL } else { SETTLING }, |_, _, _| ())?;
    let window = if bench.plan.quick { INTERVAL } else { 3 * INTERVAL };
    let mut late_ns = Vec::new();
    let mut failed = 0;
    take(&results, window, |check, started, outcome| {
        if let Some(planned) = planned.get(&check) {
            late_ns.push((started - planned) % INTERVAL.as_nanos() as u64);
            failed += u64::from(outcome != Some(Outcome::Pass));
        }
    })?;
    if failed > 0 || results.merged() > 0 {
        let text = format!("{failed} healthy targets failed, {} events merged", results.merged());
        return Err(io::Error::other(text));
    }
    expect_holes_to_hang(&engine, &planned, holes.min(max_runs))?;
    engine.stop()?;
    let wanted = healthy as f64 * window.as_secs_f64() / INTERVAL.as_secs_f64();
    let share = late_ns.len() as f64 / wanted;
    Ok(Seen { late_ms: percentile(&mut late_ns, 0.99) as f64 / 1e6, share })
}

/// Hands every result of a while to `see`: its check, its start and its outcome.
fn take(
    results: &Subscription,
    window: Duration,
    mut see: impl FnMut(u64, u64, Option<Outcome>),
) -> io::Result<()> {
    let end = Instant::now() + window;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        for event in results.poll(4_096, Some(left)).map_err(refused)? {
            see(event.check.0, event.at.0 - event.latency_ns, event.outcome);
        }
        // Results are taken in larger helpings, as a host does that has other work as well.
        std::thread::sleep(left.min(Duration::from_millis(5)));
    }
}

/// A measurement without the holes that it is about would say nothing.
fn expect_holes_to_hang(
    engine: &Engine,
    healthy: &HashMap<u64, u64>,
    holes: usize,
) -> io::Result<()> {
    let hang = |id: &&meshvitals::CheckId| {
        !healthy.contains_key(&id.0) && engine.monitor.status(**id) == Status::Unhealthy
    };
    let hanging = engine.checks.iter().filter(hang).count();
    if hanging * 10 < holes * 9 {
        return Err(io::Error::other(format!("{hanging} of {holes} holes hang")));
    }
    Ok(())
}
