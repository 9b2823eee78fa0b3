//! The verdict for whole answers, and that no cut changes it.

use super::*;
use crate::probe::http::tests::spec;
use proptest::prelude::*;

/// The verdict when the answer comes in these parts and then ends.
fn verdict_of(spec: &HttpSpec, parts: &[&[u8]]) -> Verdict {
    let mut response = Response::new(Buffers::default());
    for part in parts {
        if let Some(verdict) = response.feed(spec, part) {
            return verdict;
        }
    }
    response.end(spec)
}

fn expecting(text: Option<&str>, limit: u32, method: &str) -> HttpSpec {
    let mut spec = spec();
    spec.method = method.into();
    let body_contains = text.map(Into::into);
    spec.expect = HttpExpect { body_contains, body_limit: limit, ..(*spec.expect).clone() }.into();
    spec
}

/// Why the case exists, method, text, limit, answer, verdict.
type Case = (&'static str, &'static str, Option<&'static str>, u32, &'static str, Verdict);

const BIG: u32 = 16 * 1024;
const CONFLICT: Verdict = Verdict::Malformed("the content lengths conflict or are no numbers");
const BODY_LIMIT: Verdict = Verdict::TooLarge("the body is longer than its limit");

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("known after the head", "GET", None, BIG, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", Verdict::Pass),
    ("no reason phrase", "GET", None, BIG, "HTTP/1.1 200\r\n\r\n", Verdict::Pass),
    ("HTTP/1.0", "GET", None, BIG, "HTTP/1.0 204 x\r\n\r\n", Verdict::Pass),
    ("bare line feeds", "GET", None, BIG, "HTTP/1.1 200 OK\nA: b\n\n", Verdict::Pass),
    ("a folded header", "GET", None, BIG, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Verdict::Pass),
    ("a wrong status", "GET", None, BIG, "HTTP/1.1 503 no\r\n\r\n", Verdict::Status(503)),
    ("the status comes before the body", "GET", Some("ok"), BIG, "HTTP/1.1 404 x\r\nContent-Length: 2\r\n\r\nok", Verdict::Status(404)),
    ("too many requests", "GET", None, BIG, "HTTP/1.1 429 x\r\n\r\n", Verdict::Busy(429)),
    ("interim heads are skipped", "GET", Some("ok"), BIG, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nok", Verdict::Pass),
    ("an interim head is no answer", "GET", None, BIG, "HTTP/1.1 100 Continue\r\n\r\n", Verdict::Closed),
    ("an upgrade is final", "GET", None, BIG, "HTTP/1.1 101 Up\r\n\r\n", Verdict::Status(101)),
    ("sized body", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n-ok-", Verdict::Pass),
    ("sized body without the text", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n-o-kok", Verdict::Body),
    ("sized body cut short", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n-o", Verdict::Closed),
    ("empty body", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nok", Verdict::Body),
    ("an empty text is in every body", "GET", Some(""), BIG, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Verdict::Pass),
    ("body until the end", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\n\r\nit is ok", Verdict::Pass),
    ("body until the end without the text", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\n\r\nit is o", Verdict::Body),
    ("a text across chunks", "GET", Some("hello"), BIG, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n\r\n", Verdict::Pass),
    ("framing is not part of the body", "GET", Some("2\r\nhe"), BIG, "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n0\r\n\r\n", Verdict::Body),
    ("chunks cut short", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", Verdict::Closed),
    ("broken chunks", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nheo\r\n", Verdict::Malformed("a chunk is longer than its size")),
    ("broken behind the text", "GET", Some("he"), BIG, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nheo\r\n", Verdict::Pass),
    ("transfer coding wins over length", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Verdict::Pass),
    ("another coding lasts until the end", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\n-ok", Verdict::Pass),
    ("the same length twice", "GET", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok", Verdict::Pass),
    ("two lengths", "GET", None, BIG, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", CONFLICT),
    ("a signed length", "GET", None, BIG, "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", CONFLICT),
    ("no length", "GET", None, BIG, "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok", CONFLICT),
    ("a length out of range", "GET", None, BIG, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok", CONFLICT),
    ("HEAD has no body", "HEAD", Some("ok"), BIG, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Verdict::Body),
    ("204 has no body", "GET", Some("ok"), BIG, "HTTP/1.1 204 OK\r\nContent-Length: 2\r\n\r\nok", Verdict::Body),
    ("the text before the limit", "GET", Some("ok"), 4, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n--ok-----", Verdict::Pass),
    ("the text across the limit", "GET", Some("ok"), 3, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n--ok-----", BODY_LIMIT),
    ("a body of exactly the limit", "GET", Some("ok"), 4, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n----", Verdict::Body),
    ("a large body nobody looks at", "GET", None, 4, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n---------", Verdict::Pass),
    ("chunks beyond the limit", "GET", Some("ok"), 4, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n---\r\n3\r\n-ok\r\n0\r\n\r\n", BODY_LIMIT),
    ("nothing", "GET", None, BIG, "", Verdict::Closed),
    ("a head cut short", "GET", None, BIG, "HTTP/1.1 200 OK\r\nA: b", Verdict::Closed),
    ("another protocol", "GET", None, BIG, "SSH-2.0-OpenSSH_9\r\n", Verdict::Malformed("not HTTP/1")),
    ("HTTP/2", "GET", None, BIG, "HTTP/2 200 OK\r\n\r\n", Verdict::Malformed("not HTTP/1")),
    ("no code", "GET", None, BIG, "HTTP/1.1 OK\r\n\r\n", Verdict::Malformed("no status code in the first line")),
    ("a broken header", "GET", None, BIG, "HTTP/1.1 200 OK\r\nA b\r\n\r\n", Verdict::Malformed("a header is broken")),
];

#[test]
fn every_case_has_its_verdict_wherever_it_is_cut() {
    for &(why, method, text, limit, answer, expected) in CASES {
        let spec = expecting(text, limit, method);
        let answer = answer.as_bytes();
        for cut in 0..=answer.len() {
            let (a, b) = answer.split_at(cut);
            assert_eq!(verdict_of(&spec, &[a, b]), expected, "{why}, cut at {cut}");
        }
        let single: Vec<&[u8]> = answer.chunks(1).collect();
        assert_eq!(verdict_of(&spec, &single), expected, "{why}, byte by byte");
    }
}

#[test]
fn a_head_beyond_its_limits_is_too_large_wherever_it_is_cut() {
    let long = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(HEAD_LIMIT));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(head::HEADER_LIMIT + 1));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(HEAD_LIMIT / 25 + 1);
    for answer in [long, many, interim] {
        for size in [1, 7, 1_000, 16_384, 100_000] {
            let parts: Vec<&[u8]> = answer.as_bytes().chunks(size).collect();
            let verdict = verdict_of(&spec(), &parts);
            assert!(matches!(verdict, Verdict::TooLarge(_)), "{verdict:?} in parts of {size}");
        }
    }
    let fits = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(head::HEADER_LIMIT));
    assert_eq!(verdict_of(&spec(), &[fits.as_bytes()]), Verdict::Pass);
}

#[test]
fn garbage_is_called_malformed_before_the_peer_ends_it() {
    let mut response = Response::new(Buffers::default());
    let verdict = response.feed(&spec(), b"SSH-2.0-x\r\n");
    assert_eq!(verdict, Some(Verdict::Malformed("not HTTP/1")));
}

#[test]
fn memory_is_not_taken_for_an_answer_in_one_piece_nor_for_a_long_body() {
    let spec = expecting(Some("needle"), u32::MAX, "GET");
    let mut response = Response::new(Buffers::default());
    assert_eq!(response.feed(&spec, b"HTTP/1.1 200 OK\r\n\r\n"), None);
    assert_eq!(response.buffers.head.capacity(), 0);
    for _ in 0..1_000 {
        assert_eq!(response.feed(&spec, &[b'x'; 1_000]), None);
    }
    assert!(response.buffers.tail.capacity() < 4_096);
    assert_eq!(response.feed(&spec, b"-needle-"), Some(Verdict::Pass));
}

/// Answers that are nearly right, so that every branch is reached.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("HTTP/1.1 200 OK\r\n".to_owned()),
        Just("HTTP/1.1 100 Continue\r\n\r\n".to_owned()),
        Just("HTTP/1.1 503 x\n".to_owned()),
        Just("Transfer-Encoding: chunked\r\n".to_owned()),
        (0u32..12).prop_map(|length| format!("Content-Length: {length}\r\n")),
        Just("A: b\r\n c\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        (0u32..9).prop_map(|size| format!("{size:x};e\r\n")),
        "[ok\\-]{0,9}",
        Just("0\r\n\r\n".to_owned()),
    ];
    let tail = prop::collection::vec(line, 0..10);
    let garbage = prop::collection::vec(any::<u8>(), 0..4);
    (any::<bool>(), tail, garbage, any::<prop::sample::Index>()).prop_map(
        |(begins, lines, garbage, place)| {
            let mut text = if begins { "HTTP/1.1 200 OK\r\n" } else { "" }.to_owned();
            text.extend(lines);
            let mut bytes = text.into_bytes();
            let at = place.index(bytes.len() + 1);
            bytes.splice(at..at, garbage);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_cut_changes_the_verdict(
        answer in answers(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        text in prop::option::of(prop_oneof![Just("ok"), Just("o"), Just("ok-ok")]),
        limit in prop_oneof![Just(4u32), Just(16_384)],
        head in any::<bool>(),
    ) {
        let spec = expecting(text, limit, if head { "HEAD" } else { "GET" });
        let whole = verdict_of(&spec, &[&answer]);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(answer.len() + 1)).collect();
        places.extend([0, answer.len()]);
        places.sort_unstable();
        let parts: Vec<&[u8]> = places.windows(2).map(|p| &answer[p[0]..p[1]]).collect();
        prop_assert_eq!(verdict_of(&spec, &parts), whole);
        let single: Vec<&[u8]> = answer.chunks(1).collect();
        prop_assert_eq!(verdict_of(&spec, &single), whole);
    }
}
