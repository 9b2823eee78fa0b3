//! What headers and bodies of an answer are matched against: texts, regular expressions, JSON.
//!
//! Texts, expressions and values are secret and never repeated; names of headers and JSON pointers
//! may be shown. Expressions are compiled here, so that a mistake is refused at once, and their
//! size is bounded. They take linear time whatever they are matched against.

use core::fmt;
use core::marker::PhantomData;

use http::HeaderName;
use regex::bytes::RegexBuilder;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use super::explain::{before_value, push_key};
use super::value::Text;
use crate::error::Error;
use crate::model::http::{HeaderRules, JsonRules, Pattern, TextRule, ValueRule};

/// The longest text or expression, in bytes.
const TEXT_LIMIT: usize = 4_096;
/// The largest expression once it is compiled, in bytes, and the same for what matching keeps.
const COMPILED_LIMIT: usize = 1 << 20;
/// The longest JSON pointer, in bytes.
const POINTER_LIMIT: usize = 256;
/// The most values that one is compared with.
const VALUES_LIMIT: usize = 32;
/// The most headers, and the most pointers, that are looked at.
pub(super) const RULES_LIMIT: usize = 32;

/// An object of any keys, in the order in which they are written.
#[derive(Clone, Debug)]
pub(super) struct Rules<'a, T>(pub Vec<(Text<'a>, T)>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Rules<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Rules<'de, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut rules = Vec::new();
                while let Some(rule) = map.next_entry()? {
                    rules.push(rule);
                }
                Ok(Rules(rules))
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

impl<T> Rules<'_, T> {
    /// The rules as `each` reads them; every one has its own name.
    fn read<N: PartialEq, R>(
        &self,
        key: &str,
        mut each: impl FnMut(&str, &T, &str) -> Result<(N, R), Error>,
    ) -> Result<Vec<(N, R)>, Error> {
        if self.0.len() > RULES_LIMIT {
            let problem = format!("has {} keys; allowed: at most {RULES_LIMIT}", self.0.len());
            return Err(Error::document(key, problem));
        }
        let mut read: Vec<(N, R)> = Vec::with_capacity(self.0.len());
        for (Text(name), rule) in &self.0 {
            let mut place = format!("{key}/");
            push_key(&mut place, before_value(name));
            let (name, rule) = each(name, rule, &place)?;
            if read.iter().any(|(other, _)| *other == name) {
                return Err(Error::document(place, "stands there twice; allowed: each once"));
            }
            read.push((name, rule));
        }
        Ok(read)
    }
}

/// What a header must say: a text, or `{"regex": "…"}`.
#[derive(Clone, Debug)]
pub(super) enum HeaderRule<'a> {
    Is(Text<'a>),
    Matches(Text<'a>),
}

/// The object form of a rule.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RegexDoc<'a> {
    #[serde(borrow)]
    regex: Text<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for HeaderRule<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = HeaderRule<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or {\"regex\": \"…\"}")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(HeaderRule::Is(Text(text.into())))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(HeaderRule::Is(Text(text.to_owned().into())))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let doc = RegexDoc::deserialize(MapAccessDeserializer::new(map))?;
                Ok(HeaderRule::Matches(doc.regex))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// The name of a header that is looked for.
pub(super) fn header_name(place: &str, name: &str) -> Result<Box<str>, Error> {
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(name) => Ok(name.as_str().into()),
        Err(_) => {
            let problem = "is not the name of a header; allowed: letters, digits and -";
            Err(Error::document(place, problem))
        }
    }
}

/// The rules of headers, standing at `key`.
pub(super) fn headers(key: &str, rules: &Rules<'_, HeaderRule<'_>>) -> Result<HeaderRules, Error> {
    let read = rules.read(key, |name, rule, place| {
        let rule = match rule {
            HeaderRule::Is(Text(text)) if text.len() <= TEXT_LIMIT => {
                TextRule::Is(text.trim_matches([' ', '\t']).into())
            }
            HeaderRule::Is(Text(text)) => {
                let problem = format!("has {} bytes; allowed: 0 to {TEXT_LIMIT}", text.len());
                return Err(Error::document(place, problem));
            }
            HeaderRule::Matches(text) => {
                TextRule::Matches(pattern(&format!("{place}/regex"), text)?)
            }
        };
        Ok((header_name(place, name)?, rule))
    })?;
    Ok(read.into())
}

/// The regular expression at `key`.
pub(super) fn pattern(key: &str, Text(text): &Text<'_>) -> Result<Pattern, Error> {
    if !matches!(text.len(), 1..=TEXT_LIMIT) {
        let problem = format!("has {} bytes; allowed: 1 to {TEXT_LIMIT}", text.len());
        return Err(Error::document(key, problem));
    }
    let built =
        RegexBuilder::new(text).size_limit(COMPILED_LIMIT).dfa_size_limit(COMPILED_LIMIT).build();
    built.map(Pattern).map_err(|error| {
        // The words of an error of syntax repeat the expression.
        let problem = match error {
            regex::Error::CompiledTooBig(_) => {
                "is too large an expression; allowed: 1 MiB compiled"
            }
            _ => {
                "is not a regular expression; allowed: those of Rust's crate regex, without \
                 look-around and back-references"
            }
        };
        Error::document(key, problem)
    })
}

/// The rules of the values of a JSON body, standing at `key`.
pub(super) fn json(key: &str, rules: &Rules<'_, Json>) -> Result<JsonRules, Error> {
    let read = rules.read(key, |pointer, rule, place| {
        if pointer.len() > POINTER_LIMIT || !(pointer.is_empty() || pointer.starts_with('/')) {
            let problem = format!(
                "is not a JSON pointer; allowed: \"\", or \"/\" and keys, to {POINTER_LIMIT} bytes"
            );
            return Err(Error::document(place, problem));
        }
        Ok((pointer.into(), value_rule(place, rule)?))
    })?;
    Ok(read.into())
}

/// A plain value is that value, an array one of its values, an object says more.
fn value_rule(place: &str, rule: &Json) -> Result<ValueRule, Error> {
    const FORM: &str =
        "allowed: a value, an array of values, {\"is\": value}, {\"min\": number, \"max\": number}";
    match rule {
        Json::Array(values) if matches!(values.len(), 1..=VALUES_LIMIT) => {
            Ok(ValueRule::Any(values.as_slice().into()))
        }
        Json::Array(values) => {
            let problem = format!("has {} values; allowed: 1 to {VALUES_LIMIT}", values.len());
            Err(Error::document(place, problem))
        }
        Json::Object(keys) => {
            let mut numbers = keys.iter().map(|(key, value)| (key.as_str(), value.as_f64()));
            if let (Some(value), 1) = (keys.get("is"), keys.len()) {
                return Ok(ValueRule::Any([value.clone()].into()));
            }
            let is_range =
                numbers.all(|(key, value)| matches!(key, "min" | "max") && value.is_some());
            if keys.is_empty() || !is_range {
                return Err(Error::document(place, format!("is not a rule; {FORM}")));
            }
            let bound = |key| keys.get(key).and_then(Json::as_f64);
            let (min, max) = (bound("min"), bound("max"));
            if min.zip(max).is_some_and(|(min, max)| min > max) {
                return Err(Error::document(
                    place,
                    "no number is from min to max; allowed: min <= max",
                ));
            }
            Ok(ValueRule::Between(min, max))
        }
        value => Ok(ValueRule::Any([value.clone()].into())),
    }
}
