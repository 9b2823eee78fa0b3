//! The probe `nats` against Debian's server, and against peers that go wrong.

use crate::rig::{
    Certificate, Directory, Server, expect_fail, expect_frozen, expect_pass, free_port, program,
    run,
};
use crate::stub::Move;
use crate::torture::{exchange, expect_bad_certificates, talk, torture};
use meshvitals::{Outcome, Reason};
use std::process::Command;

/// The end of what is sent to log in.
const CONNECT: &str = "PING\r\n";

/// A server with these options.
fn start(options: &[&str]) -> Option<Server> {
    let port = free_port();
    let mut command = Command::new(program("nats-server")?);
    command.args(["-a", "127.0.0.1", "-p", &port.to_string()]).args(options);
    Some(Server::start(&mut command, port))
}

#[test]
fn a_server_that_wants_no_login_answers() {
    let Some(server) = start(&[]) else { return };
    let result = run("nats", &server.address());
    expect_pass(&result);
    assert_eq!(result.message.as_str(), "");
    let login = format!(r#"{}, "user": "ann", "password": "hunter2""#, server.address());
    expect_pass(&run("nats", &login));
    let tls = run("nats", &format!(r#"{}, "tls": {{}}"#, server.address()));
    expect_fail(&tls, Reason::TLS_NOT_OFFERED, &["INFO: the target does not offer TLS"]);
    expect_frozen(&server, "nats", "INFO");
}

#[test]
fn a_server_that_wants_a_password_gets_it() {
    let Some(server) = start(&["--user", "ann", "--pass", "hunter2"]) else { return };
    let greeted = run("nats", &server.address());
    expect_pass(&greeted);
    let text = greeted.message.as_str();
    assert!(text.ends_with("greeted only: the server wants a login"), "{text}");
    let with = |login: &str| run("nats", &format!("{}, {login}", server.address()));
    expect_pass(&with(r#""user": "ann", "password": "hunter2""#));
    for wrong in [r#""user": "ann", "password": "hunter3""#, r#""token": "hunter2""#] {
        let words = ["nats at 127.0.0.1", "CONNECT: \"'Authorization Violation'\""];
        expect_fail(&with(wrong), Reason::MATCH_CREDENTIALS, &words);
    }
}

#[test]
fn a_server_that_wants_a_token_gets_it() {
    let Some(server) = start(&["--auth", "s3cret"]) else { return };
    let with = |login: &str| run("nats", &format!("{}, {login}", server.address()));
    let directory = Directory::new();
    let file = directory.write("token", "s3cret\n");
    expect_pass(&with(r#""token": "s3cret""#));
    expect_pass(&with(&format!(r#""token_file": "{file}""#)));
    expect_fail(&with(r#""token": "other""#), Reason::MATCH_CREDENTIALS, &["CONNECT: "]);
}

#[test]
fn a_server_encrypts_after_its_greeting() {
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let (chain, key) = (&certificate.chain, &certificate.key);
    let Some(server) =
        start(&["--tls", "--tlscert", chain, "--tlskey", key, "--user", "ann", "--pass", "x"])
    else {
        return;
    };
    let login = r#""user": "ann", "password": "x""#;
    let encrypted = format!("{}, {}", server.address(), certificate.tls());
    let result = run("nats", &format!("{encrypted}, {login}"));
    expect_pass(&result);
    assert!(result.value > 0.0 && result.phases.tls_ns > 0, "{result:?}");
    let greeted = run("nats", &encrypted);
    expect_pass(&greeted);
    assert!(greeted.value > 0.0, "{greeted:?}");
    let untrusted = run("nats", &format!(r#"{}, "tls": {{}}"#, server.address()));
    expect_fail(&untrusted, Reason::TLS_UNTRUSTED, &["TLS: "]);
    let clear = run("nats", &server.address());
    expect_pass(&clear);
    assert!(clear.message.as_str().ends_with("the server wants TLS"), "{clear:?}");
    let secret = run("nats", &format!("{}, {login}", server.address()));
    expect_fail(&secret, Reason::MATCH_ANSWER, &["the check has no tls"]);
}

#[test]
fn a_server_that_wants_a_certificate_of_ours_refuses_the_lack_of_one() {
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let (chain, key) = (&certificate.chain, &certificate.key);
    let authority = &certificate.authority;
    let options =
        ["--tlsverify", "--tlscert", chain, "--tlskey", key, "--tlscacert", authority.as_str()];
    let Some(server) = start(&options) else { return };
    let result = run("nats", &format!("{}, {}", server.address(), certificate.tls()));
    assert_eq!(result.outcome, Outcome::Fail, "{result:?}");
    assert_eq!(result.reason, Reason::TLS_CLIENT_REFUSED, "{result:?}");
}

#[test]
fn what_goes_wrong_is_told_with_its_step() {
    let greeting = || exchange("INFO", 0, b"INFO {\"version\":\"2.9.10\"} \r\n");
    torture("nats", "", &[greeting(), exchange("CONNECT", CONNECT, b"PONG\r\n")]);
    let asks = exchange("CONNECT", CONNECT, b"+OK\r\nINFO {}\r\nPING\r\n");
    let greeted = [Move::Say(b"INFO {\"tls_required\":true}\r\n".into())];
    expect_bad_certificates("nats", "", &greeted, ": TLS: ");
    torture("nats", "", &[greeting(), asks, exchange("CONNECT", 6, b"PONG\r\n")]);
}

#[test]
fn a_server_that_is_about_to_stop_is_not_ready() {
    let before = vec![Move::Say(b"INFO {\"ldm\":true}\r\n".into()), Move::Hang];
    let result = talk("10s", "nats", "", before);
    expect_fail(&result, Reason::MATCH_NOT_READY, &["INFO: the server is about to stop"]);
    let later = b"INFO {\"ldm\":true}\r\nPONG\r\n".to_vec();
    let moves = [Move::Say(b"INFO {}\r\n".into()), Move::Hear(CONNECT.into()), Move::Say(later)];
    let result = talk("10s", "nats", "", moves.into());
    expect_fail(&result, Reason::MATCH_NOT_READY, &["CONNECT: the server is about to stop"]);
}

#[test]
fn what_comes_in_the_clear_before_a_handshake_is_not_believed() {
    let greeting = b"INFO {\"tls_required\":true}\r\nPONG\r\n".to_vec();
    let moves = vec![Move::Say(greeting), Move::Hang];
    let result = talk("10s", "nats", r#""tls": {"verify": false}"#, moves);
    expect_fail(&result, Reason::RECEIVE_MALFORMED, &["TLS: bytes came before the handshake"]);
}

#[test]
fn a_peer_that_repeats_everything_learns_no_secret_to_show() {
    let said = b"-ERR 'what is hunter2'\r\n".to_vec();
    let moves = vec![Move::Say(b"INFO {}\r\n".into()), Move::Hear(CONNECT.into()), Move::Say(said)];
    let login = r#""user": "ann", "password": "hunter2""#;
    let result = talk("10s", "nats", login, moves);
    expect_fail(&result, Reason::MATCH_ERROR, &["CONNECT: (not shown)"]);
}
