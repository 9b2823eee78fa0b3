//! Reading a document: fast when it is right, in words when it is wrong.
//!
//! The first pass only parses. When it fails on a value, a second pass follows the path to it, so
//! that the error carries a JSON pointer, what stands there and what is allowed. Nothing that
//! stands under a secret key, and no text that may hold userinfo, is repeated.

use serde::de::DeserializeSeed;
use serde_json::error::Category;
use serde_path_to_error::{Deserializer, Path, Segment, Track};

use super::keys::{DEFAULTS_KEYS, PROBE_KEYS, SIGNALS, is_own_key, own_key_in_defaults};
use crate::error::{Error, cut};
use crate::model::signal::Signal;

/// The largest document, in bytes.
const DOCUMENT_LIMIT: usize = 64 << 20;

/// The longest piece of a value or key that an error repeats, in bytes.
const SHOWN_LIMIT: usize = 64;

/// Reads a whole document; nothing may follow it.
pub(super) fn parse<'de, S>(text: &'de str, seed: S) -> Result<S::Value, Error>
where
    S: DeserializeSeed<'de> + Copy,
{
    if text.len() > DOCUMENT_LIMIT {
        let length = text.len();
        return Err(Error::document(
            "",
            format!("{length} bytes are too many for one document; allowed: {DOCUMENT_LIMIT}"),
        ));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    value.map_err(|error| match error.classify() {
        Category::Data => locate(text, seed, error),
        Category::Syntax if is_too_large(&error) => locate(text, seed, error),
        // These texts of serde_json name a place and a kind, never what stands there.
        _ => Error::document("", format!("is not valid JSON: {error}")),
    })
}

/// Walks the document again and puts the error where it belongs.
fn locate<'de, S>(text: &'de str, seed: S, first: serde_json::Error) -> Error
where
    S: DeserializeSeed<'de>,
{
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let error = seed.deserialize(Deserializer::new(&mut json, &mut track)).err().unwrap_or(first);
    if is_too_large(&error) {
        let pointer = Place::of(&track.path()).pointer;
        if pointer.is_empty() {
            return Error::document("", format!("is not a document: {error}"));
        }
        let allowed = format!("what the key takes; no number is beyond {:e}", f64::MAX);
        return Error::range(pointer, "this number", allowed);
    }
    in_words(&track.path(), &error.to_string())
}

