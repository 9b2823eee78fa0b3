//! Probes against real peers: each verdict, each reason, and that the message names the step.
//!
//! A document is run as the library runs it, against servers that anybody uses where they are
//! installed, and against peers of our own that do what no decent server does. Nothing here
//! depends on how long something takes: a peer that hangs does so until the probe has given up.

#[path = "streams/authority.rs"]
mod authority;
#[path = "streams/documents.rs"]
mod documents;
#[path = "streams/peer.rs"]
mod peer;
#[path = "streams/process.rs"]
mod process;
#[path = "streams/script.rs"]
mod script;
#[path = "streams/script_peers.rs"]
mod script_peers;
#[path = "streams/server.rs"]
mod server;
#[path = "streams/starttls.rs"]
mod starttls;
#[path = "streams/tls.rs"]
mod tls;
#[path = "streams/tls_client.rs"]
mod tls_client;
#[path = "streams/tls_peers.rs"]
mod tls_peers;

use meshvitals::{Outcome, Reason, RunResult};
use serde_json::{Value, json};

/// Runs a probe once: long enough for every peer that answers.
fn probe(key: &str, spec: &Value) -> RunResult {
    within("20s", key, spec)
}

/// Runs a probe once, with little patience: for peers that never answer.
fn briefly(key: &str, spec: &Value) -> RunResult {
    within("300ms", key, spec)
}

#[track_caller]
fn within(timeout: &str, key: &str, spec: &Value) -> RunResult {
    let check = json!({"name": "x", "timeout": timeout, key: spec}).to_string();
    meshvitals::probe_once(None, &check).expect("a good document")
}

/// The outcome, the reason, and words that the message holds.
#[track_caller]
fn expect(result: &RunResult, outcome: Outcome, reason: Reason, words: &[&str]) {
    let message = result.message.as_str();
    assert_eq!((result.outcome, result.reason), (outcome, reason), "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} is not in {message:?}");
    }
}

#[track_caller]
fn expect_pass(result: &RunResult) {
    expect(result, Outcome::Pass, Reason::NONE, &[]);
}
