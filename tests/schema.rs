//! The committed JSON Schema is the one that the types give.
#![cfg(feature = "schema")]

use meshvitals::model::document::schema;
use serde_json::Value;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema.json");

#[test]
fn the_committed_schema_is_up_to_date() {
    let now = schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(PATH, format!("{now:#}\n")).expect("docs/schema.json can be written");
    }
    // Compared as values: the order of keys depends on what else is built into the tests.
    let committed = std::fs::read_to_string(PATH).unwrap_or_default();
    let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
    assert!(
        committed == now,
        "docs/schema.json is not what the types give; write it anew with \
         UPDATE_SCHEMA=1 cargo test --features schema --test schema"
    );
}

#[test]
fn every_key_has_a_description_and_no_object_takes_others() {
    let schema = schema();
    let definitions = schema["$defs"].as_object().expect("definitions");
    for entry in ["check", "monitor", "tcp", "http", "expect", "disk", "heartbeat", "defaults"] {
        assert!(definitions.contains_key(entry), "{entry}");
    }
    let mut seen = 0;
    for (name, definition) in definitions {
        assert_eq!(definition["additionalProperties"], Value::Bool(false), "{name}");
        for (key, value) in definition["properties"].as_object().into_iter().flatten() {
            assert!(value["description"].is_string(), "{name}/{key}");
            seen += 1;
        }
    }
    assert!(seen > 60, "only {seen} keys were looked at");
}

#[test]
fn ranges_come_from_the_types() {
    let keys = &schema()["$defs"]["check"]["properties"];
    assert_eq!(keys["failure_threshold"]["maximum"], 1_000);
    assert_eq!(keys["interval"]["anyOf"][0]["minimum"], 0.01);
    assert_eq!(keys["interval"]["anyOf"][0]["maximum"], 86_400.0);
    assert_eq!(keys["timeout"]["anyOf"][0]["maximum"], 3_600.0);
    assert_eq!(keys["role"]["enum"], serde_json::json!(["gate", "inform"]));
    assert_eq!(keys["tags"]["maxItems"], 32);
}
