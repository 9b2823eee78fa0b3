//! A small bounded pool of threads for calls that can block: callbacks, filesystems.
//!
//! Promises: jobs start in the order of submission; a job that never returns takes one thread
//! with it and no more, because its thread is written off and replaced, up to a limit; a panic
//! ends a job, not the pool; no lock is held while a job runs or is dropped; threads start on
//! first need and are named, with signals blocked. Does not promise to end a job: nothing can.
//!
//! The traps: dropping the last handle does not end the threads, [`Pool::close`] does. And a
//! forked child must leak the pool it inherits, because none of its threads exist there.

mod load;
#[cfg(test)]
mod tests;

pub use load::{Gauge, Load};

use crate::sync::{Arc, Condvar, Mutex, lock, wait, wait_while};
use crate::sys::fork;
use crate::sys::thread::spawn;
use std::cell::Cell;
use std::collections::VecDeque;
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a pool runs.
pub type Job = Box<dyn FnOnce() + Send>;

/// Names a submitted job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

/// What a job was found doing when it was written off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenOff {
    /// It had not started, and was dropped.
    Queued,
    /// It is running, and its thread no longer counts.
    Running,
    /// It had returned already, or was written off before.
    Gone,
}

/// A handle; clones are the same pool.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    size: usize,
    limit: usize,
    owner: u64,
    gauge: Arc<Gauge>,
    state: Mutex<State>,
    /// A job or the end is waiting for an idle thread.
    work: Condvar,
    /// A thread ended, or came back from a job that was written off.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    closed: bool,
    next_ticket: u64,
    queue: VecDeque<(Ticket, Job)>,
    running: Vec<Running>,
    /// Threads that wait for a job, or have just been started to.
    idle: usize,
    /// Threads that run a job past its deadline.
    stuck: usize,
    /// Every thread, by number; also those in `running` and the idle ones.
    threads: Vec<(u64, JoinHandle<()>)>,
    next_thread: u64,
    /// Threads that have nothing left to do but to be joined.
    finished: Vec<JoinHandle<()>>,
}

struct Running {
    ticket: Ticket,
    written_off: bool,
}

