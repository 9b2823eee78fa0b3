//! Runs that wait for a name.

use super::*;
use crate::model::{Addresses, NameTarget};
use crate::probe::resolver::Found;
use crate::sys::resolve::{Failure, Kind};
use crate::time::MILLISECOND;
use std::os::fd::AsRawFd;

fn by_name(host: &str, port: u16) -> ProbeSpec {
    by_rule(host, port, Addresses::Any)
}

fn by_rule(host: &str, port: u16, rule: Addresses) -> ProbeSpec {
    let name = NameTarget { rule, ..NameTarget::new(host, port) };
    connect_to(Target::Name(name.into()), Connect::Full)
}

/// A driver for which a name is a list of addresses.
pub fn with_lists() -> Driver {
    fn split(name: &NameTarget) -> Found {
        let address = |ip: &str| SocketAddr::new(ip.parse().unwrap(), name.port);
        Ok(name.host.split(',').map(address).collect())
    }
    let mut driver = Driver::new();
    driver.net.look_up_with(split).unwrap();
    driver
}

/// A driver for which no name is ever answered.
fn with_hanging_names() -> Driver {
    fn hang(_: &NameTarget) -> Found {
        loop {
            std::thread::park();
        }
    }
    let mut driver = Driver::new();
    driver.net.look_up_with(hang).unwrap();
    driver
}

#[test]
fn localhost_passes() {
    let (_listener, address) = listener();
    let mut driver = Driver::new();
    let result = driver.run(&by_name("localhost", address.port()));
    assert_eq!(result.outcome, Outcome::Pass, "{}", result.message.as_str());
    assert!(result.phases.resolve_ns > 0 && result.phases.connect_ns > 0);
}

#[test]
fn a_name_that_does_not_exist_is_not_found_or_our_resolver_is_to_blame() {
    let mut driver = Driver::new();
    driver.start(&by_name("nonexistent.invalid", 1));
    // A resolver that cannot reach its servers may take its time; then the deadline decides.
    driver.turn(10);
    let result = match driver.done.pop() {
        Some(done) => done.result,
        None => driver.net.expire(1, false, monotonic()),
    };
    let reasons = [Reason::RESOLVE_NOT_FOUND, Reason::LOCAL_RESOLVER, Reason::RESOLVE_TIMEOUT];
    assert!(reasons.contains(&result.reason), "{result:?}");
    assert!(result.message.as_str().starts_with("resolve nonexistent.invalid:1: "), "{result:?}");
    assert_eq!(driver.net.in_flight(), 0);
}

#[test]
fn addresses_are_tried_in_order_until_one_passes() {
    let (_listener, address) = listener();
    let mut driver = with_lists();
    driver.expect_pass(&by_name("127.0.0.7,127.0.0.8,127.0.0.1", address.port()));
}

#[test]
fn the_last_failure_names_its_address() {
    let port = closed_port().port();
    let mut driver = with_lists();
    let spec = by_name("127.0.0.7,127.0.0.8", port);
    let message = driver.expect(&spec, Outcome::Fail, Reason::CONNECT_REFUSED);
    let place = format!("127.0.0.7,127.0.0.8 (127.0.0.8:{port})");
    assert_eq!(message, format!("connect to {place}: connection refused"));
}

#[test]
fn an_address_that_this_machine_cannot_reach_does_not_hide_a_refusal() {
    let port = closed_port().port();
    let mut driver = with_lists();
    // A TCP connection to a broadcast address is refused by this machine itself.
    for list in ["127.0.0.7,255.255.255.255", "255.255.255.255,127.0.0.7"] {
        driver.expect(&by_name(list, port), Outcome::Fail, Reason::CONNECT_REFUSED);
    }
    let result = driver.run(&by_name("255.255.255.255", port));
    assert_eq!(result.outcome, Outcome::Local, "{result:?}");
}

#[test]
fn a_name_that_hangs_times_out_without_a_socket() {
    let mut driver = with_hanging_names();
    let run = driver.start(&by_name("a", 1));
    assert_eq!((driver.net.in_flight(), driver.net.sockets.len()), (1, 0));
    // The thread takes the name when it likes, so both answers are right; see the next test.
    let result = driver.net.expire(run, true, monotonic());
    assert!([Outcome::Timeout, Outcome::Local].contains(&result.outcome));
    assert_eq!(driver.net.in_flight(), 0, "there is no connection that could linger");
}

#[test]
fn names_that_were_never_asked_for_are_not_held_against_their_targets() {
    let mut driver = with_hanging_names();
    let runs: Vec<u64> = (0..9).map(|n| driver.start(&by_name(&format!("host-{n}"), 1))).collect();
    let results = runs.iter().rev().map(|&run| driver.net.expire(run, false, monotonic()));
    let unasked = results.filter(|result| result.reason == Reason::LOCAL_RESOLVER).count();
    // Two threads can have taken at most two of them.
    assert!(unasked >= 7, "{unasked}");
}

#[test]
fn a_cancelled_run_does_not_wait_for_its_name() {
    let mut driver = with_lists();
    let cancelled = driver.start(&by_name("127.0.0.7", 1));
    driver.net.cancel(cancelled);
    let (_listener, address) = listener();
    driver.expect_pass(&by_name("127.0.0.1", address.port()));
    assert_eq!(driver.net.in_flight(), 0);
}

