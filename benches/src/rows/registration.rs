//! P12: how many checks a second can be registered and removed, parsing their documents included.
//!
//! The first runs are an hour away, so that nothing but the registration is measured. A million
//! comes in four batches, because a document has at most 64 MiB. One by one means on top of the
//! million that is there already, which is when anything that grows with the number of checks
//! would show.

use super::Bench;
use crate::engine::{Engine, refused, tcp_checks};
use crate::os::net;
use crate::rounds::interleaved;
use crate::table::{Goal, Row};
use std::io;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

const KEYS: &str = r#","interval":"1h","initial_delay":"1h""#;
const BATCH: usize = 250_000;
/// What is measured, in the order of the figures of a turn.
const FIGURES: [(&str, f64); 4] = [
    ("registered, 250,000 a batch", 500_000.0),
    ("registered one by one", 100_000.0),
    ("removed one by one", 100_000.0),
    ("removed in one call", 500_000.0),
];

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let (many, few) = (bench.plan.probes(1_000_000) as usize, bench.plan.probes(100_000) as usize);
    let targets = net::loopback(bench.ports.close, many + few);
    let batches: Vec<String> =
        targets[..many].chunks(BATCH).map(|batch| tcp_checks(batch, "full", KEYS)).collect();
    let singles: Vec<String> = targets[many..].iter().map(|&target| single(target)).collect();
    let mut rows = Vec::new();
    for running in [true, false] {
        let mut turns = Vec::new();
        let mut contender = || {
            turns.push(turn(running, &batches, &singles)?);
            Ok(0.0)
        };
        interleaved(bench.plan.rounds, &mut [&mut contender])?;
        let state = if running { "running" } else { "stopped" };
        for (index, (name, goal)) in FIGURES.into_iter().enumerate() {
            // The first turn was for warming up.
            let figures: Vec<f64> = turns[1..].iter().map(|turn| turn[index]).collect();
            let name = format!("TCP checks {name}, monitor {state}");
            rows.push(Row::alone("P12", name, "checks/s", &figures, Goal::AtLeast(goal)));
        }
    }
    Ok(rows)
}

fn single(target: SocketAddrV4) -> String {
    let text = tcp_checks(&[target], "full", KEYS);
    text[1..text.len() - 1].to_owned()
}

/// One monitor's life: checks a second of each step.
fn turn(running: bool, batches: &[String], singles: &[String]) -> io::Result<[f64; 4]> {
    let mut engine = Engine::new(r#"{"system_checks":false}"#, "[]")?;
    if running {
        engine.start()?;
    }
    let (all, batch_s) = timed(|| {
        let mut ids = Vec::new();
        for batch in batches {
            ids.extend(engine.monitor.register_many(batch).map_err(refused)?);
        }
        Ok(ids)
    })?;
    let (ones, singles_s) = timed(|| {
        let ids = singles.iter().map(|text| engine.monitor.register(text).map_err(refused));
        ids.collect::<io::Result<Vec<_>>>()
    })?;
    let ((), singles_gone_s) =
        timed(|| ones.iter().try_for_each(|&id| engine.monitor.unregister(id).map_err(refused)))?;
    let ((), all_gone_s) = timed(|| engine.monitor.unregister_many(&all).map_err(refused))?;
    engine.checks.clear();
    engine.stop()?;
    let (all, ones) = (all.len() as f64, ones.len() as f64);
    Ok([all / batch_s, ones / singles_s, ones / singles_gone_s, all / all_gone_s])
}

fn timed<R>(work: impl FnOnce() -> io::Result<R>) -> io::Result<(R, f64)> {
    let begin = Instant::now();
    let answer = work()?;
    Ok((answer, begin.elapsed().max(Duration::from_nanos(1)).as_secs_f64()))
}
