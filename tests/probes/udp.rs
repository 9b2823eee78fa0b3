//! A datagram and its reply, with peers that answer, refuse, keep silent and answer beside it.

use super::ask::{expect, run};
use meshvitals::{Outcome, Reason, RunResult};
use std::net::{SocketAddr, UdpSocket};
use std::thread::{self, JoinHandle};

/// Plenty for an answer on this machine.
const LONG: &str = "10s";

/// A peer that does this with the first datagram that it gets.
fn peer(
    answer: impl FnOnce(&UdpSocket, &[u8], SocketAddr) + Send + 'static,
) -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let mut room = [0; 65_536];
        let (count, from) = socket.recv_from(&mut room).unwrap();
        answer(&socket, &room[..count], from);
    });
    (address, thread)
}

/// What comes of these keys with a peer that replies so.
fn ask(keys: &str, reply: &'static [u8]) -> RunResult {
    let (address, thread) = peer(move |socket, request, from| {
        assert_eq!(request, b"ping\x00hunter2");
        socket.send_to(reply, from).unwrap();
    });
    let send = "70696e67 00 68756e74657232";
    let result =
        run(&format!(r#""udp": {{"address": "{address}", "send_hex": "{send}"{keys}}}"#), LONG);
    thread.join().unwrap();
    assert!(!result.message.as_str().contains("hunter2"));
    result
}

#[test]
fn a_reply_passes_and_so_does_an_empty_one() {
    for reply in [&b"pong"[..], b""] {
        let result = ask("", reply);
        expect(&result, Outcome::Pass, Reason::NONE, "");
        assert!(result.phases.first_byte_ns > 0);
    }
}

#[test]
fn the_reply_must_hold_what_is_expected() {
    let reply = b"\x00pong hunter2\xff";
    for keys in [r#""expect": "pong h""#, r#""expect_hex": "00 70""#, r#""expect_regex": "^.p""#] {
        expect(&ask(&format!(", {keys}"), reply), Outcome::Pass, Reason::NONE, "");
    }
    for keys in [r#""expect": "Pong""#, r#""expect_hex": "70 00""#, r#""expect_regex": "^p""#] {
        let result = ask(&format!(", {keys}"), reply);
        let words = ": reply: unexpected, of 14 bytes";
        expect(&result, Outcome::Fail, Reason::MATCH_ANSWER, words);
    }
}

#[test]
fn a_large_reply_is_looked_at_to_its_end() {
    static LARGE: [u8; 60_000] = {
        let mut bytes = [0; 60_000];
        bytes[59_999] = b'!';
        bytes
    };
    expect(&ask(r#", "expect": "!""#, &LARGE), Outcome::Pass, Reason::NONE, "");
}

#[test]
fn where_nobody_takes_it_the_datagram_is_refused() {
    let address = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let result = run(&format!(r#""udp": {{"address": "{address}", "send": "x"}}"#), LONG);
    let words = format!("udp at {address}: reply: connection refused");
    expect(&result, Outcome::Fail, Reason::CONNECT_REFUSED, &words);
    assert_ne!(result.detail, 0);
}

#[test]
fn silence_is_never_a_pass() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let result = run(&format!(r#""udp": {{"address": "{address}", "send": "x"}}"#), "50ms");
    let words = format!("udp at {address}: reply: timed out waiting for the answer");
    expect(&result, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, &words);
    assert_eq!(socket.recv(&mut [0; 9]).unwrap(), 1, "it was sent, and once");
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 9]).is_err());
}

#[test]
fn a_reply_of_somebody_else_is_none() {
    let (address, thread) = peer(|_, _, from| {
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        other.send_to(b"pong", from).unwrap();
    });
    let result = run(&format!(r#""udp": {{"address": "{address}", "send": "x"}}"#), "200ms");
    thread.join().unwrap();
    // The peer has gone, but nothing was sent to it after that.
    expect(&result, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, "reply");
}

#[test]
fn a_name_is_asked_at_each_of_its_addresses() {
    let (address, thread) = peer(|socket, _, from| {
        socket.send_to(b"pong", from).unwrap();
    });
    let port = address.port();
    let result = run(&format!(r#""udp": {{"address": "localhost:{port}", "send": "x"}}"#), LONG);
    expect(&result, Outcome::Pass, Reason::NONE, "");
    thread.join().unwrap();
}
