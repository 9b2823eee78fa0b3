//! The background thread: a thin shell that hands time and results to the core, carries out its
//! commands, and sleeps until there is something to do.
//!
//! It is a current-thread tokio runtime in which our epoll instance is nested as one
//! descriptor. What a turn starts and what is over at once is handed back to the core in the
//! same turn. With nothing due it does not wake up.

use super::command::Leftover;
use super::core::Core;
use super::driver::Driver;
use super::helpers::Stuck;
use super::inner::Inner;
use super::workers;
use crate::probe::net::Done;
use crate::sync::{Arc, AtomicBool, Condvar, Mutex, Ordering, Weak, lock, wait_while};
use crate::sys::fork;
use crate::sys::nested::Nested;
use crate::sys::thread::spawn;
use crate::sys::wake::Wake;
use crate::time::{self, MILLISECOND, Tick};
use std::future::poll_fn;
use std::io;
use std::mem::forget;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::unix::AsyncFd;

/// How far CLOCK_BOOTTIME must move against CLOCK_MONOTONIC to mean a suspension.
const SUSPENSION_NS: u64 = 500 * MILLISECOND;
/// How often the clocks are read for one pair of readings that belong together.
const TRIES: usize = 4;

/// The handle of a background thread.
pub struct Runner {
    driver: Arc<Mutex<Driver>>,
    wake: Arc<Wake>,
    ending: Arc<AtomicBool>,
    ended: Arc<Ended>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Starts the background thread.
///
/// # Errors
///
/// The system's error when threads or descriptors are short.
pub fn start(monitor: &Arc<Inner>, mut driver: Driver) -> io::Result<Runner> {
    let nested = Nested::new(driver.waiting_fd()?)?;
    driver.sleep_with(nested.numbers());
    let wake = driver.wake();
    let driver = Arc::new(Mutex::new(driver));
    let ending = Arc::new(AtomicBool::new(false));
    let ended = Arc::new(Ended::default());
    let owner = monitor.number.into();
    let body = Body {
        monitor: Arc::downgrade(monitor),
        driver: Arc::clone(&driver),
        ending: Arc::clone(&ending),
        asleep_ns: asleep_ns(),
        done: Vec::new(),
        expired: Vec::new(),
        listens: false,
        _ended: Ends(Arc::clone(&ended)),
    };
    let life = Life { body, nested, born: fork::generation() };
    let thread = spawn("meshvitals", move || life.run(owner))?;
    Ok(Runner { driver, wake, ending, ended, thread: Mutex::new(Some(thread)) })
}

/// What the thread owns. The body goes first, which lets go of the numbers of the rest.
struct Life {
    body: Body,
    nested: Nested,
    /// The process generation in which it began.
    born: u32,
}

impl Life {
    fn run(self, owner: u64) {
        let Life { body, nested, born } = self;
        let sleeping = body.run(&nested.fd, born);
        // Whatever the host's functions call from there must not wait for this thread.
        workers::as_owner(owner, || nested.runtime.block_on(sleeping));
        if fork::generation() != born {
            // The copies of a child are closed, and their numbers may be somebody else's.
            forget(nested);
        }
    }
}

/// Whether the thread has let go of everything; several may wait for that.
#[derive(Default)]
struct Ended {
    over: Mutex<bool>,
    changed: Condvar,
}

/// Says so when it is dropped.
struct Ends(Arc<Ended>);

impl Drop for Ends {
    fn drop(&mut self) {
        *lock(&self.0.over) = true;
        self.0.changed.notify_all();
    }
}

impl Runner {
    /// Makes the thread look at the core.
    pub fn wake(&self) {
        self.wake.wake();
    }

    /// Asks the thread to end.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.wake();
    }

    /// Waits for the end of the thread; false if the time is over first.
    pub fn wait(&self, patience: Duration) -> bool {
        let Ended { over, changed } = &*self.ended;
        let over = *wait_while(changed, lock(over), patience, |over| !*over);
        if over && let Some(thread) = lock(&self.thread).take() {
            let _ = thread.join();
        }
        over
    }

    /// The means of the thread, for a fork.
    pub fn driver(&self) -> Arc<Mutex<Driver>> {
        Arc::clone(&self.driver)
    }

