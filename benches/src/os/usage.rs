//! What a thread, this process or a child has used: CPU time, wake-ups, memory.
//!
//! CPU time is read from the thread's own clock, which is exact to the nanosecond also while the
//! thread runs; the figures under /proc are up to a tick old.

use super::check;
use std::fs;
use std::io;
use std::process::Child;

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread(libc::pid_t);

impl Thread {
    /// The calling thread.
    pub fn current() -> Thread {
        // SAFETY: no arguments; cannot fail.
        Thread(unsafe { libc::gettid() })
    }

    /// Every thread of this name (the system keeps 15 bytes of it).
    pub fn named(name: &str) -> io::Result<Vec<Thread>> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc/self/task")? {
            let path = entry?.path();
            // A thread may end between the listing and the reading.
            let Ok(its_name) = fs::read_to_string(path.join("comm")) else { continue };
            let id = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse().ok());
            if let (true, Some(id)) = (its_name.trim_end() == name, id) {
                found.push(Thread(id));
            }
        }
        Ok(found)
    }

    /// CPU time used so far, in nanoseconds.
    pub fn cpu_ns(self) -> io::Result<u64> {
        // The kernel's encoding of "the CPU clock of this thread" (posix-timers.h): the
        // complemented id, then the per-thread bit (4) and the scheduler's clock (2).
        let clock = (!self.0 << 3) | 6;
        clock_ns(clock)
    }

    /// How often it went to sleep by itself, which is how often it was woken.
    pub fn sleeps(self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/self/task/{}/status", self.0))?;
        number_after(&status, "voluntary_ctxt_switches:")
    }
}

/// A process, of which the bench is the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(libc::pid_t);

impl Process {
    /// That of a child, which must not have been waited for.
    pub fn of(child: &Child) -> Process {
        Process(child.id().cast_signed())
    }

    /// CPU time of all its threads so far, user and system, in nanoseconds.
    pub fn cpu_ns(self) -> io::Result<u64> {
        // As for a thread, without the per-thread bit.
        clock_ns((!self.0 << 3) | 2)
    }

    /// Memory that is resident, shared pages included.
    pub fn resident_bytes(self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        Ok(number_after(&status, "VmRSS:")? * 1024)
    }
}

fn clock_ns(clock: libc::clockid_t) -> io::Result<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec.
    check(unsafe { libc::clock_gettime(clock, &mut time) })?;
    Ok(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// Memory that this process alone occupies, in bytes, after free memory went back.
pub fn private_bytes() -> io::Result<u64> {
    // SAFETY: no pointers; gives free pages of the allocator back.
    unsafe { libc::malloc_trim(0) };
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(number_after(&status, "RssAnon:")? * 1024)
}

fn number_after(text: &str, key: &str) -> io::Result<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no number after {key}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_found_by_name_and_its_time_moves() {
        let (send, receive) = std::sync::mpsc::channel::<()>();
        let builder = std::thread::Builder::new().name("bench-usage".to_owned());
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = builder
            .spawn(move || {
                ready.send(Thread::current()).unwrap();
                receive.recv().unwrap_err();
            })
            .unwrap();
        let itself = is_ready.recv().unwrap();
        assert_eq!(Thread::named("bench-usage").unwrap(), [itself]);
        assert!(itself.cpu_ns().unwrap() > 0);
        drop(send);
        thread.join().unwrap();
        assert!(Thread::named("bench-usage").unwrap().is_empty());
    }

    #[test]
    fn work_is_charged_to_the_thread_that_does_it() {
        let me = Thread::current();
        let before = me.cpu_ns().unwrap();
        let mut sum = 0u64;
        while me.cpu_ns().unwrap() - before < 1_000_000 {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(me.sleeps().is_ok());
    }

    #[test]
    fn work_of_a_child_is_its_own() {
        let mut command = std::process::Command::new("cat");
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        let process = Process::of(&child);
        assert!(process.cpu_ns().unwrap() > 0 && process.resident_bytes().unwrap() > 0);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(process.cpu_ns().is_err(), "it is gone");
    }

    #[test]
    fn memory_in_use_is_seen() {
        let before = private_bytes().unwrap();
        let block = vec![1u8; 32 << 20];
        let after = private_bytes().unwrap();
        assert!(after >= before + (24 << 20), "{before} {after}");
        drop(std::hint::black_box(block));
    }
}
