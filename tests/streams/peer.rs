//! Peers of our own: they listen on loopback and treat every connection in the same way.
//!
//! The trap: a peer that hangs must end with its test. It reads until the other side is gone, and
//! no read waits for longer than [`PATIENCE`].

use rustix::net::sockopt;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long something may take; only a failure uses it up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Between two bytes of a peer that drips.
const DRIP: Duration = Duration::from_millis(50);

/// A listener that lives as long as this does.
pub struct Peer {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// Serves one connection after the other.
    pub fn new(serve: impl Fn(TcpStream) + Send + 'static) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let over = Arc::<AtomicBool>::default();
        let ends = Arc::clone(&over);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.expect("a connection");
                stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                serve(stream);
            }
        });
        Peer { address, over, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // One more connection, so that it notices; who does not listen any more has ended.
        let _ = TcpStream::connect(self.address);
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            ended.expect("it is joined once").expect("the peer does not panic");
        }
    }
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Says nothing until the other side is gone.
pub fn hang(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while matches!(stream.read(&mut bytes), Ok(1..)) {}
}

/// Ends the connection by a reset.
pub fn reset(stream: TcpStream) {
    sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("an option");
}

/// Sends these bytes again and again, one at a time, until the other side is gone.
pub fn drip(mut stream: TcpStream, bytes: &[u8]) {
    let mut heard = [0; 4096];
    stream.set_read_timeout(Some(DRIP)).expect("a timeout");
    for byte in bytes.iter().cycle() {
        loop {
            match stream.read(&mut heard) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                _ => return,
            }
        }
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
    }
}

/// Reads until these bytes have come, or the other side is gone.
pub fn until(stream: &mut impl Read, end: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut byte = [0];
    while !all.ends_with(end) && matches!(stream.read(&mut byte), Ok(1)) {
        all.push(byte[0]);
    }
    all
}
