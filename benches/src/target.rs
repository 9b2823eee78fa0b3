//! What is probed: a process of its own that accepts and closes, answers HTTP, or is silent.
//!
//! It is this binary again with the argument `target`, so that the CPU time of the prober is its
//! own. It listens on every address of the machine, so each 127.x.y.z is a target; it ends when
//! its standard input does, also when the bench is killed. A byte on its standard input asks what
//! it has served.
//!
//! The black hole is a listener whose backlog is full and that never accepts: the kernel drops
//! every further SYN, as a dead host would.

use crate::os::epoll::{Epoll, IN};
use crate::os::net;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ChildStdout, Command, Stdio};

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

/// What the HTTP port has served since the target started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Connections that were accepted.
    pub connections: u64,
    /// Requests that were answered.
    pub answers: u64,
}

/// A running target; dropping it ends it.
pub struct Target {
    child: Child,
    stdout: BufReader<ChildStdout>,
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
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        let mut stdout = BufReader::new(output);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let ports: Vec<u16> = line.split_whitespace().filter_map(|p| p.parse().ok()).collect();
        let &[close, http, hole] = ports.as_slice() else {
            return Err(io::Error::other(format!("the target said: {line:?}")));
        };
        Ok(Target { child, stdout, ports: Ports { close, http, hole } })
    }

    /// What it has served so far.
    pub fn served(&mut self) -> io::Result<Served> {
        if let Some(stdin) = &mut self.child.stdin {
            stdin.write_all(b"?")?;
        }
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let figures: Vec<u64> = line.split_whitespace().filter_map(|f| f.parse().ok()).collect();
        let &[connections, answers] = figures.as_slice() else {
            return Err(io::Error::other(format!("the target said: {line:?}")));
        };
        Ok(Served { connections, answers })
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
pub fn serve(stdin: &mut (impl AsFd + Read), out: &mut impl Write) -> io::Result<()> {
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
    let mut served = Served::default();
    loop {
        for index in 0..epoll.wait(None)? {
            match epoll.event(index).0 {
                STDIN => {
                    if stdin.read(&mut buffer)? == 0 {
                        return Ok(());
                    }
                    writeln!(out, "{} {}", served.connections, served.answers)?;
                    out.flush()?;
                }
                CLOSE => while net::accept(close.as_fd())?.is_some() {},
                HTTP => {
                    while let Some(fd) = net::accept(http.as_fd())? {
                        served.connections += 1;
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
                    let answers = connections[slot].as_ref().and_then(|fd| answer(fd, &mut buffer));
                    match answers {
                        Some(answers) => served.answers += answers,
                        None => {
                            connections[slot] = None;
                            free.push(slot);
                        }
                    }
                }
            }
        }
    }
}

/// Answers the requests that arrived; how many, or nothing when the connection has ended. The probers' requests
/// fit one segment, so each read ends with a whole request.
fn answer(fd: &OwnedFd, buffer: &mut [u8]) -> Option<u64> {
    let Ok(count @ 1..) = net::receive(fd.as_fd(), buffer) else { return None };
    let requests = buffer[..count].windows(4).filter(|w| w == b"\r\n\r\n").count();
    let is_sent = (0..requests).all(|_| net::send(fd.as_fd(), ANSWER).is_ok());
    is_sent.then_some(requests as u64)
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
    use std::net::{SocketAddrV4, TcpStream};

    /// A target on a thread, and what keeps it going.
    fn serving() -> (Ports, io::PipeWriter, std::thread::JoinHandle<io::Result<()>>) {
        let (mut stdin, keep) = io::pipe().unwrap();
        let (said, mut out) = io::pipe().unwrap();
        let thread = std::thread::spawn(move || serve(&mut stdin, &mut out));
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
    fn connections_and_answers_are_counted() {
        let (mut stdin, mut ask) = io::pipe().unwrap();
        let (said, mut out) = io::pipe().unwrap();
        let _thread = std::thread::spawn(move || serve(&mut stdin, &mut out));
        let mut said = BufReader::new(said).lines();
        let ports = said.next().unwrap().unwrap();
        let port: u16 = ports.split(' ').nth(1).unwrap().parse().unwrap();
        for requests in [1, 2] {
            let mut stream = TcpStream::connect(("127.0.0.9", port)).unwrap();
            for _ in 0..requests {
                stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
                stream.read_exact(&mut vec![0; ANSWER.len()]).unwrap();
            }
        }
        ask.write_all(b"?").unwrap();
        assert_eq!(said.next().unwrap().unwrap(), "2 3");
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
