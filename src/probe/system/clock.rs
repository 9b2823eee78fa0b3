//! Whether something keeps this machine's clock right.

use super::none_yet;
use crate::model::RunResult;

pub(super) fn synchronised() -> RunResult {
    none_yet()
}
