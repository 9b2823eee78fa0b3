//! A check that is a function of the host program.

use crate::model::{CheckId, Outcome, Reason, RunResult};
use crate::sync::{AtomicU8, Ordering};
use crate::time::Tick;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a run of a callback is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The check.
    pub check: CheckId,
    /// The number given in its document.
    pub cookie: u64,
    /// When the result must be there.
    pub deadline: Tick,
}

/// A function that measures once. It runs on a thread of the library's pool, never twice at
/// once for one check, and no lock of the library is held meanwhile. It is dropped after its
/// last return.
///
/// # Examples
///
/// ```
/// use meshvitals::{Callback, Monitor, Run, RunResult};
///
/// struct QueueIsShort;
///
/// impl Callback for QueueIsShort {
///     fn run(&self, _: &Run) -> RunResult {
///         RunResult::pass().with_value(3.0)
///     }
/// }
///
/// let monitor = Monitor::new(None)?;
/// monitor.register_callback(r#"{"name": "queue", "callback": {}}"#, QueueIsShort)?;
/// # Ok::<(), meshvitals::Error>(())
/// ```
pub trait Callback: Send + Sync {
    /// Measures. A panic is a failure of this check and of nothing else.
    fn run(&self, run: &Run) -> RunResult;
}

/// No call is under way, and one may start.
const IDLE: u8 = 0;
/// A call is under way.
const CALLED: u8 = 1;
/// No call may start any more.
const RETIRED: u8 = 2;

/// A callback and the promise that no call of it starts once its check was removed.
pub struct Function {
    callback: Box<dyn Callback>,
    state: AtomicU8,
}

impl Function {
    /// A function that may be called.
    pub fn new(callback: Box<dyn Callback>) -> Function {
        Function { callback, state: AtomicU8::new(IDLE) }
    }

    /// Lets no call start after this returns; one that is under way goes on.
    pub fn retire(&self) {
        // Exchanged, so that the model checker knows one order of this and the end of a call.
        self.state.swap(RETIRED, Ordering::Release);
    }

    /// Calls the host's function; a panic is its failure. A function that was retired is not
    /// called, and then the result tells nothing.
    pub fn call(&self, run: &Run) -> RunResult {
        let (acquire, relaxed) = (Ordering::Acquire, Ordering::Relaxed);
        if let Err(state) = self.state.compare_exchange(IDLE, CALLED, acquire, relaxed) {
            // A call of before a stop has not come back.
            let busy = state == CALLED;
            let reason = if busy { Reason::STILL_RUNNING } else { Reason::NONE };
            return RunResult::new(Outcome::Local, reason);
        }
        let result = catch_unwind(AssertUnwindSafe(|| self.callback.run(run)));
        // Not a plain store: the check may have been removed meanwhile.
        let _ = self.state.compare_exchange(CALLED, IDLE, Ordering::Release, relaxed);
        result.unwrap_or_else(|panic| {
            // Leaked, because its destructor is the host's and could panic again.
            std::mem::forget(panic);
            RunResult::new(Outcome::Fail, Reason::CALLBACK_PANICKED)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Passes;

    impl Callback for Passes {
        fn run(&self, _: &Run) -> RunResult {
            RunResult::pass()
        }
    }

    const RUN: Run = Run { check: CheckId(1), cookie: 0, deadline: Tick(0) };

    #[test]
    fn a_retired_function_is_not_called() {
        let function = Function::new(Box::new(Passes));
        assert_eq!(function.call(&RUN).outcome, Outcome::Pass);
        assert_eq!(function.call(&RUN).outcome, Outcome::Pass);
        function.retire();
        assert_eq!(function.call(&RUN).outcome, Outcome::Local);
    }
}