thread_local! {
    static OWNER: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The owner of the pool that the calling thread belongs to, if it belongs to one. Who is about
/// to wait for a pool asks this first.
pub fn current() -> Option<u64> {
    OWNER.get()
}

/// Runs `body` as a thread of this owner: what it calls must not wait for the owner's threads.
pub fn as_owner<R>(owner: u64, body: impl FnOnce() -> R) -> R {
    let before = OWNER.replace(Some(owner));
    let answer = catch_unwind(AssertUnwindSafe(body));
    OWNER.set(before);
    answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Pool {
    /// A pool without threads yet. `size` is how many jobs run at once, `limit` how many threads
    /// there may be with those that are stuck; `owner` is what [`current`] answers on them.
    pub fn new(name: &'static str, size: usize, limit: usize, owner: u64) -> Pool {
        let (size, limit) = (size.max(1), limit.max(size).max(1));
        Pool {
            shared: Arc::new(Shared {
                name,
                size,
                limit,
                owner,
                gauge: Arc::new(Gauge::new(size, limit)),
                state: Mutex::default(),
                work: Condvar::new(),
                changed: Condvar::new(),
            }),
        }
    }

    /// Queues a job; a free thread takes it, or a new one.
    ///
    /// # Errors
    ///
    /// Gives the job back if nothing could run it: the pool is closed, or every thread is stuck
    /// and there can be no other.
    pub fn submit(&self, job: Job) -> Result<Ticket, Job> {
        let mut state = lock(&self.shared.state);
        if state.closed {
            return Err(job);
        }
        let ticket = Ticket(state.next_ticket);
        state.next_ticket += 1;
        state.queue.push_back((ticket, job));
        self.shared.reinforce(&mut state);
        if state.active() == 0 {
            return match state.queue.pop_back() {
                Some((_, job)) => Err(job),
                None => Ok(ticket),
            };
        }
        drop(state);
        self.shared.work.notify_one();
        Ok(ticket)
    }

    /// Gives up a job that is past its deadline. If it runs, its thread no longer counts towards
    /// the size, and another takes its place as long as the limit allows; when the job returns
    /// after all, its thread rejoins, or ends if it is one too many.
    pub fn write_off(&self, ticket: Ticket) -> WrittenOff {
        let mut state = lock(&self.shared.state);
        if let Some(at) = state.queue.iter().position(|(queued, _)| *queued == ticket) {
            let job = state.queue.remove(at);
            drop(state);
            drop(job);
            return WrittenOff::Queued;
        }
        let run = state.running.iter_mut().find(|run| run.ticket == ticket && !run.written_off);
        let Some(run) = run else { return WrittenOff::Gone };
        run.written_off = true;
        state.stuck += 1;
        self.shared.note(&state);
        self.shared.reinforce(&mut state);
        WrittenOff::Running
    }

    /// Starts no job any more: queued ones are dropped here, idle threads end, the others end
    /// after their job.
    pub fn close(&self) {
        let mut state = lock(&self.shared.state);
        state.closed = true;
        let queue = take(&mut state.queue);
        drop(state);
        self.shared.work.notify_all();
        drop(queue);
    }

    /// Waits for the last thread of a closed pool; false if the time is over before. On a thread
    /// of the pool itself it can only answer false: ask [`current`] first.
    pub fn wait_idle(&self, timeout: Duration) -> bool {
        let state = lock(&self.shared.state);
        let waiting = |state: &mut State| !state.threads.is_empty();
        let mut state = wait_while(&self.shared.changed, state, timeout, waiting);
        if !state.threads.is_empty() {
            return false;
        }
        // Joined under the lock, so that another who waits is not told before it is true. They
        // have left the list, and do not need the lock any more.
        for thread in take(&mut state.finished) {
            // A panic of a thread was caught on it; there is nothing to learn here.
            let _ = thread.join();
        }
        true
    }

    /// Where it can be read without a lock how busy the pool is, also after its end.
    pub fn gauge(&self) -> Arc<Gauge> {
        Arc::clone(&self.shared.gauge)
    }

    /// How many threads run a job that was written off.
    pub fn stuck(&self) -> usize {
        lock(&self.shared.state).stuck
    }

    /// How many jobs have not started.
    pub fn queued(&self) -> usize {
        lock(&self.shared.state).queue.len()
    }
}

impl State {
    /// Threads that are not stuck.
    fn active(&self) -> usize {
        self.threads.len() - self.stuck
    }
}

impl Shared {
    fn note(&self, state: &State) {
        self.gauge.note(state.running.len() - state.stuck, state.stuck);
    }

    /// Starts threads for jobs that wait for one, within size and limit.
    fn reinforce(self: &Arc<Self>, state: &mut State) {
        // A finished thread is let go without waiting for it.
        state.finished.retain(|thread| !thread.is_finished());
        while !state.closed
            && state.queue.len() > state.idle
            && state.active() < self.size
            && state.threads.len() < self.limit
        {
            let number = state.next_thread;
            let shared = Arc::clone(self);
            // Under the lock, so that the thread finds itself in the list. Without memory for a
            // thread the jobs wait for those that there are.
            let Ok(thread) = spawn(self.name, move || shared.work(number)) else { return };
            state.next_thread += 1;
            state.idle += 1;
            state.threads.push((number, thread));
        }
    }

    /// The life of a thread.
    fn work(&self, number: u64) {
        OWNER.set(Some(self.owner));
        let born = fork::generation();
        let mut state = lock(&self.state);
        loop {
            while state.queue.is_empty() && !state.closed {
                state = wait(&self.work, state);
            }
            let Some((ticket, job)) = state.queue.pop_front() else { break };
            state.idle -= 1;
            state.running.push(Running { ticket, written_off: false });
            self.note(&state);
            drop(state);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(job)) {
                // Leaked, because its destructor is the host's and could panic again.
                std::mem::forget(panic);
            }
            if fork::generation() != born {
                // The job has forked and returned in the child, whose only thread this is; the
                // lock may be held for ever there. The thread just ends.
                return;
            }
            state = lock(&self.state);
            state.idle += 1;
            let at = state.running.iter().position(|run| run.ticket == ticket);
            let was_written_off = at.is_some_and(|at| state.running.swap_remove(at).written_off);
            state.stuck -= usize::from(was_written_off);
            self.note(&state);
            if was_written_off {
                self.changed.notify_all();
                if state.active() > self.size {
                    break;
                }
            }
        }
        state.idle -= 1;
        if let Some(at) = state.threads.iter().position(|(other, _)| *other == number) {
            let (_, thread) = state.threads.swap_remove(at);
            state.finished.push(thread);
        }
        self.changed.notify_all();
    }
}
