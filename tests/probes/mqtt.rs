//! The probe `mqtt` against Mosquitto, and against peers that go wrong.

use crate::rig::{
    Certificate, Directory, Server, expect_fail, expect_frozen, expect_pass, free_port, program,
    run,
};
use crate::stub::Move;
use crate::torture::{exchange, expect_bad_certificates, expect_no_tls, talk, torture};
use meshvitals::Reason;
use std::process::Command;

/// The length of what begins a session of version 3.1.1 and of version 5.
const CONNECT: usize = 14;
const CONNECT_5: usize = 15;

/// A server with these settings and files for a user ann.
fn start(directory: &Directory, settings: &str) -> Option<Server> {
    let port = free_port();
    // It leaves the privileges of root behind, and then its files.
    let settings = format!("user root\nlistener {port} 127.0.0.1\n{settings}\n");
    let settings = directory.write("mosquitto.conf", &settings);
    let mut command = Command::new(program("mosquitto")?);
    Some(Server::start(command.args(["-c", &settings]), port))
}

fn versions() -> [&'static str; 2] {
    [r#""version": 4"#, r#""version": 5"#]
}

#[test]
fn a_server_answers_a_ping_in_both_versions() {
    let directory = Directory::new();
    let log = directory.path().join("log");
    let settings = format!("allow_anonymous true\nlog_dest file {}", log.to_str().unwrap());
    let Some(server) = start(&directory, &settings) else { return };
    expect_pass(&run("mqtt", &server.address()));
    for version in versions() {
        let body = format!(r#"{}, {version}, "client_id": "probe""#, server.address());
        expect_pass(&run("mqtt", &body));
    }
    expect_frozen(&server, "mqtt", "CONNECT");
    drop(server);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("Client probe disconnected."), "{log}");
    // The one that only looked whether the server is there.
    assert_eq!(log.matches("closed its connection").count(), 1, "{log}");
    assert!(!log.contains("rror"), "{log}");
}

#[test]
fn a_server_that_wants_a_login_gets_it() {
    let directory = Directory::new();
    let users = directory.write("users", "");
    let Some(passwd) = program("mosquitto_passwd") else { return };
    let made = Command::new(passwd).args(["-b", &users, "ann", "hunter2"]).status();
    assert!(made.unwrap().success());
    let settings = format!("allow_anonymous false\npassword_file {users}");
    let Some(server) = start(&directory, &settings) else { return };
    for (version, refused) in versions().iter().zip([5, 0x87]) {
        let body = format!("{}, {version}", server.address());
        let with = |login: &str| run("mqtt", &format!("{body}, {login}"));
        expect_pass(&with(r#""user": "ann", "password": "hunter2""#));
        let wrong = with(r#""user": "ann", "password": "hunter3""#);
        let words = ["mqtt at 127.0.0.1", "CONNECT: not authorised"];
        expect_fail(&wrong, Reason::MATCH_CREDENTIALS, &words);
        assert_eq!(wrong.detail, refused);
        let nobody = run("mqtt", &body);
        expect_fail(&nobody, Reason::MATCH_CREDENTIALS, &["CONNECT: not authorised"]);
    }
}

#[test]
fn a_server_is_asked_over_tls_with_a_certificate_of_ours_if_it_wants_one() {
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let (chain, key, authority) = (&certificate.chain, &certificate.key, &certificate.authority);
    let tls = format!("allow_anonymous true\ncertfile {chain}\nkeyfile {key}");
    let settings = format!("{tls}\ncafile {authority}\nrequire_certificate true");
    let Some(server) = start(&directory, &settings) else { return };
    let without = run("mqtt", &format!("{}, {}", server.address(), certificate.tls()));
    assert_eq!(without.reason, Reason::TLS_CLIENT_REFUSED, "{without:?}");
    let own = format!(r#""certificate_file": "{chain}", "key_file": "{key}""#);
    let own = format!(r#""tls": {{"ca_file": "{authority}", {own}}}"#);
    let result = run("mqtt", &format!("{}, {own}", server.address()));
    expect_pass(&result);
    assert!(result.value > 0.0 && result.phases.tls_ns > 0, "{result:?}");
    let clear = run("mqtt", &server.address());
    assert!(clear.reason != Reason::NONE, "{clear:?}");
}

#[test]
fn what_goes_wrong_is_told_with_its_step() {
    let pong = || exchange("PINGREQ", 2, &[0xd0, 0]);
    torture("mqtt", "", &[exchange("CONNECT", CONNECT, &[0x20, 2, 0, 0]), pong()]);
    let accepted = exchange("CONNECT", CONNECT_5, &[0x20, 6, 0, 0, 3, 0x21, 0, 20]);
    torture("mqtt", r#""version": 5"#, &[accepted, pong()]);
    expect_no_tls("mqtt", "");
    expect_bad_certificates("mqtt", "", &[], "mqtt at");
}

#[test]
fn a_message_that_nobody_asked_for_is_passed_over() {
    let said = [&[0x30, 5, 0, 1, b'a', b'h', b'i'][..], &[0xd0, 0]].concat();
    let moves = vec![
        Move::Hear(CONNECT.into()),
        Move::Say(vec![0x20, 2, 0, 0]),
        Move::Hear(2.into()),
        Move::Say(said),
        Move::Insist(b"\xe0\0".into()),
        Move::Close,
    ];
    expect_pass(&talk("10s", "mqtt", "", moves));
}

#[test]
fn numbers_of_the_server_say_what_is_wrong() {
    let told = |code| {
        let moves = vec![Move::Hear(CONNECT.into()), Move::Say(vec![0x20, 2, 0, code]), Move::Hang];
        talk("10s", "mqtt", "", moves)
    };
    let unavailable = told(3);
    let words = ["CONNECT: server unavailable (code 3)"];
    expect_fail(&unavailable, Reason::MATCH_NOT_READY, &words);
    assert_eq!(unavailable.detail, 3);
    expect_fail(&told(2), Reason::MATCH_ERROR, &["client identifier not accepted"]);
    let leaving = vec![
        Move::Hear(CONNECT_5.into()),
        Move::Say(vec![0x20, 3, 0, 0, 0]),
        Move::Hear(2.into()),
        Move::Say(vec![0xe0, 2, 0x8b, 0]),
        Move::Hang,
    ];
    let result = talk("10s", "mqtt", r#""version": 5"#, leaving);
    expect_fail(&result, Reason::MATCH_NOT_READY, &["PINGREQ: server shutting down"]);
    let old = vec![Move::Hear(CONNECT_5.into()), Move::Say(vec![0x20, 2, 0, 1]), Move::Close];
    let result = talk("10s", "mqtt", r#""version": 5"#, old);
    expect_fail(&result, Reason::MATCH_ERROR, &["CONNECT: this version is not spoken"]);
}
