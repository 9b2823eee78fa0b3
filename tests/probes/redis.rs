//! The probe `redis` against redis-server.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use meshvitals::model::{Outcome, Reason, RunResult};

use super::certificates;
use super::peer::{answers, expect_faults, outlive, peer};
use super::server::{Directory, Server, free_port, probe, probe_until, probe_within, program};

/// A server, and where it is.
struct Redis {
    server: Server,
    port: u16,
    directory: Directory,
}

impl Redis {
    fn command(directory: &Directory, port: u16, more: &[&str]) -> Option<Command> {
        let mut command = Command::new(program(&["/usr/bin/redis-server"])?);
        command.args(["--bind", "127.0.0.1", "--save", "", "--enable-debug-command", "yes"]);
        command.args(["--port", &port.to_string(), "--dir"]).arg(directory.path()).args(more);
        Some(command)
    }

    fn start(more: &[&str]) -> Option<Redis> {
        let (directory, port) = (Directory::new(), free_port());
        let command = Redis::command(&directory, port, more)?;
        let server = Server::start(command, "Ready to accept connections");
        Some(Redis { server, port, directory })
    }

    /// Says something on a connection of its own and waits for the begin of the answer.
    fn tell(&self, words: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(format!("{words}\r\n").as_bytes()).unwrap();
        let count = stream.read(&mut [0; 512]).unwrap();
        assert!(count > 0, "no answer to {words}");
        stream
    }
}

