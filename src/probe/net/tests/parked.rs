//! Connections that are kept: used again, renewed, and never trusted too much.

use super::*;
use crate::model::document::{Defaults, parse_check};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};

/// An answer after which the connection can go on.
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Closes without waiting for another request.
const BREAK: &str = "close";

/// A server whose connections, one after the other, answer their requests like this and then
/// close; an empty answer closes at once. It reports the connection of each request, and that a
/// connection has ended by the other side, as minus its number.
fn serve(connections: &'static [&'static [&'static str]]) -> (SocketAddr, Receiver<i32>) {
    let (listener, address) = listener();
    let (told, reports) = channel();
    std::thread::spawn(move || {
        for (number, answers) in (1..).zip(connections) {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in *answers {
                if *answer == BREAK || !hear(&mut stream) {
                    break;
                }
                told.send(number).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
            if !matches!(answers.last(), Some(&("" | BREAK))) {
                // Whatever comes next is the end or a reset.
                let _ = stream.read(&mut [0]);
                told.send(-number).unwrap();
            }
        }
    });
    (address, reports)
}

/// Whether a request came.
fn hear(stream: &mut TcpStream) -> bool {
    let mut heard = Vec::new();
    let mut byte = [0];
    while !heard.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return false;
        }
        heard.push(byte[0]);
    }
    assert!(String::from_utf8(heard).unwrap().contains("\r\nConnection: keep-alive\r\n"));
    true
}

fn kept(address: SocketAddr, fresh_every: u32) -> ProbeSpec {
    let text = format!(
        r#"{{"name": "x", "http": {{"url": "http://{address}/health", "keep_alive": true,
        "fresh_every": {fresh_every}}}}}"#
    );
    parse_check(&text, &Defaults::default()).unwrap().probe
}

#[test]
fn a_connection_serves_so_many_runs_and_the_next_one_is_fresh() {
    let (address, reports) = serve(&[&[OK; 3], &[OK; 3]]);
    let (mut driver, spec) = (Driver::new(), kept(address, 3));
    for _ in 0..6 {
        driver.expect_pass(&spec);
    }
    let told: Vec<i32> = reports.iter().take(7).collect();
    assert_eq!(told, [1, 1, 1, -1, 2, 2, 2]);
    assert_eq!(driver.net.sockets.len(), 1);
}

#[test]
fn only_the_first_run_of_a_connection_connects() {
    let (address, _reports) = serve(&[&[OK; 2]]);
    let (mut driver, spec) = (Driver::new(), kept(address, 9));
    let phases = |driver: &mut Driver| driver.run(&spec).phases;
    assert!(phases(&mut driver).connect_ns > 0);
    let second = phases(&mut driver);
    assert_eq!(second.connect_ns, 0);
    assert!(second.first_byte_ns > 0);
}

#[test]
fn a_connection_that_ended_before_any_byte_is_replaced_once() {
    let (address, reports) = serve(&[&[OK, ""], &[OK, ""], &[""]]);
    let (mut driver, spec) = (Driver::new(), kept(address, 9));
    driver.expect_pass(&spec);
    driver.expect_pass(&spec);
    let message = driver.expect(&spec, Outcome::Fail, Reason::RECEIVE_CLOSED);
    assert!(message.starts_with("GET /health at "), "{message}");
    assert_eq!(reports.iter().take(5).collect::<Vec<_>>(), [1, 1, 2, 2, 3]);
}

#[test]
fn a_connection_that_breaks_in_its_answer_is_a_failure() {
    let (address, reports) = serve(&[&[OK, "HTTP/1.1 200 OK\r\nContent-Le", BREAK], &[OK]]);
    let (mut driver, spec) = (Driver::new(), kept(address, 9));
    driver.expect_pass(&spec);
    driver.expect(&spec, Outcome::Fail, Reason::RECEIVE_CLOSED);
    driver.expect_pass(&spec);
    assert_eq!(reports.iter().take(3).collect::<Vec<_>>(), [1, 1, 2]);
}

