//! Why a conversation did not end well.

use crate::model::{Outcome, Reason, RunResult};

/// An end that is no pass, and the words for people, which never hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// A number that explains the reason, or 0.
    pub detail: i32,
    /// What was found, where the reason does not say it all.
    pub text: String,
}

impl Failure {
    /// An end of this kind; `text` is what was found, or nothing if the reason says it all.
    pub fn new(outcome: Outcome, reason: Reason, text: &str) -> Failure {
        Failure { outcome, reason, detail: 0, text: text.to_owned() }
    }

    /// An answer that says no.
    pub fn fail(reason: Reason, text: &str) -> Failure {
        Failure::new(Outcome::Fail, reason, text)
    }

    /// The peer closed before its answer was complete.
    pub fn closed() -> Failure {
        Failure::fail(Reason::RECEIVE_CLOSED, "")
    }

    /// The result, with the step in which it happened.
    pub fn result(self, step: &str) -> RunResult {
        let reason = self.reason.to_string();
        let words = if self.text.is_empty() { &reason } else { &self.text };
        let text = if step.is_empty() { words.clone() } else { format!("{step}: {words}") };
        RunResult::new(self.outcome, self.reason).with_detail(self.detail).with_message(&text)
    }
}
