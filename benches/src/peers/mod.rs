//! The same work beside a peer: HAProxy and this library each check the same HTTP targets, one
//! after the other in every round.
//!
//! Both are processes of their own, measured alike: CPU time from the clock of the process, the
//! number of probes from the target that was probed, which trusts neither. What is compared is
//! CPU time a probe, because a machine with other load lets either of them be late.

mod haproxy;
pub mod prober;

use crate::os::net;
use crate::os::usage::Process;
use crate::plan::Plan;
use crate::rounds::interleaved;
use crate::table::{Goal, Row};
use crate::target::Target;
use haproxy::HaProxy;
use prober::Prober;
use std::cell::RefCell;
use std::fs;
use std::io;
use std::time::Duration;

/// How often each target is probed, by both.
const INTERVAL: Duration = Duration::from_secs(2);
/// Both spread first runs over an interval, which therefore does not count.
const WARMING: Duration = Duration::from_millis(2_200);

/// What is probed, and what both say of it.
trait Contender {
    /// The running process.
    fn process(&self) -> Process;
    /// How many targets it holds for healthy.
    fn healthy(&mut self) -> io::Result<usize>;
}

/// The figures of one turn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Turn {
    /// Microseconds of CPU, user and system, a probe.
    cpu_us: f64,
    /// Probes that the target answered.
    probes: f64,
    /// Sockets that are in TIME_WAIT now and were not before.
    time_wait: f64,
    /// Memory of the whole process that is resident, in MiB.
    rss_mib: f64,
}

/// The rows, and which HAProxy they are of.
///
/// # Errors
///
/// The system's; that HAProxy is not installed; that a target was not healthy.
pub fn rows(plan: &Plan, target: Target) -> io::Result<(Vec<Row>, String)> {
    let program = haproxy::find()?;
    let version = haproxy::version(&program)?;
    let count = plan.probes(10_000) as usize;
    let addresses = net::loopback(target.ports.http, count);
    let port = target.ports.http;
    let target = RefCell::new(target);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut our_turn = || {
        let turn = turn(&mut target.borrow_mut(), count, || Prober::start(port, count))?;
        ours.push(turn);
        Ok(turn.cpu_us)
    };
    let mut their_turn = || {
        let turn = turn(&mut target.borrow_mut(), count, || HaProxy::start(&program, &addresses))?;
        theirs.push(turn);
        Ok(turn.cpu_us)
    };
    interleaved(plan.rounds, &mut [&mut our_turn, &mut their_turn])?;
    Ok((compared(&ours[1..], &theirs[1..], count), version))
}

/// Starts a contender, lets it settle, and measures it over one interval.
fn turn<C: Contender>(
    target: &mut Target,
    count: usize,
    start: impl FnOnce() -> io::Result<C>,
) -> io::Result<Turn> {
    let port = target.ports.http;
    let waiting = time_wait(port)?;
    let mut contender = start()?;
    std::thread::sleep(WARMING);
    let process = contender.process();
    let (cpu, before) = (process.cpu_ns()?, target.served()?);
    std::thread::sleep(INTERVAL);
    let (cpu, after) = (process.cpu_ns()? - cpu, target.served()?);
    let rss_mib = process.resident_bytes()? as f64 / f64::from(1 << 20);
    let (answers, connections) =
        (after.answers - before.answers, after.connections - before.connections);
    // A probe may be between its two steps when the figures are taken.
    if connections.abs_diff(answers) > 100 {
        let text = format!("{answers} probes took {connections} connections: not a fresh one each");
        return Err(io::Error::other(text));
    }
    let healthy = contender.healthy()?;
    if healthy != count {
        return Err(io::Error::other(format!("{healthy} of {count} targets are healthy")));
    }
    drop(contender);
    Ok(Turn {
        cpu_us: cpu as f64 / 1e3 / answers as f64,
        probes: answers as f64,
        time_wait: time_wait(port)?.saturating_sub(waiting) as f64,
        rss_mib,
    })
}

fn compared(ours: &[Turn], theirs: &[Turn], count: usize) -> Vec<Row> {
    let row = |name: String, unit, figure: fn(&Turn) -> f64, goal| {
        let figures = |turns: &[Turn]| turns.iter().map(figure).collect::<Vec<_>>();
        Row::compared("HTTP", name, unit, (&figures(ours), &figures(theirs)), goal)
    };
    vec![
        row(
            format!("a probe, {count} targets every 2 s, fresh connection"),
            "µs CPU",
            |turn| turn.cpu_us,
            Goal::RatioAtMost(1.0),
        ),
        row(
            format!("probes in 2 s that the target answered, of {count}"),
            "probes",
            |turn| turn.probes,
            Goal::Shown,
        ),
        row("sockets left in TIME_WAIT".to_owned(), "sockets", |turn| turn.time_wait, Goal::Shown),
        row("memory of the process".to_owned(), "MiB RSS", |turn| turn.rss_mib, Goal::Shown),
    ]
}

/// Sockets in TIME_WAIT, of either side of connections to this port.
fn time_wait(port: u16) -> io::Result<usize> {
    Ok(count_time_wait(&fs::read_to_string("/proc/net/tcp")?, port))
}

/// Counts in the text of `/proc/net/tcp`: the columns are a number, two addresses `IP:PORT` in
/// hexadecimal, and the state, which is 6 for TIME_WAIT (proc_pid_net(5), tcp_states.h).
fn count_time_wait(text: &str, port: u16) -> usize {
    let port = format!(":{port:04X}");
    let is_ours = |line: &&str| {
        let mut words = line.split_whitespace().skip(1);
        let ends = [words.next(), words.next()];
        words.next() == Some("06") && ends.into_iter().flatten().any(|end| end.ends_with(&port))
    };
    text.lines().filter(is_ours).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_wait_of_this_port_counts() {
        let text = "  sl  local_address rem_address   st\n\
            0: 0100007F:1F90 00000000:0000 0A 0\n\
            1: 0100007F:9C40 0200007F:1F90 06 0\n\
            2: 0200007F:1F90 0100007F:9C40 06 0\n\
            3: 0100007F:9C40 0200007F:1F91 06 0\n";
        assert_eq!(count_time_wait(text, 8080), 2);
        assert!(time_wait(1).is_ok());
    }

    #[test]
    fn cpu_a_probe_is_what_has_a_goal() {
        let turn = |cpu_us| Turn { cpu_us, probes: 5.0, ..Turn::default() };
        let reached = |ours, theirs| {
            let rows = compared(&[turn(ours)], &[turn(theirs)], 5);
            assert!(rows[1..].iter().all(|row| row.reached().is_none()));
            rows[0].reached()
        };
        assert_eq!(reached(20.0, 50.0), Some(true));
        assert_eq!(reached(51.0, 50.0), Some(false));
    }
}
