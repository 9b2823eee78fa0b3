//! What a filesystem runs out of, besides space.

use super::none_yet;
use crate::model::RunResult;
use crate::model::signal::{Signal, SignalSpec};
use crate::time::Tick;

/// What is remembered of filesystems between two samples; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Past;

/// Measures a signal of the filesystem of a path. May block.
pub fn filesystem(spec: &SignalSpec, _past: &Past, _now: Tick) -> RunResult {
    debug_assert!(spec.path.is_some() && spec.signal != Signal::Swap);
    none_yet()
}
