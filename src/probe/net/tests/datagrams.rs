//! Runs in datagrams, and what becomes of one that goes on over a stream.

use super::names::with_lists;
use super::*;
use crate::model::document::{Defaults, parse_check};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::thread::{self, JoinHandle};

/// A name server at 127.0.0.8 alone that answers one question, and only over a stream. The thread
/// ends with the address at which it was asked there; the listener takes streams at every other
/// address, too.
fn truncating() -> (TcpListener, JoinHandle<IpAddr>) {
    let streams = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = streams.local_addr().unwrap().port();
    let listener = streams.try_clone().unwrap();
    let datagrams = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 8), port)).unwrap();
    let thread = thread::spawn(move || {
        let mut room = [0; 512];
        let (count, from) = datagrams.recv_from(&mut room).unwrap();
        // A response, and cut.
        room[2] |= 0x82;
        datagrams.send_to(&room[..count], from).unwrap();
        let (mut stream, _) = streams.accept().unwrap();
        let asked_at = stream.local_addr().unwrap().ip();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let count = usize::from(u16::from_be_bytes(length));
        stream.read_exact(&mut room[..count]).unwrap();
        room[2] |= 0x80;
        stream.write_all(&[&length[..], &room[..count]].concat()).unwrap();
        asked_at
    });
    (listener, thread)
}

#[test]
fn a_question_goes_on_over_a_stream_at_the_address_that_cut_its_answer() {
    let (listener, server) = truncating();
    let port = listener.local_addr().unwrap().port();
    let text = format!(
        r#"{{"name": "x", "addresses": "each",
            "dns": {{"name": "x", "server": "y:{port}", "min_answers": 0}}}}"#
    );
    let mut spec = parse_check(&text, &Defaults::default()).unwrap().probe;
    if let Some(Target::Name(name)) = spec.target_mut() {
        std::sync::Arc::make_mut(name).host = "127.0.0.7,127.0.0.8,127.0.0.9".into();
    }
    // What the first address came to is not forgotten over it, and the last is asked as the first.
    let result = with_lists().run(&spec);
    let text = result.message.as_str();
    assert_eq!((result.outcome, result.reason), (Outcome::Warn, Reason::CONNECT_REFUSED), "{text}");
    assert!(text.starts_with("2 of 3 addresses: "), "{text}");
    assert_eq!(server.join().unwrap(), Ipv4Addr::new(127, 0, 0, 8));
}
