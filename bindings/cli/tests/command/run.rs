//! `meshvitals run` as it is used: once, in a pipe, with a file.

use super::support::{
    Watch, closed, ended, listener, meshvitals, output, output_of, stderr, stdout,
};
use rustix::process::Signal;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

/// The exit code of `run --once` with this configuration on stdin.
fn code_of(config: &str) -> Option<i32> {
    output_of(&["run", "--once", "--config", "-"], config).status.code()
}

/// The path of a file with this text.
fn file(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

/// A configuration with one check.
fn one(check: &str) -> String {
    format!(r#"{{"system_checks": false, "checks": [{{"name": "one", {check}}}]}}"#)
}

fn tcp(address: SocketAddr) -> String {
    format!(r#""tcp": {{"address": "{address}"}}, "confirm_interval": "10ms""#)
}

#[test]
fn the_default_watches_the_machine_and_what_listens_on_it() {
    let (_listener, address) = listener(1);
    let output = output(&["run", "--once", "--json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).expect("one JSON object");
    let status = |name: &str| {
        let checks = report["checks"].as_array().expect("checks");
        let check = checks.iter().find(|check| check["name"] == name);
        check.map(|check| check["status"].as_str().expect("a word").to_owned())
    };
    for name in ["system.cpu", "system.memory", "system.disk"] {
        let known = status(name).is_some_and(|status| status != "unknown");
        assert!(known, "{name} in {report:#}");
    }
    assert_eq!(status(&format!("tcp:{address}")).as_deref(), Some("healthy"));
    let code = output.status.code().expect("a code") as usize;
    assert_eq!(report["status"], ["healthy", "degraded", "unhealthy", "unknown"][code]);
}

#[test]
fn the_exit_code_of_once_is_the_overall_status() {
    let (_listener, open) = listener(2);
    assert_eq!(code_of(&one(&tcp(open))), Some(0));
    let down = tcp(closed(2));
    assert_eq!(code_of(&one(&format!(r#"{down}, "critical": false"#))), Some(1));
    assert_eq!(code_of(&one(&down)), Some(2));
    // To that address leads no route: a local fault, which says nothing about a target.
    assert_eq!(code_of(&one(r#""tcp": {"address": "255.255.255.255:1"}"#)), Some(3));
}

#[test]
fn once_prints_a_table_with_a_row_for_each_check() {
    let config = one(&tcp(closed(3)));
    let output = output_of(&["run", "--once", "--config", "-"], &config);
    let text = stdout(&output);
    let row = text.lines().find(|line| line.contains("one")).expect("a row");
    assert!(row.starts_with("UNHEALTHY  one") && row.contains("connection refused"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn a_port_that_closes_and_opens_again_is_told_once_each() {
    let (listener, address) = listener(4);
    let name = format!(" tcp:{address} ");
    let mut watch = Watch::start(&["run"]);
    let first = watch.expect_line(&["watching"]);
    assert!(first.contains(&format!("tcp:{address}")), "{first}");
    watch.expect_line(&[" HEALTHY", &name, "(was UNKNOWN)"]);
    drop(listener);
    let down = watch.expect_line(&[" UNHEALTHY", &name, "(was HEALTHY)"]);
    assert!(down.contains("connection refused"), "{down}");
    let _again = TcpListener::bind(address).expect("the same port");
    watch.expect_line(&[" HEALTHY", &name, "(was UNHEALTHY)"]);
    assert_eq!(watch.end(Signal::INT).code(), Some(0));
    let told: Vec<&String> = watch.seen.iter().filter(|line| line.contains(&name)).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
}

#[test]
fn a_port_that_begins_to_listen_is_added() {
    let mut watch = Watch::start(&["run", "--json"]);
    watch.expect_line(&["\"started\""]);
    let (_listener, address) = listener(5);
    let name = format!("\"tcp:{address}\"");
    let added: Value =
        serde_json::from_str(&watch.expect_line(&[&name, "registered"])).expect("JSON");
    assert_eq!(added["kind"], "registered");
    let healthy: Value =
        serde_json::from_str(&watch.expect_line(&[&name, "\"status\""])).expect("JSON");
    assert_eq!((&healthy["previous"], &healthy["status"]), (&"unknown".into(), &"healthy".into()));
    assert_eq!(watch.end(Signal::TERM).code(), Some(0));
}

#[test]
fn a_reader_that_goes_away_ends_the_command_also_when_there_is_nothing_to_write() {
    let path = file("quiet.json", r#"{"system_checks": false}"#);
    let mut command = meshvitals(&["run", "--config", &path]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the command runs");
    let pipe = BufReader::new(child.stdout.take().expect("a pipe"));
    // The only event that such a monitor has; dropping the pipe then finds it silent.
    let told = pipe.lines().map_while(Result::ok).find(|line| line.contains(" HEALTHY "));
    assert!(told.is_some_and(|line| line.contains("meshvitals.self")));
    assert_eq!(ended(&mut child).code(), Some(0));
}

#[test]
fn a_reader_that_hangs_up_a_socket_ends_the_command_too() {
    let path = file("quiet-socket.json", r#"{"system_checks": false}"#);
    let (ours, theirs) = UnixStream::pair().expect("a socket");
    let mut command = meshvitals(&["run", "--config", &path]);
    let mut child = command.stdout(OwnedFd::from(theirs)).spawn().expect("the command runs");
    // It keeps the other end open.
    drop(command);
    let told = BufReader::new(ours).lines().map_while(Result::ok);
    assert!(told.take(2).last().is_some_and(|line| line.contains("meshvitals.self")));
    assert_eq!(ended(&mut child).code(), Some(0));
}

#[test]
fn a_stdout_that_is_closed_is_an_error_unless_the_exit_code_says_it_all() {
    let closed = |args: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec \"$0\" run {args} >&-")]);
        shell.arg(env!("CARGO_BIN_EXE_meshvitals")).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = shell.spawn().expect("the shell runs");
        let code = ended(&mut child).code();
        let mut told = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut told).expect("UTF-8");
        (code, told)
    };
    let path = file("closed.json", r#"{"system_checks": false}"#);
    let (code, told) = closed(&format!("--config {path}"));
    assert_eq!(code, Some(70), "{told}");
    assert!(told.starts_with("meshvitals: stdout: it is closed"), "{told}");
    let (code, told) = closed(&format!("--once --config {path}"));
    assert_eq!((code, &*told), (Some(0), ""));
}

#[test]
fn a_group_is_told_from_a_check_of_its_name() {
    let check = format!(r#"{{"name": "overall", {}, "interval": "50ms"}}"#, tcp(closed(7)));
    let path = file("same.json", &format!(r#"{{"system_checks": false, "checks": [{check}]}}"#));
    let mut watch = Watch::start(&["run", "--config", &path]);
    watch.expect_line(&["Z UNHEALTHY overall "]);
    watch.expect_line(&["Z GROUP UNHEALTHY overall "]);
    watch.end(Signal::INT);
    let mut watch = Watch::start(&["run", "--json", "--config", &path]);
    for subject in ["check", "group"] {
        let line = watch.expect_line(&[r#""name":"overall","status":"unhealthy""#]);
        let told: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(told["subject"], subject, "{line}");
    }
    watch.end(Signal::INT);
}

#[test]
fn toml_and_json_files_are_read_and_their_errors_name_file_and_key() {
    let (_listener, address) = listener(6);
    let good = file(
        "good.toml",
        &format!(
            "system_checks = false\n[[checks]]\nname = \"one\"\ntcp.address = \"{address}\"\n"
        ),
    );
    assert_eq!(output(&["run", "--once", "--config", &good]).status.code(), Some(0));
    for (name, text, said) in [
        ("a.toml", "[[checks]]\nname = \"a\"\ntcp.address = \"h\"\n", "/checks/0/tcp/address: "),
        ("b.json", r#"{"cpu_threshold": 80}"#, "/cpu_threshold: 80 is not accepted; allowed: "),
        ("c.json", r#"{"chekcs": []}"#, "/chekcs: "),
        ("d.toml", "checks = [", "line 1"),
        ("e.json", "{", "EOF"),
        ("f.json", r#"{"clock": "manual"}"#, "/clock: "),
        ("g.json", &one(r#""external": {}"#), "/checks/0/external: \"one\" gets its results from"),
        ("h.json", &one(r#""callback": {}"#), "/checks/0/callback: \"one\" gets its results from"),
        ("i.json", &one(r#""heartbeat": {"ttl": "1s"}"#), "allowed: every probe but heartbeat, "),
    ] {
        let path = file(name, text);
        let output = output(&["run", "--once", "--config", &path]);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(64), "{name}: {told}");
        assert!(told.contains(name) && told.contains(said), "{name}: {told}");
        assert_eq!(stdout(&output), "");
    }
    let missing = output(&["run", "--config", "/nowhere/checks.toml"]);
    assert_eq!(missing.status.code(), Some(64));
    assert!(stderr(&missing).contains("/nowhere/checks.toml: "), "{}", stderr(&missing));
}

#[test]
fn an_interval_is_judged_like_that_of_a_document() {
    let output = output(&["run", "--once", "--interval", "5"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("--interval: "), "{}", stderr(&output));
}

#[test]
fn the_example_configuration_shows_every_probe_and_runs() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let path = format!("{root}/examples/config.toml");
    let config = std::fs::read_to_string(&path).expect("the example");
    let schema = std::fs::read_to_string(format!("{root}/docs/schema.json")).expect("the schema");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let check = &schema["$defs"]["check"];
    let mut probes = 0;
    for one in check["oneOf"].as_array().expect("the probes") {
        let key = one["required"][0].as_str().expect("a key");
        let is_signal = check["properties"][key]["$ref"] == "#/$defs/signal";
        // Those need a program that answers.
        if is_signal || ["callback", "external", "heartbeat"].contains(&key) {
            continue;
        }
        let shown = config.lines().any(|line| {
            line.starts_with(&format!("{key} = ")) || line == format!("[checks.{key}]")
        });
        assert!(shown, "examples/config.toml does not show {key}");
        probes += 1;
    }
    assert!(probes > 15, "{probes} probes were found");
    let output = output_of(&["run", "--once", "--config", &path], "");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{text}");
    let names = config.lines().filter_map(|line| line.strip_prefix("name = \""));
    for name in names {
        let name = name.trim_end_matches('"');
        let row = text.lines().find(|line| line.contains(&format!(" {name} ")));
        let row = row.unwrap_or_else(|| panic!("{name} is not told:\n{text}"));
        assert!(!row.starts_with("UNKNOWN"), "{row}");
    }
}
