//! Answers in HTTP/1.1: heads, bodies, chunks, JSON, redirects, proxies.
//!
//! However an answer is cut, it means the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshvitals::model::http::HttpTalk;
use meshvitals::model::{HttpSpec, ProbeSpec, Protocol, TalkSpec};
use meshvitals::probe::http::Buffers;
use meshvitals::probe::http::chunked::{Chunked, Piece};
use meshvitals::probe::http::response::{Response, Verdict};
use meshvitals_fuzz::{Came, chosen, converse, converse_both_ways, pieces, probe, spec};
use std::sync::{Arc, LazyLock};

/// Plain exchanges.
const PLAIN: &[&str] = &[
    r#""http": {"url": "http://h/x", "expect": {"body_contains": "ok", "body_limit": 64}}"#,
    r#""http": {"url": "http://h/x", "expect": {"body_contains": "ok"}}"#,
    r#""http": {"url": "http://h/x", "method": "HEAD", "expect": {"status": [200, 204]}}"#,
];

/// Conversations, and what the peer says before the fuzzer does, and behind it.
const TALKS: &[(&str, &str, &str)] = &[
    (
        r#""http": {"url": "http://h/x", "expect": {"json": {"/a": [1, "b", null], "/c/0": {"min": 1, "max": 2}}}}"#,
        "HTTP/1.1 200 OK\r\n\r\n",
        "",
    ),
    (
        r#""http": {"url": "http://h/a/b?q", "redirects": {"same_host": false}}"#,
        "HTTP/1.1 302 Found\r\nLocation: ",
        "\r\n\r\n",
    ),
    (r#""http": {"url": "http://h/a/b?q", "method": "POST", "redirects": {}}"#, "", ""),
    (
        r#""http": {"url": "http://h/x", "keep_alive": true, "expect": {"status": [200], "warn": [404], "retry": [503], "headers": {"x-a": "b"}, "degraded_header": "x-d", "body_regex": "o+k$"}}"#,
        "",
        "",
    ),
    (r#""http": {"url": "https://h/x", "proxy": "http://p:3128"}"#, "", ""),
    (
        r#""http": {"url": "http://h/x", "bearer": "sesame", "redirects": {"max": 1}, "expect": {"body_contains": "ok"}}"#,
        "",
        "",
    ),
];

static SPECS: LazyLock<Vec<Arc<HttpSpec>>> = LazyLock::new(|| {
    let plain = |object: &&str| match probe(object) {
        ProbeSpec::Http(spec) => spec,
        _ => panic!("not plain: {object}"),
    };
    PLAIN.iter().map(plain).collect()
});
static TALK_SPECS: LazyLock<Vec<Arc<TalkSpec>>> =
    LazyLock::new(|| TALKS.iter().map(|(object, ..)| spec(object)).collect());

fn verdict(spec: &HttpSpec, pieces: &[&[u8]]) -> Verdict {
    let mut response = Response::new(Buffers::default());
    let early = pieces.iter().find_map(|piece| response.feed(spec, piece));
    early.unwrap_or_else(|| response.end(spec))
}

fn unchunked(pieces: &[&[u8]]) -> (Vec<u8>, Option<&'static str>, bool) {
    let (mut chunked, mut body) = (Chunked::new(), Vec::new());
    for mut piece in pieces.iter().copied() {
        loop {
            match chunked.next(&mut piece) {
                Piece::Data(data) => body.extend_from_slice(data),
                Piece::More => break,
                Piece::End => return (body, None, true),
                Piece::Malformed(problem) => return (body, Some(problem), false),
            }
        }
    }
    (body, None, false)
}

/// A redirect leads to what can be asked for; credentials stay where they belong.
fn check(from: &TalkSpec, next: &TalkSpec) {
    let http = |spec: &TalkSpec| match &spec.protocol {
        Protocol::Http(http) => HttpTalk::clone(http),
        _ => panic!("HTTP leads to HTTP"),
    };
    let (from, to) = (http(from), http(next));
    let is_word = |text: &str| text.bytes().all(|byte| byte > b' ' && byte != 0x7f);
    assert!(to.request.path.starts_with('/') && is_word(&to.request.path));
    assert!(!to.request.host.is_empty() && is_word(&to.request.host));
    assert_eq!(to.origin.is_secure, next.tls.is_some());
    assert!(to.credentials.is_none() || to.origin == from.origin);
}

fuzz_target!(|input: &[u8]| {
    let Some((parser, cut, bytes)) = chosen(input) else { return };
    let cuts = pieces(bytes, cut);
    match usize::from(parser) {
        parser if parser < PLAIN.len() => {
            let spec = &SPECS[parser];
            assert_eq!(verdict(spec, &[bytes]), verdict(spec, &cuts));
        }
        parser if parser == PLAIN.len() => assert_eq!(unchunked(&[bytes]), unchunked(&cuts)),
        parser => {
            let place = parser % TALKS.len();
            let (_, before, behind) = TALKS[place];
            let spec = &TALK_SPECS[place];
            if let Protocol::Http(http) = &spec.protocol
                && http.has_tunnel()
            {
                // What belongs to neither side of the handshake is seen only if it is there by then.
                converse(spec, &cuts);
                return;
            }
            let whole = [before.as_bytes(), bytes, behind.as_bytes()].concat();
            if let Came::Elsewhere(next) = converse_both_ways(spec, &whole, cut) {
                check(spec, &next);
            }
        }
    }
});
