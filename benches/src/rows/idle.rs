//! P8: how often the background thread wakes up: not at all with nothing due, else at most once
//! in a window of the slack.
//!
//! Counted are the times that the thread went to sleep by itself, so a wake-up that finds
//! nothing to do counts as much as one that does.

use super::Bench;
use crate::engine::{Engine, tcp_checks};
use crate::os::net;
use crate::rounds::interleaved;
use crate::table::{Goal, Row};
use std::io;
use std::time::{Duration, Instant};

/// The default of the engine.
const SLACK: Duration = Duration::from_millis(10);

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let keys = r#","interval":"1h","initial_delay":"1h""#;
    let idle = engine(bench, 100, keys)?;
    let busy = engine(bench, 1_000, r#","interval":"1s""#)?;
    let window = bench.plan.window();
    let windows = window.as_secs_f64() / SLACK.as_secs_f64();
    let mut seconds = 0.0;
    let figures = interleaved(
        bench.plan.rounds,
        &mut [
            &mut || wakes(&idle, Duration::from_millis(200), window).map(|(wakes, _)| wakes),
            &mut || {
                let (wakes, cpu) = wakes(&busy, Duration::from_millis(1_200), window)?;
                seconds = cpu;
                Ok(wakes / windows)
            },
        ],
    )?;
    let share = seconds / window.as_secs_f64() * 100.0;
    let name = format!("wake-ups a slack window, 1,000 checks/s ({share:.1} % of a CPU)");
    Ok(vec![
        Row::alone("P8", "wake-ups, 100 checks, none due", "", &figures[0], Goal::AtMost(0.0)),
        Row::alone("P8", name, "", &figures[1], Goal::AtMost(1.0)),
    ])
}

fn engine(bench: &Bench, count: usize, keys: &str) -> io::Result<Engine> {
    let targets = net::loopback(bench.ports.close, count);
    Engine::new(r#"{"system_checks":false}"#, &tcp_checks(&targets, "fast", keys))
}

/// Wake-ups in a window that begins a while after the start, and CPU seconds.
fn wakes(engine: &Engine, before: Duration, window: Duration) -> io::Result<(f64, f64)> {
    let thread = engine.start()?;
    std::thread::sleep(before);
    let (sleeps, cpu, begin) = (thread.sleeps()?, thread.cpu_ns()?, Instant::now());
    std::thread::sleep(window);
    let (sleeps, cpu) = (thread.sleeps()? - sleeps, thread.cpu_ns()? - cpu);
    // The window is a little longer than asked for on a machine with other work.
    let longer = begin.elapsed().as_secs_f64() / window.as_secs_f64();
    engine.stop()?;
    Ok((sleeps as f64 / longer, cpu as f64 / 1e9))
}