    /// Waits for the end of the whole life, each time as long as `left` says, and says what has
    /// not come back: nothing if no thread of it exists any more.
    pub fn wait_for_all(&self, left: &impl Fn() -> Duration) -> Vec<Stuck> {
        if !self.wait(left()) {
            // It has not closed its helpers yet, so they may merely be idle.
            return vec![Stuck::Background];
        }
        let helpers = lock(&self.driver).helpers();
        helpers.wait(left)
    }
}

struct Body {
    monitor: Weak<Inner>,
    driver: Arc<Mutex<Driver>>,
    ending: Arc<AtomicBool>,
    /// CLOCK_BOOTTIME minus CLOCK_MONOTONIC: how long the machine has slept.
    asleep_ns: Option<u64>,
    done: Vec<Done>,
    expired: Vec<Done>,
    /// Whether triggers have to be looked at.
    listens: bool,
    _ended: Ends,
}

impl Body {
    async fn run(mut self, fd: &AsyncFd<OwnedFd>, born: u32) {
        while let Some(monitor) = self.monitor.upgrade() {
            self.turn(&monitor);
            if fork::generation() != born {
                // A function of the host has forked and returned in the child, of which this is
                // the only thread. Nothing here is the child's, so the thread just ends.
                forget((self, monitor));
                return;
            }
            drop(monitor);
            // After the turn, which may have drained the wake that came with the wish to end.
            if self.ending.load(Ordering::Acquire) {
                break;
            }
            if poll_fn(|context| self.rest(fd, context)).await.is_err() {
                break;
            }
        }
    }

    /// Over when there is something to do.
    fn rest(&self, fd: &AsyncFd<OwnedFd>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Past the nested instance, whose look would take the word of the kernel.
        let told = self.listens && lock(&self.driver).poll_triggers(context);
        match fd.poll_read_ready(context) {
            // Cleared before the descriptors are looked at again in `collect`: what becomes
            // ready in between is an edge that ends the next wait.
            Poll::Ready(ready) => Poll::Ready(ready.map(|mut ready| ready.clear_ready())),
            Poll::Pending if told => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn turn(&mut self, monitor: &Inner) {
        let driver = Arc::clone(&self.driver);
        let mut driver = lock(&driver);
        driver.collect(&mut self.done);
        let now = time::monotonic();
        let suspended = self.was_suspended();
        let mut commands = Vec::new();
        let mut leftover = Leftover::default();
        let mut next;
        let mut first = true;
        loop {
            let mut core = lock(&monitor.core);
            // Under the lock: what the core plans after a stop is the next thread's.
            if self.ending.load(Ordering::Acquire) {
                next = Tick::NEVER;
                break;
            }
            if std::mem::take(&mut first) {
                core.observe(now, suspended);
            } else {
                core.go_on();
            }
            self.hand_over(&mut core);
            // After the results: a run that is over does not answer for the one that is asked for.
            for check in driver.take_fired() {
                if !core.hurry(check) {
                    driver.disarm(check);
                }
            }
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
            if self.done.is_empty() && self.expired.is_empty() && !driver.has_fired() {
                break;
            }
        }
        driver.arm(next);
        self.listens = driver.listens();
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

    fn was_suspended(&mut self) -> bool {
        let Some(asleep_ns) = asleep_ns() else { return false };
        let before = self.asleep_ns.replace(asleep_ns);
        before.is_some_and(|before| asleep_ns.saturating_sub(before) > SUSPENSION_NS)
    }
}

/// CLOCK_BOOTTIME minus CLOCK_MONOTONIC; nothing if this thread was held up while it read them,
/// which would look like a suspension.
fn asleep_ns() -> Option<u64> {
    (0..TRIES).find_map(|_| {
        let before = time::monotonic();
        let all = time::boottime();
        let after = time::monotonic();
        (after.since(before) < SUSPENSION_NS / 2).then(|| all.since(after))
    })
}

impl Drop for Body {
    /// The end of a life, by a panic as well.
    fn drop(&mut self) {
        let mut driver = lock(&self.driver);
        driver.hand_on(&mut self.done);
        driver.close();
        let garbage = driver.take_garbage();
        drop(driver);
        // Not under the lock: what is dropped here is the host's.
        drop(garbage);
    }
}
