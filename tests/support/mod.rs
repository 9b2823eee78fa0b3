//! Compiles the C programs of the tests against the shared library, and runs them.
//!
//! The library is the one that was built for the test that asks: it lies beside the test's own
//! file. A link named as the soname says is made next to it, under the directory for temporary
//! files of the tests, and every program finds the library there. Nothing waits longer than
//! [`PATIENCE`]; a program that does is ended and its output shown.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a program may take; only a failure uses it up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The package's own directory.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The directory of the shared library, where it is called as its soname says.
pub fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let beside = test.parent().expect("it lies in a directory");
    let profile = beside.parent().expect("deps lies in the directory of its profile");
    let places = || [beside, profile].map(|place| place.join("libmeshvitals.so"));
    let mut found = places().into_iter().find(|place| place.exists());
    if found.is_none() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root()).args(["build", "--lib"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        outcome(cargo).expect("the library can be built");
        found = places().into_iter().find(|place| place.exists());
    }
    let found = found.expect("libmeshvitals.so lies beside the tests");
    let links = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lib");
    std::fs::create_dir_all(&links).expect("the directory for temporary files can be written");
    // Tests of several processes may do this at once: each makes its own link and renames it.
    for name in ["libmeshvitals.so", "libmeshvitals.so.0"] {
        let thread = std::thread::current().id();
        let own = links.join(format!("{name}-{}-{thread:?}", std::process::id()));
        std::os::unix::fs::symlink(&found, &own).expect("a link can be made");
        std::fs::rename(&own, links.join(name)).expect("a link can be renamed");
    }
    links
}

/// Compiles `tests/c/<source>` with a compiler and its flags to a program of this name, linked
/// with the library.
#[track_caller]
pub fn compile(compiler: &[&str], source: &str, program: &str) -> PathBuf {
    let (library, tests) = (library(), root().join("tests/c"));
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(program);
    let mut command = Command::new(compiler[0]);
    command
        .args(&compiler[1..])
        .args(["-Wall", "-Wextra", "-Werror", "-pthread", "-g", "-I"])
        .arg(root().join("include"))
        .arg("-I")
        .arg(&tests)
        .arg(tests.join(source))
        .arg("-o")
        .arg(&built)
        .arg("-L")
        .arg(&library)
        .arg(format!("-Wl,-rpath,{}", library.display()))
        .args(["-lmeshvitals", "-lm", "-ldl"]);
    if let Err(report) = outcome(command) {
        panic!("{source} does not compile: {report}");
    }
    built
}

/// Runs a command to its end: what it printed, or why it failed and what it printed.
///
/// # Errors
///
/// A text for people: it could not be started, took too long, or ended with another status
/// than 0.
pub fn outcome(mut command: Command) -> Result<String, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let (output, ended) = mpsc::channel();
    let stdout = child.stdout.take().expect("it is piped");
    let stderr = child.stderr.take().expect("it is piped");
    read_on_a_thread(stdout, output.clone());
    read_on_a_thread(stderr, output);
    let mut text = String::new();
    let mut late = false;
    for _ in 0..2 {
        match ended.recv_timeout(PATIENCE) {
            Ok(part) => text.push_str(&part),
            Err(_) => late = true,
        }
    }
    if late {
        // It may have ended meanwhile: then there is nothing to end.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| format!("{command:?}: {error}"))?;
    match (late, status.success()) {
        (false, true) => Ok(text),
        (true, _) => Err(format!("{command:?} took longer than {PATIENCE:?}\n{text}")),
        (false, false) => Err(format!("{command:?}: {status}\n{text}")),
    }
}

fn read_on_a_thread(mut from: impl Read + Send + 'static, to: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before a failure is still worth showing.
        let _ = from.read_to_end(&mut bytes);
        // Nobody listens any more when the program took too long.
        let _ = to.send(String::from_utf8_lossy(&bytes).into_owned());
    });
}
