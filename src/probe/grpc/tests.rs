//! What answers mean, without a network.

use super::*;

fn answer(headers: &[(&'static str, &'static str)], body: &[u8]) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_static(value));
    }
    let body = body.to_vec();
    Answer { status: 200, headers: map, body, is_whole: true, trailers: HeaderMap::new() }
}

fn with_status(mut answer: Answer, status: &'static str) -> Answer {
    answer.trailers.insert("grpc-status", HeaderValue::from_static(status));
    answer
}

fn reason(answer: &Answer) -> Reason {
    told(answer, &[])
        .and_then(status::serving)
        .map_or_else(|failure| failure.reason, |()| Reason::NONE)
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");
const SERVING: [u8; 7] = [0, 0, 0, 0, 2, 8, 1];

#[test]
fn a_message_counts_only_with_the_status_of_its_trailers() {
    assert_eq!(reason(&with_status(answer(&[GRPC], &SERVING), "0")), Reason::NONE);
    assert_eq!(reason(&with_status(answer(&[GRPC], &SERVING), "14")), Reason::MATCH_NOT_READY);
    assert_eq!(reason(&answer(&[GRPC], &SERVING)), Reason::RECEIVE_MALFORMED);
    // The status in the headers is not that of an answer with a body.
    let early = answer(&[GRPC, ("grpc-status", "0")], &SERVING);
    assert_eq!(reason(&early), Reason::RECEIVE_MALFORMED);
}

#[test]
fn headers_alone_may_be_the_answer_but_never_a_good_one() {
    let short = |status| reason(&answer(&[GRPC, ("grpc-status", status)], b""));
    assert_eq!(short("12"), Reason::MATCH_NO_HEALTH_SERVICE);
    assert_eq!(short("0"), Reason::RECEIVE_MALFORMED);
    assert_eq!(reason(&answer(&[GRPC], b"")), Reason::RECEIVE_MALFORMED);
}

#[test]
fn what_is_no_grpc_is_not_read() {
    for (kind, expected) in [
        ("application/grpc", Reason::NONE),
        ("application/grpc+proto", Reason::NONE),
        ("application/grpc; charset=utf-8", Reason::NONE),
        ("application/grpc-web", Reason::RECEIVE_MALFORMED),
        ("text/html", Reason::RECEIVE_MALFORMED),
    ] {
        let answer = with_status(answer(&[("content-type", kind)], &SERVING), "0");
        assert_eq!(reason(&answer), expected, "{kind}");
    }
    let unavailable = Answer { status: 503, ..with_status(answer(&[GRPC], &SERVING), "0") };
    let failure = told(&unavailable, &[]).unwrap_err();
    assert_eq!((failure.reason, failure.detail), (Reason::MATCH_STATUS, 503));
}

#[test]
fn an_answer_that_was_cut_is_too_large() {
    let cut = Answer { is_whole: false, ..answer(&[GRPC], &SERVING) };
    assert_eq!(reason(&cut), Reason::RECEIVE_TOO_LARGE);
}
