//! HTTP probes against small servers that answer in many ways.

use super::*;
use crate::model::{HttpExpect, HttpSpec};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

fn http(target: Target) -> HttpSpec {
    HttpSpec {
        target,
        host: "test".into(),
        method: "GET".into(),
        path: "/health?token=hidden".into(),
        headers: [("Authorization".into(), "Bearer hidden".into())].into(),
        body: Box::default(),
        expect: Arc::new(HttpExpect {
            status: [(200, 299)].into(),
            body_contains: None,
            body_limit: 1_024,
        }),
    }
}

fn get(address: SocketAddr) -> ProbeSpec {
    ProbeSpec::Http(Arc::new(http(address.into())))
}

fn get_body(address: SocketAddr, text: &str) -> ProbeSpec {
    let mut spec = http(address.into());
    let body_contains = Some(text.into());
    spec.expect = HttpExpect { body_contains, ..(*spec.expect).clone() }.into();
    ProbeSpec::Http(Arc::new(spec))
}

/// Reads a request up to the empty line.
fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        request.push(byte[0]);
    }
    String::from_utf8(request).unwrap()
}

/// A server that answers one request like this and then waits until it is left.
fn serve<F>(answer: F) -> (SocketAddr, JoinHandle<String>)
where
    F: FnOnce(&mut TcpStream) + Send + 'static,
{
    let (listener, address) = listener();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let request = read_request(&mut stream);
        answer(&mut stream);
        let _ = stream.read(&mut [0]);
        request
    });
    (address, server)
}

/// A server that sends these parts one by one; how they arrive is up to the machine.
fn serve_parts(parts: &'static [&'static str]) -> SocketAddr {
    let answer = move |stream: &mut TcpStream| {
        for part in parts {
            // Whoever knows the verdict early leaves early.
            if stream.write_all(part.as_bytes()).is_err() {
                break;
            }
            std::thread::yield_now();
        }
    };
    serve(answer).0
}

#[test]
fn an_expected_status_passes_and_the_request_is_whole() {
    let (address, server) = serve(|stream| {
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let mut driver = Driver::new();
    let result = driver.run(&get(address));
    assert_eq!(result.outcome, Outcome::Pass);
    assert!(result.phases.connect_ns > 0 && result.phases.first_byte_ns > 0);
    let request = server.join().unwrap();
    assert!(request.starts_with("GET /health?token=hidden HTTP/1.1\r\nHost: test\r\n"));
    assert!(request.contains("\r\nAuthorization: Bearer hidden\r\n"));
}

#[test]
fn one_socket_serves_many_requests_and_no_port_is_kept_waiting() {
    let mut driver = Driver::new();
    for _ in 0..20 {
        let (address, _) = serve(|stream| stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap());
        driver.expect_pass(&get(address));
        driver.expect_quiet();
    }
    assert_eq!(driver.net.sockets.len(), 1);
}

#[test]
fn the_answer_may_come_in_any_parts() {
    const ANSWERS: &[&[&str]] = &[
        &["HTTP/1.1 200 OK\r\nContent-", "Length: 7\r\n\r\nall", " ok."],
        &[
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n- a\r",
            "\n6\r\nll ok.\r\n0\r\n\r\n",
        ],
        &["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nall ok"],
        &[
            "H", "T", "T", "P", "/", "1", ".", "1", " ", "2", "0", "0", "\r", "\n", "\r", "\n",
            "all ok",
        ],
    ];
    let mut driver = Driver::new();
    for answer in ANSWERS {
        driver.expect_pass(&get_body(serve_parts(answer), "all ok"));
    }
}

#[test]
fn a_wrong_answer_says_what_is_wrong_and_nothing_secret() {
    let cases: [(&'static [&'static str], Outcome, Reason, &str); 7] = [
        (
            &["HTTP/1.1 503 Unavailable\r\n\r\n"],
            Outcome::Fail,
            Reason::MATCH_STATUS,
            "status 503, expected 200-299",
        ),
        (
            &["HTTP/1.1 429 Slow Down\r\n\r\n"],
            Outcome::Warn,
            Reason::MATCH_STATUS_WARN,
            "status 429: alive, but asks for fewer requests",
        ),
        (
            &["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden"],
            Outcome::Fail,
            Reason::MATCH_BODY,
            "the body lacks the expected text",
        ),
        (&["SSH-2.0-OpenSSH\r\n"], Outcome::Fail, Reason::RECEIVE_MALFORMED, "not HTTP/1"),
        (
            &["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
            Outcome::Fail,
            Reason::RECEIVE_MALFORMED,
            "the content lengths conflict or are no numbers",
        ),
        (
            &["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n"],
            Outcome::Fail,
            Reason::RECEIVE_MALFORMED,
            "a chunk size is not a number",
        ),
        (
            &["HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"],
            Outcome::Fail,
            Reason::MATCH_BODY,
            "the body lacks the expected text",
        ),
    ];
    let mut driver = Driver::new();
    for (parts, outcome, reason, text) in cases {
        let address = serve_parts(parts);
        let message = driver.expect(&get_body(address, "wanted"), outcome, reason);
        assert_eq!(message, format!("GET /health at {address}: {text}"));
        assert!(!message.contains("hidden") && !message.contains("wanted"));
    }
}

#[test]
fn what_is_too_large_is_not_read_to_its_end() {
    let mut driver = Driver::new();
    let (address, _) = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 1_000]).is_ok() {}
    });
    driver.expect(&get_body(address, "ok"), Outcome::Fail, Reason::RECEIVE_TOO_LARGE);
    let (address, _) = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"A: xxxxxxxxxxxxxxxxxxxx\r\n").is_ok() {}
    });
    driver.expect(&get(address), Outcome::Fail, Reason::RECEIVE_TOO_LARGE);
}

