//! What the README and docs/documents.md claim: examples that are the files that run, tables that
//! have every line, code and documents that are accepted.

use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The fenced blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("\n```{language}\n");
    text.split(&opening).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// The first cells of the tables between a heading and the next, without their backticks.
fn first_cells(text: &str, heading: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| *line != heading).skip(1);
    let section = lines.take_while(|line| !line.starts_with('#'));
    section
        .filter_map(|line| line.strip_prefix("| `")?.split(" |").next())
        .flat_map(|cell| cell.split([' ', '`']).filter(|word| !word.is_empty()))
        .map(str::to_owned)
        .collect()
}

/// Where the examples are built, beside the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let built = test.parent().and_then(Path::parent).expect("the directory of the build");
    built.join("examples").join(name)
}

#[test]
fn the_examples_of_the_readme_are_the_files_that_are_built() {
    let readme = read("README.md");
    for (language, files) in [
        ("rust", &["examples/watch.rs", "examples/custom.rs"][..]),
        ("c", &["examples/watch.c"]),
        ("cpp", &["examples/watch.cpp"]),
        ("python", &["examples/watch.py"]),
    ] {
        let blocks = blocks(&readme, language);
        assert_eq!(blocks.len(), files.len(), "{language}");
        for (block, file) in blocks.iter().zip(files) {
            let source = read(file);
            assert!(source.contains(block), "{file} is not what the README shows:\n{block}");
            assert!(block.contains("main("), "{file}");
        }
    }
}

#[test]
fn the_readme_lists_every_example_in_c_and_cpp() {
    let readme = read("README.md");
    let mut count = 0;
    for directory in ["", "c/", "cpp/"] {
        let entries = fs::read_dir(root().join("examples").join(directory)).expect("examples");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        for name in names.map(|name| name.into_string().expect("UTF-8")) {
            if name.ends_with(".c") || name.ends_with(".cpp") {
                let listed = readme.contains(&format!("| `{directory}{name}`"));
                assert!(listed, "{directory}{name}");
                count += 1;
            }
        }
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn the_example_watches_a_port_until_it_is_down() {
    let listener = TcpListener::bind("127.77.1.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let child = Command::new(example("watch"))
        .arg(address.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the example, which cargo builds with the tests");
    // The first connection is that of the check; from then on the port is closed.
    listener.accept().expect("a connection");
    drop(listener);
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{text}");
    assert!(text.contains("db: UNKNOWN -> HEALTHY"), "{text}");
    // The loop may see the status before it has fetched the event that tells of it.
    assert!(text.ends_with("ready: false\n"), "{text}");
}

#[test]
fn the_example_of_own_checks_ends_when_all_are_healthy() {
    let output = Command::new(example("custom")).output().expect("the example");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{text}");
    assert!(text.contains("jobs: HEALTHY") && !text.contains("UNHEALTHY"), "{text}");
}

#[test]
fn the_c_example_uses_the_names_of_the_header() {
    let example = read("examples/watch.c");
    for name in ["MESHVITALS_KIND_STATUS", "MESHVITALS_STATUS_UNHEALTHY"] {
        assert!(example.contains(name), "{name}");
    }
}

#[test]
fn every_document_key_is_explained_where_it_belongs() {
    let text = read("docs/documents.md");
    let schema: Value = serde_json::from_str(&read("docs/schema.json")).expect("JSON");
    let mut count = 0;
    for (definition, heading) in [
        ("check", "## Check"),
        ("tcp", "### TCP"),
        ("http", "### HTTP"),
        ("expect", "### Expect"),
        ("level", "### Level"),
        ("disk", "### Disk"),
        ("heartbeat", "### Heartbeat"),
        ("monitor", "## Monitor"),
        ("defaults", "### Defaults"),
    ] {
        let keys = schema["$defs"][definition]["properties"].as_object().expect("an object");
        let mut known: Vec<&str> = keys.keys().map(String::as_str).collect();
        known.sort_unstable();
        let mut told = first_cells(&text, heading);
        told.sort_unstable();
        assert_eq!(told, known, "{heading} of docs/documents.md");
        count += known.len();
    }
    // A definition that is new must have its section.
    let definitions = schema["$defs"].as_object().expect("definitions");
    let all: usize = definitions
        .values()
        .map(|definition| definition["properties"].as_object().map_or(0, |keys| keys.len()))
        .sum();
    assert_eq!(count, all);
}

#[test]
fn defaults_are_what_the_page_says() {
    use meshvitals::model::document::{Defaults, parse_check, parse_monitor};
    let check = |document: &str| parse_check(document, &Defaults::default()).expect("a check");
    let silent = check(r#"{"name": "a", "tcp": {"address": "127.0.0.1:1"}}"#);
    let said = check(
        r#"{"name": "a", "tcp": {"address": "127.0.0.1:1", "connect": "full"},
            "interval": "15s", "timeout": "5s", "confirm_interval": "700ms",
            "failure_threshold": 3, "success_threshold": 2, "degraded_threshold": 2,
            "first_result_decides": "pass", "start_grace": 0, "linger": 0, "max_in_flight": 1,
            "critical": true, "role": "gate", "degraded_is_failure": false, "tags": [],
            "depends_on": [], "cookie": 0, "jitter": 0.1, "policy": "thresholds"}"#,
    );
    assert_eq!(silent, said);
    let silent = check(r#"{"name": "a", "http": {"url": "http://h.example/"}}"#);
    let said = check(
        r#"{"name": "a", "http": {"url": "http://h.example:80", "method": "GET", "headers": {},
            "body": "", "host": "h.example", "address": "h.example:80",
            "expect": {"status": ["200-299"], "body_limit": 16384}}}"#,
    );
    assert_eq!(silent, said);
    let said = parse_monitor(Some(
        r#"{"system_checks": true, "cpu_threshold": 0.9, "memory_threshold": 0.9,
            "disk_threshold": 0.9, "disk_paths": ["/"], "policy": "thresholds", "jitter": 0.1,
            "slack": "10ms", "max_runs": 64, "max_handshakes": 16, "allow_exec": false,
            "stop_timeout": "2s", "all_down_means": "unknown", "clock": "system",
            "defaults": {}, "checks": []}"#,
    ));
    assert_eq!(parse_monitor(None), said);
}

#[test]
fn the_tables_of_the_bindings_list_exactly_their_dependencies() {
    for (heading, manifest) in [
        ("### Of the command", "bindings/cli/Cargo.toml"),
        ("### Of the Python package", "bindings/python/Cargo.toml"),
    ] {
        let manifest = read(manifest);
        let section = manifest.split("[dependencies]\n").nth(1).expect("dependencies");
        let lines = section.lines().take_while(|line| !line.starts_with('['));
        let mut used: Vec<&str> =
            lines.filter_map(|line| line.split_once(" =")).map(|(name, _)| name).collect();
        used.retain(|name| *name != "meshvitals");
        assert!(!used.is_empty());
        assert_eq!(first_cells(&read("README.md"), heading), used, "{heading}");
    }
}
