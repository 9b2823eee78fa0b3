//! The background thread: a thin shell that hands time and results to the core, carries out its
//! commands, and sleeps until there is something to do.
//!
//! It is a current-thread tokio runtime in which our epoll instance is nested as one
//! descriptor. What a turn starts and what is over at once is handed back to the core in the
//! same turn. With nothing due it does not wake up.

use super::core::{Core, Leftover};
use super::driver::{Driver, Inbox};
use super::inner::Inner;
use super::workers::{self, Pool};
use crate::probe::net::Done;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering, Weak, lock};
use crate::sys::nested::nest;
use crate::sys::thread::spawn;
use crate::time::{self, MILLISECOND, SECOND, Tick};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How far CLOCK_BOOTTIME must move against CLOCK_MONOTONIC to mean a suspension.
const SUSPENSION_NS: u64 = 500 * MILLISECOND;

/// The handle of a background thread.
pub struct Runner {
    driver: Arc<Mutex<Driver>>,
    inbox: Arc<Inbox>,
    ending: Arc<AtomicBool>,
    ended: Mutex<Receiver<()>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Starts the background thread.
///
/// # Errors
///
/// The system's error when threads or descriptors are short.
pub fn start(monitor: Weak<Inner>, driver: Driver) -> io::Result<Runner> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let fd = driver.waiting_fd()?;
    let inbox = driver.inbox();
    let driver = Arc::new(Mutex::new(driver));
    let ending = Arc::new(AtomicBool::new(false));
    let (sender, ended) = channel();
    let body = Body {
        owner: monitor.upgrade().map_or(0, |monitor| monitor.number.into()),
        monitor,
        driver: Arc::clone(&driver),
        ending: Arc::clone(&ending),
        asleep_ns: time::boottime().since(time::monotonic()),
        done: Vec::new(),
        expired: Vec::new(),
        _ended: sender,
    };
    let thread = spawn("meshvitals", move || runtime.block_on(body.run(fd)))?;
    Ok(Runner { driver, inbox, ending, ended: Mutex::new(ended), thread: Mutex::new(Some(thread)) })
}

impl Runner {
    /// Makes the thread look at the core.
    pub fn wake(&self) {
        self.inbox.wake.wake();
    }

    /// Asks the thread to end.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.wake();
    }

    /// Whether it was asked to end.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Waits for the end; false if the time is over first.
    pub fn wait(&self, patience: Duration) -> bool {
        // The sender is never used: it disconnects when the thread lets go of everything.
        let over = lock(&self.ended).recv_timeout(patience) != Err(RecvTimeoutError::Timeout);
        if over && let Some(thread) = lock(&self.thread).take() {
            let _ = thread.join();
        }
        over
    }

    /// The means of the thread, for a fork.
    pub fn driver(&self) -> Arc<Mutex<Driver>> {
        Arc::clone(&self.driver)
    }

    /// The pools of this life.
    pub fn pools(&self) -> [Pool; 2] {
        lock(&self.driver).pools()
    }
}

struct Body {
    monitor: Weak<Inner>,
    owner: u64,
    driver: Arc<Mutex<Driver>>,
    ending: Arc<AtomicBool>,
    /// CLOCK_BOOTTIME minus CLOCK_MONOTONIC: how long the machine has slept.
    asleep_ns: u64,
    done: Vec<Done>,
    expired: Vec<Done>,
    _ended: Sender<()>,
}

impl Body {
    async fn run(mut self, fd: OwnedFd) {
        let Ok(fd) = nest(fd) else { return };
        while let Some(monitor) = self.monitor.upgrade() {
            self.turn(&monitor);
            drop(monitor);
            // After the turn, which may have drained the wake that came with the wish to end.
            if self.ending.load(Ordering::Acquire) {
                break;
            }
            // Cleared before the descriptors are looked at again in `collect`: what becomes
            // ready in between is an edge that ends the next wait.
            match fd.readable().await {
                Ok(mut ready) => ready.clear_ready(),
                Err(_) => break,
            }
        }
        let mut driver = lock(&self.driver);
        driver.close();
        let garbage = driver.take_garbage();
        drop(driver);
        workers::as_owner(self.owner, || drop(garbage));
    }

    fn turn(&mut self, monitor: &Inner) {
        let driver = Arc::clone(&self.driver);
        let mut driver = lock(&driver);
        driver.collect(&mut self.done);
        let now = time::monotonic();
        let suspended = self.was_suspended(now);
        let mut commands = Vec::new();
        let mut leftover = Leftover::default();
        let mut next;
        let mut first = true;
        loop {
            let mut core = lock(&monitor.core);
            if std::mem::take(&mut first) {
                core.observe(now, suspended);
            } else {
                core.go_on();
            }
            self.hand_over(&mut core);
            core.turn();
            core.take_commands(&mut commands);
            next = core.plan();
            let more = core.take_leftover();
            drop(core);
            leftover.garbage.extend(more.garbage);
            leftover.lines.extend(more.lines);
            if commands.is_empty() {
                break;
            }
            let now = time::monotonic();
            for command in commands.drain(..) {
                driver.carry_out(command, now, &mut self.done, &mut self.expired);
            }
            if self.done.is_empty() && self.expired.is_empty() {
                break;
            }
        }
        driver.arm(next);
        leftover.garbage.extend(driver.take_garbage());
        drop(driver);
        workers::as_owner(u64::from(monitor.number), || monitor.clean_up(leftover));
    }

    fn hand_over(&mut self, core: &mut Core) {
        for Done { run, result, finished } in self.done.drain(..) {
            core.finish(run, result, finished);
        }
        for Done { run, result, finished } in self.expired.drain(..) {
            core.expire(run, result, finished);
        }
    }

    fn was_suspended(&mut self, now: Tick) -> bool {
        let asleep_ns = time::boottime().since(now);
        let moved = asleep_ns.saturating_sub(self.asleep_ns) > SUSPENSION_NS.min(SECOND);
        self.asleep_ns = asleep_ns;
        moved
    }
}
