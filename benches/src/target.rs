//! What is probed: a process of its own that accepts and closes, answers HTTP, or is silent.
//!
//! It is this binary again with the argument `target`, so that the CPU time of the prober is its
//! own. It listens on every address of the machine, so each 127.x.y.z is a target; it ends when
//! its standard input does, also when the bench is killed.
//!
//! The black hole is a listener whose backlog is full and that never accepts: the kernel drops
//! every further SYN, as a dead host would.

use crate::os::epoll::{Epoll, IN};
use crate::os::net;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};

/// The answer to every HTTP request.
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n";

/// The ports of a running target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Accepts and closes.
    pub close: u16,
    /// Answers HTTP/1.1 with 200, and keeps the connection.
    pub http: u16,
    /// Never answers a SYN.
    pub hole: u16,
}

/// A running target; dropping it ends it.
pub struct Target {
    child: Child,
    /// Where it listens.
    pub ports: Ports,
}

impl Target {
    /// Starts one by running `program target`.
    pub fn start(program: &std::path::Path) -> io::Result<Target> {
        let mut child = Command::new(program)
            .arg("target")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        BufReader::new(output).read_line(&mut line)?;
        let ports: Vec<u16> = line.split_whitespace().filter_map(|p| p.parse().ok()).collect();
        let &[close, http, hole] = ports.as_slice() else {
            return Err(io::Error::other(format!("the target said: {line:?}")));
        };
        Ok(Target { child, ports: Ports { close, http, hole } })
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends by itself then; an error means that it already has.
        let _ = self.child.wait();
    }
}

/// The larger, the less a burst can lose: the system cuts it at `somaxconn`.
const BACKLOG: i32 = 65_535;
const STDIN: u64 = u64::MAX;
const CLOSE: u64 = u64::MAX - 1;
const HTTP: u64 = u64::MAX - 2;

/// Serves until standard input ends. Writes the ports as one line to `out` when ready.
pub fn serve(stdin: &impl AsFd, out: &mut impl Write) -> io::Result<()> {
    let (close, close_port) = net::listen(BACKLOG)?;
    let (http, http_port) = net::listen(BACKLOG)?;
    let hole = Hole::dig()?;
    let mut epoll = Epoll::new(1024)?;
    epoll.add(stdin.as_fd(), IN, STDIN)?;
    epoll.add(close.as_fd(), IN, CLOSE)?;
    epoll.add(http.as_fd(), IN, HTTP)?;
    writeln!(out, "{close_port} {http_port} {}", hole.port)?;
    out.flush()?;

    let mut connections: Vec<Option<OwnedFd>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        for index in 0..epoll.wait(None)? {
            match epoll.event(index).0 {
                STDIN => return Ok(()),
                CLOSE => while net::accept(close.as_fd())?.is_some() {},
                HTTP => {
                    while let Some(fd) = net::accept(http.as_fd())? {
                        let slot = free.pop().unwrap_or_else(|| {
                            connections.push(None);
                            connections.len() - 1
                        });
                        epoll.add(fd.as_fd(), IN, slot as u64)?;
                        connections[slot] = Some(fd);
                    }
                }
                slot => {
                    let slot = slot as usize;
                    let open = connections[slot].as_ref().is_some_and(|fd| answer(fd, &mut buffer));
                    if !open {
                        connections[slot] = None;
                        free.push(slot);
                    }
                }
            }
        }
    }
}

/// Answers the requests that arrived; whether the connection stays open. The probers' requests
/// fit one segment, so each read ends with a whole request.
fn answer(fd: &OwnedFd, buffer: &mut [u8]) -> bool {
    let Ok(count @ 1..) = net::receive(fd.as_fd(), buffer) else { return false };
    let requests = buffer[..count].windows(4).filter(|w| w == b"\r\n\r\n").count();
    (0..requests).all(|_| net::send(fd.as_fd(), ANSWER).is_ok())
}

/// A listener that is full.
struct Hole {
    port: u16,
    _listener: OwnedFd,
    _filling: Vec<OwnedFd>,
}

impl Hole {
    fn dig() -> io::Result<Hole> {
        let (listener, port) = net::listen(0)?;
        let to = net::loopback(port, 1)[0].into();
        let mut filling = Vec::new();
        // A backlog of 0 holds one connection; the rest of the SYNs are dropped.
        for _ in 0..8 {
            let fd = net::stream()?;
            net::connect(fd.as_fd(), &to)?;
            filling.push(fd);
        }
        Ok(Hole { port, _listener: listener, _filling: filling })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::{SocketAddrV4, TcpStream};

    /// A target on a thread, and what keeps it going.
    fn serving() -> (Ports, io::PipeWriter, std::thread::JoinHandle<io::Result<()>>) {
        let (stdin, keep) = io::pipe().unwrap();
        let (said, mut out) = io::pipe().unwrap();
        let thread = std::thread::spawn(move || serve(&stdin, &mut out));
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line).unwrap();
        let ports: Vec<u16> = line.split_whitespace().map(|p| p.parse().unwrap()).collect();
        (Ports { close: ports[0], http: ports[1], hole: ports[2] }, keep, thread)
    }

    #[test]
    fn every_loopback_address_is_a_target_until_standard_input_ends() {
        let (ports, keep, thread) = serving();
        for address in net::loopback(ports.close, 3) {
            let mut stream = TcpStream::connect(address).unwrap();
            assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0, "closed without a word");
        }
        drop(keep);
        thread.join().unwrap().unwrap();
    }

    #[test]
    fn each_request_is_answered_on_the_same_connection() {
        let (ports, _keep, _thread) = serving();
        let mut stream = TcpStream::connect(("127.0.0.9", ports.http)).unwrap();
        let mut answer = vec![0; ANSWER.len()];
        for _ in 0..3 {
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(answer, ANSWER);
        }
    }

    #[test]
    fn the_hole_swallows_every_syn() {
        let (ports, _keep, _thread) = serving();
        // Over loopback a handshake is done before connect returns, or never.
        let is_connected = |address: SocketAddrV4| {
            let fd = net::stream().unwrap();
            net::connect(fd.as_fd(), &address.into()).unwrap();
            TcpStream::from(fd).peer_addr().is_ok()
        };
        assert!(net::loopback(ports.close, 20).into_iter().all(is_connected));
        assert!(!net::loopback(ports.hole, 20).into_iter().any(is_connected));
    }
}
