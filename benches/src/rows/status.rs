//! P10: what it costs to read a status, from C and from Rust, while the engine sleeps and while
//! it writes.
//!
//! The C program of `benches/c` is compiled here, against the committed header, and linked with
//! the shared library of this build.

use super::Bench;
use crate::engine::{Engine, tcp_checks};
use crate::os::net;
use crate::rounds::{interleaved, median};
use crate::table::{Goal, Row};
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const READS: u64 = 1 << 24;

/// Nanoseconds: the inline read, the call, and the clock that the call reads.
#[derive(Clone, Copy)]
struct Figures([f64; 3]);

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let program = compile()?;
    let engine = Engine::new(
        r#"{"system_checks":false}"#,
        &tcp_checks(&net::loopback(bench.ports.close, 1), "fast", ""),
    )?;
    let (mut calm, mut busy) = (Vec::new(), Vec::new());
    let port = bench.ports.close;
    let figures = interleaved(
        bench.plan.rounds,
        &mut [
            &mut || run(&program, port, "1h").map(|figures| keep(&mut calm, figures)),
            &mut || run(&program, port, "10ms").map(|figures| keep(&mut busy, figures)),
            &mut || Ok(rust_read_ns(&engine)),
        ],
    )?;
    // The first turn was for warming up.
    let pick = |from: &[Figures], index: usize| -> Vec<f64> {
        from[1..].iter().map(|figures| figures.0[index]).collect()
    };
    let [read, call, clock] = [0, 1, 2].map(|index| pick(&calm, index));
    let [busy_read, busy_call, _] = [0, 1, 2].map(|index| pick(&busy, index));
    let writing = Goal::RatioAtMost(1.15);
    let above = Goal::AtMost(median(&clock) + 3.0);
    let row =
        |name, ours: &[f64], raw: &[f64], goal| Row::compared("P10", name, "ns", (ours, raw), goal);
    Ok(vec![
        Row::alone("P10", "C, inline read of the cell", "ns", &read, Goal::AtMost(0.5)),
        row("the same while the engine writes, against asleep", &busy_read, &read, writing),
        row("meshvitals_status, against the coarse clock alone", &call, &clock, above),
        row("the same while the engine writes, against asleep", &busy_call, &call, writing),
        Row::alone("P10", "Rust, read of the cell", "ns", &figures[2], Goal::Shown),
    ])
}

/// Keeps all three; the rounds know only one number a turn.
fn keep(all: &mut Vec<Figures>, figures: Figures) -> f64 {
    all.push(figures);
    figures.0[0]
}

/// Compiles the C program as a user would; where it is.
fn compile() -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let here = std::env::current_exe()?;
    let built = here.with_file_name("deps").join("libmeshvitals.so");
    let place = here.with_file_name("bench-c");
    std::fs::create_dir_all(&place)?;
    for name in ["libmeshvitals.so", "libmeshvitals.so.0"] {
        // Made anew: the target directory may have been moved since.
        let _ = std::fs::remove_file(place.join(name));
        std::os::unix::fs::symlink(&built, place.join(name))?;
    }
    let program = place.join("status");
    let compiled = Command::new(std::env::var_os("CC").unwrap_or("cc".into()))
        .args(["-std=c99", "-O2", "-Wall", "-Wextra", "-o"])
        .arg(&program)
        .arg(root.join("benches/c/status.c"))
        .arg("-I")
        .arg(root.join("include"))
        .arg("-L")
        .arg(&place)
        .arg("-lmeshvitals")
        .arg(format!("-Wl,-rpath,{}", place.display()))
        .status()?;
    if compiled.success() {
        Ok(program)
    } else {
        Err(io::Error::other("status.c does not compile"))
    }
}

fn run(program: &Path, port: u16, interval: &str) -> io::Result<Figures> {
    let child = Command::new(program)
        .args([&port.to_string(), interval])
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&child.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|f| f.parse().ok()).collect();
    let wrong = || io::Error::other(format!("the C program said: {text:?}"));
    figures.try_into().map(Figures).map_err(|_| wrong())
}

/// Nanoseconds of `Cell::status`, as `Monitor::cell` gives it.
fn rust_read_ns(engine: &Engine) -> f64 {
    let id = engine.checks[0];
    let Some(cell) = engine.monitor.cell(id) else { return f64::NAN };
    let begin = Instant::now();
    let mut sum = 0;
    for _ in 0..READS {
        sum += cell.status(id) as u64;
    }
    black_box(sum);
    begin.elapsed().as_nanos() as f64 / READS as f64
}
