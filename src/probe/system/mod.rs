//! The host itself: CPU, memory, filesystems, each as a share in use.
//!
//! Promises: a figure that cannot be had is a LOCAL result with a reason, never a default number;
//! nothing here blocks but [`disk`], which belongs on a thread that may be lost. Where a cgroup
//! limits this process, figures are of that limit, else of the whole host.
//!
//! The trap: the CPU share is a rate and belongs to the sampler's own previous sample. Keep one
//! [`HostSampler`] a monitor for all its checks, and expect no figure from the first sample.

mod clock;
mod cpu;
mod disk;
mod filesystem;
mod memory;
mod network;
mod pressure;
mod process;
mod reading;
mod working_set;

pub use disk::disk;
pub use filesystem::{Past, filesystem};

use crate::model::signal::{Signal, SignalSpec, bytes};
use crate::model::{Level, Outcome, Reason, RunResult};
use crate::time::Tick;
use rustix::io::Errno;
use std::cmp::Ordering;
use std::os::fd::BorrowedFd;
use std::path::Path;

/// What a monitor remembers between two samples of its host.
#[derive(Debug)]
pub struct HostSampler {
    cpu: cpu::Sampler,
    memory: memory::Sampler,
    pressure: pressure::Sampler,
    process: process::Sampler,
    network: network::Sampler,
}

impl HostSampler {
    /// A sampler that has seen nothing and holds no descriptor yet.
    pub fn new() -> HostSampler {
        let root = Path::new("/");
        HostSampler {
            cpu: cpu::Sampler::new("/proc/stat"),
            memory: memory::Sampler::new(),
            pressure: pressure::Sampler::new(root),
            process: process::Sampler::new(root),
            network: network::Sampler::new(root),
        }
    }

    /// The share of CPU time in use since the last sample, over all CPUs. The first sample is
    /// LOCAL (`NO_SAMPLE`); take it, and drop it, when the monitor starts.
    pub fn cpu(&mut self, level: Level, now: Tick) -> RunResult {
        self.cpu.sample(level, now)
    }

    /// The share of memory in use: of the tightest limit of this process's cgroups, or else of
    /// the host.
    pub fn memory(&mut self, level: Level, now: Tick) -> RunResult {
        self.memory.sample(level, now)
    }

    /// The value of a signal of the host or the process; [`filesystem`] has those of paths.
    pub fn signal(&mut self, spec: &SignalSpec, now: Tick) -> RunResult {
        match spec.signal {
            Signal::CpuUtilisation | Signal::CpuThrottling | Signal::CpuSteal => none_yet(),
            Signal::MemoryWorkingSet
            | Signal::MemoryAvailable
            | Signal::MemoryUnreclaimable
            | Signal::OomKills
            | Signal::MemoryLimitHits
            | Signal::Swap => self.memory.signal(spec.signal, now),
            Signal::CpuPressure => self.pressure.cpu(now),
            Signal::MemoryPressure => self.pressure.memory(now),
            Signal::MemoryPressureRising => self.pressure.memory_rising(now),
            Signal::IoPressure => self.pressure.io(now),
            Signal::Descriptors => self.process.descriptors(now),
            Signal::SystemDescriptors => self.process.system_descriptors(now),
            Signal::Tasks => self.process.tasks(now),
            Signal::ListenOverflows => self.network.listen_overflows(now),
            Signal::TcpMemory => self.network.tcp_memory(now),
            Signal::Conntrack => self.network.conntrack(now),
            Signal::InterfaceErrors => self.network.interface_errors(now),
            Signal::Ports => self.network.ports(now),
            Signal::ClockSync => clock::synchronised(),
            Signal::DiskSpace
            | Signal::DiskInodes
            | Signal::DiskReadOnly
            | Signal::DiskWrite
            | Signal::DiskFill => none_yet(),
        }
    }

    /// The descriptors that are kept from sample to sample.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let host = self.cpu.fd().into_iter().chain(self.memory.fds()).chain(self.pressure.fds());
        host.chain(self.process.fds()).chain(self.network.fds())
    }

    /// How often the system's counters ran backwards, which they must not.
    pub fn anomalies(&self) -> u64 {
        self.cpu.anomalies()
    }
}

impl Default for HostSampler {
    fn default() -> Self {
        HostSampler::new()
    }
}

/// What a share in use means at a level: below the threshold a pass, below the level of failure
/// a warning, else a failure. No number is no evidence.
pub fn judge(level: Level, value: f64) -> (Outcome, Reason) {
    match value.partial_cmp(&level.threshold) {
        None => (Outcome::Local, Reason::LOCAL_UNSUPPORTED),
        Some(Ordering::Less) => (Outcome::Pass, Reason::NONE),
        Some(_) if value < level.failure() => (Outcome::Warn, Reason::MATCH_VALUE),
        Some(_) => (Outcome::Fail, Reason::MATCH_VALUE),
    }
}

