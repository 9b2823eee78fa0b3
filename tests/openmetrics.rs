//! The OpenMetrics report satisfies a parser that is not ours: that of Prometheus' Python client.
//!
//! `make test` brings it into target/venv. Without it the test says so and passes, because a
//! missing tool is no fault of the report.

use meshvitals::{Kinds, Monitor, Status};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Reads a report and writes every sample as JSON.
const PARSER: &str = "
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
families = [{'name': f.name, 'type': f.type, 'unit': f.unit, 'help': f.documentation,
             'samples': [[s.name, s.labels, s.value] for s in f.samples]}
            for f in parse(sys.stdin.buffer.read().decode())]
print(json.dumps(families))
";

fn python() -> Option<PathBuf> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/venv/bin/python"));
    let has_parser = |python: &PathBuf| {
        let import = ["-c", "import prometheus_client.openmetrics.parser"];
        let ended = Command::new(python).args(import).stderr(Stdio::null()).status();
        ended.is_ok_and(|status| status.success())
    };
    [own, PathBuf::from("python3")].into_iter().find(has_parser)
}

fn parse(python: &PathBuf, text: &str) -> Value {
    let mut child = Command::new(python)
        .args(["-c", PARSER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(text.as_bytes()).expect("python reads");
    drop(pipe);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "the parser refuses:\n{text}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn another_parser_reads_what_we_report() {
    let Some(python) = python() else {
        let text = b"skipped: no Python with prometheus_client; `make test` brings it\n";
        std::io::stderr().write_all(text).expect("stderr");
        return;
    };
    let name = "quo\"te \\ back, {系統}";
    let monitor = Monitor::new(None).expect("a monitor");
    let document = serde_json::json!({"name": name, "heartbeat": {"ttl": "1h"}, "tags": ["x\\n"]});
    monitor.register(&document.to_string()).expect("a check");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let web = serde_json::json!({"name": "web", "tcp": {"address": address}, "initial_delay": 0});
    let web = monitor.register(&web.to_string()).expect("a check");
    let events = monitor.subscribe(Kinds::STATUS, 64).expect("a subscription");
    monitor.start().expect("a start");
    let patience = Some(std::time::Duration::from_secs(20));
    while monitor.status(web) != Status::Healthy {
        assert!(!events.poll(64, patience).expect("events").is_empty(), "it never runs");
    }
    monitor.beat(monitor.find(name).expect("the check")).expect("a beat");
    let families = parse(&python, &monitor.render("openmetrics").expect("a report"));
    let families = families.as_array().expect("families");
    assert_eq!(families.len(), 12);
    let family = |name: &str| {
        families.iter().find(|family| family["name"] == name).expect("the family").clone()
    };
    let runs = family("meshvitals_check_runs");
    assert_eq!((&runs["type"], &runs["unit"]), (&"counter".into(), &"".into()));
    let latency = family("meshvitals_check_latency_seconds");
    assert_eq!((&latency["type"], &latency["unit"]), (&"gauge".into(), &"seconds".into()));
    let phases = family("meshvitals_run_phase_seconds");
    assert_eq!(phases["type"], "histogram");
    let ends = phases["samples"].as_array().expect("samples").iter();
    let ends = ends.filter(|sample| sample[1]["le"] == "+Inf" && sample[2] == 1.0).count();
    assert_eq!(ends, 2, "connect and total, each once: {phases}");
    let status = family("meshvitals_check_status");
    let value = |status_word: &str| {
        let labels = serde_json::json!({"check": name, "status": status_word});
        let samples = status["samples"].as_array().expect("samples");
        let sample = samples.iter().find(|sample| sample[1] == labels);
        sample.expect("the name as it was given")[2].as_f64()
    };
    assert_eq!((value("healthy"), value("unhealthy")), (Some(1.0), Some(0.0)));
    let groups = family("meshvitals_group_status");
    assert!(groups.to_string().contains(r#""group":"x\\n""#), "{groups}");
}
