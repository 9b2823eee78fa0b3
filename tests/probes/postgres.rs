//! The probe `postgres` against PostgreSQL.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use meshvitals::model::{Outcome, Reason, RunResult};

use super::certificates::{self, Files};
use super::peer::{answers, expect_faults, outlive, peer};
use super::server::{Directory, Server, account, free_port, probe, probe_until, probe_within};
use super::server::{done, program};

const READY: &str = "database system is ready to accept";

/// Users by the way in which they log in, on the socket and on the port.
const WAYS: &str = "\
local all clear password
local all all trust
host all trusty 127.0.0.1/32 trust
host all clear 127.0.0.1/32 password
host all hashed 127.0.0.1/32 md5
host all denied 127.0.0.1/32 reject
host replication postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
";

const USERS: &str = "\
CREATE ROLE trusty LOGIN; CREATE ROLE denied LOGIN;
CREATE ROLE crowded LOGIN PASSWORD 'hunter2' CONNECTION LIMIT 0;
CREATE ROLE scram LOGIN PASSWORD 'hunter2'; CREATE ROLE clear LOGIN PASSWORD 'hunter2';
CREATE DATABASE closed; REVOKE CONNECT ON DATABASE closed FROM PUBLIC;
SET password_encryption = 'md5'; CREATE ROLE hashed LOGIN PASSWORD 'hunter2';";

/// A server, and where it is.
pub struct Postgres {
    server: Server,
    pub port: u16,
    pub directory: Directory,
    files: Files,
}

/// A program of the package; where this process may do anything it runs as another user, because
/// the server refuses to be it.
fn tool(name: &str) -> Option<Command> {
    let places: Vec<String> =
        ["17", "16", "15"].map(|v| format!("/usr/lib/postgresql/{v}/bin/{name}")).into();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    Some(as_server(&program(&places)?))
}

/// A program that runs as the server does.
pub fn as_server(program: &Path) -> Command {
    let mut command = Command::new(program);
    if rustix::process::getuid().is_root() {
        let (user, group) = account("postgres");
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}

/// Gives a file or directory to the user of the server, and to nobody else.
pub fn hand_over(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    if rustix::process::getuid().is_root() {
        let (user, group) = account("postgres");
        chown(path, Some(user), Some(group)).unwrap();
    }
}

fn serve(data: &Path, port: u16, sockets: &Path, options: &[&str]) -> Option<Command> {
    let mut command = tool("postgres")?;
    command.arg("-D").arg(data).args(["-p", &port.to_string(), "-k"]).arg(sockets);
    let settings = ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=20"];
    for setting in settings.iter().chain(options) {
        command.args(["-c", setting]);
    }
    Some(command)
}

impl Postgres {
    pub fn start() -> Option<Postgres> {
        let directory = Directory::new();
        hand_over(directory.path(), 0o755);
        let data = directory.path().join("data");
        let mut init = tool("initdb")?;
        init.arg("-D").arg(&data).args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
        ]);
        done(init.args(["--locale", "C"]));
        std::fs::write(data.join("pg_hba.conf"), WAYS).unwrap();
        let files = certificates::make(directory.path());
        hand_over(&files.key, 0o600);
        let certificate = format!("ssl_cert_file={}", files.certificate.display());
        let key = format!("ssl_key_file={}", files.key.display());
        let port = free_port();
        let options = ["ssl=on", &certificate, &key];
        let server = Server::start(serve(&data, port, directory.path(), &options)?, READY);
        let postgres = Postgres { server, port, directory, files };
        postgres.sql(port, USERS);
        Some(postgres)
    }

    /// A replica of it, not started yet.
    fn replicate(&self, name: &str) -> PathBuf {
        let data = self.directory.path().join(name);
        let mut backup = tool("pg_basebackup").unwrap();
        backup.args(["-h", "127.0.0.1", "-U", "postgres", "-R", "--no-sync", "-c", "fast"]);
        done(backup.args(["-p", &self.port.to_string(), "-D"]).arg(&data));
        data
    }

    /// Runs statements on the server of this port, or its replica.
    fn sql(&self, port: u16, statements: &str) {
        let mut psql = tool("psql").unwrap();
        psql.arg("-h").arg(self.directory.path()).args(["-p", &port.to_string(), "-U", "postgres"]);
        for statement in statements.split_inclusive(';') {
            psql.args(["-c", statement]);
        }
        done(psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]));
    }
}

