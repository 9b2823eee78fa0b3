//! The rows, a file for each goal: a function from the plan and a target to rows.

mod detection;
mod host;
mod idle;
mod isolation;
mod memory;
mod raw;
mod registration;
mod status;
mod throughput;
mod timers;

use crate::os::net::{self, Address};
use crate::plan::Plan;
use crate::table::Row;
use crate::target::Ports;
use std::io;

/// What a row is measured with.
pub struct Bench {
    /// What to measure, and how long.
    pub plan: Plan,
    /// The target that runs.
    pub ports: Ports,
}

impl Bench {
    /// `count` addresses of a port of the target, in the kernel's form.
    fn addresses(&self, port: u16, count: usize) -> Vec<Address> {
        net::loopback(port, count).into_iter().map(Address::from).collect()
    }
}

type Group = (&'static str, fn(&Bench) -> io::Result<Vec<Row>>);

/// Every group of rows with its number, in the order of the table.
const GROUPS: &[Group] = &[
    ("RAW", raw::rows),
    ("P1", throughput::rows),
    ("P6", isolation::rows),
    ("P7", memory::rows),
    ("P8", idle::rows),
    ("P9", host::rows),
    ("P10", status::rows),
    ("P11", timers::rows),
    ("P12", registration::rows),
    ("P13", detection::rows),
];

/// Measures what the plan wants; `done` is told of each group as it ends.
///
/// # Errors
///
/// The first error of a row, with its number.
pub fn measure(bench: &Bench, mut done: impl FnMut(&[Row])) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (id, group) in GROUPS.iter().filter(|(id, _)| bench.plan.wants(id)) {
        let measured =
            group(bench).map_err(|error| io::Error::new(error.kind(), format!("{id}: {error}")))?;
        done(&measured);
        rows.extend(measured);
    }
    Ok(rows)
}
