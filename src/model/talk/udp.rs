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
    fn bytes_and_expressions_are_looked_for_anywhere_in_a_whole_reply() {
        let text = Expected::Contains(Secret::given("pong", ""));
        assert!(text.is_in(b"\x00\xffpong\n"));
        assert!(!text.is_in(b"pon") && !text.is_in(b""));
        for (expression, reply, is_in) in [
            (r"^v[0-9]+\x00", "v12\0x", true),
            (r"^v[0-9]+\x00", "w12\0", false),
            ("[0-9]+", "of 12 or so", true),
            ("[0-9]+", "of 12", true),
            ("well$", "all is well", true),
            ("well$", "well or not", false),
            ("well", "", false),
        ] {
            let expected = Expected::Matches(Pattern::new(expression).unwrap());
            assert_eq!(expected.is_in(reply.as_bytes()), is_in, "{expression} in {reply:?}");
        }
        let bytes = Expected::Matches(Pattern::new(r"(?-u)^\xfe.$").unwrap());
        assert!(bytes.is_in(b"\xfe\xff") && !bytes.is_in(b"\xff\xfe"));
    }
}
