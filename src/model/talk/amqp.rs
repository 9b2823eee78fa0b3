//! What the probe `amqp` needs to know.

use super::Login;

/// Greets an AMQP 0-9-1 server, and opens a virtual host where somebody logs in.
#[derive(Clone, Debug, PartialEq)]
pub struct AmqpSpec {
    /// Who logs in where, if anybody.
    pub session: Option<AmqpSession>,
}

/// A login and what it opens.
#[derive(Clone, Debug, PartialEq)]
pub struct AmqpSession {
    /// Who logs in.
    pub login: Login,
    /// The virtual host.
    pub vhost: Box<str>,
}
