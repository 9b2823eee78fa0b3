//! A prefix of a test's own, and running tools.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A directory that is taken away with its owner.
pub struct Prefix(PathBuf);

impl Prefix {
    /// An empty one.
    pub fn empty(name: &str) -> Prefix {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("install-{name}"));
        // It may be left from a test that was broken off.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the directory for temporary files can be written");
        Prefix(path)
    }

    /// One into which everything was installed.
    #[track_caller]
    pub fn installed(name: &str, more: &[&str]) -> Prefix {
        let prefix = Prefix::empty(name);
        prefix.make("install", more);
        prefix
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file below it.
    pub fn below(&self, path: &str) -> String {
        self.0.join(path).display().to_string()
    }

    /// Runs `make` with what the build of this test left; what is given later overrules.
    #[track_caller]
    pub fn make(&self, target: &str, more: &[&str]) {
        self.try_make(target, more).unwrap_or_else(|report| panic!("{report}"));
    }

    pub fn try_make(&self, target: &str, more: &[&str]) -> Result<String, String> {
        // A make that runs the tests hands its own settings down.
        let mut make = Command::new("make");
        make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL").env_remove("DESTDIR");
        make.current_dir(root())
            .arg(target)
            .arg(format!("PREFIX={}", self.0.display()))
            .arg(format!("BUILT={}", built().display()))
            .args(more);
        outcome(make)
    }
}

impl Drop for Prefix {
    fn drop(&mut self) {
        // What is left is overwritten the next time.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A directory with the library and the command that were built for this test, as `make install`
/// expects them.
fn built() -> PathBuf {
    let command = Path::new(env!("CARGO_BIN_EXE_meshvitals"));
    let test = std::env::current_exe().expect("a test knows its own file");
    let beside = test.parent().expect("it lies in a directory");
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("install-built");
    fs::create_dir_all(&built).expect("the directory for temporary files can be written");
    let library = |name: &str| {
        let path = beside.join(name);
        assert!(path.exists(), "{} was not built", path.display());
        path
    };
    for (name, file) in [
        ("meshvitals", command.to_owned()),
        ("libmeshvitals.so", library("libmeshvitals.so")),
        ("libmeshvitals.a", library("libmeshvitals.a")),
    ] {
        // Tests of several threads do this at once: each makes its own link and renames it.
        let own = built.join(format!("{name}-{:?}", std::thread::current().id()));
        let _ = fs::remove_file(&own);
        std::os::unix::fs::symlink(file, &own).expect("a link can be made");
        fs::rename(own, built.join(name)).expect("a link can be renamed");
    }
    built
}

/// The files and links below a directory, with `/` between the parts.
pub fn files_below(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.is_symlink() {
                waiting.push(path);
            } else {
                let below = path.strip_prefix(directory).expect("it lies below");
                found.insert(below.to_str().expect("UTF-8").to_owned());
            }
        }
    }
    found
}

/// The name of a tool that is there; else says that something was skipped, and how to get it.
pub fn tool<'a>(name: &'a str, how: &str) -> Option<&'a str> {
    let found = Command::new(name).arg("--version").output().is_ok();
    if !found {
        let note = format!("skipped: {name} is not installed; {how}");
        writeln!(std::io::stderr(), "{note}").expect("the reason can be told");
    }
    found.then_some(name)
}

/// Runs a tool to a good end; what it wrote.
#[track_caller]
pub fn run(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(name);
    command.args(arguments).envs(environment.iter().copied());
    outcome(command).unwrap_or_else(|report| panic!("{report}"))
}

/// Runs a command to its end: what it wrote, or why it failed and what it wrote.
pub fn outcome(mut command: Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(text) } else { Err(format!("{command:?}: {text}")) }
}
