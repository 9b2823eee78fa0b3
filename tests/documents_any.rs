//! What holds for any text that is handed in as a document: an answer, never a panic, and no secret
//! in it.

use meshvitals::error::Error;
use meshvitals::model::document::{Defaults, parse_check, parse_checks, parse_monitor};
use proptest::prelude::*;
use serde_json::{Value, json};

const KINDS: [&str; 3] = ["check", "checks", "monitor"];

fn replay(kind: &str, document: &str) -> Result<(), Error> {
    let defaults = Defaults::default();
    match kind {
        "check" => parse_check(document, &defaults).map(drop),
        "checks" => parse_checks(document, &defaults).map(drop),
        _ => parse_monitor(Some(document)).map(drop),
    }
}

#[test]
fn a_megabyte_of_nonsense_is_an_error_of_a_few_hundred_bytes() {
    let nonsense = "x".repeat(1 << 20);
    let bodies = [
        nonsense.clone(),
        format!("{{\"name\": \"{nonsense}\"}}"),
        format!("{{\"{nonsense}\": 1}}"),
        format!("{{\"name\": \"a\", \"tcp\": {{\"address\": \"{nonsense}\"}}}}"),
        format!("{{\"name\": \"a\", \"http\": {{\"url\": \"{nonsense}\"}}}}"),
        format!("{{\"name\": \"a\", \"interval\": \"{nonsense}\"}}"),
        format!("{{\"name\": \"a\", \"interval\": [\"{nonsense}\"]}}"),
        "[".repeat(1 << 20),
        "{\"name\":".repeat(1 << 17),
    ];
    for body in bodies {
        for kind in KINDS {
            let error = replay(kind, &body).expect_err("nonsense");
            let length = error.to_string().len() + error.key().len();
            assert!(length < 1_000, "{kind}: {length} bytes");
        }
    }
}

#[test]
fn a_document_of_more_than_64_mib_is_refused_unread() {
    let document = " ".repeat((64 << 20) + 1);
    let error = parse_check(&document, &Defaults::default()).expect_err("too large");
    assert!(error.to_string().contains("allowed: 67108864"), "{error}");
}

/// JSON that comes near the grammar: its keys, and values of every kind.
fn near_documents() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "name",
        "tcp",
        "http",
        "disk",
        "heartbeat",
        "external",
        "interval",
        "timeout",
        "tags",
        "address",
        "url",
        "headers",
        "body",
        "expect",
        "status",
        "ttl",
        "path",
        "threshold",
        "defaults",
        "checks",
        "depends_on",
        "jitter",
        "cookie",
        "clock",
        "disk_paths",
        "policy",
    ]);
    let text = prop_oneof![
        Just("10.0.0.5:80".to_owned()),
        Just("http://a/".to_owned()),
        Just("250ms".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        let entries = prop::collection::vec((key.clone(), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            entries
                .prop_map(|entries| entries.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

fn answers(text: &str) -> Result<(), TestCaseError> {
    for kind in KINDS {
        if let Err(error) = replay(kind, text) {
            prop_assert!(!error.to_string().is_empty());
            prop_assert!(error.key().is_empty() || error.key().starts_with('/'));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        answers(&text)?;
    }

    #[test]
    fn anything_near_a_document_is_answered(document in near_documents()) {
        answers(&document.to_string())?;
    }

    #[test]
    fn any_text_may_stand_where_texts_stand(text in any::<String>(), key in 0..7_usize) {
        let document = match key {
            0 => json!({"name": text, "external": {}}),
            1 => json!({"name": "a", "tcp": {"address": text}}),
            2 => json!({"name": "a", "http": {"url": text}}),
            3 => json!({"name": "a", "http": {"url": format!("http://{text}")}}),
            4 => json!({"name": "a", "http": {"url": "http://a", "headers": {&text: &text}}}),
            5 => json!({"name": "a", "external": {}, "interval": text}),
            _ => json!({"name": "a", "http": {"url": "http://a", "host": text}}),
        };
        answers(&document.to_string())?;
    }

    #[test]
    fn no_error_repeats_a_secret(
        secret in "[a-z]{3}SECRET[ -~]{0,8}",
        key in 0..6_usize,
        end in prop::sample::select(vec!["", "\n", "\0"]),
    ) {
        let secret = format!("{secret}{end}");
        // What is judged last is wrong too, so that there is an error in any case.
        let mut http = json!({"url": "http://a/", "expect": {"body_limit": 0}});
        match key {
            0 => http["headers"] = json!({"x": secret}),
            1 => http["headers"] = json!({"x": [secret]}),
            2 => http["body"] = json!(secret),
            3 => http["expect"]["body_contains"] = json!(secret),
            4 => http["url"] = json!(format!("http://{secret}@a/")),
            _ => http["headers"] = json!(secret),
        }
        let document = json!({"name": "a", "http": http}).to_string();
        let error = parse_check(&document, &Defaults::default()).expect_err("the limit is wrong");
        prop_assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
    }
}
