//! The balancer of the examples under load: an upstream is killed and started again while clients
//! ask without a pause.
//!
//! Upstreams are processes of their own. While one is dead, somebody else listens at its address,
//! tells the engine that it is not well, and counts who asks for anything but its health: nobody
//! may, from the moment on at which the balancer has said that the upstream is UNHEALTHY.

#[path = "support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;
use support::compile;

const CLIENTS: usize = 8;

/// How long anything may take; only a failure uses it up.
const PATIENCE: Duration = Duration::from_secs(60);

fn build(sources: &[&str], program: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = |source: &str| root.join(source).to_str().expect("UTF-8").to_owned();
    let binding = path("bindings/cpp");
    let mut compiler = vec!["c++", "-std=c++17", "-O1", "-pedantic", "-Wshadow", "-I", &binding];
    let paths: Vec<String> = sources.iter().map(|source| path(source)).collect();
    compiler.extend(paths[1..].iter().map(String::as_str));
    compile(&compiler, &paths[0], program)
}

/// A process that is ended with its owner, and the lines that it writes.
struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    fn start(command: &mut Command) -> Process {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (told, lines) = channel();
        thread::spawn(move || {
            // Nobody listens any more when the test is over.
            output.lines().map_while(Result::ok).all(|line| told.send(line).is_ok())
        });
        Process { child, lines }
    }

    /// Reads until a line that contains all of these words.
    #[track_caller]
    fn expect_line(&self, words: &[&str]) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("no line with {words:?}: {error}"));
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn upstream(program: &Path, address: SocketAddr, name: &str) -> Process {
    let mut command = Command::new(program);
    command.args([address.ip().to_string(), address.port().to_string(), name.to_owned()]);
    let process = Process::start(&mut command);
    process.expect_line(&["ready"]);
    process
}

/// An address where nobody listens, on a loopback address that nobody else in the tests uses.
fn address(last: u8) -> SocketAddr {
    let listener = TcpListener::bind((format!("127.77.20.{last}"), 0)).expect("a port");
    listener.local_addr().expect("an address")
}

/// Asks once: the name that answered, or why none did.
fn ask(balancer: SocketAddr) -> Result<String, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(balancer).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n").map_err(told)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(told)?;
    match text.split_once("\r\n\r\n") {
        Some((_, name)) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(format!("an answer without a name: {text:?}")),
    }
}

/// What the clients heard: for each phase of the test in which they began to ask, how often which
/// name answered, and the failures.
#[derive(Default)]
struct Heard {
    answers: HashMap<(usize, String), usize>,
    failures: Vec<(usize, String)>,
}

#[derive(Default)]
struct Clients {
    phase: AtomicUsize,
    over: AtomicBool,
    heard: Mutex<Heard>,
    more: Condvar,
}

impl Clients {
    fn ask_without_a_pause(&self, balancer: SocketAddr) {
        while !self.over.load(Ordering::SeqCst) {
            let phase = self.phase.load(Ordering::SeqCst);
            let answer = ask(balancer);
            let mut heard = self.heard.lock().expect("no client panics");
            match answer {
                Ok(name) => *heard.answers.entry((phase, name)).or_default() += 1,
                Err(error) => heard.failures.push((phase, error)),
            }
            self.more.notify_all();
        }
    }

    /// Waits until each of these names answered so often to who asked in this phase.
    #[track_caller]
    fn expect_answers(&self, phase: usize, names: &[&str], count: usize) {
        let enough = |heard: &Heard| {
            let count_of = |name: &str| heard.answers.get(&(phase, name.to_owned())).copied();
            names.iter().all(|name| count_of(name).unwrap_or(0) >= count)
        };
        let heard = self.heard.lock().expect("no client panics");
        let waited = self.more.wait_timeout_while(heard, PATIENCE, |heard| !enough(heard));
        let (heard, _) = waited.expect("no client panics");
        assert!(enough(&heard), "{:?} {:?}", heard.answers, heard.failures);
    }
}

