//! P6: targets that hang must not delay the others.
//!
//! Of 4,000 TCP targets a share is black holes, whose runs last until their deadline, longer
//! than the interval. The figure is the p99 lateness of the healthy ones: from the planned start,
//! which is known before the first run because there is no jitter, to the start that a result
//! tells of. It is compared with that of the same healthy ones when nothing else is watched.
//! Planned starts lie on the grid of the interval, so lateness is counted modulo the interval;
//! starts that were left out because they came too late are told by the share that took place.
//!
//! The trap is the beginning. With fewer slots than holes, each hole must hang once before it is
//! known for one, and meanwhile the healthy ones wait for slots. What the engine promises holds
//! from then on; how long the beginning lasts is shown beside it.

use super::Bench;
use crate::engine::{Engine, refused, tcp_checks};
use crate::os::net;
use crate::rounds::{interleaved, median, percentile};
use crate::table::{Goal, Row};
use meshvitals::{CheckId, Event, Kinds, Outcome, Subscription};
use std::collections::{HashMap, HashSet};
use std::io;
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(500);
/// The checks: the deadline lies beyond the next start, and the first silence decides.
const KEYS: &str = r#","interval":"500ms","timeout":"700ms","jitter":0,"failure_threshold":1"#;
/// How many runs take place at once unless a user says otherwise.
const DEFAULT: usize = 64;
/// The longest that may pass until every hole has hung once.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a turn brought.
struct Seen {
    /// p99 lateness of the healthy targets, in milliseconds.
    late_ms: f64,
    /// Their runs that took place, in percent of those that were planned.
    share: f64,
    /// Seconds until every hole had hung once.
    found_s: f64,
    /// As `share`, until then.
    share_before: f64,
}

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let targets = bench.plan.probes(4_000) as usize;
    // As the user sets it who wants nobody to wait, whatever happens.
    let enough = targets + 64;
    let shares = [("1 %", targets / 100), ("50 %", targets / 2), ("99 %", targets - targets / 100)];
    let mut rows = Vec::new();
    for (name, holes) in shares {
        let healthy = targets - holes;
        let mut seen = Vec::new();
        let mut by_default = || {
            seen.push(turn(bench, healthy, holes, DEFAULT)?);
            Ok(seen.last().map_or(f64::NAN, |seen| seen.late_ms))
        };
        let mut beside = || turn(bench, healthy, holes, enough).map(|seen| seen.late_ms);
        let mut alone = || turn(bench, healthy, 0, enough).map(|seen| seen.late_ms);
        let figures =
            interleaved(bench.plan.rounds, &mut [&mut by_default, &mut beside, &mut alone])?;
        let [by_default, beside, alone] = &figures[..] else { continue };
        // "By at most 10 % or 1 ms": whichever is more.
        let limit = Goal::AtMost((median(alone) * 1.1).max(median(alone) + 1.0));
        let late = |runs| format!("p99 lateness beside {name} holes, max_runs {runs}");
        rows.push(Row::compared("P6", late(enough), "ms", (beside, alone), limit));
        rows.push(Row::compared("P6", late(DEFAULT), "ms", (by_default, alone), limit));
        // The first turn was for warming up.
        let of = |figure: fn(&Seen) -> f64| seen[1..].iter().map(figure).collect::<Vec<_>>();
        let mut add = |what: &str, unit, figures: Vec<f64>, goal| {
            rows.push(Row::alone(
                "P6",
                format!("{what}, max_runs {DEFAULT}"),
                unit,
                &figures,
                goal,
            ));
        };
        let took_place = format!("healthy runs that took place beside {name} holes");
        add(&took_place, "%", of(|seen| seen.share), Goal::AtLeast(99.9));
        add(&format!("until {name} holes are found"), "s", of(|seen| seen.found_s), Goal::Shown);
        let before = of(|seen| seen.share_before);
        add(&format!("{took_place}, until then"), "%", before, Goal::Shown);
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
    let begin = engine.monitor.now().0;
    engine.start()?;
    let (healthy, holes) = engine.checks.split_at(healthy);
    let planned = healthy
        .iter()
        .map(|&id| Ok((id, engine.monitor.snapshot(id).map_err(refused)?.next.0)))
        .collect::<io::Result<HashMap<CheckId, u64>>>()?;
    let (found_s, share_before) = find_holes(&results, begin, &planned, holes)?;

    take(&results, INTERVAL, |_| ())?;
    let window = if bench.plan.quick { INTERVAL } else { 3 * INTERVAL };
    let (from, interval_ns) = (engine.monitor.now().0, INTERVAL.as_nanos() as u64);
    let mut late_ns = Vec::new();
    let (mut failed, mut silent, mut local) = (0, 0, 0);
    // Who is planned at the end of the window has time to be late.
    take(&results, window + INTERVAL, |event| {
        let Some(planned) = planned.get(&event.check) else {
            silent += u64::from(event.outcome == Some(Outcome::Timeout));
            local += u64::from(event.outcome == Some(Outcome::Local));
            return;
        };
        let started = event.at.0 - event.latency_ns;
        let late = (started - planned) % interval_ns;
        if (from..from + window.as_nanos() as u64).contains(&(started - late)) {
            late_ns.push(late);
            failed += u64::from(event.outcome != Some(Outcome::Pass));
        }
    })?;
    engine.stop()?;
    if failed > 0 || results.merged() > 0 {
        let text = format!("{failed} healthy targets failed, {} events merged", results.merged());
        return Err(io::Error::other(text));
    }
    if silent == 0 && !holes.is_empty() {
        let text = format!("no hole hung while the others were measured, {local} were local");
        return Err(io::Error::other(text));
    }
    let wanted = healthy.len() as f64 * window.as_secs_f64() / INTERVAL.as_secs_f64();
    let share = late_ns.len() as f64 / wanted * 100.0;
    Ok(Seen { late_ms: percentile(&mut late_ns, 0.99) as f64 / 1e6, share, found_s, share_before })
}

