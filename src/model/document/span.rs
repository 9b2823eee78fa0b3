//! Durations in documents: a number of seconds, or a text with units.
//!
//! `15`, `0.25`, `"15s"`, `"250ms"`, `"1.5s"` and `"1m 30s"` are durations; `"15"` is not, because
//! a text without a unit leaves open what was meant. Nothing is rounded into the range.

use core::fmt;
use std::borrow::Cow;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Visitor};

use super::explain::shown;
use super::value::{Number, Value};
use crate::error::Error;
use crate::time::{MICROSECOND, MILLISECOND, SECOND};

/// Nanoseconds in an hour.
pub(super) const HOUR: u64 = 3_600 * SECOND;

/// What a duration may look like, for errors.
const FORM: &str = "a number of seconds, or a text with a unit such as \"250ms\", \"1.5s\", \"2m\"";

/// A duration from `MIN` to `MAX` nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Span<'a, const MIN: u64, const MAX: u64>(Written<'a>);

#[derive(Clone, Debug)]
enum Written<'a> {
    Seconds(Number),
    Text(Cow<'a, str>),
}

impl<'de: 'a, 'a, const MIN: u64, const MAX: u64> Deserialize<'de> for Span<'a, MIN, MAX> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Span)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Written<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A comma would read badly after "expected".
        f.write_str("a duration (seconds or a text like \"250ms\")")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Written::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Written::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Written::Seconds(Number::Whole(number)))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Written::Seconds(Number::Real(number as f64)))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Written::Seconds(Number::Real(number)))
    }
}

impl<const MIN: u64, const MAX: u64> Value for Span<'_, MIN, MAX> {
    type Meaning = u64;

    fn read(&self, key: &str) -> Result<u64, Error> {
        let ns = match &self.0 {
            Written::Seconds(Number::Whole(seconds)) => Some(seconds.saturating_mul(SECOND)),
            // The cast saturates; what is negative or not a number is out of every range.
            Written::Seconds(Number::Real(seconds)) => {
                (*seconds >= 0.0).then(|| (seconds * SECOND as f64).round() as u64)
            }
            Written::Text(text) => {
                let ns = plain(text).or_else(|| general(text));
                Some(ns.ok_or_else(|| {
                    let text = shown(text);
                    Error::document(key, format!("{text} is not a duration; allowed: {FORM}"))
                })?)
            }
        };
        match ns {
            Some(ns) if (MIN..=MAX).contains(&ns) => Ok(ns),
            _ => Err(self.refuse(key, &format!("{} to {}", words(MIN), words(MAX)))),
        }
    }
}

impl<const MIN: u64, const MAX: u64> Span<'_, MIN, MAX> {
    /// The error that the duration is not `allowed`.
    pub fn refuse(&self, key: &str, allowed: &str) -> Error {
        match &self.0 {
            Written::Seconds(number) => Error::range(key, format_args!("{number} s"), allowed),
            Written::Text(text) => Error::range(key, text.escape_debug(), allowed),
        }
    }
}

/// Digits and one common unit: nearly every duration, and much faster than the general grammar.
fn plain(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = match text.get(digits..)? {
        "s" => SECOND,
        "ms" => MILLISECOND,
        "us" => MICROSECOND,
        "m" => 60 * SECOND,
        "h" => HOUR,
        _ => return None,
    };
    // 1 to 9 digits cannot overflow.
    if !(1..=9).contains(&digits) {
        return None;
    }
    let number = text[..digits].bytes().fold(0, |n, digit| n * 10 + u64::from(digit - b'0'));
    number.checked_mul(unit)
}

/// Every other form of the `humantime` grammar.
fn general(text: &str) -> Option<u64> {
    // It takes "0" for a duration; we ask for a unit everywhere.
    if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let duration: Duration = humantime::parse_duration(text).ok()?;
    Some(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// The duration in its largest whole unit.
pub(super) fn words(ns: u64) -> String {
    let units = [(HOUR, "h"), (SECOND, "s"), (MILLISECOND, "ms"), (MICROSECOND, "us")];
    match units.into_iter().find(|(unit, _)| ns.is_multiple_of(*unit)) {
        _ if ns == 0 => "0s".into(),
        Some((unit, word)) => format!("{}{word}", ns / unit),
        None => format!("{ns}ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<u64, Error> {
        let span: Span<'_, 0, { 24 * HOUR }> = serde_json::from_str(json).expect("a duration");
        span.read("/x")
    }

    #[test]
    fn numbers_are_seconds_and_texts_have_units() {
        for (json, ns) in [
            ("0", 0),
            ("15", 15 * SECOND),
            ("0.25", 250 * MILLISECOND),
            ("\"15s\"", 15 * SECOND),
            ("\"250ms\"", 250 * MILLISECOND),
            ("\"250 ms\"", 250 * MILLISECOND),
            ("\"1.5s\"", 1_500 * MILLISECOND),
            ("\"1m 30s\"", 90 * SECOND),
            ("\"100us\"", 100 * MICROSECOND),
            ("\"7ns\"", 7),
            ("\"0s\"", 0),
            ("\"2h\"", 2 * HOUR),
            ("\"1\\u0073\"", SECOND),
        ] {
            assert_eq!(read(json), Ok(ns), "{json}");
        }
    }

    #[test]
    fn what_is_no_duration_or_beyond_the_range_is_refused() {
        for json in ["\"15\"", "\"0\"", "\"\"", "\"s\"", "\"1 fortnight\"", "\"-1s\"", "\"1e3s\""] {
            assert!(matches!(read(json), Err(Error::Document { .. })), "{json}");
        }
        for json in ["-1", "-0.5", "86400.1", "1e300", "18446744073709551615", "\"90000 years\""] {
            assert!(matches!(read(json), Err(Error::Range { .. })), "{json}");
        }
    }

    #[test]
    fn the_short_way_agrees_with_the_general_grammar() {
        for text in ["0s", "1s", "999999999s", "17ms", "1h", "59m", "1000us", "0012ms"] {
            assert_eq!(plain(text), general(text), "{text}");
        }
        for text in ["", "s", "1", "1 s", "1.5s", "-1s", "1S", "１s"] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_read_like_durations() {
        assert_eq!(words(10 * MILLISECOND), "10ms");
        assert_eq!(words(24 * HOUR), "24h");
        assert_eq!(words(100 * MICROSECOND), "100us");
        assert_eq!(words(90 * SECOND), "90s");
        assert_eq!(words(0), "0s");
        assert_eq!(words(1_001), "1001ns");
    }
}
