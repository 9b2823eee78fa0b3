//! The report as JSON: one object with the whole, its groups and its checks.
//!
//! A key is always there; what is not known is `null`. Durations and instants have their unit in
//! the key. Statuses are words in lower case.

use serde::Serialize;

use super::{View, word};
use crate::model::latency::{BOUNDS_NS, OfKind, PHASES};
use crate::model::{Mask, Snapshot};

#[derive(Serialize)]
struct Report<'a> {
    unix_ms: i64,
    status: &'static str,
    groups: Vec<Group<'a>>,
    checks: Vec<Check<'a>>,
    latencies: Vec<Latency>,
}

/// How long a phase took for the probes of a kind; `le_ms` of the last bucket is `null`.
#[derive(Serialize)]
struct Latency {
    probe: &'static str,
    phase: &'static str,
    count: u64,
    sum_ms: f64,
    buckets: Vec<Bucket>,
}

/// So many took longer than the bucket before and at most `le_ms`.
#[derive(Serialize)]
struct Bucket {
    le_ms: Option<f64>,
    count: u64,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    status: &'static str,
    answer: bool,
    checks: u64,
    since_unix_ms: i64,
}

#[derive(Serialize)]
struct Check<'a> {
    name: &'a str,
    probe: &'static str,
    status: &'static str,
    measured: &'static str,
    critical: bool,
    tags: &'a [Box<str>],
    masks: Vec<&'static str>,
    reason: i32,
    reason_text: String,
    message: &'a str,
    value: Option<f64>,
    threshold: Option<f64>,
    unit: Option<&'static str>,
    limit: Option<f64>,
    scope: Option<&'a str>,
    formula: Option<&'static str>,
    latency_ms: Option<f64>,
    runs: u64,
    in_flight: u32,
    failures_in_a_row: u32,
    passes_in_a_row: u32,
    since_unix_ms: i64,
    last_unix_ms: Option<i64>,
    next_unix_ms: Option<i64>,
    fresh_until_unix_ms: Option<i64>,
    cookie: u64,
}

/// The report of a view as JSON, on one line.
pub fn json(view: &View) -> String {
    let report = Report {
        unix_ms: view.unix_ms,
        status: word(view.overall),
        groups: view.groups.iter().map(group).collect(),
        checks: view.checks.iter().map(|snapshot| check(view, snapshot)).collect(),
        latencies: view.latencies.kinds().iter().flat_map(latencies).collect(),
    };
    // Only maps with keys that are no text, and writers that fail, make this an error.
    serde_json::to_string(&report).unwrap_or_default()
}

/// The phases of a kind that happened.
fn latencies(kind: &OfKind) -> impl Iterator<Item = Latency> {
    let happened = PHASES.iter().zip(&kind.phases).filter(|(_, found)| found.count() > 0);
    happened.map(|(&phase, histogram)| {
        let bounds = BOUNDS_NS.iter().map(|ns| Some(ms(*ns))).chain([None]);
        let buckets = bounds.zip(histogram.counts).map(|(le_ms, count)| Bucket { le_ms, count });
        Latency {
            probe: kind.probe,
            phase,
            count: histogram.count(),
            sum_ms: ms(histogram.sum_ns),
            buckets: buckets.collect(),
        }
    })
}

fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn group(snapshot: &Snapshot) -> Group<'_> {
    Group {
        name: &snapshot.name,
        status: word(snapshot.status),
        answer: snapshot.answer,
        checks: snapshot.runs,
        since_unix_ms: snapshot.since_unix_ms,
    }
}

fn check<'a>(view: &View, snapshot: &'a Snapshot) -> Check<'a> {
    let ran = snapshot.runs > 0;
    let measure = snapshot.measure.as_ref();
    Check {
        name: &snapshot.name,
        probe: snapshot.probe,
        status: word(snapshot.status),
        measured: word(snapshot.measured),
        critical: snapshot.critical,
        tags: &snapshot.tags,
        masks: masks(snapshot.mask),
        reason: snapshot.reason.0,
        reason_text: snapshot.reason.to_string(),
        message: snapshot.message.as_str(),
        value: finite(snapshot.value),
        threshold: finite(snapshot.threshold),
        unit: snapshot.unit,
        limit: measure.and_then(|measure| finite(measure.limit)),
        scope: measure.map(|measure| &*measure.scope),
        formula: measure.map(|measure| measure.formula),
        latency_ms: ran.then(|| ms(snapshot.latency_ns)),
        runs: snapshot.runs,
        in_flight: snapshot.in_flight,
        failures_in_a_row: snapshot.failures,
        passes_in_a_row: snapshot.passes,
        since_unix_ms: snapshot.since_unix_ms,
        last_unix_ms: view.date(snapshot.last),
        next_unix_ms: view.date(snapshot.next),
        fresh_until_unix_ms: view.date(snapshot.fresh_until),
        cookie: snapshot.cookie,
    }
}

/// JSON has no words for infinity and for what is not a number.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// What lies over the measured status, the deciding one first.
fn masks(mask: Mask) -> Vec<&'static str> {
    let all = [
        (Mask::OVERRIDE, "overridden"),
        (Mask::PAUSED, "paused"),
        (Mask::BLOCKED, "blocked"),
        (Mask::STALE, "stale"),
    ];
    all.into_iter().filter_map(|(bit, word)| mask.has(bit).then_some(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::view;
    use super::*;
    use serde_json::{Value, json as value};

    fn report() -> Value {
        serde_json::from_str(&json(&view())).expect("JSON")
    }

    #[test]
    fn the_whole_stands_first_with_its_date() {
        let report = report();
        assert_eq!(report["status"], "unhealthy");
        assert_eq!(report["unix_ms"], 1_000_100_000);
        assert_eq!(
            report["groups"][0],
            value!({"name": "overall", "status": "unhealthy", "answer": false, "checks": 4,
                    "since_unix_ms": 1_000_040_000})
        );
    }

    #[test]
    fn a_check_says_everything_that_is_known() {
        assert_eq!(
            report()["checks"][1],
            value!({
                "name": "quo\"te \\ back", "probe": "tcp", "status": "unhealthy",
                "measured": "unhealthy", "critical": true, "tags": ["readiness"], "masks": [],
                "reason": 200, "reason_text": "connection refused",
                "message": "127.0.0.1:1 refused the connection", "value": null,
                "threshold": null, "unit": null, "limit": null, "scope": null,
                "formula": null, "latency_ms": 1.5, "runs": 12, "in_flight": 0,
                "failures_in_a_row": 3, "passes_in_a_row": 3, "since_unix_ms": 1_000_040_000,
                "last_unix_ms": 1_000_095_000, "next_unix_ms": 1_000_110_000,
                "fresh_until_unix_ms": 1_000_140_000, "cookie": 0
            })
        );
    }

    #[test]
    fn what_is_not_known_is_null() {
        let new = &report()["checks"][3];
        assert_eq!((&new["latency_ms"], &new["last_unix_ms"]), (&Value::Null, &Value::Null));
        let paused = &report()["checks"][2];
        assert_eq!(paused["next_unix_ms"], Value::Null);
        assert_eq!(paused["masks"], value!(["paused", "stale"]));
    }

    #[test]
    fn a_number_is_told_with_where_it_is_from() {
        let disk = &report()["checks"][0];
        assert_eq!((&disk["value"], &disk["unit"]), (&value!(0.72), &value!("1")));
        assert_eq!((&disk["limit"], &disk["scope"]), (&value!(1_000.0), &value!("/data")));
        assert_eq!(disk["formula"], "filesystem.used");
    }
}
