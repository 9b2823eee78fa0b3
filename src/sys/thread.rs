//! Threads that are guests in somebody else's process: named, with all signals blocked.

use std::io;
use std::mem::MaybeUninit;
use std::thread::{Builder, JoinHandle};

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

#[cfg(test)]
mod tests {
    use super::*;

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
        let (send, receive) = std::sync::mpsc::channel();
        spawn("meshvitals-test", move || send.send(blocked()).unwrap()).unwrap().join().unwrap();
        let there = u64::from_str_radix(&receive.recv().unwrap(), 16).unwrap();
        assert_ne!(there & (1 << (libc::SIGTERM - 1)), 0);
        assert_ne!(there & (1 << (libc::SIGUSR1 - 1)), 0);
        assert_eq!(blocked(), here);
    }
}
