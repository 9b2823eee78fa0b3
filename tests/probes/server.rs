//! Real servers, each with a directory and a port of its own, ended with the test.
//!
//! What a server logs is kept, so that a test can wait for a line of it and look at what a probe
//! left there.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use meshvitals::model::RunResult;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

/// How long a server may take; only a failure uses it up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The path of a program, or none after it was said that the test cannot run.
pub fn program(places: &[&str]) -> Option<PathBuf> {
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{} is not installed", places[0]);
        let _ = writeln!(std::io::stderr(), "not run: {} is not installed", places[0]);
    }
    found
}

/// A directory that is removed with the test.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Directory {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("meshvitals-probes-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        // Servers that run as another user pass through it.
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Directory(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port on loopback that nobody listens on. It lies below those that the system hands out by
/// itself, so that no connection of another test takes it meanwhile.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 12_000 + (std::process::id().wrapping_mul(97) + number) % 20_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port as u16)).is_ok() {
            return port as u16;
        }
    }
}

/// The numbers of a user of this system and of its group.
pub fn account(name: &str) -> (u32, u32) {
    let all = std::fs::read_to_string("/etc/passwd").unwrap();
    let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
    let found = all.lines().map(fields).find(|fields| fields[0] == name).unwrap();
    (found[2].parse().unwrap(), found[3].parse().unwrap())
}

/// Runs a command that must succeed.
#[track_caller]
pub fn done(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}

/// A running server.
pub struct Server {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Server {
    /// Starts it.
    pub fn spawn(mut command: Command) -> Server {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        follow(child.stdout.take().unwrap(), sender.clone());
        follow(child.stderr.take().unwrap(), sender);
        Server { child, lines, log: Vec::new() }
    }

    /// Starts it and waits for a line with these words.
    pub fn start(command: Command, words: &str) -> Server {
        let mut server = Server::spawn(command);
        server.expect_line(words);
        server
    }

    /// Waits until the server has said these words since the last such wait.
    #[track_caller]
    pub fn expect_line(&mut self, words: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(until.saturating_duration_since(Instant::now()));
            let Ok(line) = line else {
                panic!("the server never said {words:?} but\n{}", self.log.join("\n"))
            };
            let is_it = line.contains(words);
            self.log.push(line);
            if is_it {
                return;
            }
        }
    }

    /// Ends it as its supervisor would, and answers all that it has said.
    pub fn end(mut self) -> String {
        self.signal(Signal::TERM);
        let _ = self.child.wait();
        self.log.extend(self.lines.iter());
        std::mem::take(&mut self.log).join("\n")
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.child.id() as i32) {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A postmaster takes its children along when it is asked to quit, not when it is killed.
        self.signal(Signal::QUIT);
        let pid = Pid::from_raw(self.child.id() as i32);
        if let Some(Ok(end)) = pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) {
            let at_most = Timespec { tv_sec: 10, tv_nsec: 0 };
            let _ = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&at_most));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(stream: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if lines.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                // Read on: a server must not hang in a full pipe.
            }
            line.clear();
        }
    });
}

/// Runs a probe, given as the object under its key.
#[track_caller]
pub fn probe(key: &str, object: &str) -> RunResult {
    probe_within(key, object, "20s")
}

/// Runs a probe with a deadline.
#[track_caller]
pub fn probe_within(key: &str, object: &str, timeout: &str) -> RunResult {
    let text = format!(r#"{{"name": "x", "{key}": {object}, "timeout": "{timeout}"}}"#);
    meshvitals::probe_once(None, &text).unwrap()
}

/// Runs a probe until its result is as wanted.
#[track_caller]
pub fn probe_until(
    key: &str,
    object: &str,
    mut wanted: impl FnMut(&RunResult) -> bool,
) -> RunResult {
    let until = Instant::now() + PATIENCE;
    loop {
        let result = probe(key, object);
        if wanted(&result) {
            return result;
        }
        assert!(Instant::now() < until, "it stays {result:?}");
        std::thread::yield_now();
    }
}
