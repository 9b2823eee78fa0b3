//! Start, stop, advance, fork, drop: the life of a monitor's threads.
//!
//! The trap is waiting: whoever waits for a thread must not be that thread, and must not hold a
//! lock that it needs. So nothing is locked while we wait, and calls from the monitor's own
//! threads are refused with DEADLOCK.

use super::callback;
use super::core::Command;
use super::driver::{Driver, Inbox};
use super::inner::{Inner, Log};
use super::monitor::Monitor;
use super::runner::{self, Runner};
use super::workers::{self, Pool};
use crate::error::{Code, Error};
use crate::model::{Outcome, Reason, RunResult};
use crate::sync::{Arc, Condvar, Ordering, lock, wait_while};
use crate::sys::fork;
use crate::sys::guard::OwnedGuard;
use crate::time::{self, Tick};
use std::any::Any;
use std::time::Duration;

/// Whether the background thread is there.
#[derive(Default)]
enum Phase {
    #[default]
    Stopped,
    Running(Runner),
    /// Somebody waits for its end.
    Stopping,
}

/// What a monitor knows of its threads.
#[derive(Default)]
pub struct Life {
    phase: Phase,
    /// Pools of earlier lives in which a function of the host has not come back.
    retired: Vec<Pool>,
    /// Where results of functions arrive that were called in earlier lives.
    inbox: Option<Arc<Inbox>>,
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
    /// stopped, or whose process was forked, begins anew with its registrations.
    ///
    /// # Errors
    ///
    /// MODE for a manual monitor; LIMIT when there are no descriptors or threads left; BUSY
    /// while it is being stopped, or its thread has not ended since.
    pub fn start(&self) -> Result<(), Error> {
        let inner = &self.inner;
        if inner.manual {
            let text = "a manual monitor has no thread; advance it instead";
            return Err(Error::refused(Code::Mode, text));
        }
        let forked = inner.check_fork().is_err();
        if forked {
            inner.forget_parent();
        }
        let mut life = lock(&inner.life);
        match &life.phase {
            Phase::Running(runner) if !runner.is_ending() => return Ok(()),
            Phase::Running(runner) if runner.wait(Duration::ZERO) => {}
            Phase::Running(_) | Phase::Stopping => {
                return Err(Error::refused(Code::Busy, "the monitor has not stopped yet"));
            }
            Phase::Stopped => {}
        }
        let no_room = |error: std::io::Error| {
            Error::refused(Code::Limit, format!("the background thread cannot start: {error}"))
        };
        life.phase = Phase::Stopped;
        let driver = Driver::new(inner.number.into(), life.inbox.clone()).map_err(no_room)?;
        life.inbox = Some(driver.inbox());
        let mut core = lock(&inner.core);
        if forked {
            core.restore_cells();
        }
        core.start(time::monotonic());
        drop(core);
        match runner::start(Arc::downgrade(inner), driver) {
            Ok(runner) => life.phase = Phase::Running(runner),
            Err(error) => {
                lock(&inner.core).stop(time::monotonic());
                return Err(no_room(error));
            }
        }
        Ok(())
    }

    /// Stops the background thread and waits for it. Afterwards no check runs, every status is
    /// UNKNOWN, and every function of a callback that was removed is dropped.
    ///
    /// # Errors
    ///
    /// TIMEOUT when a callback is still inside the host's code: its thread is left to itself.
    /// DEADLOCK from a callback, a drop or a log function of this monitor. FORKED.
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
        let inner = &self.inner;
        inner.check_fork()?;
        if !inner.manual {
            let text = "this monitor has its own clock; make it with \"clock\": \"manual\"";
            return Err(Error::refused(Code::Mode, text));
        }
        inner.refuse_own_thread("advance")?;
        if now == Tick::NEVER {
            return Err(Error::range("now_ns", now.0, "up to 2^64 - 2; 2^64 - 1 means never"));
        }
        inner.turn_by_hand(now)
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
        let busy = |life: &mut Life| matches!(life.phase, Phase::Stopping);
        let mut life = wait_while(&changed, life, left(), busy);
        let mut over = true;
        match std::mem::replace(&mut life.phase, Phase::Stopping) {
            Phase::Running(runner) => {
                drop(life);
                self.enter(|core| core.stop(core.now()));
                runner.end();
                over = runner.wait(left());
                life = lock(&self.life);
                life.retired.extend(runner.pools());
                life.phase = if over { Phase::Stopped } else { Phase::Running(runner) };
            }
            Phase::Stopping => over = false,
            Phase::Stopped => {
                life.phase = Phase::Stopped;
                drop(life);
                self.enter(|core| core.stop_silently());
                life = lock(&self.life);
            }
        }
        let pools = std::mem::take(&mut life.retired);
        drop(life);
        changed.notify_all();
        let busy: Vec<Pool> = pools.into_iter().filter(|pool| !pool.wait_idle(left())).collect();
        over &= busy.is_empty();
        lock(&self.life).retired.extend(busy);
        if over {
            return Ok(());
        }
        let text = "a callback has not come back; its thread is left to itself";
        Err(Error::refused(Code::Timeout, text))
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
                self.run_by_hand(command, now);
            }
            self.enter(|core| {
                core.turn();
                core.take_commands(&mut commands);
            });
        }
        Ok(self.enter(|core| core.plan()))
    }

    fn run_by_hand(&self, command: Command, now: Tick) {
        let Command::Run { token, check, callback: Some(function), cookie, deadline, .. } = command
        else {
            return;
        };
        let run = callback::Run { check, cookie, deadline };
        // A function that ran before this one may have paused or removed the check.
        let result = match self.enter(|core| core.is_in_flight(token)) {
            true => workers::as_owner(self.number.into(), || function.call(&run)),
            false => RunResult::new(Outcome::Local, Reason::NONE),
        };
        self.enter(|core| core.finish(token, result, now));
        workers::as_owner(self.number.into(), || drop(function));
    }

    /// In a child: leaks what belongs to the parent's threads and subscriptions.
    fn forget_parent(&self) {
        let mut life = lock(&self.life);
        std::mem::forget(std::mem::take(&mut *life));
        drop(life);
        let mut core = lock(&self.core);
        core.forget_parent();
        drop(core);
        self.generation.store(fork::generation(), Ordering::Release);
    }
}

/// The locks that a fork must find free: entered life, driver, core, log.
struct Held {
    _core: OwnedGuard<super::core::Core>,
    _log: OwnedGuard<Option<Arc<Log>>>,
    driver: Option<OwnedGuard<Driver>>,
    _life: OwnedGuard<Life>,
    generation: u32,
}

impl fork::Hold for Inner {
    fn hold(self: Arc<Self>) -> Box<dyn Any> {
        let life = OwnedGuard::lock(Arc::clone(&self.life));
        let driver = match &life.phase {
            Phase::Running(runner) => Some(OwnedGuard::lock(runner.driver())),
            _ => None,
        };
        let core = OwnedGuard::lock(Arc::clone(&self.core));
        let log = OwnedGuard::lock(Arc::clone(&self.log));
        let generation = fork::generation();
        Box::new(Held { _core: core, _log: log, driver, _life: life, generation })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.generation != fork::generation()
            && let Some(driver) = &mut self.driver
        {
            // In the child: its copies of the sockets would keep the parent's connections open.
            driver.abandon();
        }
    }
}
