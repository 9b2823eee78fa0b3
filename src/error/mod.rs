//! One error type for the whole library, and its stable codes.
//!
//! Errors carry data; text is made only in `Display`. A failed probe is a result, not an error.
//! Offending values are cut to 64 bytes when the error is made, and never contain what stands
//! under a secret key.

mod code;

pub use code::Code;

use core::fmt;

/// The longest piece of an offending value that an error repeats, in bytes.
const VALUE_LIMIT: usize = 64;

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The document cannot be read. `key` is a JSON pointer, empty for the whole document.
    Document {
        /// Where, as a JSON pointer (`/tcp/port`).
        key: String,
        /// What is wrong there and what is allowed.
        problem: String,
    },
    /// A value is none of those that are allowed.
    Range {
        /// Where, as a JSON pointer, or the name of the argument.
        key: String,
        /// The value found, cut to 64 bytes.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A check of this name exists already.
    Exists {
        /// Where, as a JSON pointer.
        key: String,
        /// The name that is taken.
        name: String,
    },
    /// Nothing has this name.
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// Any other refusal: the code says which, the detail why and what is allowed.
    Refused {
        /// The stable code.
        code: Code,
        /// Where, as a JSON pointer; empty where no key is to blame.
        key: String,
        /// One sentence.
        detail: String,
    },
}

impl Error {
    /// A document error at a JSON pointer.
    pub fn document(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Error::Document { key: key.into(), problem: problem.into() }
    }

    /// A value that is not allowed, at a JSON pointer.
    pub fn range(
        key: impl Into<String>,
        value: impl fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        let value = cut(&value.to_string(), VALUE_LIMIT).to_owned();
        Error::Range { key: key.into(), value, allowed: allowed.into() }
    }

    /// A refusal with a code and a sentence.
    pub fn refused(code: Code, detail: impl Into<String>) -> Self {
        Error::Refused { code, key: String::new(), detail: detail.into() }
    }

    /// A refusal for which a key of a document is to blame.
    pub fn refused_at(key: impl Into<String>, code: Code, detail: impl Into<String>) -> Self {
        Error::Refused { code, key: key.into(), detail: detail.into() }
    }

    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Error::Document { .. } => Code::Document,
            Error::Range { .. } => Code::Range,
            Error::Exists { .. } => Code::Exists,
            Error::NotFound { .. } => Code::NotFound,
            Error::Refused { code, .. } => *code,
        }
    }

    /// The JSON pointer of the offending key; empty where no key is to blame.
    pub fn key(&self) -> &str {
        match self {
            Error::Document { key, .. }
            | Error::Range { key, .. }
            | Error::Exists { key, .. }
            | Error::Refused { key, .. } => key,
            Error::NotFound { .. } => "",
        }
    }

    /// The same error, its key put below `prefix` (`/3` for the fourth document of a batch).
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        match &mut self {
            Error::Document { key, .. } | Error::Range { key, .. } | Error::Exists { key, .. } => {
                key.insert_str(0, prefix);
            }
            Error::Refused { key, .. } if !key.is_empty() => key.insert_str(0, prefix),
            Error::Refused { .. } | Error::NotFound { .. } => {}
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.key() {
            "" => "the document",
            key => key,
        };
        match self {
            Error::Document { problem, .. } => write!(f, "{place}: {problem}"),
            Error::Range { value, allowed, .. } => {
                let value = if value.is_empty() { "\"\"" } else { value };
                write!(f, "{place}: {value} is not accepted; allowed: {allowed}")
            }
            Error::Exists { name, .. } => {
                write!(f, "{place}: a check named \"{name}\" exists; replace it or choose another")
            }
            Error::NotFound { what } => write!(f, "{what} was not found"),
            Error::Refused { code, detail, .. } if detail.is_empty() => {
                f.write_str(&code.text().to_string_lossy())
            }
            Error::Refused { key, detail, .. } if key.is_empty() => f.write_str(detail),
            Error::Refused { detail, .. } => write!(f, "{place}: {detail}"),
        }
    }
}

impl std::error::Error for Error {}

/// The longest prefix of `text` that has at most `limit` bytes and ends at a character.
pub fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}
