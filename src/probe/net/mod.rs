//! The reactor of the fast path: every TCP and plain HTTP/1.1 run of a monitor on one thread.
//!
//! It owns one epoll instance, which its caller waits for, and never waits itself. A run has
//! memory and a socket only while it is in flight. Time is handed in; deadlines are enforced by
//! the caller, who says [`Net::expire`]. The trap: readiness is reported by edges, so after a
//! poll that filled the buffer the caller must poll again before it sleeps.

mod addresses;
mod drive;
mod names;
mod run;
mod sockets;
mod watch;

use crate::model::{Outcome, ProbeSpec, Reason, RunResult};
use crate::probe::http::Buffers;
use crate::probe::resolver::{Resolver, Threads};
use crate::probe::talk::Configs;
use crate::sys::epoll::{Epoll, Events};
use crate::time::Tick;
use addresses::{Alarms, Known};
use hashbrown::HashMap;
use run::{Job, Run, Step};
use slab::Slab;
use sockets::Sockets;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use watch::Watches;

/// Descriptors that one poll reports at most.
pub const EVENT_LIMIT: usize = 256;
/// Bytes that one read takes at most.
const READ_BYTES: usize = 16 * 1024;
/// Data of registrations from here on are control descriptors.
const CONTROL: u64 = 1 << 63;
/// The data of the resolver; control numbers take 32 bits only.
const RESOLVER: u64 = u64::MAX;

/// A run that has ended.
#[derive(Debug)]
pub struct Done {
    /// The number it was started under.
    pub run: u64,
    /// What came of it.
    pub result: RunResult,
    /// When that was known.
    pub finished: Tick,
}

/// The reactor.
#[derive(Debug)]
pub struct Net {
    epoll: Epoll,
    events: Events,
    /// Counts the polls, wrapping; tells fresh events from stale ones.
    turn: u32,
    sockets: Sockets,
    runs: Slab<Run>,
    /// The places of runs in `runs` by their numbers.
    places: HashMap<u64, usize, foldhash::fast::RandomState>,
    /// Made for the first name.
    resolver: Option<Resolver>,
    alarms: Alarms,
    known: Known,
    /// Where requests are written; shared by all runs.
    output: Vec<u8>,
    /// Where answers are read; shared by all runs.
    input: Box<[u8]>,
    /// Memory of ended runs.
    spare: Vec<Buffers>,
    /// How connections are encrypted.
    configs: Configs,
    /// Connections that are kept.
    watches: Watches,
    /// Whether a disconnect of ours raised an edge since the last poll.
    disconnected: bool,
}

impl Net {
    /// A reactor with nothing in flight.
    ///
    /// # Errors
    ///
    /// The system's error when there are no descriptors left.
    pub fn new() -> io::Result<Net> {
        Ok(Net {
            epoll: Epoll::new()?,
            events: Events::with_capacity(EVENT_LIMIT),
            turn: 0,
            sockets: Sockets::default(),
            runs: Slab::new(),
            places: HashMap::default(),
            resolver: None,
            alarms: Alarms::default(),
            known: Known::default(),
            output: Vec::new(),
            input: vec![0; READ_BYTES].into(),
            spare: Vec::new(),
            configs: Configs::default(),
            watches: Watches::default(),
            disconnected: false,
        })
    }

    /// The descriptor to sleep on: readable when a poll would find something.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Reports `control` in every dispatch for as long as this descriptor is readable.
    ///
    /// # Errors
    ///
    /// The system's error when it cannot be watched.
    pub fn watch(&mut self, fd: BorrowedFd<'_>, control: u32) -> io::Result<()> {
        Ok(self.epoll.add_readable(fd, CONTROL | u64::from(control))?)
    }

    /// Looks once, without waiting, what is ready, and says how many descriptors are. After
    /// [`EVENT_LIMIT`] of them poll again once they are dispatched.
    ///
    /// # Errors
    ///
    /// The system's error, which means that the instance is of no more use.
    pub fn poll(&mut self) -> io::Result<usize> {
        self.turn = self.turn.wrapping_add(1);
        self.disconnected = false;
        self.epoll.wait(&mut self.events)
    }

