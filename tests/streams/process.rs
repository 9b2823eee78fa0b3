//! Servers that are programs of others: started for a test, and killed with it.

use super::peer::PATIENCE;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Instant;

/// A program that is killed when this is dropped.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Starts it and waits until it prints a line with these words, which is the answer too.
    ///
    /// # Errors
    ///
    /// It cannot be started, or what it printed before it ended.
    pub fn start(command: &mut Command, words: &str) -> Result<(Process, String), String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let (told, lines) = channel();
        tell(child.stdout.take().expect("it is piped"), told.clone());
        tell(child.stderr.take().expect("it is piped"), told);
        let process = Process(child);
        let mut all = String::new();
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return Ok((process, line)),
                Ok(line) => all.push_str(&line),
                Err(error) => return Err(format!("{command:?}: {error}: {all}")),
            }
        }
    }
}

/// Reads what a program prints to its end, because nobody may wait for a full pipe.
fn tell(pipe: impl Read + Send + 'static, told: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            // Nobody listens once it is ready.
            let _ = told.send(line + "\n");
        }
    });
}

/// Whether a program is installed; says so if not, and fails where everything has to be.
pub fn has(program: &mut Command, name: &str) -> bool {
    let ended = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = ended.is_ok_and(|status| status.success());
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed");
        let _ = writeln!(std::io::stderr(), "skipped: {name} is not installed");
    }
    is_there
}

/// Waits until somebody listens, for programs that say so a moment too early.
#[track_caller]
pub fn wait_for(address: &str) {
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begin.elapsed() < PATIENCE, "nobody listens at {address}");
        thread::yield_now();
    }
}
