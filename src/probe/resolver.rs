//! Resolves names on two threads of our own, because getaddrinfo blocks and cannot be cancelled.
//!
//! A name that several runs wait for is asked for once. The queue is bounded, and a name that
//! nobody waits for any more is not asked. Dropping the resolver waits for nothing: the threads
//! own what they touch and end by themselves. A thread that still asks when nobody waits any
//! more is written off and another takes its place, so that names that hang do not keep the
//! others waiting; one that comes back and is not needed ends. The trap: the places are bounded
//! too. Beyond them names run into their deadlines unasked, which is our fault and not theirs,
//! so [`Resolver::forget`] tells the difference.

use crate::model::NameTarget;
use crate::sys::resolve::{Failure, resolve};
use crate::sys::thread::Crew;
use crate::sys::wake::Wake;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Names that may wait to be asked. A longer queue would only hold names whose deadlines pass.
const QUEUE_LIMIT: usize = 1_024;
/// Names that may be asked at once while somebody waits; raising it costs a thread each.
const THREADS: usize = 2;
/// Threads that may be written off. They only sleep in the system's resolver; each is a stack.
const WRITTEN_OFF_LIMIT: usize = 62;

/// The addresses of a name, at least one, or why there are none.
pub type Found = Result<Arc<[SocketAddr]>, Failure>;

/// Asks for one name; replaced in tests.
pub type Lookup = fn(&NameTarget) -> Found;

#[derive(Debug, Default)]
struct Queue {
    names: VecDeque<Arc<NameTarget>>,
    /// Threads that serve, written off or not.
    threads: usize,
    /// Names that are still being asked although nobody waited at some time.
    written_off: usize,
    closed: bool,
}

/// The runs that wait for a name.
#[derive(Debug, Default)]
struct Waiters {
    runs: Vec<u64>,
    /// Whether the thread that asks for it is written off. Stays so when a new run joins.
    written_off: bool,
}

#[derive(Debug)]
struct Shared {
    lookup: Lookup,
    queue: Mutex<Queue>,
    ready: Condvar,
    answers: Mutex<Vec<(Arc<NameTarget>, Found)>>,
    wake: Wake,
    crew: Crew,
}

/// The threads of a resolver, which may outlive it.
#[derive(Clone, Debug)]
pub struct Threads(Arc<Shared>);

/// Why a name cannot be asked for; a fault of ours.
#[derive(Debug)]
pub enum Refusal {
    /// The queue is full.
    Full,
    /// No thread could be started.
    NoThread(io::Error),
}

/// The queue, the threads and who waits for what.
#[derive(Debug)]
pub struct Resolver {
    shared: Arc<Shared>,
    /// Names queued or being asked, and the runs that wait for them.
    waiters: HashMap<Arc<NameTarget>, Waiters, foldhash::fast::RandomState>,
}

impl Resolver {
    /// A resolver without threads; they start with the first name.
    ///
    /// # Errors
    ///
    /// The system's error when there are no descriptors left.
    pub fn new() -> io::Result<Resolver> {
        Resolver::with(|name| {
            // Address families and socket types can repeat an address; a few are plenty.
            let mut found = resolve(&name.host, name.port)?;
            found.dedup();
            found.truncate(16);
            Ok(found.into())
        })
    }

    /// A resolver that asks in this way.
    ///
    /// # Errors
    ///
    /// As [`Resolver::new`].
    pub fn with(lookup: Lookup) -> io::Result<Resolver> {
        let shared = Shared {
            lookup,
            queue: Mutex::default(),
            ready: Condvar::new(),
            answers: Mutex::default(),
            wake: Wake::new()?,
            crew: Crew::default(),
        };
        Ok(Resolver { shared: Arc::new(shared), waiters: HashMap::default() })
    }

    /// Asks for a name on behalf of a run.
    ///
    /// # Errors
    ///
    /// Why the name was not taken.
    pub fn ask(&mut self, name: &Arc<NameTarget>, run: u64) -> Result<(), Refusal> {
        if let Some(waiters) = self.waiters.get_mut(name) {
            waiters.runs.push(run);
            return Ok(());
        }
        self.start_threads().map_err(Refusal::NoThread)?;
        let mut queue = lock(&self.shared.queue);
        if queue.names.len() >= QUEUE_LIMIT {
            return Err(Refusal::Full);
        }
        queue.names.push_back(Arc::clone(name));
        drop(queue);
        self.shared.ready.notify_one();
        self.waiters.insert(Arc::clone(name), Waiters { runs: vec![run], written_off: false });
        Ok(())
    }