#[test]
fn a_long_answer_is_read_in_turns_with_others() {
    let (address, _) = serve(|stream| {
        let body = "x".repeat(40_000) + "ok";
        stream.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{body}").as_bytes()).unwrap();
    });
    let mut spec = http(address.into());
    let body_contains = Some("ok".into());
    spec.expect = HttpExpect { body_contains, body_limit: 50_000, ..(*spec.expect).clone() }.into();
    let mut driver = Driver::new();
    // With so small a buffer the first turns end before the answer does.
    driver.net.input = vec![0; 64].into();
    driver.expect_pass(&ProbeSpec::Http(Arc::new(spec)));
}

#[test]
fn a_connection_lost_before_the_verdict_fails() {
    let mut driver = Driver::new();
    let (address, _) = serve(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let message = driver.expect(&get_body(address, "abc"), Outcome::Fail, Reason::RECEIVE_CLOSED);
    assert!(message.ends_with(": connection closed before the answer was complete"), "{message}");

    let (address, _) = serve(|stream| {
        stream.write_all(b"HTTP/1.1 200").unwrap();
        rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO)).unwrap();
        rustix::net::connect_unspec(&*stream).unwrap();
    });
    driver.expect(&get(address), Outcome::Fail, Reason::RECEIVE_RESET);
    driver.expect(&get(closed_port()), Outcome::Fail, Reason::CONNECT_REFUSED);
}

#[test]
fn the_end_of_the_stream_is_the_end_of_an_unmeasured_body() {
    let mut driver = Driver::new();
    let (address, _) = serve(|stream| {
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nit works").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    });
    driver.expect(&get_body(address, "failed"), Outcome::Fail, Reason::MATCH_BODY);
}

#[test]
fn an_answer_to_head_has_no_body() {
    let (address, _) = serve(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").unwrap();
    });
    let mut spec = http(address.into());
    spec.method = "HEAD".into();
    Driver::new().expect_pass(&ProbeSpec::Http(Arc::new(spec)));
}

#[test]
fn a_large_request_is_sent_in_parts() {
    let (address, server) = serve(|stream| {
        let mut body = vec![0; 8 << 20];
        stream.read_exact(&mut body).unwrap();
        assert!(body.iter().all(|&byte| byte == b'y'));
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    });
    let mut spec = http(address.into());
    spec.method = "POST".into();
    spec.body = "y".repeat(8 << 20).into();
    Driver::new().expect_pass(&ProbeSpec::Http(Arc::new(spec)));
    assert!(server.join().unwrap().contains("Content-Length: 8388608\r\n"));
}

#[test]
fn an_answer_given_before_the_request_was_read_counts() {
    let (listener, address) = listener();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 413 Too Large\r\n\r\n").unwrap();
        // It never reads, and it leaves only when it is left.
        stream.set_nonblocking(false).unwrap();
        rustix::event::poll(
            &mut [rustix::event::PollFd::new(&stream, rustix::event::PollFlags::ERR)],
            None,
        )
        .unwrap();
    });
    let mut spec = http(address.into());
    spec.body = "y".repeat(8 << 20).into();
    let spec = ProbeSpec::Http(Arc::new(spec));
    Driver::new().expect(&spec, Outcome::Fail, Reason::MATCH_STATUS);
    server.join().unwrap();
}

#[test]
fn drips_do_not_move_the_deadline() {
    let (drip, drips) = std::sync::mpsc::channel();
    let (address, _) = serve(move |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nA: ").unwrap();
        while drips.recv().is_ok() && stream.write_all(b"x").is_ok() {}
    });
    let mut driver = Driver::new();
    let run = driver.start(&get(address));
    for _ in 0..20 {
        drip.send(()).unwrap();
        assert!(driver.turn(10));
    }
    assert!(driver.done.is_empty());
    let result = driver.net.expire(run, false, monotonic());
    assert_eq!((result.outcome, result.reason), (Outcome::Timeout, Reason::RECEIVE_TIMEOUT));
    assert!(result.phases.first_byte_ns > 0 && result.phases.transfer_ns > 0);
    assert_eq!(driver.net.in_flight(), 0);
}

#[test]
fn an_answer_after_the_deadline_is_reported_if_its_connection_was_kept() {
    let (go, gate) = mpsc::channel();
    let (address, _) = serve(move |stream| {
        gate.recv().unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    });
    let mut driver = Driver::new();
    let run = driver.start(&get(address));
    assert!(driver.turn(10), "connected");
    let result = driver.net.expire(run, true, monotonic());
    assert_eq!((result.outcome, result.reason), (Outcome::Timeout, Reason::RECEIVE_TIMEOUT));
    go.send(()).unwrap();
    let done = driver.expect_done(1).pop().unwrap();
    assert_eq!((done.run, done.result.outcome), (run, Outcome::Pass));
    assert_eq!(driver.net.in_flight(), 0);
}

#[test]
fn a_unix_socket_can_speak_http() {
    let file = format!("meshvitals-{}-http.sock", std::process::id());
    let path = std::env::temp_dir().join(file);
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    });
    let spec = http(Target::unix(path.to_str().unwrap()));
    Driver::new().expect_pass(&ProbeSpec::Http(Arc::new(spec)));
    server.join().unwrap();
    std::fs::remove_file(path).unwrap();
}
