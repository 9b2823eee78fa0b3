//! `meshvitals check` as it is used: against servers of the test.

use super::support::{closed, ended, listener, meshvitals, output, output_of, stderr, stdout};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::thread;

fn tcp(address: SocketAddr) -> String {
    format!(r#"{{"name": "one", "tcp": {{"address": "{address}"}}}}"#)
}

/// A server that gives every request this answer.
fn serve(last: u8, answer: &'static str) -> SocketAddr {
    let (listener, address) = listener(last);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

fn http(address: SocketAddr) -> String {
    format!(r#"{{"name": "web", "http": {{"url": "http://{address}/health?token=hidden"}}}}"#)
}

#[test]
fn the_exit_code_tells_the_outcome_also_when_nobody_reads_the_explanation() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = meshvitals(&["check", &tcp(closed(19))]);
    let mut child = command.stdout(writer).spawn().expect("the command runs");
    assert_eq!(ended(&mut child).code(), Some(2));
}

#[test]
fn an_open_port_passes_with_a_timeline() {
    let (_listener, address) = listener(11);
    let output = output(&["check", &tcp(address)]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.starts_with(&format!("PASS  one  tcp {address}\n")), "{text}");
    for phase in ["resolve", "connect", "first byte", "transfer", "total"] {
        assert!(text.contains(&format!("  {phase} ")), "{text}");
    }
    let connect = text.lines().find(|line| line.contains("connect ")).expect("a phase");
    assert!(connect.contains('█'), "{text}");
}

#[test]
fn a_closed_port_fails_with_its_errno() {
    let address = closed(12);
    let output = output(&["check", &tcp(address)]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.starts_with("FAIL"), "{text}");
    assert!(text.contains("connection refused (200)"), "{text}");
    assert!(text.contains("ECONNREFUSED (111)"), "{text}");
}

#[test]
fn an_http_answer_is_judged_and_no_secret_is_shown() {
    let good = serve(13, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let bad = serve(14, "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(output(&["check", &http(good)]).status.code(), Some(0));
    let output = output(&["check", &http(bad)]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("unexpected status code (600)"), "{text}");
    assert!(text.contains("HTTP status 503"), "{text}");
    assert!(!text.contains("hidden"), "{text}");
}

#[test]
fn a_warning_has_a_code_of_its_own() {
    let busy = serve(15, "HTTP/1.1 429 Later\r\ncontent-length: 0\r\n\r\n");
    let output = output(&["check", "--json", &http(busy)]);
    let result: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!((output.status.code(), &result["outcome"]), (Some(1), &"warn".into()));
}

#[test]
fn a_fault_of_this_side_has_a_code_of_its_own() {
    let broadcast = "255.255.255.255:9".parse().expect("an address");
    let output = output(&["check", &tcp(broadcast)]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(stdout(&output).starts_with("LOCAL"), "{}", stdout(&output));
}

#[test]
fn silence_until_the_deadline_is_a_failure() {
    let (listener, address) = listener(16);
    let document = http(address).replace("\"name\"", "\"timeout\": \"50ms\", \"name\"");
    let output = output(&["check", "--json", &document]);
    let result: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!((output.status.code(), &result["outcome"]), (Some(2), &"timeout".into()));
    drop(listener);
}

#[test]
fn json_names_everything() {
    let output = output_of(&["check", "--json", "-"], &tcp(closed(17)));
    let result: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(result["outcome"], "fail");
    assert_eq!(result["reason"], 200);
    assert_eq!(result["detail_name"], "ECONNREFUSED");
    assert_eq!(result["value"], Value::Null);
    assert!(result["phases"]["connect_ms"].as_f64().expect("a number") > 0.0, "{result:#}");
}

#[test]
fn a_wrong_document_is_refused_with_key_value_and_what_is_allowed() {
    for (document, said) in [
        (r#"{"name": "a", "tcp": {"address": "h"}}"#, "/tcp/address: \"h\" has no port; allowed: "),
        (r#"{"name": "a", "cpu": {"threshold": 7}}"#, "/cpu/threshold: 7 is not accepted; allowed"),
        (r#"{"name": "a", "tpc": {}}"#, "/tpc: is not a known key; allowed: "),
        (r#"{"name": "a", "external": {}}"#, "external is run by the host program"),
        ("{", "EOF"),
    ] {
        let output = output(&["check", document]);
        assert_eq!(output.status.code(), Some(64), "{document}");
        assert!(stderr(&output).contains(said), "{document}: {}", stderr(&output));
    }
}

#[test]
fn a_program_is_run_only_when_that_is_allowed() {
    let document = r#"{"name": "ready", "exec": {"command": ["/bin/true"]}}"#;
    let refused = output(&["check", document]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(stderr(&refused).contains("/exec: "), "{}", stderr(&refused));
    let allowed = output(&["check", "--allow-exec", document]);
    assert_eq!(allowed.status.code(), Some(0), "{}", stderr(&allowed));
}