/// The result of a measured share. `figures` says what was measured and `place` where; both are
/// asked only when there is something to complain of.
fn measured(
    level: Level,
    value: f64,
    figures: impl FnOnce() -> String,
    place: impl FnOnce() -> String,
) -> RunResult {
    let (outcome, reason) = judge(level, value);
    let result = RunResult::new(outcome, reason).with_value(value);
    let bound = match outcome {
        Outcome::Warn => level.threshold,
        Outcome::Fail => level.failure(),
        _ => return result,
    };
    let (figures, place) = (figures(), place());
    let share = 100.0 * value;
    let bound = 100.0 * bound;
    // The place last, because it can be long and messages are cut.
    result.with_message(&format!("{figures}; {share:.1} % is at or above {bound:.1} %{place}"))
}

/// The result when this machine or process, not what is measured, stands in the way.
fn local(reason: Reason, error: Errno, message: &str) -> RunResult {
    RunResult::new(Outcome::Local, reason).with_detail(error.raw_os_error()).with_message(message)
}

/// The reason of an error that is our own fault, if it is one.
fn own_fault(error: Errno) -> Option<Reason> {
    match error {
        Errno::MFILE | Errno::NFILE => Some(Reason::LOCAL_NO_DESCRIPTORS),
        Errno::NOMEM | Errno::NOBUFS => Some(Reason::LOCAL_NO_MEMORY),
        Errno::ACCESS | Errno::PERM => Some(Reason::LOCAL_NOT_PERMITTED),
        Errno::NOSYS => Some(Reason::LOCAL_UNSUPPORTED),
        _ => None,
    }
}

fn none_yet() -> RunResult {
    RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED)
}

/// The result when a file that describes the host cannot be read.
fn unreadable(path: &str, error: Errno) -> RunResult {
    let reason = own_fault(error).unwrap_or(Reason::LOCAL_UNSUPPORTED);
    local(reason, error, &format!("{path} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_judged_by_its_level() {
        use Outcome::{Fail, Local, Pass, Warn};
        let cases = [
            // At 0.9 the warning band ends at 0.99.
            (0.9, 0.0, Pass),
            (0.9, 0.899, Pass),
            (0.9, 0.9, Warn),
            (0.9, 0.989, Warn),
            (0.9, 0.991, Fail),
            (0.9, 1.0, Fail),
            // Above 1/1.1 it ends halfway to 1.
            (0.95, 0.949, Pass),
            (0.95, 0.97, Warn),
            (0.95, 0.976, Fail),
            (0.5, 0.54, Warn),
            (0.5, 0.56, Fail),
            // Nothing is above 1, but all in use is a failure even there.
            (1.0, 0.999, Pass),
            (1.0, 1.0, Fail),
            (0.9, f64::NAN, Local),
            (f64::NAN, 0.5, Local),
        ];
        for (threshold, value, expected) in cases {
            let (outcome, reason) = judge(Level { threshold }, value);
            assert_eq!(outcome, expected, "{value} at {threshold}");
            let expected = match expected {
                Pass => Reason::NONE,
                Local => Reason::LOCAL_UNSUPPORTED,
                _ => Reason::MATCH_VALUE,
            };
            assert_eq!(reason, expected, "{value} at {threshold}");
        }
    }

    #[test]
    fn a_complaint_says_figures_and_bound_and_a_pass_says_nothing() {
        let level = Level { threshold: 0.9 };
        let tell = |value| {
            let result = measured(level, value, || "so much".into(), || " here".into());
            (result.message.as_str().to_owned(), result.value)
        };
        assert_eq!(tell(0.5), (String::new(), 0.5));
        assert_eq!(tell(0.95).0, "so much; 95.0 % is at or above 90.0 % here");
        assert_eq!(tell(0.995).0, "so much; 99.5 % is at or above 99.0 % here");
        assert_eq!(tell(f64::NAN).0, "");
    }

    #[test]
    fn this_host_has_figures() {
        fn moves<T: Send>(value: T) -> T {
            value
        }
        let mut sampler = moves(HostSampler::new());
        let level = Level { threshold: 1.0 };
        let memory = sampler.memory(level, Tick(0));
        assert!(memory.value > 0.0 && memory.value < 1.0, "{memory:?}");
        assert_eq!(sampler.cpu(level, Tick(0)).reason, Reason::NO_SAMPLE);
        assert_eq!(sampler.anomalies(), 0);
    }
}
