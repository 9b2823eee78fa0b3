//! P11: what it costs to set a timer again, and what a timer takes of memory.
//!
//! Timers are set again in the order in which they would be due, which has nothing to do with
//! their places in memory, as in a monitor whose checks are spread by their names. The raw loop
//! touches one entry of 12 bytes in the same order, which is the least that any timer could do.

use super::Bench;
use crate::os::usage::private_bytes;
use crate::rounds::interleaved;
use crate::table::{Goal, Row};
use meshvitals::Tick;
use meshvitals::model::wheel::{GRAIN_NS, Wheel};
use std::hint::black_box;
use std::io;
use std::time::Instant;

/// How far ahead timers are set: the interval of their checks.
const INTERVAL_NS: u64 = 15_000_000_000;
/// How far apart turns are.
const SLACK_NS: u64 = 10_000_000;

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (count, goal) in [(10_000, 10.0), (1_000_000, 80.0)] {
        let times = bench.plan.probes(4_000_000) as usize;
        let order = shuffled(count);
        let figures = interleaved(
            bench.plan.rounds,
            &mut [
                &mut || Ok(move_ns(&order, times)),
                &mut || Ok(touch_ns(&order, times)),
                &mut || Ok(round_ns(&order, times)),
            ],
        )?;
        let row = |what: &str, ours: usize, goal| {
            let name = format!("{what}, {count} timers");
            Row::compared("P11", name, "ns", (&figures[ours], &figures[1]), goal)
        };
        rows.push(row("set a timer again", 0, Goal::AtMost(goal)));
        rows.push(row("it comes and is set again", 2, Goal::Shown));
    }
    let order = shuffled(1_000_000);
    let bytes = interleaved(bench.plan.rounds, &mut [&mut || bytes_each(&order)])?;
    rows.push(Row::alone("P11", "memory of a timer", "B", &bytes[0], Goal::AtMost(16.0)));
    Ok(rows)
}

/// Every index once, in an order without a pattern that is the same each time.
fn shuffled(count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for place in (1..count).rev() {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        order.swap(place, (state >> 33) as usize % (place + 1));
    }
    order
}

/// When the timer at this place of the order is due, in its first round.
fn due(place: usize, count: usize) -> u64 {
    place as u64 * INTERVAL_NS / count as u64
}

fn filled(order: &[u32]) -> Wheel {
    let mut wheel = Wheel::new(Tick(0));
    wheel.reserve(order.len());
    for (place, &index) in order.iter().enumerate() {
        wheel.set(index, Tick(due(place, order.len())));
    }
    wheel
}

/// Nanoseconds to move one timer that is set to its next round.
fn move_ns(order: &[u32], times: usize) -> f64 {
    let mut wheel = filled(order);
    let mut expired = Vec::new();
    let (mut moved, mut round, mut spent) = (0, 0, 0);
    while moved < times {
        round += 1;
        let begin = Instant::now();
        for (place, &index) in order.iter().enumerate() {
            wheel.set(index, Tick(due(place, order.len()) + round * INTERVAL_NS));
        }
        spent += begin.elapsed().as_nanos();
        moved += order.len();
        // The present follows, short of the first timer.
        wheel.expire(Tick(round * INTERVAL_NS - GRAIN_NS), &mut expired);
    }
    assert!(expired.is_empty(), "a timer came early");
    spent as f64 / moved as f64
}

/// Nanoseconds a timer for its whole round: it comes, with the others of the same slack, and is
/// set again.
fn round_ns(order: &[u32], times: usize) -> f64 {
    let mut wheel = filled(order);
    let mut due = Vec::new();
    let (mut came, mut now) = (0, 0);
    let begin = Instant::now();
    while came < times {
        now += SLACK_NS;
        wheel.expire(Tick(now), &mut due);
        came += due.len();
        for index in due.drain(..) {
            wheel.set(index, Tick(now + INTERVAL_NS));
        }
    }
    begin.elapsed().as_nanos() as f64 / came as f64
}

/// Nanoseconds to change one entry of an array in the same order.
fn touch_ns(order: &[u32], times: usize) -> f64 {
    let mut entries = vec![[1u32; 3]; order.len()];
    let mut touched = 0;
    let begin = Instant::now();
    while touched < times {
        for &index in order {
            let entry = &mut entries[index as usize];
            entry[2] = entry[2].wrapping_add(entry[0]);
        }
        black_box(&mut entries);
        touched += order.len();
    }
    begin.elapsed().as_nanos() as f64 / touched as f64
}

fn bytes_each(order: &[u32]) -> io::Result<f64> {
    let before = private_bytes()?;
    let wheel = filled(order);
    let after = private_bytes()?;
    drop(black_box(wheel));
    Ok(after.saturating_sub(before) as f64 / order.len() as f64)
}
