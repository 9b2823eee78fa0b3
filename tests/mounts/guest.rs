//! A test of this program that runs once more, where it may mount what it likes.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a guest finds in its environment.
const GUEST: &str = "MESHVITALS_TEST_MOUNTS";

/// In a mount namespace of its own, with an empty filesystem over the directory of the tests.
pub struct Guest(());

/// A directory below that of the tests.
pub struct Place(PathBuf);

impl Guest {
    /// The guest, if this is the inner run of the test of this name; the outer one starts that,
    /// waits for it, and has nothing else to do.
    #[track_caller]
    pub fn of(test: &str) -> Option<Guest> {
        if std::env::var_os(GUEST).is_some() {
            let guest = Guest(());
            guest.run("mount", &["-t", "tmpfs", "tmpfs", env!("CARGO_TARGET_TMPDIR")]);
            return Some(guest);
        }
        // The namespace is private: nothing that is mounted there is seen outside.
        let outcome = Command::new("unshare").args(["--mount", "true"]).output();
        let refused = match outcome {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = refused {
            skip(&format!("no mount namespace can be made here: {}", reason.trim()));
            return None;
        }
        let program = std::env::current_exe().expect("this program");
        let output = Command::new("unshare")
            .args([OsStr::new("--mount"), program.as_os_str()])
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(GUEST, "1")
            .output()
            .expect("a guest");
        let told =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {told}", output.status);
        assert!(told.contains("1 passed"), "the guest ran: {told}");
        // What it had to leave out is said here as well.
        told.lines().filter_map(|line| line.strip_prefix("skipped: ")).for_each(skip);
        None
    }

    /// Runs a program to its end, which must be a good one.
    #[track_caller]
    pub fn run(&self, program: &str, arguments: &[&str]) {
        self.run_with(program, arguments, Stdio::null());
    }

    /// The same with something to read.
    #[track_caller]
    pub fn run_with(&self, program: &str, arguments: &[&str], input: Stdio) {
        let output = Command::new(program).args(arguments).stdin(input).output().expect(program);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {told}");
    }

    /// A new directory.
    pub fn directory(&self, name: &str) -> Place {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).expect("a directory");
        Place(path)
    }

    /// A new directory on which something is mounted.
    #[track_caller]
    pub fn mount(&self, name: &str, arguments: &[&str]) -> Place {
        let place = self.directory(name);
        self.run("mount", &[arguments, &[place.text()]].concat());
        place
    }
}

/// Says what is not tested here, and why.
pub fn skip(reason: &str) {
    writeln!(io::stderr(), "skipped: {reason}").expect("the reason can be told");
}

impl Place {
    pub fn text(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names in it.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("its entries");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        entries.map(|entry| name(entry).into_string().expect("a name in UTF-8")).collect()
    }

    /// Leaves no space.
    pub fn fill(&self) {
        let mut filler = fs::File::create(self.join("filler")).expect("a file");
        let block = [1; 4096];
        let error = loop {
            if let Err(error) = filler.write_all(&block) {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
