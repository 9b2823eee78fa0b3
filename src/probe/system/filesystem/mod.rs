//! What a filesystem runs out of: space, inodes, the right to write, time until it is full.
//!
//! Promises that nothing is measured but what the named path lies on; mounts are never looked
//! for. A path that cannot be examined is a failure of the check with its errno; a shortage or a
//! prohibition on our side is LOCAL. The trap: all of it can block for ever, so it runs on a
//! thread of the pool, under a deadline that somebody else keeps, and no lock is held meanwhile.

mod fill;
mod read_only;
mod space;
mod write;

pub use fill::Past;

use crate::model::signal::{Signal, SignalSpec};
use crate::model::{Outcome, Reason, RunResult};
use crate::time::Tick;

/// Measures a signal of the filesystem of a path. May block.
pub fn filesystem(spec: &SignalSpec, past: &Past, now: Tick) -> RunResult {
    let path = spec.path.as_deref().unwrap_or("/");
    match spec.signal {
        Signal::DiskSpace => space::space(path),
        Signal::DiskInodes => space::inodes(path),
        Signal::DiskReadOnly => read_only::read_only(path),
        Signal::DiskWrite => write::write(path),
        Signal::DiskFill => fill::fill(path, past, now),
        // The others watch no path.
        _ => RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(signal: Signal, path: &str) -> RunResult {
        let spec = SignalSpec { signal, levels: signal.row().levels(), path: Some(path.into()) };
        filesystem(&spec, &Past::default(), Tick(0))
    }

    fn of_paths() -> impl Iterator<Item = Signal> {
        crate::model::signal::TABLE.iter().filter(|row| row.path).map(|row| row.signal)
    }

    #[test]
    fn a_path_that_is_gone_is_a_failure_of_every_signal() {
        assert_eq!(of_paths().count(), 5);
        for signal in of_paths() {
            let result = measure(signal, "/proc/self/no-such-file");
            let told = (result.outcome, result.reason, result.detail);
            assert_eq!(told, (Outcome::Fail, Reason::DISK_FAILED, libc::ENOENT), "{signal:?}");
            assert!(result.message.as_str().ends_with("on /proc/self/no-such-file"));
        }
    }

    #[test]
    fn what_a_filesystem_does_not_count_is_no_evidence() {
        for signal in [Signal::DiskSpace, Signal::DiskInodes, Signal::DiskFill] {
            let result = measure(signal, "/proc");
            let told = (result.outcome, result.reason);
            assert_eq!(told, (Outcome::Local, Reason::LOCAL_UNSUPPORTED), "{signal:?}");
            assert!(result.message.as_str().contains(" of its own"), "{result:?}");
        }
    }

    #[test]
    fn a_signal_without_a_path_is_none_of_a_filesystem() {
        assert_eq!(measure(Signal::Swap, "/").outcome, Outcome::Local);
    }
}
