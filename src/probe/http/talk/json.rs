//! Values in the JSON of a body, by their pointers (RFC 6901).
//!
//! The body is bounded by its reader and its depth by serde_json. Pointers are the user's and may
//! be shown; no value is.

use crate::model::Reason;
use crate::model::http::ValueRule;
use crate::probe::talk::Failure;
use serde_json::{Number, Value};
use std::fmt::Write;

/// The longest piece of a pointer that a message repeats, in characters.
const SHOWN_LIMIT: usize = 64;

/// Checks the values of a body, in the order of the rules.
///
/// # Errors
///
/// The first that is not as expected.
pub fn check(rules: &[(Box<str>, ValueRule)], body: &[u8]) -> Result<(), Failure> {
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return Err(Failure::fail(Reason::MATCH_JSON, "the body is no JSON"));
    };
    for (pointer, rule) in rules {
        if let Some(problem) = problem(rule, json.pointer(pointer)) {
            let text = format!("{} {problem}", shown(pointer));
            return Err(Failure::fail(Reason::MATCH_JSON, &text));
        }
    }
    Ok(())
}

fn problem(rule: &ValueRule, value: Option<&Value>) -> Option<&'static str> {
    let Some(value) = value else { return Some("is not there") };
    match rule {
        ValueRule::Any(values) => {
            let is_known = values.iter().any(|known| equal(known, value));
            (!is_known).then_some("is not the expected value")
        }
        ValueRule::Between(min, max) => match value.as_f64() {
            None => Some("is no number"),
            Some(number) if min.is_some_and(|min| number < min) => Some("is below its minimum"),
            Some(number) if max.is_some_and(|max| number > max) => Some("is above its maximum"),
            Some(_) => None,
        },
    }
}

/// Whether two values are the same; how a number is written makes no other number of it.
fn equal(one: &Value, other: &Value) -> bool {
    let is_whole = |number: &Number| !number.is_f64();
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if is_whole(one) != is_whole(other) => {
            one.as_f64() == other.as_f64()
        }
        _ => one == other,
    }
}

/// The pointer in quotes, cut, without control characters.
fn shown(pointer: &str) -> String {
    let mut text = String::from('"');
    for letter in pointer.chars().take(SHOWN_LIMIT) {
        match letter.is_control() {
            true => _ = write!(text, "{}", letter.escape_default()),
            false => text.push(letter),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn any(values: Value) -> ValueRule {
        ValueRule::Any(values.as_array().unwrap().as_slice().into())
    }

    #[test]
    fn values_are_found_by_pointers_and_compared_by_what_they_are() {
        let body = r#"{"status": "green", "a/b": {"m~n": [1, 2.0, null]}, "lag": 7, "deep": {"x": [true]}}"#;
        let good = [
            ("/status", any(json!(["green", "yellow"]))),
            ("/a~1b/m~0n/0", any(json!([1.0]))),
            ("/a~1b/m~0n/1", any(json!([2]))),
            ("/a~1b/m~0n/2", any(json!([null]))),
            ("/lag", ValueRule::Between(None, Some(7.0))),
            ("/lag", ValueRule::Between(Some(7.0), None)),
            ("/deep", any(json!([{"x": [true]}]))),
        ];
        for (pointer, rule) in good {
            assert_eq!(check(&[(pointer.into(), rule)], body.as_bytes()), Ok(()), "{pointer}");
        }
        let bad = [
            ("/status", any(json!(["yellow"])), "\"/status\" is not the expected value"),
            ("/lag", any(json!(["7"])), "\"/lag\" is not the expected value"),
            ("/lag", ValueRule::Between(None, Some(6.9)), "\"/lag\" is above its maximum"),
            ("/lag", ValueRule::Between(Some(8.0), None), "\"/lag\" is below its minimum"),
            ("/status", ValueRule::Between(Some(8.0), None), "\"/status\" is no number"),
            ("/none\n", any(json!([null])), "\"/none\\n\" is not there"),
            ("", any(json!([null])), "\"\" is not the expected value"),
        ];
        for (pointer, rule, text) in bad {
            let failure = check(&[(pointer.into(), rule)], body.as_bytes()).unwrap_err();
            assert_eq!((failure.reason, failure.text.as_str()), (Reason::MATCH_JSON, text));
        }
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused() {
        let deep = "[".repeat(100_000);
        let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for body in ["", "{", "{} x", "\u{feff}{}", &deep, &nested] {
            let failure = check(&[("".into(), any(json!([1])))], body.as_bytes()).unwrap_err();
            assert_eq!(failure.text, "the body is no JSON");
        }
    }
}
