//! What the probe `smtp` needs to know.

/// Greets a mail server.
#[derive(Clone, Debug, PartialEq)]
pub struct SmtpSpec {
    /// The name that we greet with.
    pub hello: Box<str>,
    /// Whether encryption is asked for after the greeting.
    pub starttls: bool,
}
