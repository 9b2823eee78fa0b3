//! What the probe `nats` needs to know.

use super::{Login, Secret};

/// Greets a NATS server, logs in and asks for an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct NatsSpec {
    /// Who logs in, if anybody.
    pub login: NatsLogin,
}

/// Who logs in at a NATS server.
#[derive(Clone, Debug, PartialEq)]
pub enum NatsLogin {
    /// Nobody.
    Nobody,
    /// A user by a password.
    User(Login),
    /// Whoever has the token.
    Token(Secret),
}
