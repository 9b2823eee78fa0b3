//! What carries out the commands of the core: the network, the pools, the host's figures.
//!
//! Lives behind a lock that the background thread holds while it works and leaves while it
//! waits, so that a fork finds it whole and a child can close its copies of the sockets.

use super::callback::{Function, Run};
use super::command::Command;
use super::disks::Disks;
use super::helpers::Helpers;
use super::inbox::{Inbox, Reporter};
use super::triggers::Triggers;
use super::workers::{Job, Pool, Ticket, WrittenOff};
use crate::model::signal::SignalSpec;
use crate::model::{CheckId, Outcome, ProbeSpec, Reason, RunResult};
use crate::probe::exec::{self, Leash};
use crate::probe::net::{Done, Net};
use crate::probe::system::{HostSampler, Past, disk, filesystem};
use crate::sync::Arc;
use crate::sys::fork;
use crate::sys::timer::Timer;
use crate::sys::wake::Wake;
use crate::time::{self, Tick};
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::task::Context;

/// The controls of the network's epoll.
const CONTROL_WAKE: u32 = 0;
const CONTROL_TIMER: u32 = 1;

/// What a pool is doing for a run. Holds the function, so that it is never dropped under a lock.
struct Work {
    pool: Pool,
    ticket: Ticket,
    function: Option<Arc<Function>>,
}

/// The means of one monitor's background thread.
pub struct Driver {
    /// `None` from the end of the background thread on.
    net: Option<Net>,
    timer: Timer,
    armed: Tick,
    /// Wakes the background thread.
    wake: Arc<Wake>,
    inbox: Arc<Inbox>,
    helpers: Helpers,
    disks: Disks,
    work: HashMap<u64, Work>,
    /// Programs, until their thread has let go of them; kept beyond the work.
    programs: HashMap<u64, Leash>,
    /// Functions to be dropped outside the lock.
    garbage: Vec<Arc<Function>>,
    host: HostSampler,
    /// What is remembered of filesystems.
    past: Past,
    /// `None` where no background thread waits for them.
    triggers: Option<Triggers>,
    controls: Vec<u32>,
    /// What the background thread sleeps with: descriptors that are not the driver's.
    sleeping: Vec<RawFd>,
}

