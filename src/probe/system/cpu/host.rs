//! The share of CPU time in use on the host, from /proc/stat.
//!
//! Promises a share of the CPUs on which this process may run, 0 to 1; time stolen by a hypervisor
//! counts as time but never as use, waiting for a disk counts as idle, and guests are contained
//! in user and nice.
//!
//! The trap: the counters of idle and waiting time may run backwards, and in some sandboxes all
//! counters are 0 for ever.

use super::super::reading::Reading;
use super::super::window::Window;
use super::super::{none, unreadable};
use super::over;
use crate::model::{Outcome, Reason, RunResult};
use crate::sys::turn_file::TurnFile;
use crate::time::{SECOND, Tick};
use std::os::fd::BorrowedFd;
use std::path::Path;

const PATH: &str = "/proc/stat";
/// A share of a shorter time says little.
const WINDOW_NS: u64 = SECOND;

/// The counters of all CPUs, in ticks since the machine started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    busy: u64,
    idle: u64,
    steal: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Share {
    busy: f64,
    steal: f64,
    over_ns: u64,
}

#[derive(Debug)]
pub(super) struct Sampler {
    file: TurnFile,
    window: Window<Times>,
    last: Option<Share>,
    anomalies: u64,
}

impl Sampler {
    pub(super) fn new(root: &Path) -> Sampler {
        let file = TurnFile::new(root.join("proc/stat"));
        Sampler { file, window: Window::new(WINDOW_NS), last: None, anomalies: 0 }
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.file.fd()
    }

    pub(super) fn anomalies(&self) -> u64 {
        self.anomalies
    }

    /// Takes a sample for the next ones to be compared with, and tells nothing.
    pub(super) fn keep(&mut self, now: Tick) {
        // What cannot be read now is told by who asks for it.
        let _ = self.sample(now);
    }

    /// The share in use.
    pub(super) fn share(&mut self, now: Tick) -> Result<(f64, Reading), RunResult> {
        let Share { busy, over_ns, .. } = self.sample(now)?;
        let figures = format!("{:.1} % of CPU time in use {}", 100.0 * busy, over(over_ns));
        Ok((busy, Reading::new("host.cpu.busy", busy, figures)))
    }

    /// The share that the hypervisor gave to others, in percent.
    pub(super) fn steal(&mut self, now: Tick) -> RunResult {
        match self.sample(now) {
            Err(result) => result,
            Ok(Share { steal, over_ns, .. }) => {
                let figures =
                    format!("{:.1} % of CPU time stolen {}", 100.0 * steal, over(over_ns));
                Reading::new("host.cpu.steal", 100.0 * steal, figures).result()
            }
        }
    }

    fn sample(&mut self, now: Tick) -> Result<Share, RunResult> {
        let times = match self.file.text(now) {
            Ok(text) => parse(text),
            Err(error) => return Err(unreadable(PATH, error)),
        };
        let Some(times) = times.filter(|times| times.total() > 0) else {
            return Err(none("/proc/stat does not count CPU time here"));
        };
        self.compare(times, now);
        self.last.ok_or(RunResult::new(Outcome::Local, Reason::NO_SAMPLE))
    }

    /// Derives a share, where the counters can be compared.
    fn compare(&mut self, times: Times, now: Tick) {
        let Some((before, over_ns)) = self.window.compare(times, now) else { return };
        match share(before, times, over_ns) {
            Some(share) => self.last = Some(share),
            None if times == before => {}
            None => {
                self.anomalies += 1;
                self.window.restart(times, now);
            }
        }
    }
}

impl Times {
    fn total(self) -> u64 {
        self.busy.saturating_add(self.idle).saturating_add(self.steal)
    }
}

/// The shares between two samples; none if a counter ran backwards or all stood still.
fn share(before: Times, after: Times, over_ns: u64) -> Option<Share> {
    let busy = after.busy.checked_sub(before.busy)? as f64;
    let idle = after.idle.checked_sub(before.idle)? as f64;
    let steal = after.steal.checked_sub(before.steal)? as f64;
    let total = busy + idle + steal;
    (total > 0.0).then(|| Share { busy: busy / total, steal: steal / total, over_ns })
}