/// The object of the probe: the address, and more keys.
fn at(port: u16, more: &str) -> String {
    let mut object = format!(r#"{{"address": "127.0.0.1:{port}""#);
    if !more.is_empty() {
        write!(object, ", {more}").unwrap();
    }
    object + "}"
}

#[track_caller]
fn expect(port: u16, more: &str, outcome: Outcome, reason: Reason, words: &str) -> RunResult {
    let result = probe("redis", &at(port, more));
    assert_eq!((result.outcome, result.reason), (outcome, reason), "{result:?}");
    assert!(result.message.as_str().contains(words), "{result:?}");
    assert!(!result.message.as_str().contains("hunter2"), "{result:?}");
    result
}

#[test]
fn a_server_is_up_and_then_down() {
    let Some(redis) = Redis::start(&["--loglevel", "verbose"]) else { return };
    let port = redis.port;
    let passes = |more: &str| expect(port, more, Outcome::Pass, Reason::NONE, "");
    passes("");
    passes(r#""database": 15, "role": "master""#);
    let fails = |more: &str, reason, words: &str| expect(port, more, Outcome::Fail, reason, words);
    fails(r#""database": 16"#, Reason::MATCH_ERROR, "SELECT: \"ERR DB index is out of range");
    fails(r#""role": "replica""#, Reason::MATCH_ROLE, "ROLE: ");
    fails(r#""cluster": true"#, Reason::MATCH_ERROR, "CLUSTER INFO: \"ERR This instance has");
    // It wants no password, and takes this one for a mistake.
    fails(r#""password": "hunter2""#, Reason::MATCH_CREDENTIALS, "AUTH: ");
    let said = redis.server.end();
    assert!(said.contains("Accepted") && !said.contains("reset by peer"), "{said}");
    fails("", Reason::CONNECT_REFUSED, "connect to 127.0.0.1");
}

#[test]
fn a_unix_socket_is_as_good_as_a_port() {
    let directory = Directory::new();
    let path = directory.path().join("redis.sock").display().to_string();
    let Some(_redis) = Redis::start(&["--unixsocket", &path]) else { return };
    let result = probe("redis", &format!(r#"{{"address": "unix:{path}", "role": "master"}}"#));
    assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
}

#[test]
fn passwords_are_tried_and_never_shown() {
    let user = "--user probe on >hunter2 +ping +auth";
    let mut words: Vec<&str> = vec!["--requirepass", "hunter2"];
    words.extend(user.split(' '));
    let Some(redis) = Redis::start(&words) else { return };
    let file = redis.directory.path().join("password");
    std::fs::write(&file, "hunter2\n").unwrap();
    let port = redis.port;
    let alive = "alive, and wants a password";
    expect(port, "", Outcome::Pass, Reason::NONE, alive);
    let fails = |more: &str, words: &str| {
        expect(port, more, Outcome::Fail, Reason::MATCH_CREDENTIALS, words);
    };
    fails(r#""role": "master""#, "PING: \"NOAUTH");
    fails(r#""database": 1"#, "SELECT: \"NOAUTH");
    fails(r#""password": "hunter3""#, "AUTH: \"WRONGPASS");
    fails(r#""password": "hunter2", "user": "nobody""#, "AUTH: \"WRONGPASS");
    fails(r#""password": "hunter2", "user": "probe", "role": "master""#, "ROLE: \"NOPERM");
    let passes = |more: &str| expect(port, more, Outcome::Pass, Reason::NONE, "");
    passes(r#""password": "hunter2", "role": "master""#);
    passes(r#""password": "hunter2", "user": "probe""#);
    let result = passes(&format!(r#""password_file": "{}""#, file.display()));
    assert_eq!(result.message.as_str(), "");
}

#[test]
fn a_password_that_the_server_repeats_is_not_shown() {
    let Some(redis) = Redis::start(&["--rename-command", "AUTH", ""]) else { return };
    // "ERR unknown command 'AUTH', with args beginning with: ..."
    let more = r#""password": "hunter2""#;
    expect(redis.port, more, Outcome::Fail, Reason::MATCH_CREDENTIALS, "AUTH: (not shown)");
}

#[test]
fn a_replica_is_known_by_its_role_and_by_the_link_to_its_master() {
    let Some(master) = Redis::start(&["--repl-diskless-sync-delay", "0"]) else { return };
    let of = format!("127.0.0.1 {}", master.port);
    let stale = ["--replica-serve-stale-data", "no"];
    let Some(replica) = Redis::start(&["--replicaof", &of]) else { return };
    let Some(strict) = Redis::start(&[&["--replicaof", &of][..], &stale].concat()) else { return };
    let asked = r#""role": "replica""#;
    for port in [replica.port, strict.port] {
        probe_until("redis", &at(port, asked), |result| result.outcome == Outcome::Pass);
        let is = "ROLE: is a replica";
        expect(port, r#""role": "master""#, Outcome::Fail, Reason::MATCH_ROLE, is);
    }
    master.server.end();
    let alone = |result: &RunResult| result.outcome != Outcome::Pass;
    let result = probe_until("redis", &at(replica.port, asked), alone);
    assert_eq!((result.outcome, result.reason), (Outcome::Warn, Reason::MATCH_NOT_READY));
    assert!(result.message.as_str().contains("ROLE: the link to its master is \"connect"));
    expect(replica.port, "", Outcome::Pass, Reason::NONE, "");
    let result = probe_until("redis", &at(strict.port, ""), alone);
    assert_eq!((result.outcome, result.reason), (Outcome::Fail, Reason::MATCH_NOT_READY));
    assert!(result.message.as_str().contains("PING: \"MASTERDOWN"), "{result:?}");
}

#[test]
fn a_cluster_must_be_whole() {
    let Some(redis) = Redis::start(&["--cluster-enabled", "yes"]) else { return };
    let (asked, port) = (r#""cluster": true"#, redis.port);
    let words = "CLUSTER INFO: cluster_state is \"fail\"";
    expect(port, asked, Outcome::Fail, Reason::MATCH_NOT_READY, words);
    expect(port, "", Outcome::Pass, Reason::NONE, "");
    redis.tell("CLUSTER ADDSLOTSRANGE 0 16383");
    probe_until("redis", &at(port, asked), |result| result.outcome == Outcome::Pass);
}

#[test]
fn a_server_that_loads_or_is_busy_or_full_is_not_ready() {
    let Some(redis) = Redis::start(&["--lua-time-limit", "1", "--maxclients", "2"]) else { return };
    let port = redis.port;
    let not_ready = |words: &str| {
        expect(port, "", Outcome::Fail, Reason::MATCH_NOT_READY, words);
    };
    let mut script = TcpStream::connect(("127.0.0.1", port)).unwrap();
    script.write_all(b"EVAL \"while true do end\" 0\r\n").unwrap();
    let result = probe_until("redis", &at(port, ""), |result| result.outcome != Outcome::Pass);
    assert_eq!(result.reason, Reason::MATCH_NOT_READY, "{result:?}");
    assert!(result.message.as_str().contains("PING: \"BUSY"), "{result:?}");
    drop(redis.tell("SCRIPT KILL"));
    let (_one, _two) = (script, redis.tell("PING"));
    not_ready("\"ERR max number of clients reached\"");
    drop((_one, _two));

    probe_until("redis", &at(port, ""), |result| result.outcome == Outcome::Pass);
    drop(redis.tell("DEBUG POPULATE 200 key 2000"));
    drop(redis.tell("SAVE"));
    redis.server.end();
    let slowly = ["--key-load-delay", "200000", "--loading-process-events-interval-bytes", "1024"];
    let command = Redis::command(&redis.directory, port, &slowly);
    let _loading = Server::spawn(command.unwrap());
    let result =
        probe_until("redis", &at(port, ""), |result| result.reason != Reason::CONNECT_REFUSED);
    assert_eq!(result.reason, Reason::MATCH_NOT_READY, "{result:?}");
    assert!(result.message.as_str().contains("PING: \"LOADING"), "{result:?}");
}

#[test]
fn encryption_is_verified() {
    let directory = Directory::new();
    let files = certificates::make(directory.path());
    let tls_port = free_port().to_string();
    let text = |path: &std::path::Path| path.display().to_string();
    let (ca, certificate, key) = (text(&files.ca), text(&files.certificate), text(&files.key));
    let options = [
        ["--tls-port", &tls_port],
        ["--tls-cert-file", &certificate],
        ["--tls-key-file", &key],
        ["--tls-ca-cert-file", &ca],
        ["--tls-auth-clients", "no"],
    ];
    let Some(redis) = Redis::start(&options.concat()) else { return };
    let tls_port = tls_port.parse().unwrap();
    let trusting = format!(r#""role": "master", "tls": {{"ca_file": "{ca}"}}"#);
    let result = expect(tls_port, &trusting, Outcome::Pass, Reason::NONE, "");
    assert!(result.value > 0.0, "the certificate's time: {result:?}");
    expect(tls_port, r#""tls": {}"#, Outcome::Fail, Reason::TLS_UNTRUSTED, "");
    // A plain server takes the handshake for a request that is not complete; another peer answers.
    let hung = probe_within("redis", &at(redis.port, &trusting), "300ms");
    assert_eq!((hung.outcome, hung.reason), (Outcome::Timeout, Reason::TLS_TIMEOUT), "{hung:?}");
    let (port, thread) = peer(|mut stream| {
        let _ = stream.write_all(b"-ERR what?\r\n");
        outlive(&mut stream);
    });
    expect(port, &trusting, Outcome::Fail, Reason::TLS_FAILED, "redis at 127.0.0.1");
    thread.join().unwrap();
}

#[test]
fn every_way_to_go_wrong_is_told_with_its_step() {
    let more = r#""password": "hunter2", "database": 1, "role": "master", "cluster": true"#;
    let turns = [
        answers("AUTH", b"+OK\r\n"),
        answers("SELECT", b"+OK\r\n"),
        answers("PING", b"+PONG\r\n"),
        answers("ROLE", b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"),
        answers("CLUSTER INFO", b"$18\r\ncluster_state:ok\r\n\r\n"),
    ];
    expect_faults("redis", |port| at(port, more), b"HTTP/1.1 400 Bad Request\r\n\r\n", &turns);
}

#[test]
fn an_answer_without_end_is_too_large() {
    let (port, thread) = peer(|mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"*9223372036854775807\r\n");
        while stream.write_all(&b":1\r\n".repeat(1_000)).is_ok() {}
    });
    expect(port, "", Outcome::Fail, Reason::RECEIVE_TOO_LARGE, "PING: more than 16384 bytes");
    thread.join().unwrap();
}