impl Driver {
    /// Makes the descriptors; threads start on first need. `inbox` may be that of an earlier life.
    ///
    /// # Errors
    ///
    /// The system's error when descriptors are short.
    pub fn new(owner: u64, inbox: Arc<Inbox>) -> io::Result<Driver> {
        let mut net = Net::new()?;
        let timer = Timer::new()?;
        let wake = Arc::new(Wake::new()?);
        net.watch(wake.as_fd(), CONTROL_WAKE)?;
        net.watch(timer.as_fd(), CONTROL_TIMER)?;
        inbox.belong_to(&wake);
        let helpers = Helpers::new(owner);
        let disks = Disks::new(helpers.disks.clone(), Arc::clone(&inbox));
        Ok(Driver {
            net: Some(net),
            timer,
            armed: Tick::NEVER,
            wake,
            inbox,
            helpers,
            disks,
            work: HashMap::new(),
            programs: HashMap::new(),
            garbage: Vec::new(),
            host: HostSampler::new(),
            past: Past::default(),
            triggers: None,
            controls: Vec::new(),
            sleeping: Vec::new(),
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

    /// The network, so that a test can decide how names are looked for.
    #[cfg(test)]
    pub fn net(&mut self) -> Option<&mut Net> {
        self.net.as_mut()
    }

    /// What wakes the background thread.
    pub fn wake(&self) -> Arc<Wake> {
        Arc::clone(&self.wake)
    }

    /// The helpers, to wait for their end.
    pub fn helpers(&self) -> Helpers {
        self.helpers.clone()
    }

    /// Takes what has happened since the last time, without waiting.
    pub fn collect(&mut self, done: &mut Vec<Done>) {
        let Some(net) = &mut self.net else { return };
        while net.poll().is_ok_and(|count| count > 0) {
            net.dispatch(time::monotonic(), &mut self.controls, done);
            // Drained at once: a control that stays readable would be found again for ever.
            for control in self.controls.drain(..) {
                match control {
                    CONTROL_WAKE => self.wake.drain(),
                    _ => {
                        self.timer.drain();
                        self.armed = Tick::NEVER;
                    }
                }
            }
        }
        net.ring(time::monotonic(), done);
        self.inbox.take(done);
        for done in done.iter() {
            self.programs.remove(&done.run);
            let work = self.work.remove(&done.run);
            self.garbage.extend(work.and_then(|work| work.function));
        }
        self.disks.go_on(done, time::monotonic());
    }

    /// Carries out a command. Appends to `done` what is over at once, and to `expired` what its
    /// deadline ended.
    pub fn carry_out(
        &mut self,
        command: Command,
        now: Tick,
        done: &mut Vec<Done>,
        expired: &mut Vec<Done>,
    ) {
        match command {
            Command::Run { token, check, probe, callback, cookie, deadline } => {
                let run = Run { check, cookie, deadline };
                self.start(token, &probe, callback, run, now, done);
            }
            Command::Expire { token, linger } => {
                let result = self.expire(token, linger, now);
                expired.extend(result.map(|result| Done { run: token, result, finished: now }));
            }
            Command::Cancel { token } => {
                if !self.disks.cancel(token)
                    && self.let_go(token).is_none()
                    && let Some(net) = &mut self.net
                {
                    net.cancel(token);
                }
            }
            Command::Disarm { check } => self.disarm(check),
        }
    }

    /// The result of a run that its deadline ends. None for what is not running: that has said so
    /// to the inbox, or just came back.
    fn expire(&mut self, token: u64, linger: bool, now: Tick) -> Option<RunResult> {
        if let Some(result) = self.disks.expire(token, now) {
            return result;
        }
        let silent = match self.programs.get(&token) {
            Some(leash) => leash.timeout(),
            None => RunResult::new(Outcome::Timeout, Reason::TIMEOUT),
        };
        match (self.let_go(token), &mut self.net) {
            (Some(found), _) if found != WrittenOff::Running => None,
            (None, Some(net)) => Some(net.expire(token, linger, now)),
            _ => Some(silent),
        }
    }

    /// Lets go of a run that a pool works on, if one does, and says what it was doing. A program
    /// is killed.
    fn let_go(&mut self, token: u64) -> Option<WrittenOff> {
        let work = self.work.remove(&token)?;
        let found = work.pool.write_off(work.ticket);
        if let Some(leash) = self.programs.get(&token) {
            leash.cut();
        }
        self.garbage.extend(work.function);
        Some(found)
    }

    /// What must be dropped outside the lock.
    pub fn take_garbage(&mut self) -> Vec<Arc<Function>> {
        std::mem::take(&mut self.garbage)
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
            ProbeSpec::Tcp(_) | ProbeSpec::Http(_) | ProbeSpec::Talk(_) => {
                if let Some(net) = &mut self.net {
                    net.start(token, probe, run.deadline, now, done);
                    // Only a thread that lives on can hear of changes.
                    if self.triggers.is_some() && probe.watches() {
                        net.watch_for(token, run.check);
                    }
                }
                return;
            }
            ProbeSpec::Cpu(level) => self.host.cpu(*level, now),
            ProbeSpec::Memory(level) => self.host.memory(*level, now),
            ProbeSpec::Disk(spec) => {
                let (spec, times) = (Arc::clone(spec), (now, run.deadline));
                let path = spec.path.clone();
                return self.disks.start(token, &path, times, move || disk(&spec));
            }
            ProbeSpec::Signal(spec) if spec.path.is_some() => {
                let (spec, past) = (Arc::clone(spec), self.past.clone());
                let (path, times) = (spec.path.clone().unwrap_or_default(), (now, run.deadline));
                let measure = move || filesystem(&spec, &past, now);
                return self.disks.start(token, &path, times, measure);
            }
            ProbeSpec::Signal(spec) => {
                let result = self.host.signal(spec, now);
                self.listen(run.check, spec);
                result
            }
            ProbeSpec::Exec(spec) => {
                let leash = Leash::new(Arc::clone(spec));
                self.programs.insert(token, leash.clone());
                let pool = self.helpers.programs.clone();
                return self.submit(pool, token, None, move || exec::run(&leash));
            }
            ProbeSpec::Callback => {
                let Some(function) = callback else { return };
                let pool = self.helpers.callbacks.clone();
                let held = Some(Arc::clone(&function));
                return self.submit(pool, token, held, move || function.call(&run));
            }
            ProbeSpec::Heartbeat { .. } | ProbeSpec::External | ProbeSpec::Own => return,
        };
        done.push(Done { run: token, result, finished: now });
    }

    /// Has the kernel tell when a pressure that was just read is at its level.
    fn listen(&mut self, check: CheckId, spec: &SignalSpec) {
        let Some(triggers) = &mut self.triggers else { return };
        match (spec.levels.degraded, self.host.told(spec.signal)) {
            (Some(band), Some((path, line))) => triggers.arm(check, path, line, band.enter),
            _ => triggers.disarm(check),
        }
    }

    /// Ends what the kernel or its target tells of a check.
    pub fn disarm(&mut self, check: CheckId) {
        if let Some(net) = &mut self.net {
            net.unwatch(check);
        }
        if let Some(triggers) = &mut self.triggers {
            triggers.disarm(check);
        }
    }

    /// Whether the kernel may tell of pressure, which [`Driver::waiting_fd`] does not show.
    pub fn listens(&self) -> bool {
        self.triggers.as_ref().is_some_and(Triggers::is_waiting)
    }

    /// Whether it has; the task is woken when it does.
    pub fn poll_triggers(&mut self, context: &mut Context<'_>) -> bool {
        self.triggers.as_mut().is_some_and(|triggers| triggers.poll(context))
    }

    /// The checks of whose pressure, or whose targets, something was told since.
    pub fn take_fired(&mut self) -> Vec<CheckId> {
        let mut fired = self.triggers.as_mut().map(Triggers::take_fired).unwrap_or_default();
        fired.extend(self.net.as_mut().map(Net::take_fired).unwrap_or_default());
        fired
    }

    /// Whether a target has told something that was not taken.
    pub fn has_fired(&self) -> bool {
        self.net.as_ref().is_some_and(Net::has_fired)
    }

    fn submit(
        &mut self,
        pool: Pool,
        token: u64,
        function: Option<Arc<Function>>,
        measure: impl FnOnce() -> RunResult + Send + 'static,
    ) {
        let reporter = Reporter::new(Arc::clone(&self.inbox), token);
        let job: Job = Box::new(move || {
            let started = time::monotonic();
            let mut result = measure();
            let finished = time::monotonic();
            result.latency_ns = finished.since(started);
            reporter.say(result, finished);
        });
        match pool.submit(job) {
            Ok(ticket) => {
                self.work.insert(token, Work { pool, ticket, function });
            }
            // Dropped unheard, it says so to the inbox.
            Err(job) => {
                drop(job);
                self.garbage.extend(function);
            }
        }
    }

    /// When [`Driver::collect`] has something to do, whatever the descriptors say.
    pub fn next_at(&self) -> Tick {
        self.net.as_ref().map_or(Tick::NEVER, Net::next_at)
    }

    /// Sets the alarm for the next turn.
    pub fn arm(&mut self, at: Tick) {
        let at = at.min(self.next_at());
        if at == self.armed {
            return;
        }
        self.armed = at;
        match at {
            Tick::NEVER => self.timer.clear(),
            at => self.timer.set(at.since(time::monotonic())),
        }
    }

    /// Remembers the numbers of the descriptors that the background thread sleeps with, until it
    /// is about to close them; from now on it hears of triggers.
    pub fn sleep_with(&mut self, numbers: &[RawFd]) {
        self.sleeping = numbers.to_vec();
        self.triggers = Some(Triggers::default());
    }

    /// Leaves to the next life what was collected at the end of this one and not judged any more.
    pub fn hand_on(&self, done: &mut Vec<Done>) {
        self.inbox.hand_on(done);
    }

    /// Closes the network at the end of the background thread.
    pub fn close(&mut self) {
        self.sleeping.clear();
        self.programs.values().for_each(Leash::cut);
        self.triggers = None;
        self.garbage.extend(self.work.drain().filter_map(|(_, work)| work.function));
        self.disks.close();
        self.helpers.close(self.net.as_ref().and_then(Net::threads));
        self.net = None;
    }

    /// The programs that run, to be held during a fork.
    pub fn programs(&self) -> impl Iterator<Item = &Leash> {
        self.programs.values()
    }

    /// In the handler of a child: closes its copies of the descriptors, and nothing else. The
    /// driver must be leaked there.
    pub fn abandon(&self) {
        if let Some(net) = &self.net {
            net.each_fd(fork::close_copy);
        }
        self.host.fds().for_each(fork::close_copy);
        self.triggers.iter().flat_map(Triggers::fds).for_each(fork::close_copy);
        fork::close_copy(self.timer.as_fd());
        self.wake.each_fd(fork::close_copy);
        self.sleeping.iter().for_each(|&number| fork::close_number(number));
    }
}

#[cfg(test)]
mod tests;