#[test]
fn a_connection_is_dropped_after_a_timeout() {
    let (address, reports) = serve(&[&[OK, "HTTP/1.1 200 OK\r\nContent-Le"], &[OK]]);
    let (mut driver, spec) = (Driver::new(), kept(address, 9));
    driver.expect_pass(&spec);
    assert_eq!(reports.recv(), Ok(1));
    let run = driver.start(&spec);
    while reports.try_recv() != Ok(1) {
        driver.turn(1);
    }
    let result = driver.net.expire(run, false, monotonic());
    assert_eq!((result.outcome, result.reason), (Outcome::Timeout, Reason::RECEIVE_TIMEOUT));
    assert_eq!(driver.net.sockets.len(), 0);
    driver.expect_pass(&spec);
    assert_eq!(reports.iter().take(2).collect::<Vec<_>>(), [-1, 2]);
}

#[test]
fn an_end_that_is_seen_while_nobody_asks_closes_the_connection() {
    for last in [OK, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 408 Late\r\n\r\n"] {
        let (listener, address) = listener();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(hear(&mut stream));
            stream.write_all(last.as_bytes()).unwrap();
            listener
        });
        let (mut driver, spec) = (Driver::new(), kept(address, 9));
        driver.expect_pass(&spec);
        let listener = server.join().unwrap();
        // Either it is seen as an edge, or the next run sees it; never as its answer.
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(hear(&mut stream));
            stream.write_all(OK.as_bytes()).unwrap();
            let _ = stream.read(&mut [0]);
        });
        driver.expect_pass(&spec);
        drop(driver);
        server.join().unwrap();
    }
}

#[test]
fn an_answer_nobody_asked_for_is_not_taken_for_the_next_one() {
    let (listener, address) = listener();
    let (go, gone) = channel();
    let (told, said) = channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(hear(&mut stream));
        stream.write_all(OK.as_bytes()).unwrap();
        let () = gone.recv().unwrap();
        stream.write_all(b"HTTP/1.1 500 Unasked\r\nContent-Length: 0\r\n\r\n").unwrap();
        told.send(()).unwrap();
        let (mut second, _) = listener.accept().unwrap();
        assert!(hear(&mut second));
        second.write_all(OK.as_bytes()).unwrap();
        let _ = second.read(&mut [0]);
    });
    let (mut driver, spec) = (Driver::new(), kept(address, 9));
    driver.expect_pass(&spec);
    go.send(()).unwrap();
    said.recv().unwrap();
    driver.expect_pass(&spec);
    drop(driver);
    server.join().unwrap();
}

#[test]
fn what_cannot_be_kept_is_not() {
    const CLOSES: &str = "HTTP/1.1 200 OK\r\nconnection: x, Close\r\nContent-Length: 0\r\n\r\n";
    const FAILS: &str = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
    const SURPLUS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx";
    const LONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n";
    let (address, reports) = serve(&[&[CLOSES], &[FAILS], &[SURPLUS], &[OK, OK]]);
    let (mut driver, spec) = (Driver::new(), kept(address, 9));
    driver.expect_pass(&spec);
    assert_eq!(driver.net.parked.len(), 0);
    driver.expect(&spec, Outcome::Fail, Reason::MATCH_STATUS);
    assert_eq!(driver.net.parked.len(), 0);
    driver.expect_pass(&spec);
    assert_eq!(driver.net.parked.len(), 0);
    driver.expect_pass(&spec);
    assert_eq!(driver.net.parked.len(), 1);
    driver.expect_pass(&spec);
    assert_eq!(reports.iter().take(8).collect::<Vec<_>>(), [1, -1, 2, -2, 3, -3, 4, 4]);
    // A body beyond the limit is not read for the sake of the connection.
    let long: &'static str = format!("{LONG}{}", "x".repeat(99_999)).leak();
    let (address, reports) = serve(vec![&*vec![long].leak(), &[OK]].leak());
    let spec = kept(address, 9);
    driver.expect_pass(&spec);
    assert_eq!((reports.recv(), driver.net.parked.len()), (Ok(1), 1));
}

#[test]
fn a_connection_goes_with_its_check() {
    let (address, reports) = serve(&[&[OK, OK]]);
    let (mut driver, spec) = (Driver::new(), kept(address, 9));
    driver.expect_pass(&spec);
    // What the other side still acknowledges may show as an edge, which says nothing.
    while driver.turn(0) {}
    assert_eq!(driver.net.sockets.len(), 1);
    drop(spec);
    let _ = driver.net.poll();
    assert_eq!(driver.net.sockets.len(), 0);
    assert_eq!(reports.iter().take(2).collect::<Vec<_>>(), [1, -1]);
}
