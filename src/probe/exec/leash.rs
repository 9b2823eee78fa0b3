//! The hold on a running program: whoever started the run can end it from another thread.
//!
//! Promises: once it is cut, the whole group of the program is killed, or never started; a number
//! is killed only while it is the program's, because it is given back under the same lock; during
//! a fork the lock is held, so that a child knows which descriptors are copies of these.

use crate::model::{ExecSpec, Outcome, Reason, RunResult};
use crate::sync::{Arc, Mutex, lock};
use crate::sys::fork::close_copy;
use crate::sys::guard::OwnedGuard;
use crate::sys::process::{self, End, Errno, Pid};
use std::os::fd::{AsFd, OwnedFd};

/// A hold on one run; clones are the same one.
#[derive(Clone, Debug)]
pub struct Leash {
    spec: Arc<ExecSpec>,
    state: Arc<Mutex<State>>,
}

/// What is held.
#[derive(Debug, Default)]
pub struct State {
    is_cut: bool,
    /// The leader of the group, until its end was taken.
    program: Option<Pid>,
    /// Every descriptor of the run.
    fds: Vec<Arc<OwnedFd>>,
}

/// Two pipes, on their way to become the output of a program.
#[derive(Debug)]
pub struct Pipes {
    /// Where to read what the program says, and what it complains of.
    pub read: [Arc<OwnedFd>; 2],
    /// Where it writes.
    pub write: [Arc<OwnedFd>; 2],
}

impl State {
    /// In the handler of a child: closes its copies of the descriptors.
    pub fn abandon(&self) {
        self.fds.iter().for_each(|fd| close_copy(fd.as_fd()));
    }

    fn keep(&mut self, fd: OwnedFd) -> Arc<OwnedFd> {
        let fd = Arc::new(fd);
        self.fds.push(Arc::clone(&fd));
        fd
    }
}

impl Leash {
    /// A hold on a run that has not started.
    pub fn new(spec: Arc<ExecSpec>) -> Leash {
        Leash { spec, state: Arc::default() }
    }

    /// What is run.
    pub fn spec(&self) -> &ExecSpec {
        &self.spec
    }

    /// The result of the run at its deadline.
    pub fn timeout(&self) -> RunResult {
        let text = format!("exec {}: killed at the deadline", self.spec.program());
        RunResult::new(Outcome::Timeout, Reason::TIMEOUT).with_message(&text)
    }

    /// Enters the lock for the time of a fork.
    pub fn hold(&self) -> OwnedGuard<State> {
        OwnedGuard::lock(Arc::clone(&self.state))
    }

    /// Ends the program with all that it has started, now or as soon as it was started.
    pub fn cut(&self) {
        let mut state = lock(&self.state);
        state.is_cut = true;
        if let Some(program) = state.program {
            process::kill(program);
        }
    }

    /// The pipes for a program; `None` if there is to be none any more.
    ///
    /// # Errors
    ///
    /// The system's error when descriptors are short.
    pub(super) fn open(&self) -> Result<Option<Pipes>, Errno> {
        let mut state = lock(&self.state);
        if state.is_cut {
            return Ok(None);
        }
        let ((out, out_end), (err, err_end)) = (process::pipe()?, process::pipe()?);
        let read = [state.keep(out), state.keep(err)];
        Ok(Some(Pipes { read, write: [state.keep(out_end), state.keep(err_end)] }))
    }

    /// Takes hold of a program that has started; its ends of the pipes are closed here. Answers
    /// what becomes readable at its end; none if that was taken already.
    ///
    /// # Errors
    ///
    /// The system's error, also where it has no such thing.
    pub(super) fn take(
        &self,
        program: Pid,
        write: [Arc<OwnedFd>; 2],
    ) -> Result<Option<Arc<OwnedFd>>, Errno> {
        let mut state = lock(&self.state);
        state.program = Some(program);
        state.fds.retain(|fd| !write.iter().any(|end| Arc::ptr_eq(fd, end)));
        drop(write);
        if state.is_cut {
            process::kill(program);
        }
        match process::watch(program) {
            Ok(watch) => Ok(Some(state.keep(watch))),
            Err(Errno::SRCH) => {
                state.program = None;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Kills what the program has left behind, once it has ended, as long as that can be told from
    /// strangers: a number that is free again may be anybody's.
    pub(super) fn clear_up(&self) {
        let state = lock(&self.state);
        if let Some(program) = state.program
            && process::await_end(program)
        {
            process::kill(program);
        }
    }

    /// Lets go of a program that has ended, and of every descriptor.
    pub(super) fn release(&self, fds: impl Sized) -> End {
        let mut state = lock(&self.state);
        drop(fds);
        state.fds.clear();
        state.program.take().map_or(End::Unknown, process::take_end)
    }
}
