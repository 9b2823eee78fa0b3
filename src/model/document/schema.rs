//! The JSON Schema of the documents, derived from the structs that read them.
//!
//! It is committed as `docs/schema.json` and compared in the tests. What a schema cannot say (a
//! confirm interval above the interval, names that stand there twice) only the parser refuses.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::address::Address;
use super::check::CheckDoc;
use super::exec::{VARIABLES_LIMIT, Variables};
use super::expect::Codes;
use super::headers::Headers;
use super::keys::{DEFAULTS_KEYS, probe_keys};
use super::matching::{HeaderRule, RULES_LIMIT, Rules};
use super::monitor::{ChecksDoc, DefaultsDoc, MonitorDoc};
use super::name::{Name, Tag};
use super::signal::{LEVEL_LIMIT, LevelNumber};
use super::span::{Span, words};
use super::value::{Count, Given, List, Object, Share, Text};
use super::word::{Word, Words};
use crate::model::name::{NAME_LIMIT, OVERALL};
use crate::model::signal::TABLE;
use crate::time::SECOND;

/// The JSON Schema of both documents: `$defs/check` and `$defs/monitor`.
pub fn schema() -> Value {
    let mut generator: SchemaGenerator = SchemaSettings::draft2020_12().into();
    let check = generator.subschema_for::<CheckDoc<'_>>();
    let monitor = generator.subschema_for::<MonitorDoc<'_>>();
    let mut definitions = Value::Object(generator.take_definitions(true));
    exactly_one_probe(&mut definitions["check"]);
    words_of_signals(&mut definitions["check"]["properties"]);
    definitions["defaults"] = defaults_of(&definitions["check"]);
    join_lines(&mut definitions);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Documents of meshvitals",
        "description": "A check, or the configuration of a monitor.",
        "anyOf": [check, monitor],
        "$defs": definitions,
    })
}

/// Says what the struct cannot: a name, and exactly one probe.
fn exactly_one_probe(check: &mut Value) {
    check["required"] = json!(["name"]);
    check["oneOf"] = probe_keys().map(|key| json!({"required": [key]})).collect();
}

/// What each signal is, by the table.
fn words_of_signals(properties: &mut Value) {
    for row in TABLE {
        properties[row.key]["description"] =
            format!("{}, in {}.", row.about, row.unit.name()).into();
    }
}

/// The keys of a check that a monitor may give for all.
fn defaults_of(check: &Value) -> Value {
    let keys = check["properties"].as_object().into_iter().flatten();
    let properties: Value = keys
        .filter(|(key, _)| DEFAULTS_KEYS.contains(&key.as_str()))
        .map(|(key, schema)| (key.clone(), schema.clone()))
        .collect();
    json!({
        "description": "What checks take where they are silent.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Descriptions are doc comments, whose line breaks mean nothing.
fn join_lines(schema: &mut Value) {
    match schema {
        Value::String(text) => *text = text.replace('\n', " "),
        Value::Array(values) => values.iter_mut().for_each(join_lines),
        Value::Object(values) => values.values_mut().for_each(join_lines),
        _ => {}
    }
}

/// Writes the schema of a type that stands in the schema of others, not beside them.
macro_rules! inline {
    ([$($generics:tt)*] $type:ty, $generator:ident => $schema:expr) => {
        impl<$($generics)*> JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            // Types that differ in their ranges only must not be taken for one.
            fn schema_id() -> std::borrow::Cow<'static, str> {
                core::any::type_name::<Self>().into()
            }
            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

inline!([T: JsonSchema] Given<T>, generator => generator.subschema_for::<T>());

inline!([T: JsonSchema] Object<T>, generator => generator.subschema_for::<T>());

inline!([T: JsonSchema, const MAX: usize] List<T, MAX>, generator => json_schema!({
    "type": "array",
    "items": generator.subschema_for::<T>(),
    "maxItems": MAX,
}));

inline!([] Name<'_>, _generator => json_schema!({
    "type": "string",
    "minLength": 1,
    "maxLength": NAME_LIMIT,
    "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
}));

inline!([] Tag<'_>, generator => {
    let mut name = generator.subschema_for::<Name<'static>>();
    name.insert("not".into(), json!({"const": OVERALL}));
    name
});

inline!([] Address<'_>, _generator => json_schema!({
    "type": "string",
    "pattern": "^(unix:/.+|[^@/]+:[0-9]+)$",
}));

inline!([] Text<'_>, _generator => json_schema!({"type": "string"}));

inline!([] LevelNumber, _generator => json_schema!({
    "type": "number",
    "minimum": 0,
    "maximum": LEVEL_LIMIT,
}));

inline!([const MIN: u64, const MAX: u64] Count<MIN, MAX>, _generator => json_schema!({
    "type": "integer",
    "minimum": MIN,
    "maximum": MAX,
}));

inline!([const ABOVE_0: bool, const MAX: u32] Share<ABOVE_0, MAX>, _generator => {
    let minimum = if ABOVE_0 { "exclusiveMinimum" } else { "minimum" };
    json_schema!({"type": "number", minimum: 0, "maximum": Self::MAX})
});

inline!([const MIN: u64, const MAX: u64] Span<'_, MIN, MAX>, _generator => json_schema!({
    "anyOf": [
        {
            "description": "Seconds.",
            "type": "number",
            "minimum": MIN as f64 / SECOND as f64,
            "maximum": MAX as f64 / SECOND as f64,
        },
        {
            "description": format!("With a unit, from {} to {}.", words(MIN), words(MAX)),
            "type": "string",
            "pattern": "^ *[0-9]+(\\.[0-9]+)? *[A-Za-z]+",
        },
    ],
}));

inline!([W: Words] Word<'_, W>, _generator => {
    let words: Vec<&str> = W::WORDS.iter().map(|(word, _)| *word).collect();
    json_schema!({"type": "string", "enum": words})
});

inline!([] Headers<'_>, _generator => json_schema!({
    "type": "object",
    "additionalProperties": {"type": "string"},
    "maxProperties": 64,
}));

inline!([T: JsonSchema] Rules<'_, T>, generator => json_schema!({
    "type": "object",
    "additionalProperties": generator.subschema_for::<T>(),
    "maxProperties": RULES_LIMIT,
}));

inline!([] HeaderRule<'_>, _generator => json_schema!({
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"regex": {"type": "string"}},
            "required": ["regex"],
            "additionalProperties": false,
        },
    ],
}));

inline!([] Variables<'_>, _generator => json_schema!({
    "type": "object",
    "additionalProperties": {"type": "string"},
    "maxProperties": VARIABLES_LIMIT,
}));

inline!([] Codes<'_>, _generator => json_schema!({
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": "^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$"},
    ],
}));

inline!([] ChecksDoc<'_>, generator => json_schema!({
    "type": "array",
    "items": generator.subschema_for::<CheckDoc<'static>>(),
}));

inline!([] DefaultsDoc<'_>, _generator => json_schema!({"$ref": "#/$defs/defaults"}));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::address::ADDRESS_FORM;

    #[test]
    fn the_description_of_an_address_shows_the_forms_that_errors_name() {
        let text = schema().to_string().replace("\\\"", "\"");
        let forms: Vec<_> = ADDRESS_FORM.split([',', ' ']).filter(|f| f.starts_with('"')).collect();
        assert_eq!(forms.len(), 4);
        for form in forms {
            assert!(text.contains(form), "{form}");
        }
    }
}
