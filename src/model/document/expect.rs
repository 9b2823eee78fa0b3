//! What an HTTP answer must look like: status codes, a text in the body.

use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use once_cell::sync::Lazy;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::explain::shown;
use super::value::{Count, Given, List, Number, Text};
use crate::error::Error;
use crate::model::HttpExpect;

/// The longest text that is looked for, in bytes.
const CONTAINS_LIMIT: usize = 4_096;

/// What status codes may look like, for errors.
const STATUS_FORM: &str = "status codes from 100 to 599, and ranges such as \"200-299\"";

/// What most documents expect; they all share this one.
static USUAL: Lazy<Arc<HttpExpect>> = Lazy::new(|| {
    Arc::new(HttpExpect { status: Box::new([(200, 299)]), body_contains: None, body_limit: 16_384 })
});

/// What an HTTP answer must look like to pass.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "expect", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ExpectDoc<'a> {
    /// Status codes and ranges of them that pass. Default: ["200-299"].
    #[serde(borrow)]
    status: Given<List<Codes<'a>, 32>>,
    /// Text of 1 to 4096 bytes that the body must contain; secret.
    body_contains: Given<Text<'a>>,
    /// The largest body that is read, in bytes. Default: 16384.
    body_limit: Given<Count<1, 1_048_576>>,
}

impl ExpectDoc<'_> {
    /// The expectation of a document that may be silent.
    pub fn expect(doc: Option<&Self>) -> Result<Arc<HttpExpect>, Error> {
        let Some(doc) = doc else { return Ok(Arc::clone(&USUAL)) };
        let status = match &doc.status.0 {
            None => USUAL.status.clone(),
            Some(codes) => codes_of(codes)?,
        };
        let body_contains = match &doc.body_contains.0 {
            None => None,
            Some(Text(text)) if matches!(text.len(), 1..=CONTAINS_LIMIT) => Some((&**text).into()),
            Some(Text(text)) => {
                return Err(Error::document(
                    "/http/expect/body_contains",
                    format!("has {} bytes; allowed: 1 to {CONTAINS_LIMIT}", text.len()),
                ));
            }
        };
        let body_limit = match doc.body_limit.read("/http/expect/body_limit")? {
            None => USUAL.body_limit,
            Some(limit) => limit as u32,
        };
        let expect = HttpExpect { status, body_contains, body_limit };
        Ok(if expect == **USUAL { Arc::clone(&USUAL) } else { Arc::new(expect) })
    }
}

/// Ranges sorted and joined, so that equal sets of codes are equal.
fn codes_of(codes: &List<Codes<'_>, 32>) -> Result<Box<[(u16, u16)]>, Error> {
    let key = "/http/expect/status";
    let mut ranges = Vec::with_capacity(codes.0.len());
    for (index, codes) in codes.0.iter().enumerate() {
        let range = codes.range();
        ranges.push(
            range.ok_or_else(|| {
                Error::range(format!("{key}/{index}"), codes.shown(), STATUS_FORM)
            })?,
        );
    }
    if ranges.is_empty() {
        return Err(Error::range(key, "[]", STATUS_FORM));
    }
    ranges.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    Ok(joined.into())
}

/// A status code, or a range of them.
#[derive(Clone, Debug)]
pub(super) enum Codes<'a> {
    One(Number),
    Range(Cow<'a, str>),
}

impl Codes<'_> {
    fn range(&self) -> Option<(u16, u16)> {
        let (first, last) = match self {
            Codes::One(code) => {
                let code = u16::try_from(code.whole()?).ok()?;
                (code, code)
            }
            Codes::Range(text) => {
                let (first, last) = text.split_once('-').unwrap_or((text, text));
                let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                if !digits(first) || !digits(last) {
                    return None;
                }
                (first.parse().ok()?, last.parse().ok()?)
            }
        };
        (100 <= first && first <= last && last <= 599).then_some((first, last))
    }

    fn shown(&self) -> String {
        match self {
            Codes::One(code) => code.to_string(),
            Codes::Range(text) => shown(text),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Codes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Codes<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a status code or a range such as \"200-299\"")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Codes::Range(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Codes::Range(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E>(self, code: u64) -> Result<Self::Value, E> {
                Ok(Codes::One(Number::Whole(code)))
            }
            fn visit_i64<E>(self, code: i64) -> Result<Self::Value, E> {
                Ok(Codes::One(Number::Real(code as f64)))
            }
            fn visit_f64<E>(self, code: f64) -> Result<Self::Value, E> {
                Ok(Codes::One(Number::Real(code)))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
