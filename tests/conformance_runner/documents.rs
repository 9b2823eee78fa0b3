//! Replays the vectors of documents: each meets a monitor with a manual clock and one with a clock
//! of its own that is never started.
//!
//! A right document may be refused only for what the monitor is, not for what it says: its probe
//! does not fit a manual clock, a check that it depends on is not there, or its function is not
//! given with it.

use super::text;
use meshvitals::{Callback, Code, Error, Monitor, Run, RunResult};
use serde_json::Value;

struct Passes;

impl Callback for Passes {
    fn run(&self, _: &Run) -> RunResult {
        RunResult::pass()
    }
}

/// Whether only what the monitor is stands against the document.
fn only_the_monitor(error: &Error) -> bool {
    error.code() == Code::Mode
        || (error.key() == "/depends_on" && error.to_string().contains("is not registered"))
}

fn monitor(config: &str) -> Monitor {
    Monitor::new(Some(config)).expect("a monitor")
}

fn check_with_a_clock(document: &str) -> Result<(), Error> {
    let monitor = monitor("{}");
    let mut answer = monitor.register(document).map(drop);
    if matches!(&answer, Err(error) if error.code() == Code::Document && only_the_monitor(error)) {
        monitor.register(r#"{"name": "b", "heartbeat": {"ttl": 1}}"#).expect("a check");
        answer = monitor.register(document).map(drop);
    }
    if matches!(&answer, Err(error) if error.code() == Code::Mode) {
        answer = monitor.register_callback(document, Passes).map(drop);
    }
    answer
}

fn many_with_a_clock(document: &str) -> Result<(), Error> {
    let monitor = monitor("{}");
    let before = monitor.list().expect("a list");
    let answer = monitor.register_many(document).map(drop);
    if answer.is_err() {
        assert_eq!(monitor.list().expect("a list"), before, "all or nothing: {document}");
    }
    answer
}

fn manual(document: &str, many: bool) -> Result<(), Error> {
    let monitor = monitor(r#"{"clock": "manual"}"#);
    let answer = if many {
        monitor.register_many(document).map(drop)
    } else {
        monitor.register(document).map(drop)
    };
    answer.or_else(|error| if only_the_monitor(&error) { Ok(()) } else { Err(error) })
}

fn whole(document: &str) -> Result<(), Error> {
    let answer = Monitor::new(Some(document)).map(drop);
    // A callback has no function in the configuration.
    let excused = |error: &Error| error.code() == Code::Mode && error.key().contains("/callback");
    answer.or_else(|error| if excused(&error) { Ok(()) } else { Err(error) })
}

/// Compares what each way answers with the case.
pub fn replay(case: &Value) -> Result<(), String> {
    let document = text(case, "document");
    match text(case, "kind") {
        "monitor" => agrees(case, whole(document)),
        kind @ ("check" | "checks") => {
            let many = kind == "checks";
            agrees(case, manual(document, many)).map_err(|problem| format!("manual: {problem}"))?;
            let with_a_clock = if many { many_with_a_clock } else { check_with_a_clock };
            agrees(case, with_a_clock(document))
        }
        other => Err(format!("no such kind of document: {other}")),
    }
}

fn texts<'a>(case: &'a Value, key: &str) -> Vec<&'a str> {
    case[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn agrees(case: &Value, answer: Result<(), Error>) -> Result<(), String> {
    let error = match (answer, case["ok"].as_bool()) {
        (Ok(()), Some(true)) => return Ok(()),
        (Ok(()), _) => return Err("was taken".to_owned()),
        (Err(error), Some(_)) => return Err(format!("was refused: {error}")),
        (Err(error), None) => error,
    };
    let text = error.to_string();
    let code = super::constants::name("code", error.code() as i64);
    let everything = format!("{text} {error:?}");
    let fits = case["code"] == code
        && case["key"] == error.key()
        && text.matches("allowed:").count() <= 1
        && texts(case, "says").iter().all(|words| text.contains(words))
        && texts(case, "hides").iter().all(|words| !everything.contains(words));
    if fits { Ok(()) } else { Err(format!("{code} {:?}: {text}", error.key())) }
}
