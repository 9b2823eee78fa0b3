//! The probe `mysql` against MariaDB.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use meshvitals::model::{Outcome, Reason, RunResult};

use super::certificates::{self, Files};
use super::peer::{Turn, answers, expect_faults, outlive, peer};
use super::server::{Directory, Server, account, done, free_port, probe, probe_until};
use super::server::{probe_within, program};

const USERS: &str = "\
INSTALL SONAME 'auth_ed25519';
CREATE USER native@'%' IDENTIFIED BY 'hunter2'; CREATE USER open@'%'; CREATE DATABASE news;
CREATE USER other@'%' IDENTIFIED VIA ed25519 USING PASSWORD('hunter2');
CREATE USER locked@'%' IDENTIFIED BY 'hunter2' ACCOUNT LOCK;
CREATE USER private@'%' IDENTIFIED BY 'hunter2' REQUIRE SSL;";

struct Maria {
    server: Server,
    port: u16,
    socket: PathBuf,
    files: Files,
    _directory: Directory,
}

impl Maria {
    fn start(more: &[&str]) -> Option<Maria> {
        let server = program(&["/usr/sbin/mariadbd"])?;
        let directory = Directory::new();
        let (data, files) = (directory.path().join("data"), certificates::make(directory.path()));
        let mut install = Command::new(program(&["/usr/bin/mariadb-install-db"])?);
        install.args([
            "--no-defaults",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]);
        let mut command = Command::new(server);
        command.arg("--no-defaults");
        // The server refuses to be the user who may do anything.
        if rustix::process::getuid().is_root() {
            let (user, group) = account("mysql");
            for path in [directory.path(), &files.key] {
                chown(path, Some(user), Some(group)).unwrap();
            }
            install.arg("--user=mysql");
            command.arg("--user=mysql");
        }
        done(install.arg(format!("--datadir={}", data.display())));
        let (port, socket) = (free_port(), directory.path().join("socket"));
        let paths: [(&str, &Path); 5] = [
            ("datadir", &data),
            ("socket", &socket),
            ("pid-file", &directory.path().join("pid")),
            ("ssl-cert", &files.certificate),
            ("ssl-key", &files.key),
        ];
        for (name, path) in paths {
            command.arg(format!("--{name}={}", path.display()));
        }
        command.arg(format!("--port={port}")).arg("--bind-address=127.0.0.1").args(more);
        command.args(["--innodb-buffer-pool-size=8M", "--log-warnings=4"]);
        let server = Server::start(command, "ready for connections");
        let maria = Maria { server, port, socket, files, _directory: directory };
        maria.sql(USERS);
        Some(maria)
    }

