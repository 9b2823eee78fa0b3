//! Connect probes.

use super::*;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::time::Duration;

/// A path for a unix socket, removed at the end.
struct Path(String);

impl Path {
    fn new(name: &str) -> Path {
        let file = format!("meshvitals-{}-{name}.sock", std::process::id());
        Path(std::env::temp_dir().join(file).to_str().unwrap().to_owned())
    }

    fn spec(&self) -> ProbeSpec {
        connect_to(Target::unix(&self.0), Connect::Full)
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A listener whose queue is full, and the connection that fills it.
fn full_listener() -> (OwnedFd, SocketAddr, std::net::TcpStream) {
    let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&listener, 0).unwrap();
    let address = rustix::net::getsockname(&listener).unwrap().try_into().unwrap();
    let filler = std::net::TcpStream::connect(address).unwrap();
    (listener, address, filler)
}

/// Closes by a reset.
fn reset(stream: std::net::TcpStream) {
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

/// The TCP connections of a port by their state, as the kernel lists them.
fn states_of(port: u16) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let suffix = format!(":{port:04X}");
        if fields[1].ends_with(&suffix) || fields[2].ends_with(&suffix) {
            *states.entry(fields[3].to_owned()).or_default() += 1;
        }
    }
    states
}

#[test]
fn an_open_port_passes_and_says_nothing() {
    let (listener, address) = listener();
    let mut driver = Driver::new();
    driver.expect_pass(&full(address));
    listener.accept().expect("the application sees the connection");
    driver.expect_pass(&fast(address));
}

#[test]
fn ipv6_and_ipv4_in_ipv6_clothes_share_nothing() {
    // A machine without IPv6 has nothing to test here.
    let Ok(six) = TcpListener::bind("[::1]:0") else { return };
    let (_four, address) = listener();
    let clothed = format!("[::ffff:127.0.0.1]:{}", address.port()).parse().unwrap();
    let mut driver = Driver::new();
    for _ in 0..3 {
        driver.expect_pass(&full(six.local_addr().unwrap()));
        driver.expect_pass(&full(clothed));
    }
    assert_eq!(driver.net.sockets.len(), 2);
}

#[test]
fn a_closed_port_is_refused() {
    let address = closed_port();
    let mut driver = Driver::new();
    for spec in [full(address), fast(address)] {
        let message = driver.expect(&spec, Outcome::Fail, Reason::CONNECT_REFUSED);
        assert_eq!(message, format!("connect to {address}: connection refused"));
    }
    assert_eq!(driver.net.sockets.len(), 0, "what went wrong is closed");
}

#[test]
fn a_reset_behind_the_handshake_is_a_failure_and_an_end_is_not() {
    let (listener, address) = listener();
    let mut driver = Driver::new();
    driver.start(&full(address));
    reset(listener.accept().unwrap().0);
    let result = driver.expect_done(1).pop().unwrap().result;
    assert_eq!((result.outcome, result.reason), (Outcome::Fail, Reason::CONNECT_RESET));

    driver.start(&full(address));
    drop(listener.accept().unwrap());
    let result = driver.expect_done(1).pop().unwrap().result;
    assert_eq!(result.outcome, Outcome::Pass);
    let expected = format!("connect to {address}: accepted, then closed at once");
    assert_eq!(result.message.as_str(), expected);
}

#[test]
fn a_listener_that_does_not_accept_times_out() {
    let (_listener, address, _filler) = full_listener();
    let mut driver = Driver::new();
    let run = driver.start(&full(address));
    driver.expect_quiet();
    let result = driver.net.expire(run, false, monotonic());
    assert_eq!((result.outcome, result.reason), (Outcome::Timeout, Reason::CONNECT_TIMEOUT));
    let expected = format!("connect to {address}: timed out connecting");
    assert_eq!(result.message.as_str(), expected);
    assert_eq!(result.latency_ns, result.phases.connect_ns);
    assert_eq!((driver.net.in_flight(), driver.net.sockets.len()), (0, 0));
}

#[test]
fn a_connection_that_comes_late_is_reported_if_it_was_kept() {
    let (listener, address, _filler) = full_listener();
    let mut driver = Driver::new();
    let run = driver.start(&full(address));
    driver.expect_quiet();
    let result = driver.net.expire(run, true, monotonic());
    assert_eq!(result.outcome, Outcome::Timeout);
    assert_eq!(driver.net.in_flight(), 1);
    // There is room again when the kernel repeats the lost segment, after a second.
    rustix::net::accept(&listener).unwrap();
    let done = driver.expect_done(1).pop().unwrap();
    assert_eq!((done.run, done.result.outcome), (run, Outcome::Pass));
    assert!(done.result.latency_ns > result.latency_ns);
}

