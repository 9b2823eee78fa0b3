//! A peer that plays a part and then goes wrong.

use rustix::net::sockopt::set_socket_linger;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a peer waits for what it is to hear; only a failure uses it up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a peer waits for.
#[derive(Clone, Copy, Debug)]
pub enum Heard {
    /// So many bytes.
    Count(usize),
    /// Bytes that end with these.
    Until(&'static [u8]),
}

impl From<usize> for Heard {
    fn from(count: usize) -> Heard {
        Heard::Count(count)
    }
}

impl From<&'static str> for Heard {
    fn from(end: &'static str) -> Heard {
        Heard::Until(end.as_bytes())
    }
}

impl<const N: usize> From<&'static [u8; N]> for Heard {
    fn from(end: &'static [u8; N]) -> Heard {
        Heard::Until(end)
    }
}

/// One move of a peer.
#[derive(Clone, Debug)]
pub enum Move {
    Hear(Heard),
    /// The same, and the test fails if the other side goes without having said it.
    Insist(Heard),
    Say(Vec<u8>),
    /// Shakes hands with whatever is heard or said next.
    Encrypt(Arc<ServerConfig>),
    /// Says one byte after the other, each after this time.
    Drip(Vec<u8>, Duration),
    /// Says this again and again until nobody listens.
    Flood(Vec<u8>),
    /// Says nothing more and waits for the other side to go.
    Hang,
    /// Closes, having read everything.
    Close,
    Reset,
}

/// A peer for one connection.
pub struct Stub {
    pub port: u16,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    pub fn new(moves: Vec<Move>) -> Stub {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
            play(Wire::Plain(stream), moves);
        });
        Stub { port, thread: Some(thread) }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        // Whoever never connected must not leave the peer waiting.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(thread) = self.thread.take() {
            let played = thread.join();
            assert!(played.is_ok() || thread::panicking(), "the peer did not hear all");
        }
    }
}

/// The connection, in the clear or not.
enum Wire {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    fn socket(&self) -> &TcpStream {
        match self {
            Wire::Plain(socket) => socket,
            Wire::Encrypted(stream) => stream.get_ref(),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.read(bytes),
            Wire::Encrypted(stream) => stream.read(bytes),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.write(bytes),
            Wire::Encrypted(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Wire::Plain(socket) => socket.flush(),
            Wire::Encrypted(stream) => stream.flush(),
        }
    }
}

fn play(mut stream: Wire, moves: Vec<Move>) {
    for part in moves {
        match part {
            Move::Encrypt(config) => {
                let connection = ServerConnection::new(config).expect("a configuration");
                stream = match stream {
                    Wire::Plain(socket) => {
                        Wire::Encrypted(Box::new(StreamOwned::new(connection, socket)))
                    }
                    encrypted => encrypted,
                };
            }
            Move::Hear(what) => {
                if !hear(&mut stream, what) {
                    return;
                }
            }
            Move::Insist(what) => assert!(hear(&mut stream, what), "never heard {what:?}"),
            // Whoever has gone hears nothing more.
            Move::Say(bytes) => drop(stream.write_all(&bytes)),
            Move::Drip(bytes, pace) => {
                for byte in bytes {
                    if is_gone(&mut stream, pace) || stream.write_all(&[byte]).is_err() {
                        return;
                    }
                }
                wait_for_end(&mut stream);
            }
            Move::Flood(bytes) => while stream.write_all(&bytes).is_ok() {},
            Move::Hang => wait_for_end(&mut stream),
            Move::Close => return,
            Move::Reset => {
                let now = Some(Duration::ZERO);
                set_socket_linger(stream.socket(), now).expect("a socket");
                return;
            }
        }
    }
}

/// Whether it was heard; byte by byte, because what follows belongs to the next move.
fn hear(stream: &mut Wire, what: Heard) -> bool {
    let mut heard = Vec::new();
    let is_heard = |heard: &[u8]| match what {
        Heard::Count(count) => heard.len() >= count,
        Heard::Until(end) => heard.ends_with(end),
    };
    while !is_heard(&heard) {
        let mut byte = [0];
        if stream.read_exact(&mut byte).is_err() {
            return false;
        }
        heard.extend(byte);
    }
    true
}

/// Whether the other side goes within this time; what it says meanwhile does not matter.
fn is_gone(stream: &mut Wire, time: Duration) -> bool {
    stream.socket().set_read_timeout(Some(time)).expect("a socket");
    let mut heard = [0; 512];
    match stream.read(&mut heard) {
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

fn wait_for_end(stream: &mut Wire) {
    while !is_gone(stream, PATIENCE) {}
}
