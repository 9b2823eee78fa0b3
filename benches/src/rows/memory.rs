//! P7: what a check takes of memory, registered and after its first pass.
//!
//! Memory does not vary from round to round, and a round of a million takes long; so each figure
//! is of a single process, and the column of rounds says so.

use super::Bench;
use crate::memory::{Load, measure};
use crate::table::{Goal, Row};
use std::io;

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let count = bench.plan.probes(1_000_000) as usize;
    let shown = if bench.plan.quick { "100,000" } else { "1,000,000" };
    let mut rows = Vec::new();
    // As long as the machine needs for so many runs, with a share to spare.
    let kinds =
        [("TCP", false, bench.ports.close, 20, 256.0), ("HTTP", true, bench.ports.http, 60, 512.0)];
    for (name, http, port, seconds, goal) in kinds {
        let seconds = bench.plan.probes(seconds) as u32;
        let memory = measure(Load { http, count, port, seconds })?;
        if !http {
            let kib = memory.base / 1024.0;
            let goal = Goal::AtMost(1024.0);
            rows.push(Row::alone(
                "P7",
                "a started monitor with system checks",
                "KiB",
                &[kib],
                goal,
            ));
        }
        let row = |what: &str, bytes: f64| {
            let name = format!("a {name} check of {shown}, {what}");
            Row::alone("P7", name, "B", &[bytes], Goal::AtMost(goal))
        };
        rows.push(row("registered", memory.registered));
        rows.push(row("after one pass", memory.passed));
    }
    Ok(rows)
}
