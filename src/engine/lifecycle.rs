//! Start, stop, advance, drop: the life of a monitor's threads.
//!
//! The trap is waiting: whoever waits for a thread must not be that thread, and must not hold a
//! lock that it needs. So nothing is locked while we wait, and calls from the monitor's own
//! threads are refused with DEADLOCK.

use super::callback;
use super::command::Command;
use super::driver::Driver;
use super::helpers::Stuck;
use super::inbox::Inbox;
use super::inner::Inner;
use super::monitor::Monitor;
use super::runner::{self, Runner};
use super::workers;
use crate::error::{Code, Error};
use crate::model::{Outcome, Reason, RunResult};
use crate::sync::{Arc, Condvar, Ordering, lock, wait_while};
use crate::time::{self, Tick};
use std::time::Duration;

/// Whether the background thread is there.
#[derive(Default)]
enum Phase {
    #[default]
    Stopped,
    Running(Arc<Runner>),
    /// Somebody waits for its end.
    Stopping,
}

/// What a monitor knows of its threads.
#[derive(Default)]
pub struct Life {
    phase: Phase,
    /// How many times a running monitor was stopped.
    stops: u64,
    /// Every life of which a thread may be left, earlier ones included.
    pub(super) runners: Vec<Arc<Runner>>,
    /// Where results of functions arrive that were called in earlier lives.
    inbox: Arc<Inbox>,
    /// Whether this is the copy of a child, in which every descriptor is closed.
    pub(super) abandoned: bool,
    /// Signalled when `phase` changes.
    changed: Arc<Condvar>,
}

impl Life {
    /// Makes the background thread look at the core.
    pub fn wake(&self) {
        if let Phase::Running(runner) = &self.phase {
            runner.wake();
        }
    }
}

impl Monitor {
    /// Starts the background thread. A monitor that runs already is left as it is; one that was
    /// stopped, or whose process was forked, begins anew with its registrations. A manual monitor
    /// whose process was forked begins anew as well, and goes on to be advanced.
    ///
    /// # Errors
    ///
    /// MODE for a manual monitor, unless its process was forked; LIMIT when there are no
    /// descriptors or threads left; BUSY while another thread stops it.
    pub fn start(&self) -> Result<(), Error> {
        let inner = &self.inner;
        let mut life = lock(&inner.life);
        let is_forked = inner.check_fork().is_err();
        if is_forked {
            inner.forget_parent(&mut life);
        }
        if inner.manual {
            let text = "a manual monitor has no thread; advance it instead";
            return if is_forked { Ok(()) } else { Err(Error::refused(Code::Mode, text)) };
        }
        match life.phase {
            Phase::Running(_) => return Ok(()),
            Phase::Stopping => {
                return Err(Error::refused(Code::Busy, "another thread is stopping the monitor"));
            }
            Phase::Stopped => {}
        }
        let no_room = |error: std::io::Error| {
            Error::refused(Code::Limit, format!("the background thread cannot start: {error}"))
        };
        let inbox = Arc::clone(&life.inbox);
        let driver = Driver::new(inner.number.into(), inbox).map_err(no_room)?;
        let mut core = lock(&inner.core);
        core.callbacks = driver.helpers().callbacks.gauge();
        core.start(time::monotonic());
        drop(core);
        match runner::start(inner, driver) {
            Ok(runner) => {
                let runner = Arc::new(runner);
                life.runners.push(Arc::clone(&runner));
                life.phase = Phase::Running(runner);
            }
            Err(error) => {
                lock(&inner.core).stop(time::monotonic());
                return Err(no_room(error));
            }
        }
        Ok(())
    }

    /// Stops the background thread and waits for it and its helpers. Afterwards no check runs,
    /// every status is UNKNOWN, every function of a callback that was removed is dropped, and no
    /// thread of the monitor exists any more.
    ///
    /// # Errors
    ///
    /// TIMEOUT when something does not come back in time, which the text names: a function of the
    /// host program, the resolution of a name, a filesystem. Its thread is left to itself and ends
    /// when it does come back; stopping again waits for it again. DEADLOCK from a callback, a drop
    /// or a log function of this monitor. FORKED.
    pub fn stop(&self, timeout: Duration) -> Result<(), Error> {
        self.inner.check_fork()?;
        self.inner.stop(timeout)
    }

    /// Moves a manual monitor to `now` and does what is due: one turn. Callbacks run here.
    /// Returns when the next turn is needed, [`Tick::NEVER`] if nothing is planned.
    ///
    /// # Errors
    ///
    /// MODE for a monitor with a clock of its own; RANGE for a time before the last; DEADLOCK
    /// from a callback of this monitor.
    pub fn advance(&self, now: Tick) -> Result<Tick, Error> {
        self.inner.advance(now)
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let inner = &self.inner;
        if inner.check_fork().is_err() {
            // Everything in it belongs to the parent; the child must not touch or wait.
            std::mem::forget(Arc::clone(inner));
            return;
        }
        let own_thread = workers::current() == Some(inner.number.into());
        // A thread of ours cannot wait for itself; the threads end on their own.
        let patience = if own_thread { Duration::ZERO } else { inner.stop_timeout };
        let _ = inner.stop_from_anywhere(patience);
        inner.enter(|core| core.clear());
        let log = lock(&inner.log).take();
        workers::as_owner(inner.number.into(), || drop(log));
    }
}