#[test]
fn the_reactor_knows_every_descriptor_that_it_has_open() {
    let (_listener, address) = listener();
    let mut driver = with_hanging_names();
    driver.start(&by_name("a", 1));
    driver.start(&full(address));
    let mut kinds = Vec::new();
    driver.net.each_fd(|fd| {
        let link = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap();
        kinds.push(link.display().to_string());
    });
    kinds.sort();
    let [of_resolver, of_epoll, of_run] = &kinds[..] else { panic!("{kinds:?}") };
    assert_eq!((&**of_resolver, &**of_epoll), ("anon_inode:[eventfd]", "anon_inode:[eventpoll]"));
    assert!(of_run.starts_with("socket:"), "{kinds:?}");
}

/// A port at which every loopback address but the last accepts nothing: its queue is full.
fn one_silent_one_good() -> (Vec<std::net::TcpStream>, [TcpListener; 2], u16) {
    let (good, address) = listener();
    let silent = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    )
    .unwrap();
    rustix::net::bind(&silent, &SocketAddr::from(([127, 0, 0, 2], address.port()))).unwrap();
    rustix::net::listen(&silent, 0).unwrap();
    let silent = TcpListener::from(silent);
    let at = silent.local_addr().unwrap();
    let limit = std::time::Duration::from_millis(50);
    let held = (0..8).map_while(|_| std::net::TcpStream::connect_timeout(&at, limit).ok());
    (held.collect(), [good, silent], address.port())
}

#[test]
fn an_address_that_is_silent_gets_its_share_of_the_time_and_no_more() {
    let (_held, _listeners, port) = one_silent_one_good();
    let mut driver = with_lists();
    driver.start_for(&by_name("127.0.0.2,127.0.0.1", port), 400 * MILLISECOND);
    let result = driver.expect_done(1).pop().unwrap().result;
    assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
    let rule = Addresses::Each;
    driver.start_for(&by_rule("127.0.0.2,127.0.0.1", port, rule), 400 * MILLISECOND);
    let result = driver.expect_done(1).pop().unwrap().result;
    assert_eq!((result.outcome, result.reason), (Outcome::Warn, Reason::CONNECT_TIMEOUT));
    let text = result.message.as_str();
    assert!(text.starts_with("1 of 2 addresses: connect to ") && text.contains("127.0.0.2:"));
    let rule = Addresses::All;
    driver.start_for(&by_rule("127.0.0.2,127.0.0.1", port, rule), 400 * MILLISECOND);
    let result = driver.expect_done(1).pop().unwrap().result;
    assert_eq!((result.outcome, result.reason), (Outcome::Timeout, Reason::CONNECT_TIMEOUT));
    assert_eq!(driver.net.next_at(), Tick::NEVER);
}

#[test]
fn every_address_is_asked_where_all_or_each_must_be_alive() {
    let (_listener, address) = listener();
    let mut driver = with_lists();
    let (good, bad) = ("127.0.0.1,127.0.0.1", "127.0.0.1,127.0.0.9");
    driver.expect_pass(&by_rule(good, address.port(), Addresses::All));
    driver.expect_pass(&by_rule(good, address.port(), Addresses::Each));
    let all = by_rule(bad, address.port(), Addresses::All);
    driver.expect(&all, Outcome::Fail, Reason::CONNECT_REFUSED);
    let each = by_rule(bad, address.port(), Addresses::Each);
    driver.expect(&each, Outcome::Warn, Reason::CONNECT_REFUSED);
}

fn again(_: &NameTarget) -> Found {
    Err(Failure { kind: Kind::Again, number: libc::EAI_AGAIN })
}

fn gone(_: &NameTarget) -> Found {
    Err(Failure::NO_ADDRESS)
}

fn silent(_: &NameTarget) -> Found {
    loop {
        std::thread::park();
    }
}

#[test]
fn the_last_good_addresses_serve_while_the_resolver_does_not() {
    for later in [again as fn(&NameTarget) -> Found, silent] {
        let (_listener, address) = listener();
        let mut driver = with_lists();
        let spec = by_name("127.0.0.1", address.port());
        driver.expect_pass(&spec);
        driver.net.look_up_with(later).unwrap();
        driver.start_for(&spec, 400 * MILLISECOND);
        let result = driver.expect_done(1).pop().unwrap().result;
        let text = "addresses of 0 s ago, since the resolver does not answer";
        assert_eq!((result.outcome, result.message.as_str()), (Outcome::Pass, text));
    }
}

#[test]
fn a_name_that_is_gone_is_not_served_from_memory() {
    let (_listener, address) = listener();
    let mut driver = with_lists();
    let spec = by_name("127.0.0.1", address.port());
    driver.expect_pass(&spec);
    driver.net.look_up_with(gone).unwrap();
    driver.expect(&spec, Outcome::Fail, Reason::RESOLVE_NOT_FOUND);
    driver.net.look_up_with(again).unwrap();
    driver.expect(&spec, Outcome::Local, Reason::LOCAL_RESOLVER);
}