/// Listens in the place of a dead upstream, says that it is not well, and counts.
struct Impostor {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    health: Receiver<()>,
    others: Arc<AtomicUsize>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Impostor {
    fn new(address: SocketAddr) -> Impostor {
        let listener = TcpListener::bind(address).expect("the port of who is dead is free");
        let (over, others) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (ends, asks) = (Arc::clone(&over), Arc::clone(&others));
        let (told, health) = channel();
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.expect("a connection");
                let mut line = String::new();
                // Who sends nothing, or breaks off, is counted as somebody who asked.
                let _ = BufReader::new(&stream).read_line(&mut line);
                if line.starts_with("GET /health ") {
                    // Nobody listens once the test has seen enough.
                    let _ = told.send(());
                } else {
                    asks.fetch_add(1, Ordering::SeqCst);
                }
                let answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
                let _ = stream.write_all(answer);
            }
        });
        Impostor { address, over, health, others, thread: Some(thread) }
    }

    /// Frees the address; answers how often anything but its health was asked for.
    fn leave(mut self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        // One more connection, so that it notices.
        TcpStream::connect(self.address).expect("it listens");
        self.thread.take().expect("it runs").join().expect("it did not panic");
        self.others.load(Ordering::SeqCst)
    }
}

#[test]
fn nobody_is_sent_to_an_upstream_that_is_dead() {
    let balancer = build(
        &[
            "examples/balancer/main.cpp",
            "examples/balancer/pool.cpp",
            "examples/balancer/relay.cpp",
        ],
        "balancer",
    );
    let server = build(&["tests/cpp/upstream.cpp"], "upstream");
    let addresses = [1, 2, 3].map(address);
    let mut upstreams = ["a", "b", "c"].map(|_| None);
    for ((place, address), name) in upstreams.iter_mut().zip(addresses).zip(["a", "b", "c"]) {
        *place = Some(upstream(&server, address, name));
    }
    let front = address(9);
    let mut command = Command::new(balancer);
    command.arg(front.to_string()).arg("/health").args(addresses.map(|one| one.to_string()));
    let balancer = Process::start(&mut command);
    balancer.expect_line(&["listening"]);
    for _ in addresses {
        balancer.expect_line(&["UNKNOWN -> HEALTHY"]);
    }
    let clients = Arc::new(Clients::default());
    let threads: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let clients = Arc::clone(&clients);
            thread::spawn(move || clients.ask_without_a_pause(front))
        })
        .collect();
    let dead = addresses[0].to_string();
    const ROUNDS: usize = 3;
    for round in 0..ROUNDS {
        let before = 2 * round;
        clients.expect_answers(before, &["a", "b", "c"], 50);
        upstreams[0] = None;
        let line = balancer.expect_line(&[&dead, "-> UNHEALTHY"]);
        clients.phase.store(before + 1, Ordering::SeqCst);
        let impostor = Impostor::new(addresses[0]);
        clients.expect_answers(before + 1, &["b", "c"], 300);
        // Until the engine has looked there is nothing that could go wrong.
        for _ in 0..2 {
            impostor.health.recv_timeout(PATIENCE).expect("the engine looks");
        }
        let others = impostor.leave();
        assert_eq!(others, 0, "requests went to who is dead, after {line}");
        upstreams[0] = Some(upstream(&server, addresses[0], "a"));
        balancer.expect_line(&[&dead, "UNHEALTHY -> HEALTHY"]);
        clients.phase.store(before + 2, Ordering::SeqCst);
    }
    clients.expect_answers(2 * ROUNDS, &["a", "b", "c"], 50);
    clients.over.store(true, Ordering::SeqCst);
    threads.into_iter().for_each(|thread| thread.join().expect("no client panics"));
    let heard = clients.heard.lock().expect("no client panics");
    // Who was being answered when the upstream was killed is the loss of the kill, and nobody else.
    for round in 0..ROUNDS {
        let lost = heard.failures.iter().filter(|(phase, _)| *phase == 2 * round).count();
        assert!(lost <= CLIENTS, "round {round}: {:?}", heard.failures);
    }
    let later: Vec<_> = heard.failures.iter().filter(|(phase, _)| phase % 2 == 1).collect();
    assert!(later.is_empty(), "{later:?}");
}
