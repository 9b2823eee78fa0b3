//! Resolves names on two threads of our own, because getaddrinfo blocks and cannot be cancelled.
//!
//! A name that several runs wait for is asked for once. The queue is bounded, and a name that
//! nobody waits for any more is not asked. Dropping the resolver waits for nothing: the threads
//! own what they touch and end by themselves. A thread that still asks when nobody waits any
//! more is written off and another takes its place, so that names that hang do not keep the
//! others waiting; one that comes back and is not needed ends. The trap: threads are bounded too,
//! in the whole process. Beyond that a name is refused if no thread is left to ask for it, and
//! else may run into its deadline unasked, which is our fault and not its own, so
//! [`Resolver::forget`] tells the difference.

mod hanging;

use crate::model::NameTarget;
use crate::sys::fork;
use crate::sys::resolve::{Failure, resolve};
use crate::sys::thread::Crew;
use crate::sys::wake::Wake;
use hanging::{Hanging, OF_PROCESS};
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

/// The addresses of a name, at least one, or why there are none.
pub type Found = Result<Arc<[SocketAddr]>, Failure>;

/// Asks for one name; replaced in tests.
pub type Lookup = fn(&NameTarget) -> Found;

#[derive(Debug, Default)]
struct Queue {
    names: VecDeque<Arc<NameTarget>>,
    /// Names that a thread is asking for.
    asked: Vec<Asked>,
    /// Threads that serve, written off or not.
    threads: usize,
    closed: bool,
}

#[derive(Debug)]
struct Asked {
    name: Arc<NameTarget>,
    /// Whether its thread is: nobody waited at some time. Stays so when a new run joins.
    written_off: bool,
}

#[derive(Debug)]
struct Shared {
    lookup: Lookup,
    hanging: &'static Hanging,
    /// The process generation in which it was made.
    born: u32,
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
    /// So many names hang in this process that no thread is started for another.
    Hanging,
    /// No thread could be started.
    NoThread(io::Error),
}

/// The queue, the threads and who waits for what.
#[derive(Debug)]
pub struct Resolver {
    shared: Arc<Shared>,
    /// Names queued or being asked, and the runs that wait for them.
    waiters: HashMap<Arc<NameTarget>, Vec<u64>, foldhash::fast::RandomState>,
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
            Ok(alternate(&found).into())
        })
    }

    /// A resolver that asks in this way.
    ///
    /// # Errors
    ///
    /// As [`Resolver::new`].
    pub fn with(lookup: Lookup) -> io::Result<Resolver> {
        Resolver::counted(lookup, &OF_PROCESS)
    }

    fn counted(lookup: Lookup, hanging: &'static Hanging) -> io::Result<Resolver> {
        let shared = Shared {
            lookup,
            hanging,
            born: fork::generation(),
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
        if let Some(runs) = self.waiters.get_mut(name) {
            runs.push(run);
            return Ok(());
        }
        let mut queue = lock(&self.shared.queue);
        if queue.names.len() >= QUEUE_LIMIT {
            return Err(Refusal::Full);
        }
        queue.names.push_back(Arc::clone(name));
        if let Err(refusal) = self.shared.reinforce(&mut queue)
            && queue.threads <= queue.written_off()
        {
            // Nobody is left to ask for it. One thread is enough to go on with.
            queue.names.pop_back();
            return Err(refusal);
        }
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
        match place {
            Some(place) if nobody_waits => {
                queue.names.remove(place);
                self.waiters.remove(name);
            }
            None if nobody_waits => {
                let asked = queue.asked.iter_mut().find(|asked| asked.name == *name);
                if asked.is_some_and(|asked| self.shared.write_off(asked)) {
                    // Without a thread more the others wait as before; the next name tries again.
                    let _ = self.shared.reinforce(&mut queue);
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
            let runs = self.waiters.remove(&name).unwrap_or_default();
            runs.into_iter().for_each(|run| each(run, &found));
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
        queue.asked.iter_mut().for_each(|asked| _ = self.shared.write_off(asked));
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
    /// Threads that may never come back.
    fn written_off(&self) -> usize {
        self.asked.iter().filter(|asked| asked.written_off).count()
    }

    /// Threads that there may be.
    fn allowed(&self) -> usize {
        THREADS + self.written_off()
    }
}

impl Shared {
    /// Starts threads for names that wait for one.
    fn reinforce(self: &Arc<Self>, queue: &mut Queue) -> Result<(), Refusal> {
        while queue.threads < queue.allowed().min(queue.asked.len() + queue.names.len()) {
            if self.hanging.is_full(self.born) {
                return Err(Refusal::Hanging);
            }
            let shared = Arc::clone(self);
            let started = self.crew.spawn("meshvitals-dns", move || shared.serve());
            started.map_err(Refusal::NoThread)?;
            queue.threads += 1;
        }
        Ok(())
    }

    /// Nobody waits for what a thread is asking; false if that is known.
    fn write_off(&self, asked: &mut Asked) -> bool {
        let is_news = !std::mem::replace(&mut asked.written_off, true);
        if is_news {
            self.hanging.add(self.born);
        }
        is_news
    }

    /// The body of a thread.
    fn serve(&self) {
        while let Some(name) = self.next() {
            let found = match (self.lookup)(&name) {
                Ok(addresses) if addresses.is_empty() => Err(Failure::NO_ADDRESS),
                found => found,
            };
            // Before the answer is seen: then the same name may be asked for again.
            self.has_come_back(&name);
            lock(&self.answers).push((name, found));
            self.wake.wake();
        }
    }

    fn has_come_back(&self, name: &Arc<NameTarget>) {
        let mut queue = lock(&self.queue);
        let place = queue.asked.iter().position(|asked| asked.name == *name);
        if place.is_some_and(|place| queue.asked.swap_remove(place).written_off) {
            self.hanging.remove(self.born);
        }
    }

    fn next(&self) -> Option<Arc<NameTarget>> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed || queue.threads > queue.allowed() {
                queue.threads -= 1;
                return None;
            }
            if let Some(name) = queue.names.pop_front() {
                queue.asked.push(Asked { name: Arc::clone(&name), written_off: false });
                return Some(name);
            }
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The same addresses with the families in turn, beginning with that of the first, so that a
/// family which is dead does not stand before every address of the other (RFC 8305, section 4).
fn alternate(found: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first_kind = |address: &SocketAddr| address.is_ipv4() == found[0].is_ipv4();
    let mut rest = found.iter().filter(|address| !is_first_kind(address));
    let mut ordered = Vec::with_capacity(found.len());
    for address in found.iter().filter(|address| is_first_kind(address)) {
        ordered.push(*address);
        ordered.extend(rest.next());
    }
    ordered.extend(rest);
    ordered
}

/// Nothing panics while it holds these locks, and their data would be whole if something did.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
