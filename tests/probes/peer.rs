//! Peers that play the good part of a protocol up to a turn, and then a bad one.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use meshvitals::model::{Outcome, Reason, RunResult};

use super::server::probe_within;

/// What a good server does at one step of a protocol.
pub struct Turn<'a> {
    /// The step as the probe names it.
    pub step: &'static str,
    /// Whether the server is spoken to first.
    pub listens: bool,
    /// What it says then.
    pub says: &'a [u8],
}

/// A turn that answers.
pub fn answers<'a>(step: &'static str, says: &'a [u8]) -> Turn<'a> {
    Turn { step, listens: true, says }
}

/// What a bad server does instead.
#[derive(Clone, Copy, Debug)]
pub enum Fault<'a> {
    /// It says nothing, for ever.
    Hang,
    /// It says the half of it, and then nothing.
    Half,
    /// It says a byte each 50 ms or more.
    Drip,
    /// It says something else.
    Garbage(&'a [u8]),
    /// It says the half of it and closes.
    Close,
    /// It says the half of it and resets.
    Reset,
}

/// A peer for one connection; `play` gets it. Answers the port.
pub fn peer(play: impl FnOnce(TcpStream) + Send + 'static) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        play(stream);
    });
    (port, thread)
}

/// Waits until the probe has gone.
pub fn outlive(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

/// Plays turns as a good server would.
pub fn play(stream: &mut TcpStream, turns: &[(bool, Vec<u8>)]) {
    for (listens, says) in turns {
        if *listens && !stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
            return;
        }
        let _ = stream.write_all(says);
    }
}

fn misbehave(mut stream: TcpStream, fault: Fault<'_>, says: &[u8]) {
    let half = &says[..says.len() / 2];
    match fault {
        Fault::Hang => {}
        Fault::Half => stream.write_all(half).unwrap(),
        Fault::Garbage(bytes) => stream.write_all(bytes).unwrap(),
        Fault::Drip => {
            // Slow enough to come to no end before the deadline.
            let pause = (600 / says.len() as u64).max(50);
            stream.set_read_timeout(Some(Duration::from_millis(pause))).unwrap();
            for byte in says {
                // The answer comes too slowly; that it is cut off shows here as the end.
                let is_gone = stream.write_all(&[*byte]).is_err()
                    || stream.read(&mut [0; 4096]).is_ok_and(|count| count == 0);
                if is_gone {
                    return;
                }
            }
            stream.set_read_timeout(None).unwrap();
        }
        Fault::Close => {
            stream.write_all(half).unwrap();
            return;
        }
        Fault::Reset => {
            stream.write_all(half).unwrap();
            rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
            return;
        }
    }
    outlive(&mut stream);
}

/// Lets a peer play `turns`, each of which goes wrong once in every way, and expects the probe to
/// say how and where. `object` makes the probe's object from a port.
#[track_caller]
pub fn expect_faults(
    key: &str,
    object: impl Fn(u16) -> String,
    garbage: &[u8],
    turns: &[Turn<'_>],
) {
    for (index, turn) in turns.iter().enumerate() {
        for fault in [
            Fault::Hang,
            Fault::Half,
            Fault::Drip,
            Fault::Garbage(garbage),
            Fault::Close,
            Fault::Reset,
        ] {
            let good: Vec<_> =
                turns[..index].iter().map(|turn| (turn.listens, turn.says.to_vec())).collect();
            let (listens, says) = (turn.listens, turn.says.to_vec());
            let result = std::thread::scope(|scope| {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = listener.local_addr().unwrap().port();
                scope.spawn(move || {
                    let (mut stream, _) = listener.accept().unwrap();
                    stream.set_nodelay(true).unwrap();
                    play(&mut stream, &good);
                    if listens {
                        let _ = stream.read(&mut [0; 4096]);
                    }
                    misbehave(stream, fault, &says);
                });
                probe_within(key, &object(port), "300ms")
            });
            expect_fault(&result, fault, turn, &format!("{key} at {}", turn.step));
        }
    }
}

#[track_caller]
fn expect_fault(result: &RunResult, fault: Fault<'_>, turn: &Turn<'_>, place: &str) {
    let wanted = match fault {
        Fault::Hang | Fault::Half | Fault::Drip => (Outcome::Timeout, Reason::RECEIVE_TIMEOUT),
        Fault::Garbage(_) => (Outcome::Fail, Reason::RECEIVE_MALFORMED),
        Fault::Close => (Outcome::Fail, Reason::RECEIVE_CLOSED),
        Fault::Reset => (Outcome::Fail, Reason::RECEIVE_RESET),
    };
    // A reset before the first word may come before the connection was looked at.
    let is_early =
        !turn.listens && matches!(fault, Fault::Reset) && result.reason == Reason::CONNECT_RESET;
    assert!(
        is_early || (result.outcome, result.reason) == wanted,
        "{place}, {fault:?}: {result:?}"
    );
    let message = result.message.as_str();
    assert!(is_early || message.contains(turn.step), "{place}, {fault:?}: {message}");
}
