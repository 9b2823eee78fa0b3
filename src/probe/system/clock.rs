//! Whether something keeps this machine's clock right.
//!
//! A machine that has just started is not judged: its daemon needs a while to find its servers.
//! netdata waits as long.

use super::numbers::{number, words};
use super::reading::Reading;
use super::{none, unreadable};
use crate::model::RunResult;
use crate::sys::clock_sync::unsynchronised;
use crate::sys::turn_file::TurnFile;
use crate::time::Tick;
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::Path;

const UPTIME: &str = "/proc/uptime";
/// How long a machine may need until its clock is right.
const SETTLED_S: u64 = 17 * 60;

#[derive(Debug)]
pub(super) struct Sampler {
    uptime: TurnFile,
    /// The question to the kernel, so that a test can answer it.
    unsynchronised: fn() -> Result<bool, Errno>,
}

impl Sampler {
    /// Figures of the files below this directory: `/`, or a recorded tree.
    pub(super) fn new(root: &Path) -> Sampler {
        Sampler { uptime: TurnFile::new(root.join("proc/uptime")), unsynchronised }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.uptime.fd().into_iter()
    }

    pub(super) fn synchronised(&mut self, now: Tick) -> RunResult {
        match (self.unsynchronised)() {
            Err(error) => return unreadable("the state of the clock", error),
            Ok(false) => return told(0.0, "the clock is kept right"),
            Ok(true) => {}
        }
        let age_s = match self.uptime.text(now) {
            Ok(text) => seconds(text),
            Err(error) => return unreadable(UPTIME, error),
        };
        match age_s {
            None => none("/proc/uptime does not say when this machine started"),
            Some(age_s) if age_s < SETTLED_S => none(&format!(
                "the clock is not synchronised yet; {age_s} of {SETTLED_S} s after the start"
            )),
            Some(_) => told(1.0, "the clock is not synchronised"),
        }
    }
}

fn told(value: f64, figures: &str) -> RunResult {
    Reading::new("clock.unsynchronised", value, figures.into()).result()
}

/// The whole seconds since the start: the first number, which has decimals.
fn seconds(text: &[u8]) -> Option<u64> {
    number(words(text).next()?.split(|&byte| byte == b'.').next()?)
}

#[cfg(test)]
mod tests {
    use super::super::recorded::Recorded;
    use super::*;
    use crate::model::{Outcome, Reason};

    const NO: fn() -> Result<bool, Errno> = || Ok(false);
    const YES: fn() -> Result<bool, Errno> = || Ok(true);

    fn result(uptime: Option<&str>, state: fn() -> Result<bool, Errno>) -> RunResult {
        let tree = Recorded::new("");
        if let Some(text) = uptime {
            tree.write("proc/uptime", text);
        }
        let mut sampler = Sampler::new(tree.root());
        sampler.unsynchronised = state;
        sampler.synchronised(Tick(0))
    }

    #[test]
    fn a_clock_that_nothing_keeps_is_told_once_the_machine_had_time() {
        let found = |uptime, state| result(Some(uptime), state).value;
        assert_eq!(found("1020.00 3.0\n", YES), 1.0);
        assert_eq!(found("99999999.99 3.0\n", YES), 1.0);
        assert_eq!(found("12.00 3.0\n", NO), 0.0);
        assert_eq!(result(None, NO).value, 0.0, "a clock that is right needs no age");
    }

    #[test]
    fn a_machine_that_has_just_started_is_not_judged() {
        let young = result(Some("1019.99 3.0\n"), YES);
        assert_eq!((young.outcome, young.reason), (Outcome::Local, Reason::LOCAL_UNSUPPORTED));
        assert!(young.message.as_str().contains("1019 of 1020 s"), "{young:?}");
        for broken in [None, Some(""), Some("soon"), Some("-1.0 0")] {
            let result = result(broken, YES);
            assert_eq!((result.outcome, result.value.is_nan()), (Outcome::Local, true));
            assert!(result.message.as_str().contains("/proc/uptime"), "{result:?}");
        }
    }

    #[test]
    fn a_sandbox_that_forbids_the_question_is_no_sick_clock() {
        let refused = result(Some("5000.0 0\n"), || Err(Errno::PERM));
        assert_eq!(refused.outcome, Outcome::Local);
        assert_eq!(refused.reason, Reason::LOCAL_NOT_PERMITTED);
    }

    #[test]
    fn this_machine_answers() {
        let result = Sampler::new(Path::new("/")).synchronised(Tick(0));
        match unsynchronised() {
            Ok(false) => assert_eq!(result.value, 0.0, "{result:?}"),
            Ok(true) => assert!(result.value == 1.0 || result.outcome == Outcome::Local),
            Err(_) => assert_eq!(result.outcome, Outcome::Local),
        }
    }
}