fn at(port: u16, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { ", " };
    format!(r#"{{"address": "127.0.0.1:{port}"{comma}{more}}}"#)
}

#[track_caller]
pub fn expect(port: u16, more: &str, outcome: Outcome, reason: Reason, words: &str) -> RunResult {
    let result = probe("postgres", &at(port, more));
    assert_eq!((result.outcome, result.reason), (outcome, reason), "{more}: {result:?}");
    let message = result.message.as_str();
    assert!(message.contains(words), "{more}: {result:?}");
    assert!(!message.contains("hunter2") && !message.contains("nonsense"), "{result:?}");
    result
}

#[test]
fn every_way_to_log_in_is_gone_and_the_server_has_nothing_to_say_against_it() {
    let Some(postgres) = Postgres::start() else { return };
    let port = postgres.port;
    let pass = |more: &str| expect(port, more, Outcome::Pass, Reason::NONE, "");
    let fail = |more: &str, reason, words: &str| expect(port, more, Outcome::Fail, reason, words);
    let alive = expect(port, "", Outcome::Pass, Reason::NONE, "startup: alive, and wants a login");
    assert!(alive.phases.first_byte_ns > 0);
    let database = r#""database": "postgres""#;
    let user = |name: &str, password: &str| match password {
        "" => format!(r#""user": "{name}", {database}"#),
        _ => format!(r#""user": "{name}", "password": "{password}", {database}"#),
    };
    let tls = format!(r#", "tls": {{"ca_file": "{}"}}"#, postgres.files.ca.display());
    for name in ["scram", "hashed"] {
        pass(&user(name, "hunter2"));
        pass(&(user(name, "hunter2") + &tls));
    }
    pass(&user("trusty", ""));
    let result = pass(&(user("clear", "hunter2") + &tls));
    assert!(result.value > 0.0, "the time of the certificate: {result:?}");
    let socket = postgres.directory.path().join(format!(".s.PGSQL.{port}"));
    let by_socket =
        format!(r#"{{"address": "unix:{}", {}}}"#, socket.display(), user("clear", "hunter2"));
    assert_eq!(probe("postgres", &by_socket).outcome, Outcome::Pass);
    pass(&(user("scram", "hunter2") + r#", "query": "SELECT pg_is_in_recovery()""#));
    pass(&(user("scram", "hunter2") + r#", "role": "primary", "read_only": false"#));
    pass(&(user("scram", "hunter2") + r#", "max_lag": "1s""#));

    let wants = Reason::MATCH_CREDENTIALS;
    fail(&user("clear", "hunter2"), wants, "login: the server wants the password in the clear");
    fail(&user("scram", ""), wants, "startup: the server wants a password");
    let said = postgres.server.end();
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| {
            ["FATAL", "ERROR", "could not", "unexpected"].iter().any(|w| line.contains(w))
        })
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    fail("", Reason::CONNECT_REFUSED, "connect to 127.0.0.1");
}

#[test]
fn whatever_the_server_refuses_has_its_reason() {
    let Some(postgres) = Postgres::start() else { return };
    let port = postgres.port;
    let fail = |more: &str, reason, words: &str| expect(port, more, Outcome::Fail, reason, words);
    let wrong = |name: &str| format!(r#""user": "{name}", "password": "hunter3""#);
    let right = |more: &str| {
        format!(r#""user": "scram", "password": "hunter2", "database": "postgres", {more}"#)
    };
    let credentials = Reason::MATCH_CREDENTIALS;
    for name in ["scram", "hashed", "nobody"] {
        fail(&wrong(name), credentials, "login: \"password authentication failed");
    }
    fail(&wrong("denied"), credentials, "startup: \"pg_hba.conf rejects");
    let login = r#""user": "scram", "password": "hunter2", "database""#;
    fail(&format!(r#"{login}: "none""#), Reason::MATCH_ERROR, "does not exist\" (3D000)");
    fail(&format!(r#"{login}: "closed""#), credentials, "permission denied");
    let crowded = r#""user": "crowded", "password": "hunter2", "database": "postgres""#;
    fail(crowded, Reason::MATCH_NOT_READY, "too many connections");
    let nonsense = right(r#""query": "SELECT nonsense""#);
    fail(&nonsense, Reason::MATCH_ERROR, "query: the query came to \"42703\"");
    let copy = right(r#""query": "COPY pg_class TO STDOUT""#);
    fail(&copy, Reason::MATCH_ANSWER, "query: a query that copies");
    let long = right(r#""query": "SELECT repeat('x', 100000)""#);
    fail(&long, Reason::RECEIVE_TOO_LARGE, "query: ");
    fail(&right(r#""role": "replica""#), Reason::MATCH_ROLE, "state: is a primary");
    fail(&right(r#""read_only": true"#), Reason::MATCH_ROLE, "state: takes writes");
    postgres.sql(port, "ALTER ROLE scram SET default_transaction_read_only = on;");
    fail(&right(r#""read_only": false"#), Reason::MATCH_ROLE, "state: is read-only");
    fail(r#""tls": {}"#, Reason::TLS_UNTRUSTED, "SSLRequest: ");
    postgres.sql(port, "ALTER SYSTEM SET ssl = off; SELECT pg_reload_conf();");
    // Settings of the command line win over those of the file, so another server is started.
    drop(postgres.server);
    let data = postgres.directory.path().join("data");
    let _plain = Server::start(serve(&data, port, postgres.directory.path(), &[]).unwrap(), READY);
    fail(r#""tls": {}"#, Reason::TLS_NOT_OFFERED, "SSLRequest: ");
}

#[test]
fn a_replica_is_judged_by_its_role_and_its_lag() {
    let Some(postgres) = Postgres::start() else { return };
    let (data, port) = (postgres.replicate("replica"), free_port());
    let sockets = postgres.directory.path();
    let replica = Server::start(serve(&data, port, sockets, &[]).unwrap(), READY);
    let login = r#""user": "scram", "password": "hunter2", "database": "postgres""#;
    let asked = |more: &str| at(port, &format!("{login}, {more}"));
    let lag = asked(r#""role": "replica", "read_only": true, "max_lag": "1ms""#);
    let result = probe_until("postgres", &lag, |result| result.outcome == Outcome::Pass);
    assert_eq!(result.value, 0.0, "{result:?}");
    let primary = format!(r#"{login}, "role": "primary""#);
    expect(port, &primary, Outcome::Fail, Reason::MATCH_ROLE, "state: is a replica");

    let late = |result: &RunResult| result.reason == Reason::MATCH_VALUE;
    // The first time no transaction was replayed yet whose age could be told.
    for (change, reason) in [
        ("CREATE TABLE news (a int);", Reason::MATCH_NOT_READY),
        ("INSERT INTO news VALUES (1);", Reason::MATCH_VALUE),
    ] {
        postgres.sql(port, "SELECT pg_wal_replay_pause();");
        // Whoever replays takes note of that when it next looks.
        let paused = "SELECT 1 / (pg_get_wal_replay_pause_state() = 'paused')::int";
        let paused = asked(&format!(r#""query": "{paused}""#));
        probe_until("postgres", &paused, |result| result.outcome == Outcome::Pass);
        postgres.sql(postgres.port, change);
        let result = probe_until("postgres", &lag, |result| result.reason == reason);
        assert_eq!(result.outcome, Outcome::Fail, "{result:?}");
        if late(&result) {
            assert!(result.value > 0.001, "{result:?}");
            assert!(result.message.as_str().contains("state: lies"), "{result:?}");
            let patient = asked(r#""max_lag": "1h""#);
            assert_eq!(probe("postgres", &patient).outcome, Outcome::Pass);
        }
        postgres.sql(port, "SELECT pg_wal_replay_resume();");
        probe_until("postgres", &lag, |result| result.outcome == Outcome::Pass);
    }

    // Everything that was received is replayed, but nothing is received any more.
    drop(postgres.server);
    probe_until("postgres", &lag, late);
    drop(replica);
}

#[test]
fn a_server_that_does_not_take_connections_yet_is_not_ready() {
    let Some(postgres) = Postgres::start() else { return };
    let (data, port) = (postgres.replicate("cold"), free_port());
    let cold = serve(&data, port, postgres.directory.path(), &["hot_standby=off"]).unwrap();
    let _server = Server::start(cold, "starting PostgreSQL");
    let result =
        probe_until("postgres", &at(port, ""), |result| result.reason != Reason::CONNECT_REFUSED);
    assert_eq!((result.outcome, result.reason), (Outcome::Fail, Reason::MATCH_NOT_READY));
    assert!(result.message.as_str().contains("startup: "), "{result:?}");
    assert!(result.message.as_str().contains("(57P03)"), "{result:?}");
}

/// A message of a server.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &(body.len() as u32 + 4).to_be_bytes()[..], body].concat()
}

#[test]
fn every_way_to_go_wrong_is_told_with_its_step() {
    let ready = message(b'Z', b"I");
    let salt = message(b'R', b"\0\0\0\x05salt");
    let inside = [message(b'R', &[0; 4]), message(b'S', b"a\0b\0"), ready.clone()].concat();
    let row = b"\0\x03\0\0\0\x01f\0\0\0\x03off\xff\xff\xff\xff";
    let state = [message(b'T', b"\0\0"), message(b'D', row), ready.clone()].concat();
    let one = [message(b'D', b"\0\x01\0\0\0\x011"), message(b'C', b"SELECT 1\0"), ready].concat();
    let turns = [
        answers("startup", &salt),
        answers("login", &inside),
        answers("state", &state),
        answers("query", &one),
    ];
    let login = r#""user": "u", "password": "p", "role": "primary", "query": "SELECT 1""#;
    expect_faults("postgres", |port| at(port, login), b"<html>\r\n", &turns);
}

/// What a peer makes the probe say that sends these bytes when it is spoken to.
fn told(more: &str, bytes: &'static [u8]) -> RunResult {
    let (port, thread) = peer(move |mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(bytes);
        outlive(&mut stream);
    });
    let result = probe_within("postgres", &at(port, more), "300ms");
    thread.join().unwrap();
    result
}

#[test]
fn nobody_between_gets_a_word_in_before_the_handshake() {
    let tls = r#""tls": {}"#;
    let injected = told(tls, b"SR\0\0\0\x08\0\0\0\0");
    assert_eq!((injected.outcome, injected.reason), (Outcome::Fail, Reason::RECEIVE_MALFORMED));
    assert!(injected.message.as_str().contains("SSLRequest: "), "{injected:?}");
    for (bytes, reason) in [
        (&b""[..], Reason::RECEIVE_TIMEOUT),
        (b"?", Reason::RECEIVE_MALFORMED),
        (b"S", Reason::TLS_TIMEOUT),
        (b"E\0\0\0\x0cC53300\0\0", Reason::MATCH_NOT_READY),
        (b"Ecould not fork new process\n\0", Reason::MATCH_NOT_READY),
    ] {
        let result = told(tls, bytes);
        assert_eq!(result.reason, reason, "{bytes:?}: {result:?}");
        assert!(result.message.as_str().contains("SSLRequest: "), "{result:?}");
    }
}

#[test]
fn a_server_may_not_ask_for_endless_work_nor_skip_its_proof() {
    let login = r#""user": "u", "password": "p""#;
    for (bytes, reason, words) in [
        (
            &b"R\0\0\0\x08\0\0\0\x09"[..],
            Reason::MATCH_CREDENTIALS,
            "login: the server wants a login",
        ),
        (
            b"R\0\0\0\x0d\0\0\0\x0aPLA\0\0",
            Reason::MATCH_CREDENTIALS,
            "login: the server offers SASL",
        ),
        (b"Z\0\0\0\x05I", Reason::RECEIVE_MALFORMED, "startup: a message out of turn"),
        (b"R\0\0\0\x04", Reason::RECEIVE_MALFORMED, "startup: a request"),
    ] {
        let result = told(login, bytes);
        assert_eq!(result.reason, reason, "{bytes:?}: {result:?}");
        assert!(result.message.as_str().contains(words), "{bytes:?}: {result:?}");
    }
    let sasl = message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0");
    let challenge = |text: String| message(b'R', &[b"\0\0\0\x0b", text.as_bytes()].concat());
    for rounds in ["65537", "1"] {
        let sasl = sasl.clone();
        let (port, thread) = peer(move |mut stream| {
            let mut said = [0; 512];
            let _ = stream.read(&mut said);
            stream.write_all(&sasl).unwrap();
            let count = stream.read(&mut said).unwrap();
            let first = String::from_utf8_lossy(&said[..count]).into_owned();
            let nonce = first.split("r=").nth(1).unwrap();
            stream.write_all(&challenge(format!("r={nonce}x,s=AAAA,i={rounds}"))).unwrap();
            if rounds == "1" {
                let _ = stream.read(&mut said);
                stream.write_all(&message(b'R', b"\0\0\0\x0cv=AAAA")).unwrap();
            }
            outlive(&mut stream);
        });
        let words = match rounds {
            "1" => "login: the server does not know the password itself",
            _ => "login: the server wants 65537 rounds",
        };
        expect(port, login, Outcome::Fail, Reason::MATCH_CREDENTIALS, words);
        thread.join().unwrap();
    }
}
