//! What an answer must hold: bytes, or what a regular expression matches.
//!
//! Either is secret, because what is looked for may be what a server must not tell everybody.
//! Expressions are matched in a time that is linear in the answer. The trap: two expressions
//! are equal if they are written in the same way, not if they match the same.

use super::Secret;
use core::fmt;
use regex::bytes::{Regex, RegexBuilder};

/// The largest automaton of one expression, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// What is looked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// These bytes, anywhere.
    Contains(Secret),
    /// What this expression matches, anywhere.
    Matches(Expression),
}

impl Pattern {
    /// Whether the bytes hold it.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Pattern::Contains(wanted) => memchr::memmem::find(bytes, &wanted.text).is_some(),
            Pattern::Matches(expression) => expression.0.is_match(bytes),
        }
    }
}

/// A regular expression over bytes.
#[derive(Clone)]
pub struct Expression(Regex);

impl Expression {
    /// Reads an expression; `None` if it is none, or grows too large. The reason is not told,
    /// because it would repeat what is secret.
    pub fn new(text: &str) -> Option<Expression> {
        RegexBuilder::new(text).size_limit(SIZE_LIMIT).build().ok().map(Expression)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expression").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_expressions_are_looked_for_anywhere() {
        let text = Pattern::Contains(Secret::given("pong", ""));
        assert!(text.is_in(b"\x00\xffpong\n"));
        assert!(!text.is_in(b"pon"));
        let expression = Pattern::Matches(Expression::new(r"^v[0-9]+\x00").unwrap());
        assert!(expression.is_in(b"v12\x00\xfe"));
        assert!(!expression.is_in(b"w12\x00"));
    }

    #[test]
    fn an_expression_does_not_show_itself_and_one_that_grows_too_large_is_none() {
        let expression = Expression::new("hunter2").unwrap();
        assert!(!format!("{expression:?}").contains("hunter2"));
        assert!(Expression::new("(").is_none());
        assert!(Expression::new(r"(?:\w{1000}){1000}").is_none());
    }
}
