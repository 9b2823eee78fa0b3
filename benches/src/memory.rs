//! What checks take of memory, measured in a process of their own: this binary again with the
//! argument `memory`, so that nothing that another row left behind is counted or used again.
//!
//! Counted is the memory that the process alone occupies, free memory given back. The documents
//! come in batches and are gone when it is counted.

use crate::engine::{http_checks, refused, tcp_checks};
use crate::os::net;
use crate::os::usage::private_bytes;
use meshvitals::{CheckId, Monitor, Status};
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const BATCH: usize = 10_000;
/// Until every check has passed once.
const PATIENCE: Duration = Duration::from_secs(300);

/// Figures of one process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// A monitor that has been started, with its system checks.
    pub base: f64,
    /// Each check, once registered.
    pub registered: f64,
    /// Each check, after it has passed once.
    pub passed: f64,
}

/// What to register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Whether the checks are HTTP checks.
    pub http: bool,
    /// How many.
    pub count: usize,
    /// The port of the target.
    pub port: u16,
    /// The seconds over which first runs are spread.
    pub seconds: u32,
}

/// Measures in a child process.
///
/// # Errors
///
/// The system's, and one when the child says something else than three numbers.
pub fn measure(load: Load) -> io::Result<Memory> {
    let child = Command::new(std::env::current_exe()?)
        .args(["memory", if load.http { "http" } else { "tcp" }])
        .args([load.count.to_string(), load.port.to_string(), load.seconds.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&child.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|f| f.parse().ok()).collect();
    let &[base, registered, passed] = figures.as_slice() else {
        return Err(io::Error::other(format!("the child said: {text:?}")));
    };
    Ok(Memory { base, registered, passed })
}

/// The child: the arguments behind `memory`, three numbers on `out`.
pub fn run(arguments: &[String], out: &mut impl Write) -> io::Result<()> {
    let load =
        parse(arguments).ok_or_else(|| io::Error::other("memory tcp|http count port seconds"))?;
    let memory = count(load)?;
    writeln!(out, "{} {} {}", memory.base, memory.registered, memory.passed)
}

fn parse(arguments: &[String]) -> Option<Load> {
    let [probe, count, port, seconds] = arguments else { return None };
    Some(Load {
        http: probe == "http",
        count: count.parse().ok()?,
        port: port.parse().ok()?,
        seconds: seconds.parse().ok()?,
    })
}

fn count(load: Load) -> io::Result<Memory> {
    let before = private_bytes()?;
    let spread = load.seconds;
    let config = format!(r#"{{"start_spread":"{spread}s","defaults":{{"interval":"1s"}}}}"#);
    let monitor = Monitor::new(Some(&config)).map_err(refused)?;
    monitor.start().map_err(refused)?;
    // What they say of a machine that is being measured does not matter.
    let system = monitor.list().map_err(refused)?;
    wait(&mut system.iter(), |id| monitor.status(id) != Status::Unknown)?;
    let started = private_bytes()?;
    let keys = r#","interval":"1h","timeout":"30s""#;
    let mut checks = Vec::new();
    for batch in net::loopback(load.port, load.count).chunks(BATCH) {
        let text =
            if load.http { http_checks(batch, keys) } else { tcp_checks(batch, "fast", keys) };
        checks.extend(monitor.register_many(&text).map_err(refused)?);
    }
    let own = (checks.capacity() * size_of_val(&checks[0])) as f64;
    let each = |bytes: u64| (bytes.saturating_sub(started) as f64 - own) / load.count as f64;
    let registered = each(private_bytes()?);
    wait(&mut checks.iter(), |id| monitor.status(id) == Status::Healthy)?;
    let passed = each(private_bytes()?);
    Ok(Memory { base: started.saturating_sub(before) as f64, registered, passed })
}

/// Waits until each of the checks has come so far.
fn wait(
    checks: &mut std::slice::Iter<'_, CheckId>,
    has_come: impl Fn(CheckId) -> bool,
) -> io::Result<()> {
    let limit = Instant::now() + PATIENCE;
    while let Some(&id) = checks.as_slice().first() {
        if has_come(id) {
            checks.next();
        } else if Instant::now() > limit {
            let text = format!("{} checks have not passed", checks.as_slice().len());
            return Err(io::Error::other(text));
        } else {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_those_that_the_parent_gives() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let load = Load { http: true, count: 5, port: 80, seconds: 9 };
        assert_eq!(parse(&words("http 5 80 9")), Some(load));
        assert_eq!(parse(&words("tcp 5 80")), None);
    }
}
