//! A child that does not outlive the bench, also when that is killed.
//!
//! The trap: the system ties the child to the thread that starts it, not to the process; so the
//! thread that starts a child must last as long as it.

use super::check;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has the kernel kill the child when the calling thread ends.
pub fn end_with_parent(command: &mut Command) {
    let tie = || {
        // SAFETY: no pointers; the call is safe between fork and exec.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }).map(drop)
    };
    // SAFETY: the closure makes one system call, allocates nothing and takes no lock.
    unsafe { command.pre_exec(tie) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn the_child_ends_with_the_thread_that_started_it() {
        let thread = std::thread::spawn(|| {
            let mut command = Command::new("sleep");
            command.arg("600");
            end_with_parent(&mut command);
            command.spawn().unwrap()
        });
        let mut child = thread.join().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
    }
}
