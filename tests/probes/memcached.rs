//! The probe `memcached` against Debian's server, and against peers that go wrong.

use crate::rig::{
    Certificate, Directory, Server, expect_fail, expect_frozen, expect_pass, free_port, program,
    run,
};
use crate::stub::Move;
use crate::torture::{exchange, expect_bad_certificates, expect_no_tls, talk, torture};
use meshvitals::Reason;
use std::process::Command;

/// A server with these options, as somebody who is not root where that is asked for.
fn start(options: &[&str], environment: &[(&str, &str)]) -> Option<Server> {
    let port = free_port();
    let mut command = Command::new(program("memcached")?);
    command.args(["-u", "root", "-l", "127.0.0.1", "-p", &port.to_string()]).args(options);
    command.envs(environment.iter().copied());
    Some(Server::start(&mut command, port))
}

#[test]
fn a_server_tells_its_version() {
    let Some(server) = start(&[], &[]) else { return };
    expect_pass(&run("memcached", &server.address()));
    let binary = format!(r#"{}, "protocol": "binary""#, server.address());
    expect_pass(&run("memcached", &binary));
    let tls = format!(r#"{}, "tls": {{"verify": false}}"#, server.address());
    let result = run("memcached", &tls);
    assert_eq!(result.reason, Reason::TLS_FAILED, "{result:?}");
    expect_frozen(&server, "memcached", "version");
}

#[test]
fn a_login_that_the_server_does_not_want_is_not_stored_there() {
    let Some(server) = start(&[], &[]) else { return };
    let login = r#""user": "ann", "password": "hunter2""#;
    for protocol in ["text", "binary"] {
        let body = format!(r#"{}, "protocol": "{protocol}", {login}"#, server.address());
        expect_pass(&run("memcached", &body));
    }
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    std::io::Write::write_all(&mut stream, b"get login\r\nquit\r\n").unwrap();
    assert_eq!(std::io::read_to_string(stream).unwrap(), "END\r\n");
}

#[test]
fn a_server_with_a_file_of_users_wants_a_login() {
    let directory = Directory::new();
    let users = directory.write("users", "ann:hunter2\n");
    let Some(server) = start(&["-Y", &users], &[]) else { return };
    let wants = run("memcached", &server.address());
    let words = ["version: the server wants a login"];
    expect_fail(&wants, Reason::MATCH_CREDENTIALS, &words);
    expect_logins("text", &server, &directory);
}

#[test]
fn a_server_with_sasl_wants_a_login_but_for_its_version() {
    let directory = Directory::new();
    let database = directory.path().join("db");
    let database = database.to_str().unwrap();
    let settings = format!(
        "mech_list: plain\npwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {database}\n"
    );
    directory.write("memcached.conf", &settings);
    let Some(saslpasswd) = program("saslpasswd2") else { return };
    let password = directory.write("password", "hunter2");
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let made = Command::new(saslpasswd)
        .args(["-p", "-c", "-f", database, "-u", host.trim(), "ann"])
        .stdin(std::fs::File::open(password).unwrap())
        .status();
    assert!(made.unwrap().success());
    let place = directory.path().to_str().unwrap();
    let Some(server) = start(&["-S"], &[("SASL_CONF_PATH", place)]) else { return };
    let version = format!(r#"{}, "protocol": "binary""#, server.address());
    expect_pass(&run("memcached", &version));
    expect_logins("binary", &server, &directory);
}

#[track_caller]
fn expect_logins(protocol: &str, server: &Server, directory: &Directory) {
    let file = directory.write("right", "hunter2\n");
    let body = format!(r#"{}, "protocol": "{protocol}", "user": "ann""#, server.address());
    let with = |password: &str| run("memcached", &format!("{body}, {password}"));
    expect_pass(&with(r#""password": "hunter2""#));
    expect_pass(&with(&format!(r#""password_file": "{file}""#)));
    let wrong = with(r#""password": "hunter3""#);
    let words = ["memcached at 127.0.0.1", "login: user or password refused"];
    expect_fail(&wrong, Reason::MATCH_CREDENTIALS, &words);
    assert!(!wrong.message.as_str().contains("hunter"), "{wrong:?}");
}

#[test]
fn a_server_is_asked_over_tls() {
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let (chain, key) = (&certificate.chain, &certificate.key);
    let options = format!("ssl_chain_cert={chain},ssl_key={key}");
    let Some(server) = start(&["-Z", "-o", &options], &[]) else { return };
    let body = format!("{}, {}", server.address(), certificate.tls());
    let result = run("memcached", &body);
    expect_pass(&result);
    assert!(result.value > 0.0 && result.phases.tls_ns > 0, "{result:?}");
    let clear = run("memcached", &server.address());
    assert!(clear.reason != Reason::NONE, "{clear:?}");
}

#[test]
fn what_goes_wrong_is_told_with_its_step() {
    let version = || exchange("version", 9, b"VERSION 1.6.18\r\n");
    torture("memcached", "", &[version()]);
    let login = r#""user": "ann", "password": "hunter2""#;
    let stored = exchange("login", 31, b"STORED\r\n");
    let refusal = exchange("version", 9, b"CLIENT_ERROR unauthenticated\r\n");
    torture("memcached", login, &[refusal, stored, version()]);
    expect_no_tls("memcached", "");
    expect_bad_certificates("memcached", "", &[], "memcached at");
}

#[test]
fn what_goes_wrong_in_frames_is_told_with_its_step() {
    let answer = |command, body: &[u8]| {
        let mut frame = vec![0; 24];
        (frame[0], frame[1], frame[11]) = (0x81, command, body.len() as u8);
        [&frame, body].concat()
    };
    let login = r#""protocol": "binary", "user": "ann", "password": "hunter2""#;
    let told = exchange("login", 41, &answer(0x21, b"Authenticated"));
    torture("memcached", login, &[told, exchange("version", 24, &answer(0x0b, b"1.6.18"))]);
}

#[test]
fn a_server_is_told_when_it_is_left() {
    let version = Move::Say(b"VERSION 1.6.18\r\n".into());
    let moves = vec![Move::Hear(9.into()), version, Move::Insist("quit\r\n".into()), Move::Close];
    expect_pass(&talk("10s", "memcached", "", moves));
}

#[test]
fn an_error_of_the_server_is_told_in_its_words() {
    let says = |text: &str| vec![Move::Hear(9.into()), Move::Say(text.into()), Move::Hang];
    let result = talk("10s", "memcached", "", says("SERVER_ERROR out of memory\r\n"));
    expect_fail(&result, Reason::MATCH_ERROR, &["version: \"SERVER_ERROR out of memory\""]);
}