    /// A run waits no longer. Says whether its name was asked for at all.
    pub fn forget(&mut self, name: &Arc<NameTarget>, run: u64) -> bool {
        let Some(waiters) = self.waiters.get_mut(name) else { return true };
        waiters.runs.retain(|&waiting| waiting != run);
        let nobody_waits = waiters.runs.is_empty();
        let mut queue = lock(&self.shared.queue);
        let place = queue.names.iter().position(|queued| queued == name);
        match place {
            Some(place) if nobody_waits => {
                queue.names.remove(place);
                self.waiters.remove(name);
            }
            None if nobody_waits && !waiters.written_off => {
                waiters.written_off = true;
                queue.written_off += 1;
                let others_wait = !queue.names.is_empty();
                drop(queue);
                if others_wait {
                    // Without a thread more they wait as before; the next name tries again.
                    let _ = self.start_threads();
                }
            }
            _ => {}
        }
        // What a thread is asking stays known, so that a new run joins it instead of occupying
        // the other thread with a name that hangs.
        place.is_none()
    }

    /// Calls `each` with every run whose name has been answered, and the answer.
    pub fn answers(&mut self, mut each: impl FnMut(u64, &Found)) {
        self.shared.wake.drain();
        let answers = std::mem::take(&mut *lock(&self.shared.answers));
        for (name, found) in answers {
            let waiters = self.waiters.remove(&name).unwrap_or_default();
            if waiters.written_off {
                lock(&self.shared.queue).written_off -= 1;
                // A thread too many is asleep or about to ask for the next name.
                self.shared.ready.notify_all();
            }
            waiters.runs.into_iter().for_each(|run| each(run, &found));
        }
    }

    /// The threads, those that are still to be started included.
    pub fn threads(&self) -> Threads {
        Threads(Arc::clone(&self.shared))
    }

    /// Calls `each` with every descriptor that is open.
    pub fn each_fd(&self, each: impl FnMut(BorrowedFd<'_>)) {
        self.shared.wake.each_fd(each);
    }

    fn start_threads(&mut self) -> io::Result<()> {
        let mut queue = lock(&self.shared.queue);
        while queue.threads < queue.wanted() {
            let shared = Arc::clone(&self.shared);
            match self.shared.crew.spawn("meshvitals-dns", move || shared.serve()) {
                Ok(()) => queue.threads += 1,
                // One is enough to go on with; the next name tries again.
                Err(_) if queue.threads > queue.written_off => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl AsFd for Resolver {
    /// Readable when there are answers.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.wake.as_fd()
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let mut queue = lock(&self.shared.queue);
        queue.closed = true;
        queue.names.clear();
        self.shared.ready.notify_all();
    }
}

impl Threads {
    /// Waits until none is left, once the resolver is dropped; false if the time is over before,
    /// because the system is still looking for a name.
    pub fn wait(&self, patience: Duration) -> bool {
        self.0.crew.wait(patience)
    }
}

impl Queue {
    /// Threads that there should be.
    fn wanted(&self) -> usize {
        THREADS + self.written_off.min(WRITTEN_OFF_LIMIT)
    }
}

impl Shared {
    /// The body of a thread.
    fn serve(&self) {
        while let Some(name) = self.next() {
            let found = match (self.lookup)(&name) {
                Ok(addresses) if addresses.is_empty() => Err(Failure::NO_ADDRESS),
                found => found,
            };
            lock(&self.answers).push((name, found));
            self.wake.wake();
        }
    }

    fn next(&self) -> Option<Arc<NameTarget>> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed || queue.threads > queue.wanted() {
                queue.threads -= 1;
                return None;
            }
            if let Some(name) = queue.names.pop_front() {
                return Some(name);
            }
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Nothing panics while it holds these locks, and their data would be whole if something did.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
