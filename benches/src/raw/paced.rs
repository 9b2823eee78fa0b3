//! The raw loop with a schedule: targets spread over an interval, started at the beats of a grain.
//!
//! Due times are absolute, so nothing drifts; a probe starts at the first beat at or after it is
//! due. Lateness is counted from the due time, the grain included.

use super::Variant;
use super::tcp::Prober;
use crate::os::net::Address;
use std::io;
use std::time::{Duration, Instant};

/// How the loop is paced.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time between two probes of a target.
    pub interval: Duration,
    /// Time between two beats.
    pub grain: Duration,
    /// How long to go on.
    pub window: Duration,
}

/// What a run of the loop has done.
#[derive(Debug, Default)]
pub struct Run {
    /// Probes that ended.
    pub ended: u64,
    /// From due to start of each probe, in nanoseconds.
    pub lateness_ns: Vec<u64>,
}

/// Probes each address once an interval for a window.
///
/// # Errors
///
/// The system's, and one when a probe fails.
pub fn run(variant: Variant, addresses: &[Address], places: usize, pace: Pace) -> io::Result<Run> {
    let mut prober = Prober::new(variant, places)?;
    let mut run = Run::default();
    let begin = Instant::now();
    // The n-th start of the whole loop is due here, whatever happened before.
    let interval = pace.interval.as_nanos() as u64;
    let due = |n: u64| Duration::from_nanos(interval * n / addresses.len() as u64);
    let mut started = 0;
    let mut beat = Duration::ZERO;
    loop {
        let now = begin.elapsed();
        // What is due now starts in this turn, also what must wait for a place.
        while due(started) <= now && due(started) < pace.window {
            if !prober.has_room() {
                prober.reap(None)?;
                continue;
            }
            prober.start(&addresses[started as usize % addresses.len()])?;
            run.lateness_ns.push((begin.elapsed() - due(started)).as_nanos() as u64);
            started += 1;
        }
        // After a long turn the beats that passed are left out.
        while beat <= now {
            beat += pace.grain;
        }
        // Ends of probes wake the loop as well, as they must where answers take their time.
        while begin.elapsed() < beat && due(started) < pace.window {
            prober.reap(Some(beat.saturating_sub(begin.elapsed())))?;
        }
        if due(started) >= pace.window {
            break;
        }
    }
    while prober.in_flight() > 0 {
        prober.reap(None)?;
    }
    run.ended = prober.passed + prober.failed;
    if prober.failed > 0 {
        return Err(io::Error::other(format!("{} probes failed", prober.failed)));
    }
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

    #[test]
    fn each_target_is_probed_once_an_interval_and_never_early() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = [Address::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)); 5];
        let pace = Pace {
            interval: Duration::from_millis(50),
            grain: Duration::from_millis(10),
            window: Duration::from_millis(200),
        };
        let run = run(Variant::Reused, &addresses, 8, pace).unwrap();
        assert_eq!((run.ended, run.lateness_ns.len()), (20, 20));
    }
}
