//! Peers that go wrong while they speak HTTP/2, or that speak something else.

use crate::grpc::{expect, probe};
use crate::grpc_frames::{self as frames, GOAWAY, PING, PUSH, RESET, frame};
use meshvitals::model::{Outcome, Reason, RunResult};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// How a peer ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// It says nothing more.
    Hang,
    /// It closes.
    Close,
    /// It resets.
    Reset,
}

/// Runs a probe against a peer that hears the whole question, says these bytes and ends so.
#[track_caller]
fn told(timeout: &str, bytes: &[u8], end: End) -> RunResult {
    served(timeout, |stream| {
        frames::hear_question(stream);
        // A probe that knows enough does not wait for the rest.
        let _ = stream.write_all(bytes);
        finish(stream, end);
    })
}

/// Runs a probe against a peer that does this with its connection.
#[track_caller]
fn served(timeout: &str, serve: impl FnOnce(&mut TcpStream) + Send) -> RunResult {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (mut stream, _) = listener.accept().expect("a probe");
            serve(&mut stream);
        });
        probe(timeout, json!({"address": address}))
    })
}

fn finish(stream: &mut TcpStream, end: End) {
    match end {
        End::Close => {
            // What the probe still sends would turn a plain close into a reset.
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        End::Reset => {
            let _ = rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO));
            return;
        }
        End::Hang => {}
    }
    let _ = std::io::copy(stream, &mut std::io::sink());
}

#[track_caller]
fn expect_fail(result: &RunResult, reason: Reason, detail: i32, text: &str) {
    expect(result, Outcome::Fail, reason, detail, text);
}

#[test]
fn an_answer_that_ends_anywhere_before_its_end_is_none() {
    let good = frames::good_answer();
    for count in 0..good.len() {
        let part = &good[..count];
        let closed = told("10s", part, End::Close);
        expect_fail(&closed, Reason::RECEIVE_CLOSED, 0, ": Check: connection closed");
        let reset = told("10s", part, End::Reset);
        expect_fail(&reset, Reason::RECEIVE_RESET, reset.detail, ": Check: connection reset");
    }
    for end in [End::Hang, End::Close, End::Reset] {
        expect(&told("10s", &good, end), Outcome::Pass, Reason::NONE, 0, "");
    }
}

#[test]
fn a_peer_that_hangs_is_waited_for_until_the_deadline() {
    let good = frames::good_answer();
    for count in [0, 8, 9, 18, 30, good.len() - 1] {
        let result = told("200ms", &good[..count], End::Hang);
        let text = ": Check: timed out waiting for the answer";
        expect(&result, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, 0, text);
    }
    let silent = served("200ms", |stream| finish(stream, End::Hang));
    expect(&silent, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, 0, ": Check: ");
}

#[test]
fn a_peer_that_drips_does_not_stretch_the_deadline() {
    let result = served("300ms", |stream| {
        frames::hear_question(stream);
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        for byte in frames::good_answer() {
            if stream.write_all(&[byte]).is_err() || matches!(stream.read(&mut [0; 64]), Ok(0)) {
                return;
            }
        }
    });
    expect(&result, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, 0, ": Check: ");
}

#[test]
fn a_farewell_without_an_error_spoils_no_answer() {
    let going = |last: u32| frames::goaway(last, 0);
    let good = frames::good_answer();
    for (before, after) in [
        (going(u32::MAX >> 1), Vec::new()),
        (Vec::new(), going(1)),
        ([going(u32::MAX >> 1), going(1)].concat(), going(1)),
    ] {
        let (settings, rest) = good.split_at(9);
        let said = [settings, &before, rest, &after].concat();
        for end in [End::Hang, End::Close, End::Reset] {
            expect(&told("10s", &said, end), Outcome::Pass, Reason::NONE, 0, "");
        }
    }
    let refused = [frames::settings(), going(0)].concat();
    for end in [End::Hang, End::Close] {
        let result = told("10s", &refused, end);
        expect_fail(&result, Reason::MATCH_NOT_READY, 0, "takes no more requests (GOAWAY)");
    }
}

#[test]
fn what_the_peer_reports_is_told_with_its_code() {
    for (code, reason, text) in [
        (1, Reason::MATCH_ERROR, "PROTOCOL_ERROR"),
        (2, Reason::MATCH_ERROR, "INTERNAL_ERROR"),
        (7, Reason::MATCH_NOT_READY, "refused the request"),
        (8, Reason::MATCH_ERROR, "CANCEL"),
        (11, Reason::MATCH_NOT_READY, "fewer requests"),
        (12, Reason::TLS_FAILED, "too weak"),
        (13, Reason::MATCH_ERROR, "wants HTTP/1.1 for this"),
        (99, Reason::MATCH_ERROR, "code 99"),
    ] {
        let reset = frame(RESET, 0, 1, &u32::to_be_bytes(code));
        let refusal = [frames::settings(), reset].concat();
        let result = told("10s", &refusal, End::Hang);
        expect_fail(&result, reason, code as i32, &format!("{text} (RST_STREAM)"));
        for (last, end) in [(0, End::Hang), (0, End::Close), (1, End::Close)] {
            let farewell = [frames::settings(), frames::goaway(last, code)].concat();
            let result = told("10s", &farewell, end);
            expect_fail(&result, reason, code as i32, &format!("{text} (GOAWAY)"));
        }
    }
    let cut = [frames::settings(), frames::head(), frame(RESET, 0, 1, &[0; 4])].concat();
    expect_fail(&told("10s", &cut, End::Hang), Reason::RECEIVE_CLOSED, 0, "broke off");
}

