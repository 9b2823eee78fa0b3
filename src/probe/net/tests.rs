//! Runs against real sockets of this machine.
//!
//! [`Driver`] is a loop as an engine has one: it sleeps on the descriptor of the reactor, with
//! a bound that no healthy run comes near.

mod datagrams;
mod http;
mod names;
mod parked;
mod tcp;

use super::*;
use crate::model::{Connect, Target, TcpSpec};
use crate::time::{SECOND, monotonic};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::net::{SocketAddr, TcpListener};

struct Driver {
    net: Net,
    next: u64,
    controls: Vec<u32>,
    done: Vec<Done>,
}

impl Driver {
    fn new() -> Driver {
        Driver { net: Net::new().unwrap(), next: 1, controls: Vec::new(), done: Vec::new() }
    }

    fn start(&mut self, spec: &ProbeSpec) -> u64 {
        self.start_for(spec, 10 * SECOND)
    }

    /// The same, with so much time until its deadline.
    fn start_for(&mut self, spec: &ProbeSpec, timeout_ns: u64) -> u64 {
        let run = self.next;
        self.next += 1;
        let now = monotonic();
        self.net.start(run, spec, now.after(timeout_ns), now, &mut self.done);
        run
    }

    /// One turn: sleeps until something is ready, at most this long; false if nothing was.
    fn turn(&mut self, seconds: i64) -> bool {
        let until = self.net.next_at().since(monotonic()).min(seconds as u64 * SECOND);
        let limit = Timespec { tv_sec: (until / SECOND) as i64, tv_nsec: (until % SECOND) as i64 };
        let fd = self.net.as_fd();
        let found = poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&limit)).unwrap();
        self.net.ring(monotonic(), &mut self.done);
        if found == 0 {
            return until < seconds as u64 * SECOND;
        }
        loop {
            let count = self.net.poll().unwrap();
            self.net.dispatch(monotonic(), &mut self.controls, &mut self.done);
            if count < EVENT_LIMIT {
                return true;
            }
        }
    }

    fn expect_done(&mut self, count: usize) -> Vec<Done> {
        while self.done.len() < count {
            assert!(self.turn(10), "{} of {count} results came", self.done.len());
        }
        std::mem::take(&mut self.done)
    }

    /// The result of one run.
    fn run(&mut self, spec: &ProbeSpec) -> RunResult {
        let run = self.start(spec);
        let done = self.expect_done(1).pop().unwrap();
        assert_eq!(done.run, run);
        assert!(done.result.message.as_str().len() <= crate::model::MESSAGE_LIMIT);
        done.result
    }

    fn expect_pass(&mut self, spec: &ProbeSpec) {
        let result = self.run(spec);
        assert_eq!(result.outcome, Outcome::Pass, "{}", result.message.as_str());
        assert_eq!(result.message.as_str(), "");
    }

    /// The message of a result that has this reason.
    fn expect(&mut self, spec: &ProbeSpec, outcome: Outcome, reason: Reason) -> String {
        let result = self.run(spec);
        let message = result.message.as_str().to_owned();
        assert_eq!((result.outcome, result.reason), (outcome, reason), "{message}");
        message
    }

    /// Nothing is ready and nothing will be.
    fn expect_quiet(&mut self) {
        assert!(!self.turn(0), "something woke up");
        assert!(self.done.is_empty());
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address that nobody listens on: it was free a moment ago and is not given out again soon.
fn closed_port() -> SocketAddr {
    listener().1
}

fn connect_to(target: Target, connect: Connect) -> ProbeSpec {
    ProbeSpec::Tcp(TcpSpec { target, connect })
}

fn full(address: SocketAddr) -> ProbeSpec {
    connect_to(address.into(), Connect::Full)
}

fn fast(address: SocketAddr) -> ProbeSpec {
    connect_to(address.into(), Connect::Fast)
}

#[test]
fn control_descriptors_are_reported_once_a_turn_until_they_are_drained() {
    let mut driver = Driver::new();
    let wake = crate::sys::wake::Wake::new().unwrap();
    driver.net.watch(wake.as_fd(), 42).unwrap();
    driver.expect_quiet();
    wake.wake();
    for _ in 0..2 {
        assert!(driver.turn(10));
        assert_eq!(std::mem::take(&mut driver.controls), [42]);
    }
    wake.drain();
    driver.expect_quiet();
}

#[test]
fn the_reactor_can_be_moved_to_the_thread_that_runs_it() {
    fn is_send<T: Send>() {}
    is_send::<Net>();
}

#[test]
fn a_probe_that_is_not_of_the_network_is_refused_as_ours() {
    let mut driver = Driver::new();
    driver.expect(&ProbeSpec::Callback, Outcome::Local, Reason::LOCAL_UNSUPPORTED);
    assert_eq!(driver.net.in_flight(), 0);
}

#[test]
fn a_run_that_starts_after_its_deadline_convicts_nobody() {
    let mut driver = Driver::new();
    let spec = full(closed_port());
    driver.net.start(1, &spec, Tick(5), Tick(5), &mut driver.done);
    let done = driver.expect_done(1).pop().unwrap();
    assert_eq!(done.result.reason, Reason::LOCAL_STARVED);
}

#[test]
fn unknown_runs_can_be_expired_and_cancelled() {
    let mut driver = Driver::new();
    driver.net.cancel(99);
    let result = driver.net.expire(99, true, Tick(1));
    assert_eq!((result.outcome, result.reason), (Outcome::Timeout, Reason::TIMEOUT));
}
