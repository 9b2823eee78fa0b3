//! A check that is a function of the host program.

use crate::model::{CheckId, RunResult};
use crate::time::Tick;

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
