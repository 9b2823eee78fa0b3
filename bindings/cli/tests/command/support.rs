//! The real binary, and what to wait for: no test sleeps, every wait has a generous bound.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Longer than any machine needs.
pub const BOUND: Duration = Duration::from_secs(60);

/// The command, without the colours and settings of whoever runs the tests.
pub fn meshvitals(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshvitals"));
    command.args(args).env_remove("NO_COLOR").env("COLUMNS", "100");
    command
}

/// Runs the command to its end.
pub fn output(args: &[&str]) -> Output {
    meshvitals(args).stdin(Stdio::null()).output().expect("the command runs")
}

/// Runs the command to its end with this text on stdin.
pub fn output_of(args: &[&str], stdin: &str) -> Output {
    let mut command = meshvitals(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(stdin.as_bytes()).expect("the command reads");
    drop(pipe);
    child.wait_with_output().expect("an end")
}

/// What was written to stdout.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// What was written to stderr.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Ends the child if a test fails before its end.
pub struct Watch {
    child: Child,
    lines: Receiver<String>,
    /// Every line that was read.
    pub seen: Vec<String>,
}

impl Watch {
    /// Starts the command with its stdout in a pipe.
    pub fn start(args: &[&str]) -> Watch {
        let mut command = meshvitals(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the command runs");
        let pipe = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in pipe.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Watch { child, lines, seen: Vec::new() }
    }

    /// Reads until a line contains all of `parts`.
    #[track_caller]
    pub fn expect_line(&mut self, parts: &[&str]) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(BOUND) else {
                panic!("no line with {parts:?}; seen: {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if parts.iter().all(|part| line.contains(part)) {
                return line;
            }
        }
    }

    /// Sends a signal, reads the rest, and answers how the command ended.
    pub fn end(&mut self, signal: Signal) -> ExitStatus {
        kill_process(pid(&self.child), signal).expect("the command is there");
        let status = ended(&mut self.child);
        self.seen.extend(self.lines.iter());
        status
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How the child ended, which it must do in time.
#[track_caller]
pub fn ended(child: &mut Child) -> ExitStatus {
    let handle = pidfd_open(pid(child), PidfdFlags::empty()).expect("a handle");
    let bound = Timespec { tv_sec: BOUND.as_secs() as i64, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&bound)).expect("a poll");
    if ready == 0 {
        let _ = child.kill();
        panic!("the command does not end");
    }
    child.wait().expect("an end")
}

/// The id of a child for signals.
pub fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// A listener on a loopback address of its own, where no other program takes the port.
pub fn listener(last: u8) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::new(127, 77, 0, last), 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// An address on which nothing listens.
pub fn closed(last: u8) -> SocketAddr {
    listener(last).1
}
