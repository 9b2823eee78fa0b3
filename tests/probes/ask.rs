//! A run of one probe, and what is expected of it.

use meshvitals::{Outcome, Reason, RunResult, probe_once};

/// A run of this probe, given with its key, within this timeout.
#[track_caller]
pub fn run(probe: &str, timeout: &str) -> RunResult {
    let document = format!(r#"{{"name": "x", "timeout": "{timeout}", {probe}}}"#);
    probe_once(None, &document).unwrap_or_else(|error| panic!("{document}: {error}"))
}

#[track_caller]
pub fn expect(result: &RunResult, outcome: Outcome, reason: Reason, words: &str) {
    let text = result.message.as_str();
    assert_eq!((result.outcome, result.reason), (outcome, reason), "{text}");
    assert!(text.contains(words), "{text}");
}