/// Whether a number is too large for every key, which serde_json finds while it reads.
fn is_too_large(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

/// Turns serde's message into ours.
fn in_words(path: &Path, message: &str) -> Error {
    let place = Place::of(path);
    // "… at line 1 column 7" says less than the pointer does.
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    // What was found comes first and may hold anything, also this separator.
    let (found, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    let field = || found.split('`').nth(1).unwrap_or_default();

    // Whatever is wrong within it: the key itself must go.
    if let Some(key) = place.default.as_deref().filter(|key| is_own_key(key)) {
        return own_key_in_defaults(key);
    }
    if found.starts_with("unknown field ") {
        let allowed = place.allowed_keys(expected);
        return Error::document(place.pointer, format!("is not a known key; allowed: {allowed}"));
    }
    if found.starts_with("duplicate field ") {
        return Error::document(
            format!("{}/{}", place.pointer, field()),
            "stands there twice; allowed: each key once",
        );
    }
    if found.starts_with("missing field ") {
        return Error::document(format!("{}/{}", place.pointer, field()), "is missing");
    }
    match found.strip_prefix("invalid type: ") {
        Some(found) => {
            let found = place.found(found);
            Error::document(place.pointer, format!("expected {expected}, found {found}"))
        }
        // Our own visitors' messages; they repeat no value.
        None => Error::document(place.pointer, message.to_owned()),
    }
}

/// A place in a document, and what may be said about it.
struct Place {
    pointer: String,
    secret: bool,
    /// The key of the monitor's `defaults` at which, or in which, it lies.
    default: Option<String>,
}

impl Place {
    fn of(path: &Path) -> Place {
        let mut pointer = String::new();
        let mut keys: Vec<&str> = Vec::new();
        for segment in path {
            pointer.push('/');
            match segment {
                Segment::Seq { index } => pointer.push_str(&index.to_string()),
                Segment::Map { key } => {
                    let key = match keys.as_slice() {
                        [.., "http", "headers"]
                        | [.., "http", "expect", "headers"]
                        | [.., "exec", "environment"] => before_value(key),
                        _ => key,
                    };
                    push_key(&mut pointer, key);
                    keys.push(key);
                }
                Segment::Enum { .. } | Segment::Unknown => pointer.push('?'),
            }
        }
        let below_http = keys.iter().position(|key| *key == "http").is_some_and(|http| {
            matches!(
                keys[http + 1..],
                [] | ["headers" | "body" | "bearer" | "basic" | "proxy_basic", ..]
                    | ["expect"]
                    | ["expect", "headers" | "body_contains" | "body_regex" | "json", ..]
            )
        });
        let udp = keys.iter().position(|key| *key == "udp");
        let exec = keys.iter().position(|key| *key == "exec");
        let secret = below_http
            || udp.is_some_and(|udp| !matches!(keys[udp + 1..], ["address", ..]))
            || exec.is_some_and(|exec| !matches!(keys[exec + 1..], ["directory", ..]))
            || matches!(keys.last(), Some(&("password" | "token")))
            || keys.windows(2).any(|pair| pair == ["tcp", "script"]);
        let default = match keys.as_slice() {
            ["defaults", key, ..] => Some((*key).to_owned()),
            _ => None,
        };
        Place { pointer, secret, default }
    }

    /// What serde found, as "string "x"", in JSON's words and fit to be repeated.
    fn found(&self, found: &str) -> String {
        let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
        let (kind, value) = match kind {
            "string" => ("the text", value),
            "integer" => ("the number", value),
            "floating" => ("the number", value.trim_start_matches("point ")),
            "boolean" => ("the truth value", value),
            "sequence" => return "an array".into(),
            "map" => return "an object".into(),
            _ => return cut(found, SHOWN_LIMIT).to_owned(),
        };
        if self.secret || value.contains('@') {
            return format!("{kind} (not shown)").replace("the ", "a ");
        }
        format!("{kind} {}", cut(value.trim_matches('`'), SHOWN_LIMIT))
    }

    /// The keys of serde's "one of `a`, `b`".
    fn allowed_keys(&self, expected: &str) -> String {
        // Defaults are read as a check that has no name, no probe and no relations.
        if self.default.is_some() {
            return DEFAULTS_KEYS.join(", ");
        }
        let keys: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        let (signals, plain): (Vec<&str>, Vec<&str>) =
            keys.into_iter().partition(|key| Signal::of(key).is_some());
        if plain.is_empty() {
            return "no keys".into();
        }
        // All of them would leave no room for the others. They stand behind the last of the other
        // probes, where a short buffer does not cut them off.
        let last = plain.iter().rposition(|key| PROBE_KEYS.contains(key));
        match last.filter(|_| !signals.is_empty()) {
            Some(last) => {
                let (probes, others) = plain.split_at(last + 1);
                format!("{}{SIGNALS}, {}", probes.join(", "), others.join(", "))
            }
            None => plain.join(", "),
        }
    }
}

/// The part of a header's key that may be repeated: whoever writes "Authorization: Bearer …" or
/// "token=…" as one key has put the secret behind the sign.
pub(super) fn before_value(key: &str) -> &str {
    key.split([':', '=']).next().unwrap_or_default()
}

/// Adds a key to a JSON pointer, cut, and escaped as RFC 6901 asks.
pub(super) fn push_key(pointer: &mut String, key: &str) {
    for letter in cut(key, SHOWN_LIMIT).chars() {
        match letter {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            letter if letter.is_control() => pointer.extend(letter.escape_default()),
            letter => pointer.push(letter),
        }
    }
}

/// A text in quotes, cut, its control characters escaped. Not for secrets; a text that may hold
/// userinfo is left out.
pub(super) fn shown(text: &str) -> String {
    if text.contains('@') { "(not shown)".into() } else { format!("{:?}", cut(text, SHOWN_LIMIT)) }
}

#[cfg(test)]
mod tests {
    use super::super::check::CheckDoc;
    use super::super::value::Object;
    use super::*;
    use core::marker::PhantomData;

    #[test]
    fn every_key_of_a_check_is_its_own_or_may_be_a_default() {
        let seed = PhantomData::<Object<CheckDoc<'_>>>;
        let error = parse(r#"{"?": 1}"#, seed).map(drop).expect_err("no such key").to_string();
        let (_, keys) = error.split_once("allowed: ").expect("the keys of a check");
        let keys = keys.replace(SIGNALS, "");
        let shared: Vec<&str> = keys.split(", ").filter(|key| !is_own_key(key)).collect();
        assert_eq!(shared, DEFAULTS_KEYS);
    }
}
