//! Scripts against peers that hang, drip, break off or talk without end, at every step.

use super::peer::{Peer, drip, hang, nobody, reset, until};
use super::script::play;
use super::{briefly, expect, probe};
use meshvitals::{Outcome, Reason};
use serde_json::{Value, json};
use std::io::Write;
use std::net::{Shutdown, TcpStream};

/// Two exchanges; the answers of the second are found by an expression.
fn script() -> Value {
    json!([
        {"send": "one\n"}, {"expect": "first\n"}, {"send": "two\n"}, {"expect_regex": "^sec.*\n"},
    ])
}

/// What comes before an answer and half of it, for every place where a peer may break off, and
/// the step that waits then.
const PLACES: [(&str, &str); 4] =
    [("", "step 2 (expect)"), ("fir", "step 2"), ("first\n", "step 4"), ("first\nsec", "step 4")];

/// A peer that answers so much and then does this.
fn after(said: &'static str, then: fn(TcpStream)) -> Peer {
    Peer::new(move |mut stream| {
        until(&mut stream, b"one\n");
        stream.write_all(said.as_bytes()).expect("the other side listens");
        if said.contains('\n') {
            until(&mut stream, b"two\n");
        }
        then(stream);
    })
}

#[test]
fn a_peer_that_hangs_or_drips_is_a_timeout_of_the_step_that_waits() {
    let expect_timeout = |peer: &Peer, step: &str| {
        let result = briefly("tcp", &json!({"address": peer.address(), "script": script()}));
        let words = ["tcp at 127.0.0.1:", step, "timed out waiting for the answer"];
        expect(&result, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, &words);
    };
    expect_timeout(&Peer::new(hang), "step 2 (expect)");
    for (said, step) in PLACES {
        expect_timeout(&after(said, hang), step);
    }
    expect_timeout(&after("first\nsec", |stream| drip(stream, b"ond")), "step 4");
}

#[test]
fn a_peer_that_closes_or_resets_is_told_with_the_step_that_waits() {
    for (said, step) in PLACES {
        let closing = after(said, |stream| {
            stream.shutdown(Shutdown::Write).expect("it is connected");
            hang(stream);
        });
        let result = play(&closing, script());
        expect(&result, Outcome::Fail, Reason::RECEIVE_CLOSED, &["tcp at 127.0.0.1:", step]);
        let result = play(&after(said, reset), script());
        expect(&result, Outcome::Fail, Reason::RECEIVE_RESET, &["tcp at 127.0.0.1:", step]);
    }
    let spec = json!({"address": nobody(), "script": script()});
    expect(&probe("tcp", &spec), Outcome::Fail, Reason::CONNECT_REFUSED, &["connect to"]);
}

#[test]
fn what_comes_at_the_end_counts_only_if_it_could_be_a_match() {
    let end = |stream: TcpStream| stream.shutdown(Shutdown::Write).expect("it is connected");
    let anywhere = json!([{"send": "one\n"}, {"expect_regex": "well"}]);
    let result = play(&after("all is lost", end), anywhere.clone());
    expect(&result, Outcome::Fail, Reason::MATCH_ANSWER, &["step 2", "11 bytes"]);
    let result = play(&after("", end), anywhere.clone());
    expect(&result, Outcome::Fail, Reason::RECEIVE_CLOSED, &["step 2"]);
    // What may still grow is taken as it is when nothing more comes.
    let open = json!([{"send": "one\n"}, {"expect_regex": r"^all is \w+$"}]);
    super::expect_pass(&play(&after("all is well", end), open));
}

#[test]
fn a_peer_that_talks_without_end_is_not_listened_to_for_ever() {
    let peer = Peer::new(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    for script in [json!([{"expect_regex": "well"}]), json!([{"expect_regex": "^x+y"}])] {
        let result = play(&peer, script);
        expect(&result, Outcome::Fail, Reason::RECEIVE_TOO_LARGE, &["step 1", "65536 bytes"]);
    }
    let garbage = Peer::new(|mut stream| {
        stream.write_all(b"\xff\xfe\0\r\n\x1b[2J").expect("the other side listens");
        hang(stream);
    });
    let result = play(&garbage, json!([{"expect": "220"}]));
    expect(&result, Outcome::Fail, Reason::MATCH_ANSWER, &["step 1"]);
    assert!(result.message.as_str().is_ascii(), "{}", result.message.as_str());
}

#[test]
fn nothing_that_came_before_the_handshake_is_believed_after_it() {
    let tls = json!({"verify": false});
    let script = json!([
        {"send": "STARTTLS\n"}, {"expect": "ready\n"}, {"starttls": true}, {"expect": "secure"},
    ]);
    let ask = |peer: &Peer| {
        probe("tcp", &json!({"address": peer.address(), "tls": tls, "script": script}))
    };
    // In one segment, so that all of it was read when the handshake is to begin.
    let injecting = Peer::new(|mut stream| {
        until(&mut stream, b"\n");
        stream.write_all(b"ready\nsecure").expect("the other side listens");
        hang(stream);
    });
    let result = ask(&injecting);
    let words = ["step 3 (starttls)", "before the handshake"];
    expect(&result, Outcome::Fail, Reason::RECEIVE_MALFORMED, &words);
    // What comes later is no handshake.
    let plain = Peer::new(|mut stream| {
        until(&mut stream, b"\n");
        stream.write_all(b"ready\n").expect("the other side listens");
        until(&mut stream, &[1]);
        stream.write_all(b"secure").expect("the other side listens");
        hang(stream);
    });
    expect(&ask(&plain), Outcome::Fail, Reason::TLS_FAILED, &["step 3 (starttls)", "no TLS"]);
    let silent = Peer::new(|mut stream| {
        until(&mut stream, b"\n");
        stream.write_all(b"ready\n").expect("the other side listens");
        hang(stream);
    });
    let spec = json!({"address": silent.address(), "tls": tls, "script": script});
    let result = briefly("tcp", &spec);
    expect(&result, Outcome::Timeout, Reason::TLS_TIMEOUT, &["step 3 (starttls)"]);
}
