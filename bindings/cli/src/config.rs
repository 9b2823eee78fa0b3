//! What `meshvitals run` watches: the embedded default, or a file.
//!
//! A file is a monitor's document, in JSON or, with the same keys, in TOML. TOML is turned into
//! JSON before it is read, so both have one grammar and errors name the same JSON pointers.

use crate::args::RunArgs;
use crate::output::Failure;
use meshvitals::Error;
use meshvitals::model::ProbeSpec;
use meshvitals::model::document::{CheckSpec, MonitorSpec, parse_monitor, system_checks};
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// What is watched.
pub struct Plan {
    /// The monitor's document.
    pub document: String,
    /// Whether the ports of this machine are watched too.
    pub ports: bool,
    /// How long it may take until every check has a status.
    pub patience: Duration,
}

/// The document of the embedded default, without its ports.
fn embedded() -> Value {
    // First statuses come within a second of the start, and a port that fails is confirmed within
    // one.
    json!({
        "start_spread": "500ms",
        "defaults": {"interval": "2s", "timeout": "1s", "confirm_interval": "300ms"},
    })
}

/// The plan that the arguments ask for.
pub fn plan(args: &RunArgs) -> Result<Plan, Failure> {
    let (mut document, place) = match &args.config {
        None => (embedded(), None),
        Some(path) => {
            let place = path.display().to_string();
            (read(path).map_err(|text| Failure::usage(format!("{place}: {text}")))?, Some(place))
        }
    };
    if let Some(keys) = document.as_object_mut() {
        if args.once {
            // Spread starts serve what runs for long; here somebody waits.
            keys.entry("start_spread").or_insert(json!(0));
        }
        if let Some(interval) = &args.interval {
            let defaults = keys.entry("defaults").or_insert_with(|| json!({}));
            if let Some(defaults) = defaults.as_object_mut() {
                defaults.insert("interval".into(), interval.as_str().into());
            }
        }
    }
    let document = document.to_string();
    let spec =
        parse_monitor(Some(&document)).map_err(|error| refuse(error, args, place.as_deref()))?;
    if spec.manual {
        let error =
            Error::range("/clock", "manual", "system; nobody moves the clock of the command");
        return Err(refuse(error, args, place.as_deref()));
    }
    if let Some(at) = spec.checks.iter().position(|check| is_pushed(&check.probe)) {
        return Err(refuse(unanswered(at, &spec.checks[at]), args, place.as_deref()));
    }
    Ok(Plan { document, ports: place.is_none(), patience: patience(&spec) })
}

/// The error of a document, with where it stands.
fn refuse(error: Error, args: &RunArgs, place: Option<&str>) -> Failure {
    if args.interval.is_some() && error.key() == "/defaults/interval" {
        return Failure::usage(format!("--interval: {error}"));
    }
    match place {
        Some(place) => Failure::usage(format!("{place}: {error}")),
        None => Failure::usage(error.to_string()),
    }
}

/// Reads a file as a JSON value.
fn read(path: &Path) -> Result<Value, String> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|error| error.to_string())?;
    let is_json = match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => true,
        Some("toml") => false,
        _ => text.trim_start().starts_with('{'),
    };
    if is_json { from_json(&text) } else { from_toml(&text) }
}

fn from_json(text: &str) -> Result<Value, String> {
    // Read as it is first: a value forgets that a key stood there twice.
    parse_monitor(Some(text)).map_err(|error| error.to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn from_toml(text: &str) -> Result<Value, String> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| error.to_string().trim_end().to_owned())?;
    Ok(object(table))
}

