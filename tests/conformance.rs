//! Replays the shared vectors of `tests/conformance` through the public Rust interface.
//!
//! Every file has its runner here and in each binding; one that is not known is a failure, and so
//! is one without a case.

#[path = "conformance_runner/constants.rs"]
mod constants;
#[path = "conformance_runner/documents.rs"]
mod documents;
#[path = "conformance_runner/fields.rs"]
mod fields;
#[path = "conformance_runner/scenario.rs"]
mod scenario;
#[path = "conformance_runner/steps.rs"]
mod steps;
#[path = "support/vectors.rs"]
mod vectors;

use serde_json::Value;
use std::collections::HashSet;

/// What is wrong with a case.
type Replay = fn(&Value) -> Result<(), String>;

const RUNNERS: &[(&str, Replay)] = &[
    ("documents.jsonl", documents::replay),
    ("codes.jsonl", constants::replay),
    ("thresholds.jsonl", scenario::replay),
    ("schedules.jsonl", scenario::replay),
    ("reports.jsonl", scenario::replay),
    ("aggregation.jsonl", scenario::replay),
    ("freshness.jsonl", scenario::replay),
    ("masks.jsonl", scenario::replay),
    ("events.jsonl", scenario::replay),
];

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("`{key}` is no text: {case}"))
}

fn lines(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Replays each line of a file; how many there were, or what is wrong.
fn replay_file(path: &str) -> Result<usize, String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let runner = RUNNERS.iter().find(|(known, _)| *known == name);
    let Some((_, replay)) = runner else { return Err(format!("{name}: nobody replays it")) };
    let mut reasons = HashSet::new();
    let mut wrong = Vec::new();
    for (number, line) in lines(path).lines().enumerate() {
        let case: Value = serde_json::from_str(line).expect("a case is a JSON object");
        let why = text(&case, "why");
        assert!(reasons.insert(why.to_owned()), "{name}:{}: {why}: twice", number + 1);
        if let Err(problem) = replay(&case) {
            wrong.push(format!("{name}:{}: {why}: {problem}", number + 1));
        }
    }
    match (reasons.len(), wrong.is_empty()) {
        (0, _) => Err(format!("{name}: no case ran")),
        (count, true) => Ok(count),
        (count, false) => Err(format!("{} of {count}:\n{}", wrong.len(), wrong.join("\n"))),
    }
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for path in vectors::files() {
        match replay_file(&path) {
            Ok(cases) => count += cases,
            Err(problem) => wrong.push(problem),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(vectors::files().len(), RUNNERS.len(), "each runner has its file");
    assert!(count > 500, "only {count} cases ran");
}

#[test]
fn a_runner_that_ran_no_case_fails_and_so_does_a_file_that_nobody_knows() {
    for (name, says) in [("events.jsonl", "no case ran"), ("new.jsonl", "nobody replays it")] {
        assert_eq!(replay_file(&vectors::empty(name)), Err(format!("{name}: {says}")));
    }
}

#[test]
fn every_number_of_the_library_has_its_vector() {
    let files = vectors::files();
    let path = files.iter().find(|path| path.ends_with("/codes.jsonl")).expect("the codes");
    let lines = lines(path);
    let cases = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let listed: HashSet<(String, String)> = cases
        .map(|case| (text(&case, "table").to_owned(), text(&case, "name").to_owned()))
        .filter(|(_, name)| !name.is_empty())
        .collect();
    let known: HashSet<(String, String)> =
        constants::all().map(|(table, name, _)| (table.to_owned(), name)).collect();
    assert_eq!(listed, known);
}
