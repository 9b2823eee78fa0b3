//! What the tests of probes share: servers to start, documents and expectations.

pub use crate::certificate::Certificate;
use meshvitals::{Outcome, Reason, RunResult, probe_once};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

/// How often a server is asked whether it is there, and how long between; only one that never
/// comes uses it up.
const TRIES: u32 = 1_200;
const BETWEEN: Duration = Duration::from_millis(50);

/// Runs a probe with a patient deadline.
#[track_caller]
pub fn run(key: &str, body: &str) -> RunResult {
    run_within("10s", key, body)
}

#[track_caller]
pub fn run_within(timeout: &str, key: &str, body: &str) -> RunResult {
    let document = format!(r#"{{"name": "x", "{key}": {{{body}}}, "timeout": "{timeout}"}}"#);
    probe_once(None, &document).unwrap_or_else(|error| panic!("{document}: {error}"))
}

#[track_caller]
pub fn expect_pass(result: &RunResult) {
    assert_eq!((result.outcome, result.reason), (Outcome::Pass, Reason::NONE), "{result:?}");
}

/// Expects a failure of this reason whose message holds all of these words.
#[track_caller]
pub fn expect_fail(result: &RunResult, reason: Reason, words: &[&str]) {
    assert_eq!((result.outcome, result.reason), (Outcome::Fail, reason), "{result:?}");
    for word in words {
        assert!(result.message.as_str().contains(word), "{word}: {result:?}");
    }
}

/// Has a server of this probe stop where it is, which shows in this step.
#[track_caller]
pub fn expect_frozen(server: &Server, key: &str, step: &str) {
    server.freeze();
    let result = run_within("300ms", key, &server.address());
    assert_eq!((result.outcome, result.reason), (Outcome::Timeout, Reason::RECEIVE_TIMEOUT));
    assert!(result.message.as_str().contains(&format!(": {step}: ")), "{result:?}");
}

/// A port on which nobody listens just now: below those that the system hands out, because one of
/// them would be somebody else's before a server has started.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 500) as u16 * 24;
    let ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed));
    let mut free = ports.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.next().expect("a port")
}

/// A directory that goes with its owner.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Directory {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("probe-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a directory for temporary files");
        Directory(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and answers its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path.to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Whatever is left is of no use and in nobody's way.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A program of the system; `None`, after having said so, where it is not installed.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/local/sbin:/usr/sbin:/sbin";
    let found = path.split(':').map(|place| Path::new(place).join(name)).find(|p| p.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed");
        let _ = writeln!(std::io::stderr(), "not tested: {name} is not installed");
    }
    found
}

/// A server that is ended with its owner.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    /// Starts a server and waits until something listens on its port.
    #[track_caller]
    pub fn start(command: &mut Command, port: u16) -> Server {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = quiet.spawn().expect("the server starts");
        let mut server = Server { child, port };
        let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        for _ in 0..TRIES {
            if listens() {
                return server;
            }
            let ended = server.child.try_wait().expect("it is a child");
            assert!(ended.is_none(), "the server ended: {ended:?}");
            pause();
        }
        panic!("nobody listens on {port}");
    }

    /// Stops it where it is; the system goes on accepting connections in its name.
    pub fn freeze(&self) {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::STOP).expect("it is our child");
        let stopped = waitpid(Some(process), WaitOptions::UNTRACED).expect("it is our child");
        assert!(stopped.is_some_and(|(_, status)| status.stopped()), "it went on");
    }

    /// The key `address` of a document.
    pub fn address(&self) -> String {
        address(self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The key `address` of a document.
pub fn address(port: u16) -> String {
    format!(r#""address": "127.0.0.1:{port}""#)
}

/// A little while, in which a server may come further.
fn pause() {
    let (_silent, nothing) = channel::<()>();
    let _ = nothing.recv_timeout(BETWEEN);
}
