//! A real server in a directory of its own, ended when it is no longer needed.

use super::run;
use meshvitals::Outcome;
use std::fs;
use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const BOUND: Duration = Duration::from_secs(60);

/// A server, while it is needed.
pub struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An empty directory for a test of this name.
pub fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probes").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a directory for the server");
    directory
}

/// A port of the loopback address that is free for streams and datagrams.
pub fn free_port() -> u16 {
    loop {
        let stream = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = stream.local_addr().expect("its address");
        if UdpSocket::bind(address).is_ok() {
            return address.port();
        }
    }
}

impl Server {
    /// Starts a program and waits until this probe passes. `None`, with a word about it, where it
    /// is not installed; where everything must be installed that is a failure.
    pub fn start(command: &mut Command, directory: &Path, probe: &str) -> Option<Server> {
        let log = fs::File::create(directory.join("log")).expect("a log");
        let error = log.try_clone().expect("the log again");
        let started = command.stdin(Stdio::null()).stdout(log).stderr(error).spawn();
        let Ok(child) = started else {
            let program = command.get_program().display();
            assert!(std::env::var_os("CI").is_none(), "{program} is not installed");
            let _ = writeln!(std::io::stderr(), "skipped: {program} is not installed");
            return None;
        };
        let mut server = Server(child);
        let since = Instant::now();
        loop {
            let result = run(probe, "5s");
            if result.outcome == Outcome::Pass {
                return Some(server);
            }
            let ended = server.0.try_wait().expect("its state");
            let log = || fs::read_to_string(directory.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "{command:?} ended: {}", log());
            assert!(since.elapsed() < BOUND, "{command:?}: {:?}\n{}", result.message, log());
            std::thread::yield_now();
        }
    }
}
