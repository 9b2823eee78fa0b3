//! One datagram, and what the reply to it must look like.

use super::{Found, Pattern, Secret};

/// A request in one datagram. Only a reply is a pass: silence says nothing good, because a
/// datagram that nobody takes is lost without a word.
#[derive(Clone, Debug, PartialEq)]
pub struct UdpSpec {
    /// What is sent; secret.
    pub send: Secret,
    /// What the reply must hold, if any reply will not do.
    pub expect: Option<Expected>,
}

/// What is looked for in a reply; secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// These bytes, anywhere.
    Contains(Secret),
    /// What this expression matches.
    Matches(Pattern),
}

impl Expected {
    /// Whether the reply holds it.
    pub fn is_in(&self, reply: &[u8]) -> bool {
        match self {
            Expected::Contains(wanted) => memchr::memmem::find(reply, &wanted.text).is_some(),
            Expected::Matches(pattern) => {
                matches!(pattern.search().feed(reply, true), Found::Match(_))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_expressions_are_looked_for_anywhere() {
        let text = Expected::Contains(Secret::given("pong", ""));
        assert!(text.is_in(b"\x00\xffpong\n") && !text.is_in(b"pon"));
        let expression = Expected::Matches(Pattern::new(r"v[0-9]+\x00").unwrap());
        assert!(expression.is_in(b"xv12\x00\xfe") && !expression.is_in(b"v12"));
    }
}
