//! What carries out the commands of the core: the network, the pools, the host's figures.
//!
//! Lives behind a lock that the background thread holds while it works and leaves while it
//! waits, so that a fork finds it whole and a child can close its copies of the sockets.

use super::callback::{Function, Run};
use super::core::Command;
use super::workers::{Job, Pool, Ticket};
use crate::model::{Outcome, ProbeSpec, Reason, RunResult};
use crate::probe::net::{Done, Net};
use crate::probe::system::{HostSampler, disk};
use crate::sync::{Arc, Mutex, lock};
use crate::sys::timer::Timer;
use crate::sys::wake::Wake;
use crate::time::{self, Tick};
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Threads for callbacks, and how many there may be when some are stuck.
const CALLBACK_THREADS: (usize, usize) = (4, 64);
/// The same for filesystems.
const DISK_THREADS: (usize, usize) = (2, 16);
/// The controls of the network's epoll.
const CONTROL_WAKE: u32 = 0;
const CONTROL_TIMER: u32 = 1;

/// Results that arrive from other threads.
pub struct Inbox {
    done: Mutex<Vec<Done>>,
    /// Wakes the background thread, for results and for whatever else changed.
    pub wake: Wake,
}

impl Inbox {
    fn put(&self, run: u64, result: RunResult, finished: Tick) {
        lock(&self.done).push(Done { run, result, finished });
        self.wake.wake();
    }
}

/// The means of one monitor's background thread.
pub struct Driver {
    /// `None` in a child, which has closed its copies.
    net: Option<Net>,
    timer: Timer,
    armed: Tick,
    inbox: Arc<Inbox>,
    callbacks: Pool,
    disks: Pool,
    tickets: HashMap<u64, (Pool, Ticket)>,
    host: HostSampler,
    /// Jobs that will not run: what they own is the host's, and dropped under no lock.
    garbage: Vec<Job>,
    controls: Vec<u32>,
}

impl Driver {
    /// Makes the descriptors; threads start on first need.
    ///
    /// # Errors
    ///
    /// The system's error when descriptors are short.
    pub fn new(owner: u64) -> io::Result<Driver> {
        let mut net = Net::new()?;
        let timer = Timer::new()?;
        let inbox = Arc::new(Inbox { done: Mutex::new(Vec::new()), wake: Wake::new()? });
        net.watch(inbox.wake.as_fd(), CONTROL_WAKE)?;
        net.watch(timer.as_fd(), CONTROL_TIMER)?;
        let (size, limit) = CALLBACK_THREADS;
        let callbacks = Pool::new("meshvitals-call", size, limit, owner);
        let (size, limit) = DISK_THREADS;
        let disks = Pool::new("meshvitals-disk", size, limit, owner);
        Ok(Driver {
            net: Some(net),
            timer,
            armed: Tick::NEVER,
            inbox,
            callbacks,
            disks,
            tickets: HashMap::new(),
            host: HostSampler::new(),
            garbage: Vec::new(),
            controls: Vec::new(),
        })
    }

    /// A descriptor of its own for what [`Driver::collect`] waits for.
    ///
    /// # Errors
    ///
    /// The system's error when descriptors are short.
    pub fn waiting_fd(&self) -> io::Result<OwnedFd> {
        let fd: BorrowedFd<'_> = self.net.as_ref().ok_or(io::ErrorKind::NotConnected)?.as_fd();
        fd.try_clone_to_owned()
    }

    /// Where results from other threads arrive.
    pub fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    /// The pools, to wait for their end.
    pub fn pools(&self) -> [Pool; 2] {
        [self.callbacks.clone(), self.disks.clone()]
    }

    /// Takes what has happened since the last time, without waiting.
    pub fn collect(&mut self, done: &mut Vec<Done>) {
        let Some(net) = &mut self.net else { return };
        while net.poll().is_ok_and(|count| count > 0) {
            net.dispatch(time::monotonic(), &mut self.controls, done);
            // Drained at once: a control that stays readable would be found again for ever.
            for control in self.controls.drain(..) {
                match control {
                    CONTROL_WAKE => self.inbox.wake.drain(),
                    _ => {
                        self.timer.drain();
                        self.armed = Tick::NEVER;
                    }
                }
            }
        }
        done.append(&mut lock(&self.inbox.done));
        for done in done.iter() {
            self.tickets.remove(&done.run);
        }
    }

