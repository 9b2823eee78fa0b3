//! Probes against real servers of this machine, and against peers that break each protocol.
//!
//! A probe runs through `probe_once`, as people run it. Servers listen on free loopback ports, keep
//! their files in a directory of their own and are ended by their process id.

#[path = "probes/dns.rs"]
mod dns;
#[path = "probes/exec.rs"]
mod exec;
#[path = "probes/server.rs"]
mod server;
#[path = "probes/udp.rs"]
mod udp;

use meshvitals::{Outcome, Reason, RunResult, probe_once};

/// A run of this probe, within this timeout.
#[track_caller]
fn run(probe: &str, timeout: &str) -> RunResult {
    let document = format!(r#"{{"name": "x", "timeout": "{timeout}", {probe}}}"#);
    probe_once(None, &document).unwrap_or_else(|error| panic!("{document}: {error}"))
}

#[track_caller]
fn expect(result: &RunResult, outcome: Outcome, reason: Reason, words: &str) {
    let text = result.message.as_str();
    assert_eq!((result.outcome, result.reason), (outcome, reason), "{text}");
    assert!(text.contains(words), "{text}");
}