impl Inner {
    /// As [`Monitor::advance`]; a callback that it runs may free the monitor meanwhile.
    pub(crate) fn advance(&self, now: Tick) -> Result<Tick, Error> {
        self.check_fork()?;
        if !self.manual {
            let text = "this monitor has its own clock; make it with \"clock\": \"manual\"";
            return Err(Error::refused(Code::Mode, text));
        }
        self.refuse_own_thread("advance")?;
        if now == Tick::NEVER {
            return Err(Error::range("now_ns", now.0, "up to 2^64 - 2; 2^64 - 1 means never"));
        }
        self.turn_by_hand(now)
    }

    fn refuse_own_thread(&self, call: &str) -> Result<(), Error> {
        if workers::current() == Some(self.number.into()) {
            let text = format!("{call} was called from a callback or drop of the same monitor");
            return Err(Error::refused(Code::Deadlock, text));
        }
        Ok(())
    }

    fn stop(&self, timeout: Duration) -> Result<(), Error> {
        self.refuse_own_thread("stop")?;
        self.stop_from_anywhere(timeout)
    }

    fn stop_from_anywhere(&self, timeout: Duration) -> Result<(), Error> {
        let until = time::monotonic().after(time::nanoseconds(timeout));
        let left = || Duration::from_nanos(until.since(time::monotonic()));
        let life = lock(&self.life);
        let changed = Arc::clone(&life.changed);
        // Only for the stop that is under way: others may start and stop the monitor for ever.
        let stops = life.stops;
        let busy = |life: &mut Life| matches!(life.phase, Phase::Stopping) && life.stops == stops;
        let mut life = wait_while(&changed, life, left(), busy);
        match std::mem::replace(&mut life.phase, Phase::Stopping) {
            Phase::Running(runner) => {
                drop(life);
                // First, so that the thread takes nothing any more that a later start plans.
                runner.end();
                self.enter(|core| core.stop(core.now()));
                runner.wait(left());
                life = lock(&self.life);
                life.phase = Phase::Stopped;
                life.stops += 1;
            }
            // The stop is over that was waited for, and who does the next one ends that life.
            Phase::Stopping if life.stops != stops => {}
            Phase::Stopping => {
                let text = "another thread is stopping the monitor";
                return Err(Error::refused(Code::Timeout, text));
            }
            Phase::Stopped => {
                life.phase = Phase::Stopped;
                // Under the lock of the life, so that nobody starts it in between.
                let mut core = lock(&self.core);
                core.stop_silently();
                let leftover = core.take_leftover();
                drop(core);
                drop(life);
                self.clean_up(leftover);
                life = lock(&self.life);
            }
        }
        // Left in their places while we wait: another stop waits for the same ones.
        let runners = life.runners.clone();
        drop(life);
        changed.notify_all();
        let stuck = runners.iter().flat_map(|runner| runner.wait_for_all(&left)).collect();
        let is_over = |runner: &Runner| runner.wait_for_all(&|| Duration::ZERO).is_empty();
        lock(&self.life).runners.retain(|runner| !is_over(runner));
        Stuck::refusal(stuck)
    }

    /// One turn of a manual monitor.
    fn turn_by_hand(&self, now: Tick) -> Result<Tick, Error> {
        let mut commands = Vec::new();
        self.enter(|core| {
            if now < core.now() {
                let allowed = format!("{} (the last advance) or later", core.now().0);
                return Err(Error::range("now_ns", now.0, allowed));
            }
            if !core.is_running() {
                core.start(now);
            }
            self.manual_now.store(now.0, Ordering::Release);
            core.observe(now, false);
            core.turn();
            core.take_commands(&mut commands);
            Ok(())
        })?;
        while !commands.is_empty() {
            for command in std::mem::take(&mut commands) {
                self.run_by_hand(command, now)?;
            }
            self.enter(|core| {
                core.turn();
                core.take_commands(&mut commands);
            });
        }
        Ok(self.enter(|core| core.plan()))
    }

    fn run_by_hand(&self, command: Command, now: Tick) -> Result<(), Error> {
        let Command::Run { token, check, callback: Some(function), cookie, deadline, .. } = command
        else {
            return Ok(());
        };
        let run = callback::Run { check, cookie, deadline };
        // A function that ran before this one may have paused or removed the check.
        let result = match self.enter(|core| core.is_in_flight(token)) {
            true => workers::as_owner(self.number.into(), || function.call(&run)),
            false => RunResult::new(Outcome::Local, Reason::NONE),
        };
        // It may have forked and returned in the child, which must not touch the subscriptions.
        self.call(|core| {
            core.finish(token, result, now);
            Ok(())
        })?;
        workers::as_owner(self.number.into(), || drop(function));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
