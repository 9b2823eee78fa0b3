//! Starts the gRPC server of grpcio, changes its statuses, and ends it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A Python that has the server, or none where this was said.
pub fn python() -> Option<PathBuf> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/venv/bin/python"));
    let has_server = |python: &PathBuf| {
        let import = ["-c", "import grpc, grpc_health.v1.health"];
        let ended = Command::new(python).args(import).stderr(Stdio::null()).status();
        ended.is_ok_and(|status| status.success())
    };
    let found = [own, "python3".into()].into_iter().find(has_server);
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "grpcio-health-checking is not installed");
        let text = "grpcio-health-checking is not installed: nothing is asked of a real server";
        writeln!(std::io::stderr(), "{text}").expect("stderr");
    }
    found
}

/// A running server.
pub struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub port: u16,
}

impl Server {
    /// A server with these options; none where there is no Python for it.
    pub fn start(options: &Value) -> Option<Server> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/probes/grpc_server.py");
        let mut child = Command::new(python()?)
            .arg(program)
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut server = Server { child, input, output, port: 0 };
        server.port = server.line().parse().expect("a port");
        Some(server)
    }

    /// Has a service another status from now on.
    pub fn set(&mut self, service: &str, status: &str) {
        let input = self.input.as_mut().expect("a pipe");
        writeln!(input, "set {service} {status}").expect("the server reads");
        assert_eq!(self.line(), "done");
    }

    /// How often a method was called.
    pub fn calls(&mut self, method: &str) -> usize {
        let input = self.input.as_mut().expect("a pipe");
        writeln!(input, "calls {method}").expect("the server reads");
        self.line().parse().expect("a number")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the server speaks");
        line.trim_end().to_owned()
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
