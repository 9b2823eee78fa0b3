//! A monitor as a contender: documents for it, its thread, and what a run costs it.
//!
//! The trap: a monitor that is started begins anew, so the first moments of each turn do not
//! count, and nothing of it may go on while another contender has its turn.

use crate::os::usage::Thread;
use meshvitals::{CheckId, Monitor, Status};
use std::fmt::Write;
use std::io;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

/// The name of the background thread.
const THREAD: &str = "meshvitals";
/// How long stopping may take, and how long a thread may take to appear.
const PATIENCE: Duration = Duration::from_secs(10);

/// TCP checks of these addresses as an array of documents; `keys` are their other keys, each
/// behind a comma.
pub fn tcp_checks(addresses: &[SocketAddrV4], connect: &str, keys: &str) -> String {
    array(addresses, |text, address| {
        let _ = write!(
            text,
            r#"{{"name":"t{address}","tcp":{{"address":"{address}","connect":"{connect}"}}{keys}}}"#
        );
    })
}

/// HTTP checks of these addresses, likewise.
pub fn http_checks(addresses: &[SocketAddrV4], keys: &str) -> String {
    array(addresses, |text, address| {
        let _ = write!(
            text,
            r#"{{"name":"h{address}","http":{{"url":"http://{address}/health"}}{keys}}}"#
        );
    })
}

fn array(addresses: &[SocketAddrV4], mut write: impl FnMut(&mut String, SocketAddrV4)) -> String {
    let mut text = String::from("[");
    for (index, &address) in addresses.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        write(&mut text, address);
    }
    text.push(']');
    text
}

/// What the library refused, as an error of the bench.
pub fn refused(error: meshvitals::Error) -> io::Error {
    io::Error::other(error.to_string())
}

/// A monitor that is stopped unless it has its turn.
pub struct Engine {
    /// The monitor.
    pub monitor: Monitor,
    /// Its checks, in the order of their documents.
    pub checks: Vec<CheckId>,
}

impl Engine {
    /// A monitor of this configuration and these checks. System checks are off unless the
    /// configuration turns them on.
    pub fn new(config: &str, checks: &str) -> io::Result<Engine> {
        let monitor = Monitor::new(Some(config)).map_err(refused)?;
        let checks = monitor.register_many(checks).map_err(refused)?;
        Ok(Engine { monitor, checks })
    }

    /// Starts it; its background thread.
    pub fn start(&self) -> io::Result<Thread> {
        let before = Thread::named(THREAD)?;
        self.monitor.start().map_err(refused)?;
        let limit = Instant::now() + PATIENCE;
        // A thread gives itself its name, a moment after it has begun.
        loop {
            let new = Thread::named(THREAD)?.into_iter().find(|thread| !before.contains(thread));
            match new {
                Some(thread) => return Ok(thread),
                None if Instant::now() > limit => {
                    return Err(io::Error::other("the engine has no thread"));
                }
                None => std::thread::yield_now(),
            }
        }
    }

    /// Stops it.
    pub fn stop(&self) -> io::Result<()> {
        self.monitor.stop(PATIENCE).map_err(refused)
    }

    /// Runs that ended so far, of all checks.
    pub fn runs(&self) -> io::Result<u64> {
        self.checks
            .iter()
            .try_fold(0, |sum, &id| Ok(sum + self.monitor.snapshot(id).map_err(refused)?.runs))
    }

    /// Starts, waits for a while that does not count, and measures CPU microseconds a run over a
    /// window. Every check must be HEALTHY in the end.
    pub fn run_us(&self, before: Duration, window: Duration) -> io::Result<f64> {
        let thread = self.start()?;
        std::thread::sleep(before);
        let (cpu, runs) = (thread.cpu_ns()?, self.runs()?);
        std::thread::sleep(window);
        let (cpu, runs) = (thread.cpu_ns()? - cpu, self.runs()? - runs);
        let sick = self.checks.iter().find(|&&id| self.monitor.status(id) != Status::Healthy);
        if let Some(&id) = sick {
            let state = self.monitor.snapshot(id).map_err(refused)?;
            let text = format!("{} is {}: {}", state.name, state.status, state.message.as_str());
            return Err(io::Error::other(text));
        }
        self.stop()?;
        Ok(cpu as f64 / 1e3 / runs as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn a_run_costs_something_and_no_thread_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = [SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)];
        let checks = tcp_checks(&addresses, "fast", r#","interval":"10ms""#);
        let engine = Engine::new(r#"{"system_checks":false}"#, &checks).unwrap();
        let cost = engine.run_us(Duration::from_millis(50), Duration::from_millis(100)).unwrap();
        assert!(cost.is_finite() && cost > 0.0, "{cost}");
        assert!(engine.start().is_ok(), "it can be started again");
    }

    #[test]
    fn documents_of_both_probes_are_understood() {
        let addresses = crate::os::net::loopback(80, 3);
        for checks in [tcp_checks(&addresses, "full", ""), http_checks(&addresses, "")] {
            let engine = Engine::new(r#"{"system_checks":false}"#, &checks).unwrap();
            assert_eq!(engine.checks.len(), 3);
        }
    }
}
