//! The probe `smtp` against aiosmtpd, and against peers that go wrong.

use crate::rig::{
    Certificate, Directory, Server, expect_fail, expect_frozen, expect_pass, free_port, program,
    run,
};
use crate::stub::Move;
use crate::torture::{exchange, expect_bad_certificates, expect_no_tls, talk, torture};
use meshvitals::Reason;
use std::process::Command;

const EHLO: &str = "EHLO localhost\r\n";

/// A server with these options.
fn start(options: &[&str]) -> Option<Server> {
    let port = free_port();
    let mut command = Command::new(program("aiosmtpd")?);
    command.args(["-n", "-l", &format!("127.0.0.1:{port}")]).args(options);
    Some(Server::start(&mut command, port))
}

#[test]
fn a_server_is_greeted() {
    let Some(server) = start(&[]) else { return };
    expect_pass(&run("smtp", &server.address()));
    let named = format!(r#"{}, "hello": "probe.example""#, server.address());
    expect_pass(&run("smtp", &named));
    let starttls = run("smtp", &format!(r#"{}, "starttls": true"#, server.address()));
    expect_fail(&starttls, Reason::TLS_NOT_OFFERED, &["smtp at 127.0.0.1", "STARTTLS: "]);
    expect_frozen(&server, "smtp", "greeting");
}

#[test]
fn a_server_encrypts_when_it_is_asked_to() {
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let options = ["--tlscert", &certificate.chain, "--tlskey", &certificate.key];
    let Some(server) = start(&options) else { return };
    let starttls = format!(r#"{}, "starttls": true"#, server.address());
    let result = run("smtp", &format!("{starttls}, {}", certificate.tls()));
    expect_pass(&result);
    assert!(result.value > 0.0 && result.phases.tls_ns > 0, "{result:?}");
    expect_fail(&run("smtp", &starttls), Reason::TLS_UNTRUSTED, &["STARTTLS: "]);
    let at_once = run("smtp", &format!("{}, {}", server.address(), certificate.tls()));
    expect_fail(&at_once, Reason::TLS_FAILED, &["the answer is no TLS"]);
}

#[test]
fn a_server_is_greeted_behind_encryption() {
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let options = ["--smtpscert", &certificate.chain, "--smtpskey", &certificate.key];
    let Some(server) = start(&options) else { return };
    let result = run("smtp", &format!("{}, {}", server.address(), certificate.tls()));
    expect_pass(&result);
    assert!(result.value > 0.0, "{result:?}");
}

#[test]
fn what_goes_wrong_is_told_with_its_step() {
    let greeting = || exchange("greeting", 0, b"220-mail.example\r\n220 ready\r\n");
    torture("smtp", "", &[greeting(), exchange("EHLO", EHLO, b"250-mail.example\r\n250 SIZE\r\n")]);
    expect_no_tls("smtp", "");
    expect_bad_certificates("smtp", "", &[], "smtp at");
}

#[test]
fn a_server_takes_its_time_to_say_goodbye_or_does_not() {
    let moves = |last: Vec<Move>| {
        let first = [
            Move::Say(b"220 ready\r\n".into()),
            Move::Hear(EHLO.into()),
            Move::Say(b"250 mail.example\r\n".into()),
            Move::Insist("QUIT\r\n".into()),
        ];
        first.into_iter().chain(last).collect()
    };
    let polite = moves(vec![Move::Say(b"221 bye\r\n".into()), Move::Close]);
    expect_pass(&talk("10s", "smtp", "", polite));
    // The verdict was known before; nobody fails who only does not hang up.
    expect_pass(&talk("300ms", "smtp", "", moves(vec![Move::Hang])));
    expect_pass(&talk("10s", "smtp", "", moves(vec![Move::Reset])));
}

#[test]
fn numbers_of_the_server_say_what_is_wrong() {
    let says = |text: &str| talk("10s", "smtp", "", vec![Move::Say(text.into()), Move::Close]);
    let stopping = says("421 mail.example too many connections\r\n");
    let words = ["greeting: 421: \"mail.example too many connections\""];
    expect_fail(&stopping, Reason::MATCH_NOT_READY, &words);
    assert_eq!(stopping.detail, 421);
    let refusing = Move::Say(b"554-no\r\n554 service\r\n".into());
    let refusing = vec![refusing, Move::Insist("QUIT\r\n".into()), Move::Close];
    let refused = talk("10s", "smtp", "", refusing);
    expect_fail(&refused, Reason::MATCH_ERROR, &["greeting: 554: \"no\""]);
    expect_fail(&says("250 what\r\n"), Reason::MATCH_ANSWER, &["greeting: 250: "]);
    expect_fail(&says("220-a\r\n221 b\r\n"), Reason::RECEIVE_MALFORMED, &["different numbers"]);
}

fn offering(answer: &[u8]) -> Vec<Move> {
    vec![
        Move::Say(b"220 ready\r\n".into()),
        Move::Hear(EHLO.into()),
        Move::Say(b"250-mail.example\r\n250-SIZE 1\r\n250 starttls\r\n".into()),
        Move::Hear("STARTTLS\r\n".into()),
        Move::Say(answer.into()),
        Move::Close,
    ]
}

#[test]
fn what_comes_in_the_clear_before_a_handshake_is_not_believed() {
    let injected = offering(b"220 go\r\n250 mail.example\r\n");
    let result = talk("10s", "smtp", r#""starttls": true"#, injected);
    expect_fail(&result, Reason::RECEIVE_MALFORMED, &["STARTTLS: bytes came before"]);
}

#[test]
fn a_server_may_offer_encryption_and_refuse_it() {
    let result = talk("10s", "smtp", r#""starttls": true"#, offering(b"454 not now\r\n"));
    expect_fail(&result, Reason::MATCH_ERROR, &["STARTTLS: 454: \"not now\""]);
    let greeted = &offering(b"220 go\r\n")[..5];
    expect_bad_certificates("smtp", r#""starttls": true"#, greeted, ": STARTTLS: ");
    let silent = offering(b"").into_iter().take(4).chain([Move::Hang]).collect();
    let result = talk("300ms", "smtp", r#""starttls": true"#, silent);
    assert_eq!(result.reason, Reason::RECEIVE_TIMEOUT, "{result:?}");
}

#[test]
fn a_server_is_greeted_again_behind_the_handshake() {
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let body = format!(r#""starttls": true, {}"#, certificate.tls());
    let behind = |moves: Vec<Move>| {
        let before = offering(b"220 go\r\n").into_iter().take(5);
        let encrypt = Move::Encrypt(certificate.config.clone());
        before.chain([encrypt, Move::Insist(EHLO.into())]).chain(moves).collect()
    };
    let answer = Move::Say(b"250 mail.example\r\n".into());
    let polite = behind(vec![answer, Move::Insist("QUIT\r\n".into()), Move::Close]);
    expect_pass(&talk("10s", "smtp", &body, polite));
    let result = talk("10s", "smtp", &body, behind(vec![Move::Close]));
    expect_fail(&result, Reason::RECEIVE_CLOSED, &["EHLO: "]);
    let result = talk("300ms", "smtp", &body, behind(vec![Move::Hang]));
    assert_eq!(result.reason, Reason::RECEIVE_TIMEOUT, "{result:?}");
    assert!(result.message.as_str().contains(": EHLO: "), "{result:?}");
}
