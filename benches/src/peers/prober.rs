//! This library as a process that does nothing but probe, so that it is measured as a peer is.
//!
//! It is this binary again with the argument `prober`; it ends when its standard input does.
//! Everything has its default but the interval and the system checks, which are off.

use super::{Contender, INTERVAL};
use crate::engine::{Engine, http_checks};
use crate::os::net;
use crate::os::usage::Process;
use meshvitals::Status;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running one; dropping it ends it.
pub struct Prober {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Prober {
    /// Starts one on so many targets of this port, and waits until it probes.
    pub fn start(port: u16, count: usize) -> io::Result<Prober> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["prober".to_owned(), count.to_string(), port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let no_pipe = || io::Error::other("no pipe");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().ok_or_else(no_pipe)?);
        let mut prober = Prober { child, stdin, stdout };
        prober.number()?;
        Ok(prober)
    }

    fn number(&mut self) -> io::Result<usize> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        line.trim().parse().map_err(|_| io::Error::other(format!("the prober said: {line:?}")))
    }
}

impl Contender for Prober {
    fn process(&self) -> Process {
        Process::of(&self.child)
    }

    fn healthy(&mut self) -> io::Result<usize> {
        if let Some(stdin) = &mut self.stdin {
            stdin.write_all(b"\n")?;
        }
        self.number()
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It ends by itself then; an error means that it already has.
        let _ = self.child.wait();
    }
}

/// The child: the arguments behind `prober`. Says how many checks are healthy once it probes, and
/// again for each line of `input`.
pub fn run(arguments: &[String], input: impl BufRead, out: &mut impl Write) -> io::Result<()> {
    let usage = || io::Error::other("prober count port");
    let [count, port] = arguments else { return Err(usage()) };
    let (Ok(count), Ok(port)) = (count.parse(), port.parse()) else { return Err(usage()) };
    let keys = format!(r#","interval":"{}s""#, INTERVAL.as_secs());
    let checks = http_checks(&net::loopback(port, count), &keys);
    let engine = Engine::new(r#"{"system_checks":false}"#, &checks)?;
    drop(checks);
    engine.start()?;
    let mut say = || {
        let is_healthy = |id: &&_| engine.monitor.status(**id) == Status::Healthy;
        writeln!(out, "{}", engine.checks.iter().filter(is_healthy).count())?;
        out.flush()
    };
    say()?;
    for line in input.lines() {
        line?;
        say()?;
    }
    engine.stop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_probes_until_its_input_ends() {
        let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let mut said = Vec::new();
        run(&["3".to_owned(), port], &b"\n\n"[..], &mut said).unwrap();
        assert_eq!(said, b"0\n0\n0\n", "nobody answers");
        assert!(run(&["3".to_owned()], &b""[..], &mut said).is_err());
    }
}
