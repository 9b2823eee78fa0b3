//! Threads that are guests in somebody else's process: named, with all signals blocked, and, where
//! they can be many, known to whoever must wait for the last of them.

use crate::sync::{Arc, Condvar, Mutex, lock, wait_while};
use std::io;
use std::mem::{MaybeUninit, take};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Starts a thread of this name (at most 15 bytes are shown) with every signal blocked, so that
/// the host's handlers never run on it.
///
/// # Errors
///
/// The system's error when no thread can be made.
pub fn spawn<F>(name: &str, body: F) -> io::Result<JoinHandle<()>>
where
    F: FnOnce() + Send + 'static,
{
    // Blocked in the parent around the creation, so that there is no instant at which the new
    // thread could be picked for a signal.
    let before = block_all();
    let started = Builder::new().name(name.to_owned()).spawn(body);
    restore(&before);
    started
}

/// Threads that end by themselves, and that can be waited for. Clones are the same crew; dropping
/// the last one waits for nobody.
#[derive(Clone, Debug, Default)]
pub struct Crew(Arc<Roll>);

#[derive(Debug, Default)]
struct Roll {
    threads: Mutex<Threads>,
    /// Signalled when a thread has left.
    left: Condvar,
}

#[derive(Debug, Default)]
struct Threads {
    present: Vec<(u64, JoinHandle<()>)>,
    /// Those that have nothing left to do but to be joined.
    gone: Vec<JoinHandle<()>>,
    next: u64,
}

/// Says that a thread has left when it is dropped, by a panic as well.
struct Leaves {
    roll: Arc<Roll>,
    number: u64,
}

impl Crew {
    /// Starts a thread as [`spawn`] does.
    ///
    /// # Errors
    ///
    /// The system's error when no thread can be made.
    pub fn spawn<F>(&self, name: &str, body: F) -> io::Result<()>
    where
        F: FnOnce() + Send + 'static,
    {
        // Under the lock, so that the thread finds itself on the roll when it leaves.
        let mut threads = lock(&self.0.threads);
        threads.gone.retain(|thread| !thread.is_finished());
        let (roll, number) = (Arc::clone(&self.0), threads.next);
        let thread = spawn(name, move || {
            let _leaves = Leaves { roll, number };
            body();
        })?;
        threads.next += 1;
        threads.present.push((number, thread));
        Ok(())
    }

    /// Waits until no thread of the crew exists; false if the time is over before.
    pub fn wait(&self, patience: Duration) -> bool {
        let threads = lock(&self.0.threads);
        let mut threads =
            wait_while(&self.0.left, threads, patience, |threads| !threads.present.is_empty());
        // Joined under the lock, so that another who waits is not told before it is true. They
        // have left, so they do not need it any more.
        for thread in take(&mut threads.gone) {
            // What a panic said is of no interest here.
            let _ = thread.join();
        }
        threads.present.is_empty()
    }
}

impl Drop for Leaves {
    fn drop(&mut self) {
        let mut threads = lock(&self.roll.threads);
        if let Some(place) = threads.present.iter().position(|(number, _)| *number == self.number) {
            let (_, thread) = threads.present.swap_remove(place);
            threads.gone.push(thread);
        }
        drop(threads);
        self.roll.left.notify_all();
    }
}

fn block_all() -> libc::sigset_t {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are valid for writes; sigfillset initialises the first and
    // pthread_sigmask the second; neither fails for these arguments.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        before.assume_init()
    }
}

fn restore(before: &libc::sigset_t) {
    // SAFETY: `before` is an initialised set; a NULL old set is allowed.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut());
    }
}

/// On how many CPUs the threads of this process may run, by affinity and cpuset; none where the
/// system does not tell.
pub fn allowed_cpus() -> Option<u32> {
    let process = Some(rustix::process::getpid());
    rustix::thread::sched_getaffinity(process)
        .ok()
        .map(|set| set.count())
        .filter(|&count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_crew_is_waited_for_to_the_last() {
        let crew = Crew::default();
        assert!(crew.wait(LONG), "nobody is there yet");
        let (release, released) = channel::<()>();
        crew.spawn("mv-test", move || assert!(released.recv().is_err())).unwrap();
        crew.spawn("mv-test", || ()).unwrap();
        assert!(!crew.wait(Duration::ZERO), "one is held up");
        drop(release);
        assert!(crew.wait(LONG));
        assert!(crew.wait(Duration::ZERO));
    }

    #[test]
    fn who_panics_has_left_as_well() {
        let crew = Crew::default();
        // Without the panic hook, which would print.
        crew.spawn("mv-test", || std::panic::resume_unwind(Box::new("on purpose"))).unwrap();
        assert!(crew.wait(LONG));
    }

    #[test]
    fn signals_are_blocked_there_and_not_here() {
        let blocked = || {
            std::fs::read_to_string("/proc/thread-self/status")
                .unwrap()
                .lines()
                .find_map(|line| line.strip_prefix("SigBlk:\t").map(str::to_owned))
                .unwrap()
        };
        let here = blocked();
        let (send, receive) = channel();
        spawn("meshvitals-test", move || send.send(blocked()).unwrap()).unwrap().join().unwrap();
        let there = u64::from_str_radix(&receive.recv().unwrap(), 16).unwrap();
        assert_ne!(there & (1 << (libc::SIGTERM - 1)), 0);
        assert_ne!(there & (1 << (libc::SIGUSR1 - 1)), 0);
        assert_eq!(blocked(), here);
    }
}
