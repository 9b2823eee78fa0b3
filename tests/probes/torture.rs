//! A conversation in which the peer goes wrong, in every way, at every step.
//!
//! The peer plays the conversation up to a step and then hangs, drips, closes, resets or says
//! something else. The outcome, the reason and the step that messages name are known each time.

use crate::rig::{Certificate, Directory, address, expect_fail, expect_pass, run, run_within};
use crate::stub::{Heard, Move, Stub};
use meshvitals::{Outcome, Reason, RunResult};
use std::sync::Arc;
use std::time::Duration;

/// The deadline of runs that must not end before it.
const SHORT: &str = "300ms";
/// How long the answer takes at least that drips.
const DRIPS: Duration = Duration::from_millis(900);

/// What other servers say, and what nobody says.
const GARBAGE: [&[u8]; 3] = [
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\nand so on and so forth\r\n",
    &[0xff; 64],
    &[0; 64],
];

/// An answer of the peer.
pub struct Exchange {
    /// The step that messages name.
    pub step: &'static str,
    /// What the peer hears before.
    pub hears: Heard,
    /// What it says then.
    pub says: Vec<u8>,
}

pub fn exchange(step: &'static str, hears: impl Into<Heard>, says: &[u8]) -> Exchange {
    Exchange { step, hears: hears.into(), says: says.to_vec() }
}

/// Has the peer go wrong at every step of a conversation that passes when it does not.
#[track_caller]
pub fn torture(key: &str, body: &str, conversation: &[Exchange]) {
    expect_down(key, body);
    let whole = conversation.iter().flat_map(|exchange| play(exchange, &exchange.says));
    expect_pass(&talk("10s", key, body, whole.chain([Move::Close]).collect()));
    for (place, exchange) in conversation.iter().enumerate() {
        let before = || conversation[..place].iter().flat_map(|before| play(before, &before.says));
        let with = |timeout: &str, said: &[u8], end: Move| {
            let moves = before().chain(play(exchange, said)).chain([end]).collect();
            (exchange.step, talk(timeout, key, body, moves))
        };
        let half = &exchange.says[..exchange.says.len() / 2];
        for said in [&[][..], half] {
            let (step, result) = with(SHORT, said, Move::Hang);
            expect_named(&result, (Outcome::Timeout, Reason::RECEIVE_TIMEOUT), step);
            let (step, result) = with("10s", said, Move::Close);
            expect_named(&result, (Outcome::Fail, Reason::RECEIVE_CLOSED), step);
            let (step, result) = with("10s", said, Move::Reset);
            if place == 0 && result.reason == Reason::CONNECT_RESET {
                // The reset came before anybody looked at the new connection.
                assert_eq!(result.outcome, Outcome::Fail);
            } else {
                expect_named(&result, (Outcome::Fail, Reason::RECEIVE_RESET), step);
            }
        }
        let pace = DRIPS / exchange.says.len() as u32;
        let pace = pace.max(Duration::from_millis(50));
        let (step, result) = with(SHORT, &[], Move::Drip(exchange.says.clone(), pace));
        expect_named(&result, (Outcome::Timeout, Reason::RECEIVE_TIMEOUT), step);
        for said in GARBAGE {
            // What is no answer at once ends the stream before it becomes one.
            let (step, result) = with("10s", said, Move::Close);
            let reasons = [Reason::RECEIVE_MALFORMED, Reason::RECEIVE_CLOSED];
            assert!(reasons.contains(&result.reason), "{said:?}: {result:?}");
            expect_named(&result, (Outcome::Fail, result.reason), step);
        }
        for said in GARBAGE {
            let (step, result) = with("10s", &[], Move::Flood(said.repeat(64)));
            let reasons = [Reason::RECEIVE_MALFORMED, Reason::RECEIVE_TOO_LARGE];
            assert!(reasons.contains(&result.reason), "{said:?}: {result:?}");
            expect_named(&result, (Outcome::Fail, result.reason), step);
        }
    }
}

/// Has the peer answer a request for encryption from the first byte in the clear.
#[track_caller]
pub fn expect_no_tls(key: &str, body: &str) {
    let moves = vec![Move::Hear(16.into()), Move::Say(GARBAGE[0].to_vec()), Move::Hang];
    let result = talk("10s", key, &join(r#""tls": {"verify": false}"#, body), moves);
    expect_fail(&result, Reason::TLS_FAILED, &["the answer is no TLS"]);
}

/// Has the peer show certificates that are good for nothing, after these moves; `step` is what
/// messages name then.
#[track_caller]
pub fn expect_bad_certificates(key: &str, body: &str, before: &[Move], step: &str) {
    let directory = Directory::new();
    let show = |certificate: &Certificate, tls: &str| {
        let shows = [Move::Encrypt(Arc::clone(&certificate.config)), Move::Hang];
        let moves = before.iter().cloned().chain(shows).collect();
        talk("10s", key, &join(tls, body), moves)
    };
    let expired = Certificate::expired(&directory);
    let result = show(&expired, &expired.tls());
    expect_fail(&result, Reason::TLS_EXPIRED, &[step]);
    assert!(result.value < 0.0, "{result:?}");
    let other = Certificate::of_another_name(&directory);
    expect_fail(&show(&other, &other.tls()), Reason::TLS_WRONG_NAME, &[step]);
    let good = Certificate::new(&directory);
    let unknown = show(&good, r#""tls": {}"#);
    expect_fail(&unknown, Reason::TLS_UNTRUSTED, &[step]);
    assert!(unknown.value > 0.0, "{unknown:?}");
    let hangs: Vec<Move> = before.iter().cloned().chain([Move::Hang]).collect();
    let result = talk(SHORT, key, &join(r#""tls": {}"#, body), hangs);
    assert_eq!(result.reason, Reason::TLS_TIMEOUT, "{result:?}");
    assert!(result.message.as_str().contains(step), "{result:?}");
}

/// Runs a probe against a peer that makes these moves.
#[track_caller]
pub fn talk(timeout: &str, key: &str, body: &str, moves: Vec<Move>) -> RunResult {
    let peer = Stub::new(moves);
    run_within(timeout, key, &join(&address(peer.port), body))
}

fn play(exchange: &Exchange, said: &[u8]) -> [Move; 2] {
    [Move::Hear(exchange.hears), Move::Say(said.to_vec())]
}

fn join(keys: &str, more: &str) -> String {
    if more.is_empty() { keys.to_owned() } else { format!("{keys}, {more}") }
}

#[track_caller]
fn expect_down(key: &str, body: &str) {
    let port = crate::rig::free_port();
    let result = run(key, &join(&address(port), body));
    expect_fail(&result, Reason::CONNECT_REFUSED, &["connect to 127.0.0.1"]);
}

#[track_caller]
fn expect_named(result: &RunResult, expected: (Outcome, Reason), step: &str) {
    assert_eq!((result.outcome, result.reason), expected, "{step}: {result:?}");
    let named = format!(": {step}: ");
    assert!(result.message.as_str().contains(&named), "{step}: {result:?}");
}
