//! `http` as a conversation with peers that hang, drip, break off or answer nonsense.

use crate::rig::{address, expect_fail, expect_pass, free_port, run, run_within};
use crate::stub::{Move, Stub};
use meshvitals::{Outcome, Reason, RunResult};
use std::time::Duration;

/// An answer that passes.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nX-Build: 7\r\nContent-Length: 12\r\n\r\n{\"lag\": 3.5}";
/// What makes a conversation of it.
const KEYS: &str =
    r#""bearer": "hidden", "expect": {"headers": {"x-build": "7"}, "json": {"/lag": {"max": 4}}}"#;

/// Runs a request against a peer that makes these moves once it has heard it.
fn talk(timeout: &str, moves: Vec<Move>) -> RunResult {
    let heard = Move::Hear("\r\n\r\n".into());
    let peer = Stub::new([heard].into_iter().chain(moves).collect());
    run_within(timeout, "http", &body(peer.port))
}

fn body(port: u16) -> String {
    format!(r#""url": "http://svc.test/health?hidden", {}, {KEYS}"#, address(port))
}

fn say(text: &str) -> Move {
    Move::Say(text.as_bytes().to_vec())
}

#[track_caller]
fn expect_told(result: &RunResult, outcome: Outcome, reason: Reason, case: &str) {
    assert_eq!((result.outcome, result.reason), (outcome, reason), "{case}: {result:?}");
    let message = result.message.as_str();
    assert!(message.starts_with("GET /health at 127.0.0.1:"), "{case}: {result:?}");
    assert!(!message.contains("hidden"), "{case}: {result:?}");
}

#[test]
fn a_peer_that_stops_at_any_point_is_told_by_what_is_missing() {
    expect_pass(&talk("10s", vec![say(ANSWER), Move::Hang]));
    let head = ANSWER.find('{').expect("a body");
    for length in [0, 1, 9, 20, head - 2, head, head + 5, ANSWER.len() - 1] {
        let part = &ANSWER[..length];
        let closed = talk("10s", vec![say(part), Move::Close]);
        expect_told(&closed, Outcome::Fail, Reason::RECEIVE_CLOSED, part);
        let reset = talk("10s", vec![say(part), Move::Reset]);
        expect_told(&reset, Outcome::Fail, Reason::RECEIVE_RESET, part);
    }
    for length in [0, 20, head + 5] {
        let part = &ANSWER[..length];
        let silent = talk("300ms", vec![say(part), Move::Hang]);
        expect_told(&silent, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, part);
    }
    let drips = Move::Drip(ANSWER.as_bytes().to_vec(), Duration::from_millis(50));
    expect_told(&talk("300ms", vec![drips]), Outcome::Timeout, Reason::RECEIVE_TIMEOUT, "drips");
    expect_fail(
        &run("http", &body(free_port())),
        Reason::CONNECT_REFUSED,
        &["connect to 127.0.0.1"],
    );
}

#[test]
fn a_peer_that_talks_nonsense_is_told_by_what_is_wrong_with_it() {
    let long = format!(
        "HTTP/1.1 200 OK\r\nX-Build: 7\r\nContent-Length: 99999\r\n\r\n{}",
        "7".repeat(17_000)
    );
    let chunked = "HTTP/1.1 200 OK\r\nX-Build: 7\r\nTransfer-Encoding: chunked\r\n\r\n";
    let deep = format!(
        "HTTP/1.1 200 OK\r\nX-Build: 7\r\nContent-Length: 9000\r\n\r\n{}",
        "[".repeat(9_000)
    );
    let cases = [
        ("SSH-2.0-OpenSSH\r\n", Reason::RECEIVE_MALFORMED),
        ("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", Reason::RECEIVE_MALFORMED),
        ("HTTP/1.1 200 OK\r\nX Build\r\n\r\n", Reason::RECEIVE_MALFORMED),
        ("HTTP/1.1 200 OK\r\nX-Build: 7\r\nContent-Length: x\r\n\r\n", Reason::RECEIVE_MALFORMED),
        (&format!("{chunked}zz\r\n"), Reason::RECEIVE_MALFORMED),
        (&format!("{chunked}3\r\n{{\"l\r\n9\r\nag\": 3.5}}\r\n0\r\n\r\n"), Reason::NONE),
        (&format!("{chunked}0\r\n\r\n"), Reason::MATCH_JSON),
        (&format!("{chunked}ffffffffffffffff\r\nhidden"), Reason::RECEIVE_CLOSED),
        (&long, Reason::RECEIVE_TOO_LARGE),
        (&deep, Reason::MATCH_JSON),
        ("HTTP/1.1 200 OK\r\nX-Build: 8\r\n\r\n", Reason::MATCH_HEADER),
        ("HTTP/1.1 200 OK\r\nX-Build:\r\n 7\r\nContent-Length: 9\r\n\r\n{\"lag\":4}", Reason::NONE),
        ("HTTP/1.1 500 hidden\r\n\r\n", Reason::MATCH_STATUS),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", Reason::MATCH_STATUS),
    ];
    for (said, reason) in cases {
        let result = talk("10s", vec![say(said), Move::Close]);
        match reason {
            Reason::NONE => expect_pass(&result),
            reason => expect_told(&result, Outcome::Fail, reason, said),
        }
    }
    for said in ["HTTP/1.1 100 Wait\r\n\r\n", "HTTP/1.1 200 OK\r\nX: 1\r\nX: 2\r\n", "x"] {
        let result = talk("10s", vec![Move::Flood(said.as_bytes().to_vec())]);
        assert_eq!(result.outcome, Outcome::Fail, "{said}: {result:?}");
        let reasons = [Reason::RECEIVE_TOO_LARGE, Reason::RECEIVE_MALFORMED];
        assert!(reasons.contains(&result.reason), "{said}: {result:?}");
    }
}

#[test]
fn what_follows_a_verdict_is_not_waited_for() {
    for said in [
        "HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Build: 8\r\nContent-Length: 99\r\n\r\n",
    ] {
        let result = talk("10s", vec![say(said), Move::Hang]);
        assert_eq!(result.outcome, Outcome::Fail, "{result:?}");
        assert!(result.reason.0 >= Reason::MATCH_STATUS.0, "{result:?}");
    }
}

#[test]
fn a_peer_that_knows_nothing_of_encryption_is_told() {
    let answer = say("HTTP/1.1 400 Bad Request\r\n\r\n");
    let body = |port: u16| {
        let to = address(port);
        format!(r#""url": "https://svc.test/health", {to}, "tls": {{"verify": false}}"#)
    };
    let talk = |timeout: &str, moves: [Move; 2]| {
        let peer = Stub::new([Move::Hear(16.into())].into_iter().chain(moves).collect());
        run_within(timeout, "http", &body(peer.port))
    };
    let plain = talk("10s", [answer, Move::Hang]);
    expect_told(&plain, Outcome::Fail, Reason::TLS_FAILED, "plain");
    let silent = talk("300ms", [say(""), Move::Hang]);
    expect_told(&silent, Outcome::Timeout, Reason::TLS_TIMEOUT, "silent");
    let part = talk("300ms", [Move::Say(vec![22, 3, 3, 0, 99, 2]), Move::Hang]);
    expect_told(&part, Outcome::Timeout, Reason::TLS_TIMEOUT, "part");
    for end in [Move::Close, Move::Reset] {
        let broken = talk("10s", [say(""), end.clone()]);
        assert_eq!(broken.outcome, Outcome::Fail, "{broken:?}");
        // Bytes of the handshake that nobody has read turn a close into a reset.
        let reasons = [Reason::TLS_FAILED, Reason::RECEIVE_CLOSED, Reason::RECEIVE_RESET];
        assert!(reasons.contains(&broken.reason), "{end:?}: {broken:?}");
        assert!(broken.phases.tls_ns > 0 && broken.phases.transfer_ns == 0, "{broken:?}");
    }
}

#[test]
fn a_redirect_shares_the_deadline_of_the_run() {
    let last = Stub::new(vec![Move::Hear("\r\n\r\n".into()), Move::Hang]);
    let head =
        format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{}/b?hidden\r\n\r\n", last.port);
    let first = Stub::new(vec![Move::Hear("\r\n\r\n".into()), say(&head), Move::Hang]);
    let body = format!(r#""url": "http://127.0.0.1:{}/a", "redirects": {{}}"#, first.port);
    let result = run_within("300ms", "http", &body);
    assert_eq!((result.outcome, result.reason), (Outcome::Timeout, Reason::RECEIVE_TIMEOUT));
    let place = format!("GET /b at 127.0.0.1:{}: after a redirect: ", last.port);
    assert!(result.message.as_str().starts_with(&place), "{result:?}");
    assert!(result.phases.first_byte_ns > 0, "{result:?}");
}

#[test]
fn a_peer_that_does_not_speak_http_2_is_told() {
    let peer = Stub::new(vec![
        Move::Hear(24.into()),
        say("HTTP/1.1 400 Bad Request\r\n\r\n"),
        Move::Close,
    ]);
    let body = format!(r#""url": "http://127.0.0.1:{}/health", "version": "2""#, peer.port);
    let result = run("http", &body);
    expect_told(&result, Outcome::Fail, Reason::RECEIVE_MALFORMED, "1.1");
    let peer = Stub::new(vec![Move::Hear(24.into()), Move::Hang]);
    let body = format!(r#""url": "http://127.0.0.1:{}/health", "version": "2""#, peer.port);
    let result = run_within("300ms", "http", &body);
    expect_told(&result, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, "silent");
}
