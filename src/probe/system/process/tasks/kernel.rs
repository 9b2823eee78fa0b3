//! Tasks in a real cgroup with a limit, and of a real user with one. A guest, this test's own
//! program, is started inside a cgroup that the test makes, or as another user. Where that is
//! forbidden the test ends.

use super::*;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::io::{self, ErrorKind::*};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::Builder;

const LIMIT: u64 = 24;
const GUEST: &str = "MESHVITALS_TEST_TASKS";
const NAME: &str = "probe::system::process::tasks::kernel::threads_of_its_own_fill_a_cgroup";

/// A cgroup for this test, removed at its end.
struct Home(PathBuf);

impl Home {
    fn new() -> io::Result<Home> {
        let legacy = PathBuf::from("/sys/fs/cgroup/pids");
        let base = if legacy.is_dir() { legacy } else { unified()? };
        let home = Home(base.join(format!("meshvitals-tasks-{}", std::process::id())));
        fs::create_dir(&home.0)?;
        fs::write(home.0.join("pids.max"), LIMIT.to_string())?;
        Ok(home)
    }
}

fn unified() -> io::Result<PathBuf> {
    let base = PathBuf::from("/sys/fs/cgroup");
    fs::write(base.join("cgroup.subtree_control"), "+pids")?;
    Ok(base)
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn threads_of_its_own_fill_a_cgroup() {
    if let Some(home) = std::env::var_os(GUEST) {
        return guest(Path::new(&home));
    }
    let home = match Home::new() {
        Ok(home) => home,
        // Only what forbids it is a reason to end here; the library's own tests print nothing.
        Err(error) => {
            let kind = error.kind();
            let forbids = [PermissionDenied, NotFound, ReadOnlyFilesystem, ResourceBusy];
            return assert!(forbids.contains(&kind), "no cgroup of tasks: {error}");
        }
    };
    let output = Command::new("sh")
        .args(["-c", "echo $$ > \"$1/cgroup.procs\" && shift && exec \"$@\"", "sh"])
        .args([home.0.as_os_str(), std::env::current_exe().unwrap().as_os_str()])
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(GUEST, &home.0)
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    assert!(told.contains("1 passed"), "the guest ran: {told}");
}

fn guest(home: &Path) {
    let mut sampler = Sampler::new(Path::new("/"));
    let mut sample = |at_s| sampler.sample(Tick(at_s * SECOND)).measure.map(|found| *found);
    let current = || fs::read_to_string(home.join("pids.current")).unwrap();
    let share = || percent(current().trim().parse().unwrap(), LIMIT);
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap();
    let wait = |gate: Arc<Mutex<()>>| Builder::new().spawn(move || drop(gate.lock())).map(drop);
    let first = sample(0).expect("a figure");
    assert!(first.scope.starts_with("the cgroup /meshvitals-tasks-"), "{first:?}");
    assert_eq!((first.limit, first.unhealthy), (LIMIT as f64, share()));
    for _ in 0..8 {
        wait(gate.clone()).unwrap();
    }
    let fuller = sample(10).unwrap();
    let grown = (fuller.unhealthy - first.unhealthy) * LIMIT as f64 / 100.0;
    assert_eq!(grown.round(), 8.0);
    assert_eq!(fuller.unhealthy, share());
    assert!(fuller.unhealthy < 98.0);
    while wait(gate.clone()).is_ok() {}
    let refused = sample(20).unwrap();
    assert_eq!((refused.degraded, refused.unhealthy), (100.0, 100.0));
    let told = sampler.sample(Tick(20 * SECOND));
    assert_eq!(told.message.as_str(), "24 of 24 tasks, and one was refused");
    drop(closed);
}

/// With the number of this process a user that nobody else is, so that all its tasks are the
/// guest's.
const USERS_FROM: u32 = 61_000_000;
const USERS: &str = "probe::system::process::tasks::kernel::threads_of_a_user_reach_its_limit";

#[test]
fn threads_of_a_user_reach_its_limit() {
    if std::env::var_os(GUEST).is_some() {
        return limited_guest();
    }
    let started = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", USERS, "--nocapture", "--test-threads=1"])
        .env(GUEST, "a user")
        .current_dir("/")
        .uid(USERS_FROM + std::process::id())
        .output();
    let output = match started {
        Ok(output) => output,
        Err(error) => {
            let forbids = [PermissionDenied, InvalidInput].contains(&error.kind());
            return assert!(forbids, "no other user: {error}");
        }
    };
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    assert!(told.contains("1 passed"), "the guest ran: {told}");
}

fn limited_guest() {
    let mut sampler = Sampler::new(Path::new("/"));
    let before = sampler.sample(Tick(0));
    let most = Rlimit { current: Some(LIMIT), maximum: getrlimit(Resource::Nproc).maximum };
    setrlimit(Resource::Nproc, most).expect("a lower limit");
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap();
    let wait = |gate: Arc<Mutex<()>>| Builder::new().spawn(move || drop(gate.lock())).map(drop);
    while wait(gate.clone()).is_ok() {}
    let full = sampler.sample(Tick(10 * SECOND));
    assert_eq!((full.value, before.value < 98.0), (100.0, true), "{before:?} {full:?}");
    let text = "24 of 24 tasks that its user may have (RLIMIT_NPROC)";
    assert_eq!(full.message.as_str(), text);
    drop(closed);
}