#[test]
fn a_cancelled_run_leaves_nothing_behind() {
    let (_listener, address) = listener();
    let mut driver = Driver::new();
    let run = driver.start(&full(address));
    driver.net.cancel(run);
    driver.expect_quiet();
    assert_eq!((driver.net.in_flight(), driver.net.sockets.len()), (0, 0));
}

#[test]
fn no_port_is_kept_waiting_after_a_probe() {
    let (listener, address) = listener();
    let mut driver = Driver::new();
    for _ in 0..50 {
        driver.expect_pass(&full(address));
        driver.expect_pass(&fast(address));
        drop(listener.accept().unwrap());
    }
    let states = states_of(address.port());
    let listening = BTreeMap::from([("0A".to_owned(), 1)]);
    assert_eq!(states, listening, "06 is TIME_WAIT");
}

#[test]
fn one_socket_serves_a_thousand_fast_probes_that_no_application_sees() {
    let (listener, address) = listener();
    let mut driver = Driver::new();
    for _ in 0..1_000 {
        driver.expect_pass(&fast(address));
    }
    assert_eq!(driver.net.sockets.len(), 1);
    listener.set_nonblocking(true).unwrap();
    // Those during which this thread lost the processor for long; if all were seen, the queue of
    // the listener would have been full after 129 of them.
    let seen = std::iter::from_fn(|| listener.accept().ok()).count();
    assert!(seen < 100, "{seen}");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn the_edge_of_an_own_disconnect_wakes_nobody() {
    let (_listener, address) = listener();
    let mut driver = Driver::new();
    for _ in 0..100 {
        driver.expect_pass(&full(address));
        driver.expect_quiet();
    }
}

#[test]
fn a_socket_that_served_a_pass_reports_the_next_refusal() {
    let (_listener, address) = listener();
    let mut driver = Driver::new();
    for spec in [full(closed_port()), fast(closed_port())] {
        driver.expect_pass(&full(address));
        driver.expect(&spec, Outcome::Fail, Reason::CONNECT_REFUSED);
    }
}

#[test]
fn five_hundred_at_once_each_get_their_own_result() {
    // A queue has 128 places, which nobody empties here. Fast runs take them as well should this
    // thread wait long for its turn: the kernel holds an acknowledgement back for an instant only.
    let ((_one, for_full), (_other, for_fast)) = (listener(), listener());
    let closed = closed_port();
    let mut driver = Driver::new();
    let mut expected = BTreeMap::new();
    for n in 0..500 {
        let (spec, outcome) = match n % 4 {
            0 => (full(for_full), Outcome::Pass),
            1 => (fast(for_fast), Outcome::Pass),
            2 => (full(closed), Outcome::Fail),
            _ => (fast(closed), Outcome::Fail),
        };
        expected.insert(driver.start(&spec), outcome);
    }
    let done = driver.expect_done(expected.len());
    let found: BTreeMap<u64, Outcome> = done.iter().map(|d| (d.run, d.result.outcome)).collect();
    assert_eq!(found, expected);
    driver.expect_quiet();
    assert!(driver.net.sockets.len() <= 128);
}

#[test]
fn a_unix_socket_is_decided_at_once() {
    let path = Path::new("open");
    let _listener = UnixListener::bind(&path.0).unwrap();
    let mut driver = Driver::new();
    driver.start(&path.spec());
    assert_eq!(driver.done.pop().unwrap().result.outcome, Outcome::Pass);
    driver.expect_quiet();
}

#[test]
fn a_unix_socket_that_is_missing_or_has_no_listener_fails() {
    let path = Path::new("missing");
    let mut driver = Driver::new();
    let message = driver.expect(&path.spec(), Outcome::Fail, Reason::CONNECT_NO_SOCKET);
    assert_eq!(message, format!("connect to {}: no such unix socket", path.0));
    drop(UnixListener::bind(&path.0).unwrap());
    driver.expect(&path.spec(), Outcome::Fail, Reason::CONNECT_REFUSED);
}

#[test]
fn a_unix_socket_with_a_full_queue_fails_and_says_why() {
    let path = Path::new("full");
    let listener = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&listener, &SocketAddrUnix::new(path.0.as_str()).unwrap()).unwrap();
    listen(&listener, 0).unwrap();
    let _filler = std::os::unix::net::UnixStream::connect(&path.0).unwrap();
    let mut driver = Driver::new();
    let message = driver.expect(&path.spec(), Outcome::Fail, Reason::CONNECT_REFUSED);
    let expected = format!("connect to {}: connection refused (its queue is full)", path.0);
    assert_eq!(message, expected);
}