fn object(table: toml::Table) -> Value {
    let pairs = table.into_iter().map(|(key, value)| (key, json_of(value)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// The value in JSON. What JSON lacks (dates, infinity) becomes a text, which no key takes.
fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map_or_else(|| number.to_string().into(), Value::Number),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => object(table),
    }
}

/// The longest time until every check has a status: its start, and as many runs as it takes. At
/// most a minute, because who asks once wants an answer: what has none by then is UNKNOWN.
fn patience(spec: &MonitorSpec) -> Duration {
    const LEAST_NS: u64 = 5_000_000_000;
    const MOST_NS: u64 = 60_000_000_000;
    let needed = |check: &CheckSpec| {
        let policy = &check.policy;
        let spread = spec.start_spread_ns.unwrap_or(policy.interval_ns.min(2 * LEAST_NS));
        let runs = u64::from(policy.failure_threshold.max(policy.success_threshold)) + 1;
        let each = policy.timeout_ns.saturating_add(policy.confirm_interval_ns);
        policy.initial_delay_ns.unwrap_or(spread).saturating_add(each.saturating_mul(runs))
    };
    let system = system_checks(spec);
    let longest = spec.checks.iter().chain(&system).map(needed).max();
    Duration::from_nanos(longest.unwrap_or(0).clamp(LEAST_NS, MOST_NS))
}

/// Whether results come from a program, of which there is none here.
fn is_pushed(probe: &ProbeSpec) -> bool {
    matches!(probe, ProbeSpec::Heartbeat { .. } | ProbeSpec::Callback | ProbeSpec::External)
}

/// The error of such a check, which would stay UNKNOWN or be blamed for the silence.
fn unanswered(at: usize, check: &CheckSpec) -> Error {
    let (name, probe) = (&check.name, check.probe.key());
    let problem = format!(
        "\"{name}\" gets its results from a program, and there is none; {}",
        "allowed: every probe but heartbeat, callback and external"
    );
    Error::document(format!("/checks/{at}/{probe}"), problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_default_is_a_document() {
        let spec = parse_monitor(Some(&embedded().to_string())).expect("a document");
        assert!(spec.system_checks && !spec.manual);
    }

    #[test]
    fn toml_is_the_same_document() {
        let toml = "cpu_threshold = 0.8\n[defaults]\ninterval = \"10s\"\ntimeout = 2\n\
                    [[checks]]\nname = \"db\"\ntcp = { address = \"127.0.0.1:5432\" }\n\
                    tags = [\"readiness\"]\ncritical = false\n";
        let json = json!({
            "cpu_threshold": 0.8, "defaults": {"interval": "10s", "timeout": 2},
            "checks": [{"name": "db", "tcp": {"address": "127.0.0.1:5432"},
                        "tags": ["readiness"], "critical": false}],
        });
        let read = from_toml(toml).expect("TOML");
        assert_eq!(read, json);
        assert_eq!(parse_monitor(Some(&read.to_string())), parse_monitor(Some(&json.to_string())));
    }

    #[test]
    fn the_file_in_the_readme_is_a_document() {
        let readme = include_str!("../../../README.md");
        let block = readme.split("\n```toml\n").nth(1).and_then(|rest| rest.split("\n```").next());
        let document = from_toml(block.expect("a block of TOML")).expect("TOML").to_string();
        let spec = parse_monitor(Some(&document)).expect("a document");
        assert_eq!(spec.checks.len(), 2);
    }

    #[test]
    fn what_json_lacks_is_refused_at_its_place() {
        for (toml, key) in [
            ("slack = 1979-05-27", "/slack"),
            ("jitter = inf", "/jitter"),
            ("jitter = nan", "/jitter"),
        ] {
            let document = from_toml(toml).expect("TOML").to_string();
            let error = parse_monitor(Some(&document)).expect_err("no such value");
            assert_eq!(error.key(), key, "{toml}");
        }
    }

    #[test]
    fn a_repeated_key_is_refused_in_both_forms() {
        assert!(from_json("{\"slack\": 0.01, \"slack\": 0.02}").is_err());
        assert!(from_toml("slack = 0.01\nslack = 0.02").is_err());
    }

    #[test]
    fn patience_covers_the_runs_that_a_status_takes() {
        let text = r#"{"system_checks": false, "start_spread": 0, "checks": [{"name": "a",
            "tcp": {"address": "127.0.0.1:1"}, "timeout": "4s", "confirm_interval": "1s"}]}"#;
        let spec = parse_monitor(Some(text)).expect("a document");
        assert_eq!(patience(&spec), Duration::from_secs(20));
        let text = text.replace(
            r#""confirm_interval": "1s""#,
            r#""interval": "1h", "confirm_interval": "1h""#,
        );
        let spec = parse_monitor(Some(&text)).expect("a document");
        assert_eq!(patience(&spec), Duration::from_secs(60));
    }
}
