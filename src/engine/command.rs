//! What the core wants done, by those who may wait: the driver, and who runs the host's code.

use super::callback::Function;
use crate::model::{CheckId, ProbeSpec};
use crate::sync::Arc;
use crate::time::Tick;

/// What the driver of the core must do.
pub enum Command {
    /// Start a run and finish it with its result.
    Run {
        /// The run.
        token: u64,
        /// The check.
        check: CheckId,
        /// What to measure.
        probe: ProbeSpec,
        /// The function of a callback check.
        callback: Option<Arc<Function>>,
        /// The number of the document.
        cookie: u64,
        /// When the result must be there.
        deadline: Tick,
    },
    /// The deadline of a run passed: finish it with the timeout that its phase implies.
    Expire {
        /// The run.
        token: u64,
        /// Whether a late answer is still wanted.
        linger: bool,
    },
    /// Forget a run; no result is wanted.
    Cancel {
        /// The run.
        token: u64,
    },
    /// A check of whose changes the kernel or the target may tell is none any more.
    Disarm {
        /// The check.
        check: CheckId,
    },
}

/// What a call leaves to be done outside the lock.
#[derive(Default)]
pub struct Leftover {
    /// Functions whose last reference this may be.
    pub garbage: Vec<Arc<Function>>,
    /// Lines for the log: level and text.
    pub lines: Vec<(i32, String)>,
}
