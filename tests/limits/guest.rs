//! A test of this program that runs once more, in cgroups that it may change.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a guest finds in its environment: its two directories, with a blank between.
const GUEST: &str = "MESHVITALS_TEST_LIMITS";
const ROOT: &str = "/sys/fs/cgroup";
pub const MIB: u64 = 1 << 20;

/// The cgroup of a test: a directory for memory and one for tasks, which are the same in version 2.
struct Home {
    memory: PathBuf,
    tasks: PathBuf,
}

impl Home {
    fn new(test: &str) -> io::Result<Home> {
        let root = Path::new(ROOT);
        let bases = match root.join("memory/memory.limit_in_bytes").exists() {
            true => [root.join("memory"), root.join("pids")],
            false => {
                fs::write(root.join("cgroup.subtree_control"), "+memory +pids")?;
                [root.to_owned(), root.to_owned()]
            }
        };
        let name = format!("meshvitals-{}-{}", &test[..12], std::process::id());
        let [memory, tasks] = bases.map(|base| base.join(&name));
        let home = Home { memory, tasks };
        fs::create_dir(&home.memory)?;
        if home.tasks != home.memory {
            fs::create_dir(&home.tasks)?;
        }
        Ok(home)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for dir in [&self.memory, &self.tasks] {
            let _ = fs::remove_dir(dir.join("inner"));
            // The guest may have removed it.
            let _ = fs::remove_dir(dir);
        }
    }
}

/// This process in cgroups of its own.
pub struct Guest {
    memory: PathBuf,
    tasks: PathBuf,
}

impl Guest {
    /// The guest, if this is the inner run of the test of this name; the outer one starts that,
    /// waits for it, and has nothing else to do.
    #[track_caller]
    pub fn of(test: &str) -> Option<Guest> {
        if let Some(dirs) = std::env::var_os(GUEST) {
            let dirs = dirs.into_string().expect("paths in UTF-8");
            let (memory, tasks) = dirs.split_once(' ').expect("two paths");
            return Some(Guest { memory: memory.into(), tasks: tasks.into() });
        }
        let home = match Home::new(test) {
            Ok(home) => home,
            Err(error) => {
                let note = format!("skipped: no cgroup of memory and tasks here: {error}");
                writeln!(io::stderr(), "{note}").expect("the reason can be told");
                return None;
            }
        };
        let join = "for dir in $DIRS; do echo $$ > $dir/cgroup.procs || exit 1; done; exec \"$@\"";
        let dirs: OsString = [home.memory.as_os_str(), home.tasks.as_os_str()].join(" ".as_ref());
        let output = Command::new("sh")
            .args(["-c", join, "sh"])
            .arg(std::env::current_exe().expect("this program"))
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env("DIRS", &dirs)
            .env(GUEST, &dirs)
            .output()
            .expect("a shell");
        let told =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {told}", output.status);
        assert!(told.contains("1 passed"), "the guest ran: {told}");
        None
    }

    fn is_unified(&self) -> bool {
        self.memory == self.tasks
    }

    /// The path of its cgroup, as messages have it.
    pub fn path(&self) -> String {
        let name = self.memory.file_name().and_then(|name| name.to_str());
        format!("/{}", name.expect("a name in UTF-8"))
    }

    /// Limits the memory of its cgroup or of one in that; `None` is no limit.
    pub fn limit_memory(&self, inner: &str, bytes: Option<u64>) {
        let (file, none) = match self.is_unified() {
            true => ("memory.max", "max"),
            false => ("memory.limit_in_bytes", "-1"),
        };
        let text = bytes.map_or(none.to_owned(), |bytes| bytes.to_string());
        fs::write(self.memory.join(inner).join(file), text).expect("a limit of memory");
    }

    /// The same for tasks.
    pub fn limit_tasks(&self, inner: &str, tasks: Option<u64>) {
        let text = tasks.map_or("max".to_owned(), |tasks| tasks.to_string());
        fs::write(self.tasks.join(inner).join("pids.max"), text).expect("a limit of tasks");
    }

    /// How many tasks are in its cgroup.
    pub fn tasks(&self) -> u64 {
        let text = fs::read_to_string(self.tasks.join("pids.current")).expect("a count");
        text.trim().parse().expect("a number")
    }

    /// Makes a cgroup in its own and moves there.
    pub fn enter(&self, inner: &str) {
        for dir in self.dirs() {
            fs::create_dir(dir.join(inner)).expect("a cgroup");
            move_to(&dir.join(inner));
        }
        if self.is_unified() {
            // Allowed only once no process is in it.
            let control = self.memory.join("cgroup.subtree_control");
            fs::write(control, "+memory +pids").expect("controllers for the inner one");
        }
    }

    /// Moves out of its cgroup, which then is removed.
    pub fn leave_and_remove(&self) {
        for dir in self.dirs() {
            move_to(dir.parent().expect("a cgroup above"));
            fs::remove_dir(dir).expect("its removal");
        }
    }

    fn dirs(&self) -> Vec<&Path> {
        let mut dirs = vec![self.memory.as_path(), self.tasks.as_path()];
        dirs.dedup();
        dirs
    }
}

/// Moves this process with all its threads.
fn move_to(dir: &Path) {
    let own = std::process::id().to_string();
    fs::write(dir.join("cgroup.procs"), own).expect("a move to another cgroup");
}
