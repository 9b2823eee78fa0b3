//! HAProxy as a prober: servers that are checked, and no frontend.
//!
//! It is told to use one thread, because this library uses one; its checks end a connection by a
//! reset, as ours do, unless it is told to linger. The trap: round robin takes at most 4,095
//! servers a backend, so they are shared out.

use super::{Contender, INTERVAL};
use crate::os::process::end_with_parent;
use crate::os::usage::Process;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddrV4};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Servers a backend.
const SHARE: usize = 1_000;
/// How long it may take to read its configuration, and to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the program is: in the search path, or where Debian puts it.
///
/// # Errors
///
/// That it is missing, and in which package it is.
pub fn find() -> io::Result<PathBuf> {
    find_in(&std::env::var_os("PATH").unwrap_or_default())
        .or_else(|| find_in("/usr/sbin".as_ref()))
        .ok_or_else(|| {
            let text = "HAProxy is missing: Debian and Ubuntu have it in the package haproxy";
            io::Error::new(io::ErrorKind::NotFound, text)
        })
}

fn find_in(path: &std::ffi::OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).map(|folder| folder.join("haproxy")).find(|file| file.is_file())
}

/// Its version, as it tells it: `HAProxy 2.6.12-1`.
///
/// # Errors
///
/// The system's.
pub fn version(program: &Path) -> io::Result<String> {
    let output = Command::new(program).arg("-v").stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let words: Vec<&str> = text.split_whitespace().take(3).collect();
    Ok(words.join(" ").replace(" version", ""))
}

/// A running one; dropping it ends it and removes its folder.
pub struct HaProxy {
    child: Child,
    folder: PathBuf,
}

impl HaProxy {
    /// Starts one on these targets, and waits until it answers on its socket.
    pub fn start(program: &Path, targets: &[SocketAddrV4]) -> io::Result<HaProxy> {
        let folder = std::env::temp_dir().join(format!("meshvitals-bench-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let spawned = spawn(program, &folder, targets).inspect_err(|_| {
            // The error of starting tells more than that of cleaning up.
            let _ = fs::remove_dir_all(&folder);
        })?;
        let mut haproxy = HaProxy { child: spawned, folder };
        let limit = Instant::now() + PATIENCE;
        while UnixStream::connect(haproxy.socket()).is_err() {
            if let Some(status) = haproxy.child.try_wait()? {
                return Err(io::Error::other(format!("HAProxy ended: {status}")));
            }
            if Instant::now() > limit {
                return Err(io::Error::other("HAProxy does not answer on its socket"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(haproxy)
    }

    fn socket(&self) -> PathBuf {
        socket(&self.folder)
    }
}

impl Contender for HaProxy {
    fn process(&self) -> Process {
        Process::of(&self.child)
    }

    fn healthy(&mut self) -> io::Result<usize> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"show servers state\n")?;
        stream.shutdown(Shutdown::Write)?;
        let mut state = String::new();
        stream.take(64 << 20).read_to_string(&mut state)?;
        Ok(count_passed(&state))
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        // Errors mean that it has ended already, or that the folder is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("stats")
}

fn spawn(program: &Path, folder: &Path, targets: &[SocketAddrV4]) -> io::Result<Child> {
    let file = folder.join("haproxy.cfg");
    fs::write(&file, config(&socket(folder), targets))?;
    let mut command = Command::new(program);
    // In the foreground, without a master process, and quiet.
    command.args(["-db", "-q", "-f"]).arg(file).stdin(Stdio::null()).stdout(Stdio::null());
    end_with_parent(&mut command);
    command.spawn()
}

/// The least that makes it check: the rest is as HAProxy sets it.
fn config(socket: &Path, targets: &[SocketAddrV4]) -> String {
    let inter = INTERVAL.as_secs();
    let mut text = format!(
        "global\n  nbthread 1\n  maxconn 100\n  stats socket {} mode 600 level admin\n\
         defaults\n  mode http\n  timeout connect 1s\n  timeout server 1s\n  timeout client 1s\n\
         \x20 option httpchk\n\
         \x20 http-check send meth GET uri /health ver HTTP/1.1 hdr Host 127.0.0.1\n\
         \x20 http-check expect status 200\n  default-server check inter {inter}s\n",
        socket.display()
    );
    for (index, share) in targets.chunks(SHARE).enumerate() {
        let _ = writeln!(text, "backend b{index}");
        for (index, target) in share.iter().enumerate() {
            let _ = writeln!(text, "  server s{index} {target}");
        }
    }
    text
}

/// Servers that run (2) and whose last check got the right answer (15), of the answer to `show
/// servers state`: its columns `srv_op_state` and `srv_check_status`. The trap: the result beside
/// it is unknown while the next check is under way, the status is still that of the last.
fn count_passed(state: &str) -> usize {
    let passed = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(5) == Some(&"2") && words.get(10) == Some(&"15")
    };
    state.lines().filter(passed).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::net::loopback;

    #[test]
    fn each_target_is_a_server_and_no_backend_is_too_large() {
        let text = config(Path::new("/tmp/s"), &loopback(80, 2_500));
        assert_eq!(text.matches("\n  server ").count(), 2_500);
        assert_eq!(text.matches("\nbackend ").count(), 3);
        assert!(!text.contains("frontend") && text.contains("inter 2s"));
    }

    #[test]
    fn a_server_counts_when_it_runs_and_its_last_check_passed() {
        let state = "1\n# be_id be_name\n\
            3 b0 1 s0 127.0.1.1 2 0 1 1 5 15 3 4 6 0 0 0 - 80 - 0 0 - - 0\n\
            3 b0 2 s1 127.0.1.2 2 0 1 1 5 1 0 3 6 0 0 0 - 80 - 0 0 - - 0\n\
            3 b0 3 s2 127.0.1.3 0 0 1 1 5 8 2 0 6 0 0 0 - 80 - 0 0 - - 0\n\
            3 b0 4 s3 127.0.1.4 2 0 1 1 5 15 0 4 6 0 0 0 - 80 - 0 0 - - 0\n";
        assert_eq!(count_passed(state), 2, "one of them is being checked again");
    }

    #[test]
    fn it_is_found_where_it_lies_and_nowhere_else() {
        assert_eq!(find_in("/nowhere:/dev/null".as_ref()), None);
    }

    #[test]
    fn the_real_one_accepts_the_configuration_and_its_folder_goes_with_it() {
        // Only where the package is installed.
        let Ok(program) = find() else { return };
        assert!(version(&program).unwrap().starts_with("HAProxy "));
        let mut haproxy = HaProxy::start(&program, &loopback(1, 1_001)).unwrap();
        let folder = haproxy.folder.clone();
        assert!(haproxy.process().cpu_ns().unwrap() > 0);
        assert_eq!(haproxy.healthy().unwrap(), 0, "nothing listens there");
        drop(haproxy);
        assert!(!folder.exists());
    }
}