/// Reads the line of all CPUs: user, nice, system, idle, iowait, irq, softirq, steal. Kernels
/// before 2.6.11 have fewer numbers; the two that follow, guest and guest_nice, are contained in
/// user and nice.
fn parse(text: &[u8]) -> Option<Times> {
    let line = &text[..memchr::memchr(b'\n', text)?];
    let numbers = line.strip_prefix(b"cpu ")?;
    let mut fields = [0u64; 8];
    let mut found = 0;
    let words = numbers.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    for (field, word) in fields.iter_mut().zip(words) {
        *field = str::from_utf8(word).ok()?.parse().ok()?;
        found += 1;
    }
    let [user, nice, system, idle, iowait, irq, softirq, steal] = fields;
    let sum = |parts: &[u64]| parts.iter().fold(0, |sum: u64, part| sum.saturating_add(*part));
    (found >= 4).then(|| Times {
        busy: sum(&[user, nice, system, irq, softirq]),
        idle: sum(&[idle, iowait]),
        steal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MILLISECOND;
    use std::path::PathBuf;

    const NO_SAMPLE: (Outcome, Reason) = (Outcome::Local, Reason::NO_SAMPLE);

    /// A file in the place of /proc/stat, and the sampler that reads it.
    struct Bench {
        root: PathBuf,
        sampler: Sampler,
    }

    impl Bench {
        fn new(name: &str) -> Bench {
            let name = format!("meshvitals-cpu-{name}-{}", std::process::id());
            let root = std::env::temp_dir().join(name);
            std::fs::create_dir_all(root.join("proc")).unwrap();
            Bench { sampler: Sampler::new(&root), root }
        }

        fn sample(&mut self, line: &str, at_ms: u64) -> RunResult {
            std::fs::write(self.root.join("proc/stat"), format!("{line}\ncpu0 1 2 3 4\n")).unwrap();
            match self.sampler.share(Tick(at_ms * MILLISECOND)) {
                Ok((share, reading)) => reading.valued(share).result(),
                Err(result) => result,
            }
        }
    }

    impl Drop for Bench {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }

    fn verdict(result: &RunResult) -> (Outcome, Reason) {
        (result.outcome, result.reason)
    }

    #[test]
    fn the_first_line_is_read_as_documented() {
        let times = |busy, idle, steal| Some(Times { busy, idle, steal });
        let cases: [(&str, Option<Times>); 10] = [
            ("cpu  12078 0 2582 204315 313 0 35 14 0 0\n", times(14695, 204628, 14)),
            // Guest time is contained in user and must not count twice.
            ("cpu  100 20 3 1000 50 4 5 7 90 9\n", times(132, 1050, 7)),
            // An old kernel.
            ("cpu 1 2 3 4\n", times(6, 4, 0)),
            ("cpu 18446744073709551615 1 0 1 0 0 0 0\n", times(u64::MAX, 1, 0)),
            ("cpu 18446744073709551616 1 0 1\n", None),
            ("cpu 1 2 3\n", None),
            ("cpu 1 2 x 4\n", None),
            ("cpu0 1 2 3 4\n", None),
            // Cut short, perhaps inside a number.
            ("cpu  1 2 3 4 5", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn the_share_leaves_stolen_and_waiting_time_out_of_use() {
        let times = |busy, idle, steal| Times { busy, idle, steal };
        let zero = times(0, 0, 0);
        let cases = [
            (zero, times(30, 70, 0), Some((0.3, 0.0))),
            (zero, times(30, 20, 50), Some((0.3, 0.5))),
            (zero, times(7, 0, 0), Some((1.0, 0.0))),
            (times(5, 5, 5), times(5, 10, 5), Some((0.0, 0.0))),
            (times(5, 5, 5), times(4, 10, 5), None),
            (times(5, 5, 5), times(6, 4, 5), None),
            (times(5, 5, 5), times(6, 6, 4), None),
            (zero, zero, None),
        ];
        for (before, after, expected) in cases {
            let found = share(before, after, 1).map(|share| (share.busy, share.steal));
            assert_eq!(found, expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_share_is_of_the_time_since_the_sample_before() {
        let mut bench = Bench::new("delta");
        let first = bench.sample("cpu  1000 0 0 1000 0 0 0 0", 0);
        assert_eq!(verdict(&first), NO_SAMPLE);
        assert!(first.value.is_nan());
        let second = bench.sample("cpu  1050 0 0 1050 0 0 0 0", 1_000);
        assert_eq!((second.outcome, second.value), (Outcome::Pass, 0.5));
        let third = bench.sample("cpu  1145 0 0 1055 0 0 0 0", 16_000);
        assert_eq!(third.value, 0.95);
        assert_eq!(third.message.as_str(), "95.0 % of CPU time in use over 15.0 s");
        let steal = bench.sampler.steal(Tick(16_000 * MILLISECOND));
        assert_eq!((steal.value, steal.outcome), (0.0, Outcome::Pass));
    }

    #[test]
    fn samples_close_together_are_of_the_same_window() {
        let mut bench = Bench::new("close");
        bench.sample("cpu  0 0 0 100", 0);
        assert_eq!(verdict(&bench.sample("cpu  9 0 0 100", 49)), NO_SAMPLE);
        assert_eq!(bench.sample("cpu  50 0 0 150", 1_000).value, 0.5);
        assert_eq!(bench.sample("cpu  60 0 0 160", 1_040).value, 0.5);
        assert_eq!(bench.sample("cpu  50 0 0 150", 2_000).value, 0.5, "nothing has moved");
        assert_eq!(bench.sample("cpu  150 0 0 150", 3_000).value, 1.0);
        assert_eq!(bench.sampler.anomalies(), 0);
    }

    #[test]
    fn counters_that_run_backwards_tell_the_last_share_and_are_counted() {
        let mut bench = Bench::new("backwards");
        bench.sample("cpu  100 0 0 100", 0);
        assert_eq!(verdict(&bench.sample("cpu  90 0 0 200", 1_000)), NO_SAMPLE);
        assert_eq!(bench.sample("cpu  190 0 0 300", 2_000).value, 0.5);
        assert_eq!(bench.sample("cpu  200 0 0 200", 3_000).value, 0.5);
        assert_eq!(bench.sampler.anomalies(), 2);
        assert_eq!(bench.sample("cpu  300 0 0 200", 4_000).value, 1.0, "compared with the new");
    }

    #[test]
    fn no_counters_are_no_evidence() {
        let mut bench = Bench::new("none");
        let zeroes = bench.sample("cpu  0 0 0 0 0 0 0 0", 0);
        assert_eq!(verdict(&zeroes), (Outcome::Local, Reason::LOCAL_UNSUPPORTED));
        let garbage = bench.sample("nothing of the kind", 1_000);
        assert_eq!(verdict(&garbage), (Outcome::Local, Reason::LOCAL_UNSUPPORTED));
        let missing = Sampler::new(Path::new("/proc/self/no-such-file")).steal(Tick(0));
        assert_eq!(verdict(&missing), (Outcome::Local, Reason::LOCAL_UNSUPPORTED));
        assert_eq!(missing.detail, libc::ENOENT);
    }
}