    /// Runs statements as the user who may do anything.
    fn sql(&self, statements: &str) -> String {
        let mut client = Command::new("/usr/bin/mariadb");
        client.arg("--no-defaults").arg("-S").arg(&self.socket);
        let output = client.args(["-u", "root", "-N", "-e", statements]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn at(port: u16, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { ", " };
    format!(r#"{{"address": "127.0.0.1:{port}"{comma}{more}}}"#)
}

#[track_caller]
fn expect(port: u16, more: &str, outcome: Outcome, reason: Reason, words: &str) -> RunResult {
    let result = probe("mysql", &at(port, more));
    assert_eq!((result.outcome, result.reason), (outcome, reason), "{more}: {result:?}");
    let message = result.message.as_str();
    assert!(message.contains(words) && !message.contains("hunter2"), "{more}: {result:?}");
    result
}

#[test]
fn logins_pass_and_no_handshake_is_broken_by_them() {
    let Some(maria) = Maria::start(&[]) else { return };
    let (port, login) = (maria.port, r#""user": "native", "password": "hunter2""#);
    let pass = |more: &str| expect(port, more, Outcome::Pass, Reason::NONE, "");
    expect(port, "", Outcome::Pass, Reason::NONE, "login: alive, and wants a login");
    let tls = format!(r#", "tls": {{"ca_file": "{}"}}"#, maria.files.ca.display());
    for more in ["", r#", "read_only": false"#, &tls] {
        let result = pass(&format!("{login}{more}"));
        assert_eq!(result.value > 0.0, more.contains("tls"), "the certificate: {result:?}");
    }
    pass(r#""user": "open""#);
    pass(&format!(r#""user": "private", "password": "hunter2"{tls}"#));
    let socket = format!(r#"{{"address": "unix:{}", {login}}}"#, maria.socket.display());
    assert_eq!(probe("mysql", &socket).outcome, Outcome::Pass);
    // One probe in the name of nobody was refused; no handshake was broken, no session was cut.
    let counters = maria.sql("SHOW GLOBAL STATUS LIKE 'Aborted%'");
    let counter = |name: &str| {
        let line = counters.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<u32>().unwrap()
    };
    assert_eq!(counter("Aborted_connects_preauth\t"), 0, "{counters}");
    assert_eq!(counter("Aborted_connects\t"), 1, "{counters}");
    assert_eq!(counter("Aborted_clients\t"), 0, "{counters}");
    let said = maria.server.end();
    assert!(said.contains("Access denied for user 'meshvitals'"), "{said}");
    assert!(!said.contains("Aborted connection"), "{said}");
    expect(port, "", Outcome::Fail, Reason::CONNECT_REFUSED, "connect to 127.0.0.1");
}

#[test]
fn whatever_the_server_refuses_has_its_reason() {
    let Some(maria) = Maria::start(&["--max-connections=10", "--read-only"]) else { return };
    let port = maria.port;
    let fail = |more: &str, reason, words: &str| expect(port, more, Outcome::Fail, reason, words);
    let credentials = Reason::MATCH_CREDENTIALS;
    let user = |name: &str| format!(r#""user": "{name}", "password": "hunter2""#);
    for more in [
        r#""user": "native", "password": "hunter3""#,
        r#""user": "native""#,
        &user("nobody"),
        &user("private"),
    ] {
        assert_eq!(fail(more, credentials, "login: \"Access denied").detail, 1045);
    }
    fail(&user("locked"), credentials, "login: \"Access denied, this account is locked");
    let by_name = "login: the server wants a login by \"client_ed25519\"";
    fail(&user("other"), credentials, by_name);
    let login = user("native");
    let denied = fail(&format!(r#"{login}, "database": "news""#), credentials, "login: ");
    assert_eq!(denied.detail, 1044, "{denied:?}");
    maria.sql("GRANT SELECT ON *.* TO native@'%'");
    let none = fail(&format!(r#"{login}, "database": "none""#), Reason::MATCH_ERROR, "login: ");
    assert_eq!(none.detail, 1049, "{none:?}");
    expect(port, &format!(r#"{login}, "database": "news""#), Outcome::Pass, Reason::NONE, "");
    let writes = format!(r#"{login}, "read_only": false"#);
    fail(&writes, Reason::MATCH_ROLE, "read_only: is read-only");
    let reads = format!(r#"{login}, "read_only": true"#);
    expect(port, &reads, Outcome::Pass, Reason::NONE, "");
    fail(r#""tls": {}"#, Reason::TLS_UNTRUSTED, "SSLRequest: ");

    maria.sql("SET GLOBAL require_secure_transport = ON");
    fail(&login, credentials, "login: \"Access denied");
    expect(port, "", Outcome::Pass, Reason::NONE, "login: alive");
    maria.sql("SET GLOBAL require_secure_transport = OFF");

    let mut crowd = Vec::new();
    let full = |result: &RunResult| result.reason == Reason::MATCH_NOT_READY;
    let result = probe_until("mysql", &at(port, ""), |result| {
        // One more guest each time, who takes the place of a connection by the greeting.
        let mut guest = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let _ = guest.read(&mut [0; 512]);
        crowd.push(guest);
        full(result)
    });
    assert_eq!((result.outcome, result.detail), (Outcome::Fail, 1040), "{result:?}");
    assert!(result.message.as_str().contains("greeting: \"Too many connections"), "{result:?}");
}

#[test]
fn a_server_without_encryption_says_so() {
    let Some(maria) = Maria::start(&["--skip-ssl"]) else { return };
    let words = "SSLRequest: the target does not offer TLS";
    expect(maria.port, r#""tls": {}"#, Outcome::Fail, Reason::TLS_NOT_OFFERED, words);
}

fn packet(sequence: u8, body: &[u8]) -> Vec<u8> {
    [&[body.len() as u8, 0, 0, sequence], body].concat()
}

/// A greeting with all capabilities.
fn greeting(plugin: &str) -> Vec<u8> {
    let fixed = b"\n8.0.36\0\x01\0\0\0abcdefgh\0\xff\xff\x21\x02\0\xff\xff\x15\0\0\0\0\0\0\0\0\0\0";
    packet(0, &[&fixed[..], b"ijklmnopqrst\0", plugin.as_bytes(), b"\0"].concat())
}

/// An answer that says 0.
fn one_row() -> Vec<u8> {
    let (name, end, zero) = (b"\x03def", b"\xfe\0\0\x02\0", b"\x010");
    let packets = [packet(1, b"\x01"), packet(2, name), packet(3, end), packet(4, zero)];
    [packets.concat(), packet(5, end)].concat()
}

#[test]
fn every_way_to_go_wrong_is_told_with_its_step() {
    let hello = greeting("mysql_native_password");
    let ok = packet(2, b"\0\0\0\x02\0\0\0");
    let row = one_row();
    let turns = [
        Turn { step: "greeting", listens: false, says: &hello },
        answers("login", &ok),
        answers("read_only", &row),
    ];
    let login = r#""user": "u", "password": "p", "read_only": false"#;
    expect_faults("mysql", |port| at(port, login), b"HTTP/1.1 400 Bad Request\r\n", &turns);
}

/// What the probe says of a peer that greets and then answers with these packets.
fn told(more: &str, packets: &[Vec<u8>], timeout: &str) -> RunResult {
    let packets = packets.to_vec();
    let (port, thread) = peer(move |mut stream| {
        for packet in packets {
            let _ = stream.write_all(&packet);
            if !stream.read(&mut [0; 512]).is_ok_and(|count| count > 0) {
                return;
            }
        }
        outlive(&mut stream);
    });
    let result = probe_within("mysql", &at(port, more), timeout);
    thread.join().unwrap();
    result
}

#[test]
fn what_a_peer_may_not_say_is_refused() {
    let login = r#""user": "u", "password": "hunter2""#;
    let sha2 = greeting("caching_sha2_password");
    let native = greeting("mysql_native_password");
    let injected = [native.clone(), packet(2, b"\0\0\0")].concat();
    let table: &[(&str, Vec<Vec<u8>>, Reason, &str)] = &[
        (
            "",
            vec![packet(0, b"\xff\x69\x04Host 'x' is blocked")],
            Reason::MATCH_CREDENTIALS,
            "greeting: \"Host",
        ),
        (
            "",
            vec![packet(0, b"\xff\x6a\x04Host 'x' is not allowed")],
            Reason::MATCH_CREDENTIALS,
            "greeting: \"Host",
        ),
        ("", vec![packet(0, b"\xff")], Reason::RECEIVE_MALFORMED, "greeting: an error that says"),
        ("", vec![packet(0, b"\x093.20\0")], Reason::RECEIVE_MALFORMED, "greeting: a greeting of"),
        ("", vec![packet(1, b"\n")], Reason::RECEIVE_MALFORMED, "greeting: a packet out of turn"),
        ("", vec![b"\0\0\0\0".to_vec()], Reason::RECEIVE_MALFORMED, "greeting: an empty packet"),
        (
            login,
            vec![native.clone(), packet(2, b"\xfe")],
            Reason::MATCH_CREDENTIALS,
            "login: the server wants a login of the oldest",
        ),
        (
            login,
            vec![native.clone(), packet(2, b"\x01\x04")],
            Reason::RECEIVE_MALFORMED,
            "login: a packet that belongs",
        ),
        (
            login,
            vec![sha2, packet(2, b"\x01\x04")],
            Reason::MATCH_CREDENTIALS,
            "login: the server does not remember",
        ),
        (
            r#""tls": {}"#,
            vec![injected],
            Reason::RECEIVE_MALFORMED,
            "SSLRequest: bytes came before",
        ),
        (r#""tls": {}"#, vec![native], Reason::TLS_TIMEOUT, "SSLRequest: "),
    ];
    for (more, packets, reason, words) in table {
        let result = told(more, packets, "300ms");
        assert_eq!(result.reason, *reason, "{packets:?}: {result:?}");
        let message = result.message.as_str();
        assert!(message.contains(words) && !message.contains("hunter2"), "{words}: {message}");
    }
}

#[test]
fn a_server_that_does_not_remember_the_password_gets_it_where_nobody_listens() {
    let directory = Directory::new();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut said = [0; 512];
        stream.write_all(&greeting("caching_sha2_password")).unwrap();
        assert!(stream.read(&mut said).unwrap() > 0);
        stream.write_all(&packet(2, b"\x01\x04")).unwrap();
        let count = stream.read(&mut said).unwrap();
        stream.write_all(&packet(4, b"\0\0\0\x02\0\0\0")).unwrap();
        let query = stream.read(&mut [0; 512]).unwrap();
        stream.write_all(&one_row()).unwrap();
        let farewell = stream.read(&mut [0; 512]).unwrap();
        (said[..count].to_vec(), query, farewell)
    });
    let login = r#""user": "u", "password": "hunter2""#;
    let result = probe("mysql", &format!(r#"{{"address": "unix:{}", {login}}}"#, path.display()));
    assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
    let (told, query, farewell) = thread.join().unwrap();
    assert_eq!(told, packet(3, b"hunter2\0"));
    assert_eq!((query, farewell), (b"....\x03SELECT 1".len(), b"....\x01".len()));
}