    /// Handles what the last poll found: adds to `controls` the control descriptors that are
    /// readable, each once, and to `done` the runs that ended.
    pub fn dispatch(&mut self, now: Tick, controls: &mut Vec<u32>, done: &mut Vec<Done>) {
        let mut was_full = false;
        loop {
            for place in 0..self.events.len() {
                let Some((data, ready)) = self.events.get(place) else { break };
                if data == RESOLVER {
                    self.resolved(now, done);
                } else if data & CONTROL != 0 {
                    let control = data as u32;
                    if !controls.contains(&control) {
                        controls.push(control);
                    }
                } else if let Some(run) = self.sockets.run_of(data, self.turn) {
                    self.ready(run, ready, now, done);
                }
            }
            self.events.clear();
            // The edges of our own disconnects are taken off here, or each of them would wake
            // the caller once more for nothing. What is found with them is handled like the rest.
            if !(self.disconnected || was_full) || self.poll().is_err() {
                return;
            }
            was_full = self.events.is_full();
        }
    }

    /// Starts a run under a number that no run in flight has. It may be done at once. The caller
    /// enforces the deadline; what waits for a thread of the resolver until then is not asked.
    pub fn start(
        &mut self,
        run: u64,
        spec: &ProbeSpec,
        deadline: Tick,
        now: Tick,
        done: &mut Vec<Done>,
    ) {
        let job = match spec {
            ProbeSpec::Tcp(spec) => Job::Tcp(spec.clone()),
            ProbeSpec::Http(spec) => Job::Http(spec.clone()),
            ProbeSpec::Talk(spec) => Job::Talk(spec.clone()),
            _ => {
                let result = RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED)
                    .with_message("not a probe of the network");
                done.push(Done { run, result, finished: now });
                return;
            }
        };
        let place = self.runs.insert(Run::new(run, job, deadline, now));
        self.places.insert(run, place);
        if now >= deadline {
            // Nothing has been measured that could be held against the target.
            let result = RunResult::new(Outcome::Local, Reason::LOCAL_STARVED)
                .with_message("started after its deadline");
            let result = self.runs[place].placed(result);
            self.finish(place, result, now, done);
        } else {
            self.begin(place, now, done);
        }
    }

    /// The result of a run whose deadline has passed: a timeout of the step it is in. With
    /// `linger` the connection is kept, and if an answer comes after all it ends up in `done`;
    /// a run that has no connection yet ends in any case.
    pub fn expire(&mut self, run: u64, linger: bool, now: Tick) -> RunResult {
        let Some(&place) = self.places.get(&run) else {
            return RunResult::new(Outcome::Timeout, Reason::TIMEOUT);
        };
        let entry = &mut self.runs[place];
        let timeout = entry.timeout();
        let unasked = entry.placed(
            RunResult::new(Outcome::Local, Reason::LOCAL_RESOLVER)
                .with_message("other names kept the resolver busy until the deadline"),
        );
        let (is_known, now) = match &entry.step {
            Step::Talking(talk) => {
                (talk.trace().verdict().is_some(), talk.trace().ended().min(now))
            }
            _ => (false, now),
        };
        let rule = entry.rule();
        let timeout = entry.tally.add(rule, timeout.clone(), true).unwrap_or(timeout);
        let result = entry.timed(timeout, now);
        if let Some(check) = entry.check {
            self.watches.ended(check, &result);
        }
        if linger && !is_known && !matches!(entry.step, Step::Resolving) {
            entry.expired = true;
            self.alarms.set(run, &mut entry.alarm, None);
        } else if !self.remove(place) {
            return RunResult { latency_ns: result.latency_ns, phases: result.phases, ..unasked };
        }
        result
    }

    /// Ends a run without a result; an unknown one is none of our business.
    pub fn cancel(&mut self, run: u64) {
        if let Some(&place) = self.places.get(&run) {
            self.remove(place);
        }
    }

    /// When [`Net::ring`] has something to do, whatever the descriptors say.
    pub fn next_at(&self) -> Tick {
        self.alarms.next()
    }

    /// Runs that are not done, lingering ones included.
    pub fn in_flight(&self) -> usize {
        self.runs.len() - self.kept()
    }

    /// The threads that look for names, if there were any to look for.
    pub fn threads(&self) -> Option<Threads> {
        self.resolver.as_ref().map(Resolver::threads)
    }

    /// Looks for names in this way from now on.
    #[cfg(test)]
    pub fn look_up_with(&mut self, lookup: crate::probe::resolver::Lookup) -> io::Result<()> {
        self.set_resolver(Resolver::with(lookup)?)
    }

    /// Calls `each` with every descriptor that is open, and touches nothing else: in the child
    /// after a fork a lock of the resolver may be held by a thread that does not exist there.
    pub fn each_fd(&self, mut each: impl FnMut(BorrowedFd<'_>)) {
        self.sockets.fds().for_each(&mut each);
        if let Some(resolver) = &self.resolver {
            resolver.each_fd(&mut each);
        }
        each(self.epoll.as_fd());
    }
}

#[cfg(test)]
mod tests;