#[test]
fn what_is_no_http_2_is_told_apart() {
    for (bytes, text) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"[..],
            "HTTP/1 and not HTTP/2, status 400",
        ),
        (b"HTTP/1.0 \r\n\r\n", "speaks HTTP/1 and not HTTP/2"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "wants encryption"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "does not speak HTTP/2"),
        (b"-ERR unknown command\r\n", "does not speak HTTP/2"),
        (&[0; 64], "does not speak HTTP/2"),
    ] {
        for end in [End::Hang, End::Close] {
            // Too little to be a frame is waited for.
            if end == End::Hang && bytes.len() < 9 {
                continue;
            }
            let result = told("10s", bytes, end);
            expect_fail(&result, Reason::RECEIVE_MALFORMED, 0, text);
        }
    }
}

#[test]
fn nothing_that_a_peer_sends_is_kept_without_end() {
    let flood = |part: Vec<u8>| {
        served("10s", move |stream| {
            frames::hear_question(stream);
            let _ = stream.write_all(&frames::settings());
            while stream.write_all(&part).is_ok() {}
        })
    };
    let ping = frame(PING, 0, 0, &[7; 8]);
    expect_fail(&flood(ping.repeat(100)), Reason::RECEIVE_TOO_LARGE, 0, "");
    let settings = frames::settings().repeat(100);
    expect_fail(&flood(settings), Reason::RECEIVE_TOO_LARGE, 0, "");
    let answer = [frames::settings(), frames::head(), frames::data(&[0; 5_000])].concat();
    let long = told("10s", &answer, End::Hang);
    expect_fail(&long, Reason::RECEIVE_TOO_LARGE, 0, "longer than 4096 bytes");
    // Little on the wire, much in memory: one header of 4 kB, named again and again.
    for (times, reason, text) in [
        (4, Reason::RECEIVE_MALFORMED, "larger than 16 KiB"),
        (1_000, Reason::RECEIVE_TOO_LARGE, "more headers"),
    ] {
        let headers = [frames::settings(), frames::bomb(times)].concat();
        expect_fail(&told("10s", &headers, End::Hang), reason, 0, text);
    }
}

#[test]
fn what_breaks_http_2_is_malformed() {
    let push = [frames::settings(), frame(PUSH, 4, 1, &[0, 0, 0, 2, 0x88])].concat();
    expect_fail(&told("10s", &push, End::Hang), Reason::RECEIVE_MALFORMED, 0, "PROTOCOL_ERROR");
    let absurd = [frames::settings(), vec![0xff; 64]].concat();
    expect_fail(&told("10s", &absurd, End::Hang), Reason::RECEIVE_MALFORMED, 0, "FRAME_SIZE");
    let table = [frames::settings(), frame(1, 4, 1, &[0xff, 0xff, 0xff])].concat();
    expect_fail(&told("10s", &table, End::Hang), Reason::RECEIVE_MALFORMED, 0, "breaks HTTP/2");
    let short = [frames::settings(), frame(GOAWAY, 0, 0, &[0; 3])].concat();
    expect_fail(&told("10s", &short, End::Hang), Reason::RECEIVE_MALFORMED, 0, "breaks HTTP/2");
}

#[test]
fn what_is_no_grpc_is_told_apart() {
    let answer = |status: u8, kind: &str, body: &[u8], trailers: &[(&str, &str)]| {
        let parts = [
            frames::settings(),
            frames::head_with(status, kind),
            frames::data(body),
            frames::trailers(trailers),
        ];
        told("10s", &parts.concat(), End::Hang)
    };
    let ok = [("grpc-status", "0")];
    let serving = [0, 0, 0, 0, 2, 8, 1];
    let page = answer(frames::OK, "text/html", b"<html>", &[]);
    expect_fail(&page, Reason::RECEIVE_MALFORMED, 0, "content-type");
    let away = answer(frames::INTERNAL, "application/grpc", &serving, &ok);
    expect_fail(&away, Reason::MATCH_STATUS, 500, "HTTP status 500");
    let mute = answer(frames::OK, "application/grpc", &serving, &[("x", "y")]);
    expect_fail(&mute, Reason::RECEIVE_MALFORMED, 0, "no grpc-status");
    let packed = answer(frames::OK, "application/grpc", &[1, 0, 0, 0, 2, 8, 1], &ok);
    expect_fail(&packed, Reason::RECEIVE_MALFORMED, 0, "compressed");
    let other = answer(frames::OK, "application/grpc", &[0, 0, 0, 0, 3, 0x0a, 1, 7], &ok);
    expect_fail(&other, Reason::RECEIVE_MALFORMED, 0, "HealthCheckResponse");
    let good = answer(frames::OK, "application/grpc+proto", &serving, &ok);
    expect(&good, Outcome::Pass, Reason::NONE, 0, "");
}
