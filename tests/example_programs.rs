//! The examples in C and C++: each is compiled as its head says, run, and does what it promises.

#[path = "support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use support::{compile, outcome};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command that runs an example, built with these flags.
#[track_caller]
fn example(path: &str, flags: &[&str]) -> Command {
    let binding = root().join("bindings/cpp").display().to_string();
    let compiler = match path.ends_with(".c") {
        true => vec!["cc", "-std=c99"],
        false => vec!["c++", "-std=c++17", "-I", &binding],
    };
    let program = format!("example_{}", path.replace(['/', '.'], "_"));
    let source = root().join("examples").join(path);
    let flags = [&compiler[..], &["-pedantic"], flags].concat();
    Command::new(compile(&flags, source.to_str().expect("UTF-8"), &program))
}

/// Runs an example that needs nobody else; what it printed.
#[track_caller]
fn output_of(path: &str) -> String {
    outcome(example(path, &[])).unwrap_or_else(|report| panic!("{report}"))
}

/// A port on which somebody listens.
fn target() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.77.30.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// An example that runs beside its test.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Running {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the example starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Running { input: child.stdin.take(), output, child }
    }

    /// Reads until a line that contains this text; a line that the example never writes is waited
    /// for until it ends.
    #[track_caller]
    fn expect_line(&mut self, text: &str) {
        let mut seen = String::new();
        while self.output.read_line(&mut seen).expect("UTF-8") > 0 {
            if seen.lines().next_back().is_some_and(|line| line.contains(text)) {
                return;
            }
        }
        panic!("no line with `{text}`:\n{seen}");
    }

    /// Ends its input, and expects a good end; what it wrote since.
    #[track_caller]
    fn expect_end(mut self) -> String {
        self.input = None;
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("UTF-8");
        assert!(self.child.wait().expect("an end").success(), "{rest}");
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Watches a port until it is closed.
#[track_caller]
fn expect_watch(path: &str) -> String {
    let (listener, address) = target();
    let mut command = example(path, &[]);
    command.arg(address);
    let running = Running::start(command);
    // The first connection is that of the check; from then on the port is closed.
    listener.accept().expect("a connection");
    drop(listener);
    running.expect_end()
}

#[test]
fn a_blocking_poll_tells_each_change_until_the_port_is_down() {
    let text = expect_watch("watch.c");
    assert!(text.contains("db: UNKNOWN -> HEALTHY"), "{text}");
    let text = expect_watch("watch.cpp");
    assert!(text.contains("db: UNKNOWN -> HEALTHY"), "{text}");
    assert!(text.ends_with("ready: false\n"), "{text}");
}

/// Answers lines with statuses while events arrive in the same loop.
#[track_caller]
fn expect_loop(path: &str, flags: &[&str]) {
    let (listener, address) = target();
    let mut command = example(path, flags);
    command.arg(address);
    let mut running = Running::start(command);
    running.expect_line("-> HEALTHY");
    let ask = |running: &mut Running| {
        running.input.as_mut().expect("open").write_all(b"now?\n").expect("it reads");
    };
    ask(&mut running);
    running.expect_line("now HEALTHY");
    drop(listener);
    running.expect_line("HEALTHY -> UNHEALTHY (connection refused)");
    ask(&mut running);
    running.expect_line("now UNHEALTHY");
    assert_eq!(running.expect_end(), "");
}

#[test]
fn an_epoll_loop_takes_events_beside_its_own_work() {
    expect_loop("c/epoll.c", &[]);
    expect_loop("cpp/epoll.cpp", &["-fno-exceptions"]);
}

#[test]
fn a_callback_measures_a_queue_and_is_dropped() {
    let text = output_of("c/callback.c");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "HEALTHY (0 of 10 places taken)",
            "UNHEALTHY (10 of 10 places taken)",
            "HEALTHY (0 of 10 places taken)",
            "dropped"
        ]
    );
    let text = output_of("cpp/callback.cpp");
    let lines: Vec<&str> = text.lines().collect();
    let full = "UNHEALTHY (10 places taken)";
    assert_eq!(lines, ["HEALTHY (0 places taken)", full, "HEALTHY (0 places taken)"]);
}

#[test]
fn an_external_check_is_cancelled_when_it_is_silent() {
    let text = output_of("c/external.c");
    let after = text.split_once("cancelled").expect("a run was cancelled").1;
    assert!(text.starts_with("HEALTHY"), "{text}");
    assert!(after.contains("UNHEALTHY (timed out)\nHEALTHY"), "{text}");
}

#[test]
fn a_manual_clock_makes_the_same_table_every_time() {
    let table = "  0 s HEALTHY\n 50 s UNHEALTHY\n100 s HEALTHY\n";
    assert_eq!(output_of("c/manual.c"), table);
    assert_eq!(output_of("c/manual.c"), table);
}

#[test]
fn asio_runs_an_external_check() {
    let mut asks = Command::new("c++");
    asks.args(["-E", "-x", "c++", "-include", "asio.hpp", "/dev/null", "-o", "/dev/null"]);
    if outcome(asks).is_err() {
        let note = "skipped: Asio is not installed; on Debian: apt-get install libasio-dev";
        writeln!(std::io::stderr(), "{note}").expect("the reason can be told");
        return;
    }
    let (listener, address) = target();
    let (host, port) = address.split_once(':').expect("a port");
    let mut command = example("cpp/asio.cpp", &[]);
    command.args([host, port]);
    let mut running = Running::start(command);
    running.expect_line("HEALTHY ()");
    drop(listener);
    assert_eq!(running.expect_end(), "UNHEALTHY (Connection refused)\n");
}
