//! Help, version, schema, and what happens to arguments that are wrong.

use super::support::{output, stderr, stdout};
use serde_json::Value;

#[test]
fn help_lists_every_command_argument_and_code() {
    let help = |args: &[&str]| {
        let output = output(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        stdout(&output)
    };
    for (args, words) in [
        (&["--help"][..], &["run", "check", "schema", "--version"][..]),
        (
            &["run", "--help"],
            &[
                "--config",
                "--once",
                "--json",
                "--no-color",
                "--interval",
                "NO_COLOR",
                "0  HEALTHY",
                "1  DEGRADED",
                "2  UNHEALTHY",
                "3  UNKNOWN",
                "64",
                "70",
            ],
        ),
        (
            &["check", "--help"],
            &[
                "DOCUMENT",
                "--json",
                "--allow-exec",
                "--no-color",
                "0  pass",
                "1  warn",
                "2  fail",
                "3  local",
                "64",
            ],
        ),
        (&["schema", "--help"], &["check", "monitor"]),
    ] {
        let text = help(args);
        for word in words {
            assert!(text.contains(word), "{args:?} does not say {word}:\n{text}");
        }
    }
    let version = help(&["--version"]);
    assert_eq!(version.trim(), format!("meshvitals {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_arguments_have_the_code_64() {
    for args in [&[][..], &["fly"], &["run", "--twice"], &["check"], &["schema", "event"]] {
        let output = output(args);
        assert_eq!(output.status.code(), Some(64), "{args:?}");
        assert!(stderr(&output).contains("--help"), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn the_schema_is_that_of_the_document_asked_for() {
    let schema =
        |args: &[&str]| -> Value { serde_json::from_str(&stdout(&output(args))).expect("JSON") };
    let all = schema(&["schema"]);
    assert!(all["anyOf"].is_array());
    for document in ["check", "monitor"] {
        let one = schema(&["schema", document]);
        assert_eq!(one["$ref"], format!("#/$defs/{document}"));
        assert_eq!((&one["$defs"], &one["anyOf"]), (&all["$defs"], &Value::Null));
    }
}