/// Waits until every hole was silent once: how many seconds that took, and the share of the runs
/// of the healthy ones that took place meanwhile.
fn find_holes(
    results: &Subscription,
    begin: u64,
    healthy: &HashMap<CheckId, u64>,
    holes: &[CheckId],
) -> io::Result<(f64, f64)> {
    let mut unknown: HashSet<CheckId> = holes.iter().copied().collect();
    let (mut end, mut runs) = (begin, Vec::new());
    let limit = Instant::now() + PATIENCE;
    while !unknown.is_empty() {
        if Instant::now() > limit {
            let text = format!("{} of {} holes never hung", unknown.len(), holes.len());
            return Err(io::Error::other(text));
        }
        take(results, Duration::from_millis(50), |event| {
            if event.outcome == Some(Outcome::Timeout) && unknown.remove(&event.check) {
                end = event.at.0;
            }
            if healthy.contains_key(&event.check) {
                runs.push(event.at.0 - event.latency_ns);
            }
        })?;
    }
    runs.retain(|&started| started <= end);
    let interval_ns = INTERVAL.as_nanos() as u64;
    let due = |first: &u64| end.checked_sub(*first).map_or(0, |ns| ns / interval_ns + 1);
    let wanted: u64 = healthy.values().map(due).sum();
    Ok(((end - begin) as f64 / 1e9, runs.len() as f64 / wanted as f64 * 100.0))
}

/// Hands every result of a while to `see`.
fn take(results: &Subscription, window: Duration, mut see: impl FnMut(&Event)) -> io::Result<()> {
    let end = Instant::now() + window;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        results.poll(4_096, Some(left)).map_err(refused)?.iter().for_each(&mut see);
        // Results are taken in larger helpings, as a host does that has other work as well.
        std::thread::sleep(left.min(Duration::from_millis(5)));
    }
}
