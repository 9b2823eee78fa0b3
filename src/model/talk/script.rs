//! Scripts as data: what is sent, and what must come back.
//!
//! Everything that is sent or expected may be a secret; nothing here shows it.

use super::Pattern;
use std::fmt;

/// The steps of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptSpec {
    /// One after the other; the first that fails ends it.
    pub steps: Box<[ScriptStep]>,
    /// Whether the connection ends by mutual agreement, and not by a reset.
    pub is_graceful: bool,
}

impl ScriptSpec {
    /// Whether one of the steps encrypts the connection.
    pub fn upgrades(&self) -> bool {
        self.steps.contains(&ScriptStep::StartTls)
    }
}

/// One of the steps.
#[derive(Clone, PartialEq)]
pub enum ScriptStep {
    /// Sends these pieces together.
    Send(Box<[Piece]>),
    /// What is unread must begin with these bytes.
    Expect(Box<[u8]>),
    /// What is unread must hold a match.
    Match(Pattern),
    /// Encrypts the connection.
    StartTls,
}

impl ScriptStep {
    /// The word for messages.
    pub fn word(&self) -> &'static str {
        match self {
            ScriptStep::Send(_) => "send",
            ScriptStep::Expect(_) | ScriptStep::Match(_) => "expect",
            ScriptStep::StartTls => "starttls",
        }
    }
}

impl fmt::Debug for ScriptStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A piece of what is sent.
#[derive(Clone, PartialEq)]
pub enum Piece {
    /// As it is.
    Bytes(Box<[u8]>),
    /// What an expression has captured under this name.
    Captured(Box<str>),
}
