//! The manners of a guest: C programs that fork, hang, exit, unload and storm with signals while
//! the engine runs.
//!
//! Each test compiles one program of `tests/c` against the shared library that was built beside
//! this test, and runs it with a bound on its time. A program ends with 0 or says what was wrong.

use meshvitals::model::signal::{Row, TABLE};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long a program may run; its own alarm, which is up to 300 s, is earlier.
const BOUND: Duration = Duration::from_secs(310);

/// A directory in which the library has the name that programs look for when they start.
fn library() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let test = std::env::current_exe().expect("the path of this test");
        let beside = test.parent().expect("a directory").join("libmeshvitals.so");
        assert!(beside.exists(), "{} was not built", beside.display());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest");
        fs::create_dir_all(&directory).expect("a directory for the programs");
        for name in ["libmeshvitals.so", "libmeshvitals.so.0"] {
            let link = directory.join(name);
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(&beside, &link).expect("a link to the library");
        }
        directory
    })
}

/// Compiles a program; the tests that share one give it names of their own, for they run at once.
fn compile(name: &str, as_name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = library();
    let program = directory.join(as_name);
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let output = Command::new(compiler)
        .args(["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"])
        .arg("-I")
        .arg(root.join("include"))
        .arg(root.join(format!("tests/c/{name}.c")))
        // What a program defines of its own is to be found by the library, too.
        .args(["-rdynamic", "-Wl,--as-needed", "-lm", "-lmeshvitals", "-L"])
        .arg(directory)
        .arg(format!("-Wl,-rpath,{}", directory.display()))
        .arg("-o")
        .arg(&program)
        .output()
        .expect("a C compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// Runs to the end; panics with what was written unless the end is good and in time.
fn finish(mut command: Command) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut written = child.stderr.take().expect("a pipe");
    let (over, end) = channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = written.read_to_end(&mut text);
        let _ = over.send(text);
    });
    let text = match end.recv_timeout(BOUND) {
        Ok(text) => text,
        Err(RecvTimeoutError::Timeout) => {
            kill(&mut child);
            panic!("{command:?} ran for more than {BOUND:?}");
        }
        Err(error) => panic!("{command:?}: {error}"),
    };
    let status = child.wait().expect("its end");
    let text = String::from_utf8_lossy(&text);
    assert!(status.success(), "{command:?}: {status}\n{text}");
    // What it had to leave out is said here as well.
    for line in text.lines().filter(|line| line.starts_with("skipped: ")) {
        writeln!(std::io::stderr(), "{line}").expect("the reason can be told");
    }
}

fn kill(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn run(name: &str, arguments: &[&Path]) {
    let mut command = Command::new(compile(name, name));
    command.args(arguments);
    finish(command);
}

#[test]
fn a_child_of_a_fork_never_hangs_and_can_begin_anew() {
    run("guest_fork", &[]);
}

#[test]
fn a_server_that_forks_workers_loses_no_descriptor_and_they_begin_anew() {
    run("guest_prefork", &[]);
}

/// A check of each kind of signal. Those of paths are sampled on threads that open and close what
/// they look at, in the middle of which a fork may come; so they are sampled at the beginning.
fn signals() -> String {
    let check = |row: &Row| {
        let (of, interval) = match row.path {
            true => (format!(r#""path": "{}""#, env!("CARGO_TARGET_TMPDIR")), "1h"),
            false => (String::new(), "20ms"),
        };
        let key = row.key;
        format!(
            r#"{{"name": "{key}", "{key}": {{{of}}}, "interval": "{interval}", "initial_delay": 0}}"#
        )
    };
    let seeds = ["cpu", "memory"].map(|key| {
        format!(r#"{{"name": "{key}", "{key}": {{}}, "interval": "20ms", "initial_delay": 0}}"#)
    });
    let all: Vec<String> = TABLE.iter().map(check).chain(seeds).collect();
    format!("[{}]", all.join(", "))
}

#[test]
fn a_child_has_none_of_the_files_open_that_the_sampler_of_its_parent_keeps() {
    run("guest_resources", &[Path::new(&signals())]);
}

#[test]
fn callbacks_may_fail_hang_and_call_back_and_are_dropped_once() {
    run("guest_callback", &[]);
}

#[test]
fn a_process_ends_as_it_wants_while_a_callback_hangs() {
    run("guest_exit", &[]);
}

#[test]
fn the_library_may_be_unloaded_while_a_monitor_runs() {
    run("guest_dlopen", &[&library().join("libmeshvitals.so.0")]);
}

#[test]
fn eight_threads_may_call_everything_at_once() {
    run("guest_hammer", &[]);
}

#[test]
fn a_stop_leaves_nothing_behind_and_is_in_time() {
    run("guest_stop", &[]);
}

#[test]
fn a_stop_waits_for_the_names_that_are_looked_for() {
    run("guest_names", &[]);
}

#[test]
fn who_compares_the_time_sees_that_the_background_thread_was_stopped() {
    run("guest_starved", &[]);
}

#[test]
fn programs_and_the_children_of_the_host_do_not_meet() {
    run("guest_exec", &[]);
}

#[test]
fn signals_descriptors_and_environment_are_the_hosts() {
    run("guest_signals", &[]);
}

/// Where a checker of memory is to be had; it knows of every read and write that is not allowed.
#[test]
fn eight_threads_read_and_write_only_what_is_theirs() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        let text = "skipped: valgrind is not installed";
        std::io::stderr().write_all(text.as_bytes()).expect("stderr is open");
        return;
    }
    let program = compile("guest_hammer", "guest_hammer_slowly");
    let mut command = Command::new("valgrind");
    command.args(["-q", "--error-exitcode=9", "--fair-sched=try"]).arg(program).arg("4");
    finish(command);
}
