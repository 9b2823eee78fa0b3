//! Resolves names on two threads of our own, because getaddrinfo blocks and cannot be cancelled.
//!
//! A name that several runs wait for is asked for once. The queue is bounded, and a name that
//! nobody waits for any more is not asked. Dropping the resolver waits for nothing: the threads
//! own what they touch and end by themselves. The trap: two names that hang occupy both
//! threads; the others then run into their deadlines unasked, which is our fault and not
//! theirs, so [`Resolver::forget`] tells the difference.

use crate::model::NameTarget;
use crate::sys::resolve::{Failure, resolve};
use crate::sys::thread;
use crate::sys::wake::Wake;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Names that may wait to be asked. A longer queue would only hold names whose deadlines pass.
const QUEUE_LIMIT: usize = 1_024;
/// Names that may be asked at once; raising it costs a thread each.
const THREADS: usize = 2;

/// The addresses of a name, at least one, or why there are none.
pub type Found = Result<Arc<[SocketAddr]>, Failure>;

/// Asks for one name; replaced in tests.
pub type Lookup = fn(&NameTarget) -> Found;

#[derive(Debug, Default)]
struct Queue {
    names: VecDeque<Arc<NameTarget>>,
    closed: bool,
}

#[derive(Debug)]
struct Shared {
    lookup: Lookup,
    queue: Mutex<Queue>,
    ready: Condvar,
    answers: Mutex<Vec<(Arc<NameTarget>, Found)>>,
    wake: Wake,
}

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
    waiters: HashMap<Arc<NameTarget>, Vec<u64>, foldhash::fast::RandomState>,
    threads: usize,
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
        };
        Ok(Resolver { shared: Arc::new(shared), waiters: HashMap::default(), threads: 0 })
    }

    /// Asks for a name on behalf of a run.
    ///
    /// # Errors
    ///
    /// Why the name was not taken.
    pub fn ask(&mut self, name: &Arc<NameTarget>, run: u64) -> Result<(), Refusal> {
        if let Some(runs) = self.waiters.get_mut(name) {
            runs.push(run);
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
        self.waiters.insert(Arc::clone(name), vec![run]);
        Ok(())
    }

    /// A run waits no longer. Says whether its name was asked for at all.
    pub fn forget(&mut self, name: &Arc<NameTarget>, run: u64) -> bool {
        let Some(runs) = self.waiters.get_mut(name) else { return true };
        runs.retain(|&waiting| waiting != run);
        let nobody_waits = runs.is_empty();
        let mut queue = lock(&self.shared.queue);
        let place = queue.names.iter().position(|queued| queued == name);
        if let (Some(place), true) = (place, nobody_waits) {
            queue.names.remove(place);
            self.waiters.remove(name);
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
            for run in self.waiters.remove(&name).unwrap_or_default() {
                each(run, &found);
            }
        }
    }

    fn start_threads(&mut self) -> io::Result<()> {
        while self.threads < THREADS {
            let shared = Arc::clone(&self.shared);
            match thread::spawn("meshvitals-dns", move || shared.serve()) {
                Ok(_detached) => self.threads += 1,
                // One is enough to go on with; the next name tries again.
                Err(_) if self.threads > 0 => break,
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
            if queue.closed {
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
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn name(host: &str) -> Arc<NameTarget> {
        Arc::new(NameTarget { host: host.into(), port: 80 })
    }

    /// The runs that were answered, when the next answers are there.
    fn expect_answers(resolver: &mut Resolver) -> Vec<(u64, Found)> {
        let limit = Timespec { tv_sec: 10, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&*resolver, PollFlags::IN)], Some(&limit)).unwrap();
        assert_eq!(ready, 1, "no answer came");
        let mut answers = Vec::new();
        resolver.answers(|run, found| answers.push((run, found.clone())));
        answers
    }

    /// A lookup that never returns, like getaddrinfo in an outage.
    fn hang(_: &NameTarget) -> Found {
        loop {
            std::thread::park();
        }
    }

    #[test]
    fn a_name_gets_its_addresses() {
        let mut resolver = Resolver::new().unwrap();
        resolver.ask(&name("localhost"), 7).unwrap();
        let answers = expect_answers(&mut resolver);
        assert_eq!(answers.len(), 1);
        let (run, found) = &answers[0];
        assert_eq!(*run, 7);
        assert!(found.as_ref().unwrap().iter().all(|a| a.ip().is_loopback() && a.port() == 80));
    }

    #[test]
    fn runs_that_wait_for_the_same_name_share_one_question() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static GATE: Mutex<()> = Mutex::new(());
        let closed = GATE.lock().unwrap();
        let mut resolver = Resolver::with(|_| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            drop(GATE.lock().unwrap());
            Ok([SocketAddr::from(([127, 0, 0, 1], 1))].into())
        })
        .unwrap();
        for run in 0..5 {
            resolver.ask(&name("one"), run).unwrap();
        }
        resolver.forget(&name("one"), 3);
        drop(closed);
        let mut runs: Vec<u64> = expect_answers(&mut resolver).iter().map(|a| a.0).collect();
        runs.sort_unstable();
        assert_eq!(runs, [0, 1, 2, 4]);
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_name_without_addresses_is_not_found() {
        let mut resolver = Resolver::with(|_| Ok([].into())).unwrap();
        resolver.ask(&name("empty"), 1).unwrap();
        assert_eq!(expect_answers(&mut resolver), [(1, Err(Failure::NO_ADDRESS))]);
    }

    #[test]
    fn the_queue_is_bounded_and_names_that_nobody_waits_for_leave_it() {
        let mut resolver = Resolver::with(hang).unwrap();
        let names: Vec<_> = (0..2 * QUEUE_LIMIT).map(|n| name(&format!("host-{n}"))).collect();
        let mut taken = Vec::new();
        for (run, name) in names.iter().enumerate() {
            match resolver.ask(name, run as u64) {
                Ok(()) => taken.push(run),
                Err(refusal) => assert!(matches!(refusal, Refusal::Full)),
            }
        }
        // The threads may have taken one each before the queue was full.
        assert!((QUEUE_LIMIT..=QUEUE_LIMIT + THREADS).contains(&taken.len()), "{}", taken.len());
        let last = *taken.last().unwrap();
        assert!(!resolver.forget(&names[last], last as u64), "it was never asked for");
        resolver.ask(&names[2 * QUEUE_LIMIT - 1], 1).unwrap();
    }

    #[test]
    fn dropping_it_waits_for_no_name() {
        let mut resolver = Resolver::with(hang).unwrap();
        resolver.ask(&name("a"), 1).unwrap();
        resolver.ask(&name("b"), 2).unwrap();
        drop(resolver);
    }
}
