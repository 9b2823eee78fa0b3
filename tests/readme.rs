//! What the README and docs/documents.md claim: programs that are taken out and run, tables that
//! have every line, code and documents that are accepted. The suites of Go and Python take out and
//! run theirs.

#[path = "support/mod.rs"]
mod support;

use meshvitals::model::signal::Signal;
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

/// Where the programs of the README find their database.
const ADDRESS: &str = "127.0.0.1:5432";

/// The first program of a language, as the README shows it.
#[track_caller]
fn program(language: &str) -> String {
    let readme = read("README.md");
    let program = blocks(&readme, language)[0];
    assert_eq!(program.matches(ADDRESS).count(), 1, "{language}");
    format!("{program}\n")
}

/// Builds the program of a language with somebody else's address, and watches that until it is
/// closed.
#[track_caller]
fn expect_watch(language: &str, build: impl Fn(&Path) -> PathBuf) {
    let listener = TcpListener::bind("127.77.1.3:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let source = program(language).replace(ADDRESS, &address);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readme.{language}"));
    fs::write(&file, source).expect("the directory for temporary files can be written");
    let child = Command::new(build(&file)).stdout(Stdio::piped()).spawn();
    let child = child.expect("the program starts");
    // The first connection is that of the check; from then on the port is closed.
    listener.accept().expect("a connection");
    drop(listener);
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{language}: {text}");
    assert!(text.contains("db: UNKNOWN -> HEALTHY (none)\n"), "{language}: {text}");
}

fn compile(compiler: &[&str], file: &Path) -> PathBuf {
    let name = format!("readme_{}", compiler[0].replace('+', "p"));
    support::compile(compiler, file.to_str().expect("UTF-8"), &name)
}

#[test]
fn the_program_in_c_is_the_one_that_runs() {
    expect_watch("c", |file| compile(&["cc", "-std=c99", "-pedantic"], file));
}

#[test]
fn the_program_in_cpp_is_the_one_that_runs() {
    let binding = root().join("bindings/cpp").display().to_string();
    let flags = ["c++", "-std=c++17", "-pedantic", "-x", "c++", "-I", &binding];
    expect_watch("cpp", |file| compile(&flags, file));
}

#[test]
fn the_program_in_rust_is_the_one_that_runs() {
    let test = std::env::current_exe().expect("the path of this test");
    let built = test.parent().expect("the directory of the build");
    // It has no hash in its name because it is a shared library as well.
    let library = built.join("libmeshvitals.rlib");
    expect_watch("rust", |file| {
        let program = file.with_extension("program");
        let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
        compiler.args(["--edition=2024", "-Dwarnings", "--extern"]);
        compiler.arg(format!("meshvitals={}", library.display()));
        compiler.arg("-L").arg(format!("dependency={}", built.display()));
        compiler.arg(file).arg("-o").arg(&program);
        support::outcome(compiler).unwrap_or_else(|report| panic!("{report}"));
        program
    });
}

#[test]
fn the_programs_are_short_and_say_the_same() {
    for language in ["rust", "c", "cpp", "go", "python"] {
        let program = program(language);
        let lines = program.lines().count();
        assert!(lines < 40, "{language}: {lines} lines");
        for part in ["0.95", "CPU, memory and disk are watched", "where requests are routed", "db"]
        {
            assert!(program.contains(part), "{language}: {part}");
        }
    }
}

#[test]
fn what_the_readme_shows_of_own_checks_is_the_example() {
    let readme = read("README.md");
    let [_, custom] = blocks(&readme, "rust")[..] else { panic!("two programs in Rust") };
    assert!(read("examples/custom.rs").contains(custom));
    for language in ["c", "cpp", "go", "python"] {
        assert_eq!(blocks(&readme, language).len(), 1, "a block that nobody runs: {language}");
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
fn every_document_key_is_explained_where_it_belongs() {
    let text = read("docs/documents.md");
    let schema: Value = serde_json::from_str(&read("docs/schema.json")).expect("JSON");
    let mut count = 0;
    for (definition, heading) in [
        ("check", "## Check"),
        ("tcp", "### TCP"),
        ("tls", "### TLS"),
        ("http", "### HTTP"),
        ("expect", "### Expect"),
        ("step", "### Step"),
        ("basic", "### Basic"),
        ("redirects", "### Redirects"),
        ("grpc", "### gRPC"),
        ("redis", "### Redis"),
        ("postgres", "### PostgreSQL"),
        ("mysql", "### MySQL"),
        ("memcached", "### Memcached"),
        ("nats", "### NATS"),
        ("mqtt", "### MQTT"),
        ("amqp", "### AMQP"),
        ("smtp", "### SMTP"),
        ("udp", "### UDP"),
        ("dns", "### DNS"),
        ("exec", "### Exec"),
        ("level", "### Level"),
        ("disk", "### Disk"),
        ("signal", "### Signals"),
        ("heartbeat", "### Heartbeat"),
        ("monitor", "## Monitor"),
        ("defaults", "### Defaults"),
    ] {
        let keys = schema["$defs"][definition]["properties"].as_object().expect("an object");
        // The signals have a table of their own, which is made from the code.
        let is_signal = |key: &&str| definition == "check" && Signal::of(key).is_some();
        let mut known: Vec<&str> = keys.keys().map(String::as_str).collect();
        let all = known.len();
        known.retain(|key| !is_signal(key));
        known.sort_unstable();
        let mut told = first_cells(&text, heading);
        told.sort_unstable();
        assert_eq!(told, known, "{heading} of docs/documents.md");
        count += all;
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
