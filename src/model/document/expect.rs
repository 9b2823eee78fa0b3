//! What an HTTP answer must look like: status codes, headers, the body.

use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use once_cell::sync::Lazy;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::explain::shown;
use super::matching::{self, HeaderRule, Rules};
use super::value::{Count, Given, List, Number, Text};
use crate::error::Error;
use crate::model::HttpExpect;
use crate::model::http::{self, HttpRules, Meaning};

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
    /// Status codes and ranges of them that mean a warning.
    warn: Given<List<Codes<'a>, 32>>,
    /// Status codes and ranges of them that mean a failure, as do those in no list but 429.
    fail: Given<List<Codes<'a>, 32>>,
    /// Status codes and ranges of them that ask to come again: a warning, because whoever says so
    /// is alive.
    retry: Given<List<Codes<'a>, 32>>,
    /// A header whose presence means a warning, such as "x-envoy-degraded".
    degraded_header: Given<Text<'a>>,
    /// Headers and what they must say: a text, or {"regex": "…"}; at most 32, secret.
    headers: Given<Rules<'a, HeaderRule<'a>>>,
    /// Text of 1 to 4096 bytes that the body must contain; secret.
    body_contains: Given<Text<'a>>,
    /// A regular expression of 1 to 4096 bytes that the body must match; secret.
    body_regex: Given<Text<'a>>,
    /// JSON pointers into the body and what must stand there: a value, an array of values of
    /// which it is one, {"is": value}, or {"min": number, "max": number}; at most 32, secret.
    json: Given<Rules<'a, serde_json::Value>>,
    /// The largest body that is read, in bytes. Default: 16384.
    body_limit: Given<Count<1, 1_048_576>>,
}

impl ExpectDoc<'_> {
    /// The expectation of a document that may be silent, and what goes beyond the plain exchange.
    pub fn expect(doc: Option<&Self>) -> Result<(Arc<HttpExpect>, Option<HttpRules>), Error> {
        let Some(doc) = doc else { return Ok((Arc::clone(&USUAL), None)) };
        let status = match &doc.status.0 {
            None => USUAL.status.clone(),
            Some(codes) => codes_of("/http/expect/status", codes)?,
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
        let rules = doc.rules(&status)?;
        let expect = HttpExpect { status, body_contains, body_limit };
        let expect = if expect == **USUAL { Arc::clone(&USUAL) } else { Arc::new(expect) };
        Ok((expect, (rules != HttpRules::default()).then_some(rules)))
    }

    fn rules(&self, passing: &[(u16, u16)]) -> Result<HttpRules, Error> {
        let rules = HttpRules {
            codes: self.meanings(passing)?,
            degraded_header: match &self.degraded_header.0 {
                None => None,
                Some(Text(name)) => {
                    Some(matching::header_name("/http/expect/degraded_header", name)?)
                }
            },
            headers: match &self.headers.0 {
                None => Box::default(),
                Some(rules) => matching::headers("/http/expect/headers", rules)?,
            },
            body: match &self.body_regex.0 {
                None => None,
                Some(text) => Some(matching::pattern("/http/expect/body_regex", text)?),
            },
            json: match &self.json.0 {
                None => Box::default(),
                Some(rules) => matching::json("/http/expect/json", rules)?,
            },
        };
        Ok(rules)
    }

    /// The codes of the lists beside `status`; no code stands in two of the four.
    fn meanings(&self, passing: &[(u16, u16)]) -> Result<http::Codes, Error> {
        let lists = [
            ("warn", &self.warn, Meaning::Warn),
            ("fail", &self.fail, Meaning::Fail),
            ("retry", &self.retry, Meaning::Retry),
        ];
        let usual = if self.status.0.is_none() { " by default" } else { "" };
        let mut taken: Vec<(u16, u16, String)> =
            passing.iter().map(|&(low, high)| (low, high, format!("status{usual}"))).collect();
        let mut meanings = Vec::new();
        for (name, given, meaning) in lists {
            let Some(codes) = &given.0 else { continue };
            let key = format!("/http/expect/{name}");
            for (low, high) in codes_of(&key, codes)? {
                if let Some((first, _, other)) =
                    taken.iter().find(|(first, last, _)| low <= *last && *first <= high)
                {
                    let code = low.max(*first);
                    let problem = format!("{code} stands in {other} too; allowed: in one list");
                    return Err(Error::document(key, problem));
                }
                taken.push((low, high, name.to_owned()));
                meanings.push((low, high, meaning));
            }
        }
        meanings.sort_unstable_by_key(|&(low, ..)| low);
        Ok(meanings.into())
    }
}

/// Ranges sorted and joined, so that equal sets of codes are equal.
fn codes_of(key: &str, codes: &List<Codes<'_>, 32>) -> Result<Box<[(u16, u16)]>, Error> {
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
