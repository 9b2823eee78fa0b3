//! A check that is a function of the host program.

use crate::model::{CheckId, Outcome, Reason, RunResult};
use crate::sync::{Arc, AtomicBool, Ordering};
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

/// The function of a registered check. Once its check was removed it is not called any more,
/// also by those who were about to.
pub struct Registered {
    function: Arc<dyn Callback>,
    removed: AtomicBool,
}

impl Registered {
    /// A function that may be called.
    pub fn new(function: Arc<dyn Callback>) -> Registered {
        Registered { function, removed: AtomicBool::new(false) }
    }

    /// From here on no call starts.
    pub fn remove(&self) {
        self.removed.store(true, Ordering::Release);
    }

    /// Calls the host's function; a panic is its failure.
    pub fn call(&self, run: &Run) -> RunResult {
        if self.removed.load(Ordering::Acquire) {
            return RunResult::new(Outcome::Local, Reason::NONE);
        }
        catch_unwind(AssertUnwindSafe(|| self.function.run(run))).unwrap_or_else(|panic| {
            // Leaked, because its destructor is the host's and could panic again.
            std::mem::forget(panic);
            RunResult::new(Outcome::Fail, Reason::CALLBACK_PANICKED)
        })
    }
}