    /// Carries out a command; what is over at once is appended.
    pub fn carry_out(&mut self, command: Command, now: Tick, done: &mut Vec<Done>) {
        match command {
            Command::Run { token, check, probe, callback, cookie, deadline } => {
                let run = Run { check, cookie, deadline };
                self.start(token, &probe, callback, run, now, done);
            }
            Command::Expire { token, linger } => {
                let result = match self.tickets.remove(&token) {
                    Some((pool, ticket)) => {
                        self.give_up(&pool, ticket);
                        RunResult::new(Outcome::Timeout, Reason::TIMEOUT)
                    }
                    None => self.net.as_mut().map_or_else(
                        || RunResult::new(Outcome::Timeout, Reason::TIMEOUT),
                        |net| net.expire(token, linger, now),
                    ),
                };
                done.push(Done { run: token, result, finished: now });
            }
            Command::Cancel { token } => match self.tickets.remove(&token) {
                Some((pool, ticket)) => self.give_up(&pool, ticket),
                None => {
                    if let Some(net) = &mut self.net {
                        net.cancel(token);
                    }
                }
            },
        }
    }

    fn start(
        &mut self,
        token: u64,
        probe: &ProbeSpec,
        callback: Option<Arc<Function>>,
        run: Run,
        now: Tick,
        done: &mut Vec<Done>,
    ) {
        let result = match probe {
            ProbeSpec::Tcp(_) | ProbeSpec::Http(_) => {
                if let Some(net) = &mut self.net {
                    net.start(token, probe, run.deadline, now, done);
                }
                return;
            }
            ProbeSpec::Cpu(level) => self.host.cpu(*level, now),
            ProbeSpec::Memory(level) => self.host.memory(*level),
            ProbeSpec::Disk(spec) => {
                let spec = Arc::clone(spec);
                let pool = self.disks.clone();
                return self.submit(pool, token, now, done, move || disk(&spec));
            }
            ProbeSpec::Callback => {
                let Some(function) = callback else { return };
                let pool = self.callbacks.clone();
                return self.submit(pool, token, now, done, move || function.call(&run));
            }
            ProbeSpec::Heartbeat { .. } | ProbeSpec::External | ProbeSpec::Own => return,
        };
        done.push(Done { run: token, result, finished: now });
    }

    fn submit(
        &mut self,
        pool: Pool,
        token: u64,
        now: Tick,
        done: &mut Vec<Done>,
        measure: impl FnOnce() -> RunResult + Send + 'static,
    ) {
        let inbox = Arc::clone(&self.inbox);
        let job: Job = Box::new(move || {
            let started = time::monotonic();
            let mut result = measure();
            let finished = time::monotonic();
            result.latency_ns = finished.since(started);
            inbox.put(token, result, finished);
        });
        match pool.submit(job) {
            Ok(ticket) => {
                self.tickets.insert(token, (pool, ticket));
            }
            Err(job) => {
                let result = RunResult::new(Outcome::Local, Reason::POOL_EXHAUSTED);
                done.push(Done { run: token, result, finished: now });
                self.garbage.push(job);
            }
        }
    }

    fn give_up(&mut self, pool: &Pool, ticket: Ticket) {
        match pool.take_back(ticket) {
            Some(job) => self.garbage.push(job),
            None => {
                pool.write_off(ticket);
            }
        }
    }

    /// What is to be dropped after the driver's lock is left.
    pub fn take_garbage(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.garbage)
    }

    /// Sets the alarm for the next turn.
    pub fn arm(&mut self, at: Tick) {
        if at == self.armed {
            return;
        }
        self.armed = at;
        match at {
            Tick::NEVER => self.timer.clear(),
            at => self.timer.set(at.since(time::monotonic())),
        }
    }

    /// Closes the network at the end of the background thread.
    pub fn close(&mut self) {
        self.net = None;
    }

    /// In a child: closes its copies of the descriptors, and nothing else.
    pub fn abandon(&mut self) {
        if let Some(net) = self.net.take() {
            net.abandon();
        }
    }
}
