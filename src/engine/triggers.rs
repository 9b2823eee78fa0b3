//! Pressure that the kernel tells of: which checks run at once because their trigger fired.
//!
//! A trigger is set when a check of a pressure has run, on the level at which it becomes DEGRADED,
//! and set anew when the level or the file is another. Where the kernel grants none, and beyond
//! [`LIMIT`], a check runs at its interval as any does. Only a thread within a runtime may use it.

use crate::model::CheckId;
use crate::sys::pressure_trigger::{Line, Trigger};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

/// More are not set, because each of them costs the kernel a look at its counters in each window.
const LIMIT: usize = 16;

/// What the kernel was asked for.
struct Armed {
    check: CheckId,
    path: PathBuf,
    line: Line,
    /// The level, in percent.
    enter: f64,
    /// None if it was refused or is over: for the same file and level none is set again.
    trigger: Option<Trigger>,
}

/// The triggers of one background thread.
#[derive(Default)]
pub struct Triggers {
    armed: Vec<Armed>,
    fired: Vec<CheckId>,
}

impl Triggers {
    /// Has the kernel tell of a check that has just run, unless it does.
    pub fn arm(&mut self, check: CheckId, path: &Path, line: Line, enter: f64) {
        let place = self.armed.iter().position(|armed| armed.check == check);
        if let Some(place) = place {
            let armed = &self.armed[place];
            if armed.enter == enter && armed.line == line && armed.path == path {
                return;
            }
            self.armed.swap_remove(place);
        }
        // One that was refused costs nobody anything.
        if self.fds().count() >= LIMIT {
            return;
        }
        let trigger = match Trigger::new(path, line, enter / 100.0) {
            Ok(trigger) => Some(trigger),
            // Ours to be short of, and only for a time.
            Err(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => return,
            Err(_) => None,
        };
        self.armed.push(Armed { check, path: path.to_owned(), line, enter, trigger });
    }

    /// Ends the trigger of a check, if it has one.
    pub fn disarm(&mut self, check: CheckId) {
        self.armed.retain(|armed| armed.check != check);
    }

    /// Whether there is anything to wait for.
    pub fn is_waiting(&self) -> bool {
        self.armed.iter().any(|armed| armed.trigger.is_some())
    }

    /// Whether any of them has fired, or is over; the task is woken when one does.
    pub fn poll(&mut self, context: &mut Context<'_>) -> bool {
        for armed in &mut self.armed {
            let Some(trigger) = &armed.trigger else { continue };
            let Poll::Ready(lives) = trigger.poll(context) else { continue };
            if !lives {
                // The process was moved, and the check finds where to. Kept, the descriptor
                // would be an error each time that it is looked at.
                armed.trigger = None;
            }
            self.fired.push(armed.check);
        }
        !self.fired.is_empty()
    }

    /// The checks whose trigger has fired since.
    pub fn take_fired(&mut self) -> Vec<CheckId> {
        std::mem::take(&mut self.fired)
    }

    /// The descriptors.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.armed.iter().filter_map(|armed| armed.trigger.as_ref()).map(AsFd::as_fd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::pressure_trigger::tests::trigger_with_end;
    use std::future::poll_fn;
    use tokio::runtime::Builder;

    #[test]
    fn a_trigger_that_is_over_is_let_go_and_its_check_looks_anew() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let (check, path, line, enter) = (CheckId(1), Path::new("/proc"), Line::Some, 50.0);
        let (trigger, end) = {
            let _entered = runtime.enter();
            trigger_with_end()
        };
        let trigger = Some(trigger);
        let armed = Armed { check, path: path.to_owned(), line, enter, trigger };
        let mut triggers = Triggers { armed: vec![armed], fired: Vec::new() };
        assert!(triggers.is_waiting());
        drop(end);
        runtime.block_on(poll_fn(|context| match triggers.poll(context) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }));
        assert_eq!((triggers.take_fired(), triggers.fds().count()), (vec![check], 0));
        // Set anew for the same it might be over again at once, for ever.
        triggers.arm(check, path, line, enter);
        assert!(!triggers.is_waiting() && triggers.armed.len() == 1);
    }

    #[test]
    fn what_was_refused_takes_no_place_of_another() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let _entered = runtime.enter();
        let mut triggers = Triggers::default();
        let path = Path::new("/proc/self/status");
        for check in 0..=LIMIT as u64 {
            triggers.arm(CheckId(check), path, Line::Some, 10.0);
        }
        assert_eq!(triggers.armed.len(), LIMIT + 1, "the last one was asked for as well");
        let granted = |check| {
            let (trigger, end) = trigger_with_end();
            let trigger = Some(trigger);
            (Armed { check, path: path.to_owned(), line: Line::Some, enter: 1.0, trigger }, end)
        };
        let (armed, _ends): (Vec<_>, Vec<_>) =
            (100..100 + LIMIT as u64).map(|check| granted(CheckId(check))).unzip();
        triggers.armed.extend(armed);
        triggers.arm(CheckId(99), path, Line::Some, 10.0);
        assert_eq!(triggers.armed.len(), 2 * LIMIT + 1, "but not beyond the limit");
    }

    #[test]
    fn what_is_refused_is_not_waited_for_and_ends_with_its_check() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let _entered = runtime.enter();
        let mut triggers = Triggers::default();
        let levels = |triggers: &Triggers| -> Vec<f64> {
            triggers.armed.iter().map(|armed| armed.enter).collect()
        };
        for enter in [10.0, 10.0, 20.0] {
            triggers.arm(CheckId(1), Path::new("/proc/self/status"), Line::Some, enter);
        }
        assert_eq!(levels(&triggers), [20.0]);
        assert!(!triggers.is_waiting() && triggers.fds().next().is_none());
        triggers.disarm(CheckId(2));
        assert_eq!(levels(&triggers), [20.0]);
        triggers.disarm(CheckId(1));
        assert!(triggers.armed.is_empty());
    }
}
