//! The host itself: CPU, memory, filesystems, each as a share in use.
//!
//! Promises: a figure that cannot be had is a LOCAL result with a reason, never a default number;
//! nothing here blocks but [`disk`] and [`filesystem`], which belong on a thread that may be lost.
//! Where a cgroup limits this process, figures are of that limit, else of the whole host.
//!
//! The trap: the CPU share is a rate and belongs to the sampler's own previous sample. Keep one
//! [`HostSampler`] a monitor for all its checks, and expect no figure from the first sample.

#[cfg(test)]
mod allocations;
mod clock;
mod cpu;
mod disk;
mod filesystem;
mod growth;
mod memory;
mod network;
mod numbers;
mod pressure;
mod process;
mod reading;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod starved;
mod window;
mod working_set;

use reading::Reading;

pub use disk::disk;
pub use filesystem::{Past, filesystem};

use crate::model::signal::{Signal, SignalSpec, bytes};
use crate::model::{Level, Outcome, Reason, RunResult};
use crate::sys::cgroup::Unread;
use crate::sys::pressure_trigger::Line;
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
    clock: clock::Sampler,
}

impl HostSampler {
    /// A sampler that has seen nothing and holds no descriptor yet.
    pub fn new() -> HostSampler {
        HostSampler::below(Path::new("/"))
    }

    /// The same of the files below this directory: `/`, or a recorded tree.
    fn below(root: &Path) -> HostSampler {
        HostSampler {
            cpu: cpu::Sampler::new(root),
            memory: memory::Sampler::new(root),
            pressure: pressure::Sampler::new(root),
            process: process::Sampler::new(root),
            network: network::Sampler::new(root),
            clock: clock::Sampler::new(root),
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
            Signal::CpuUtilisation | Signal::CpuThrottling | Signal::CpuSteal => {
                self.cpu.signal(spec.signal, now)
            }
            Signal::MemoryWorkingSet => self.memory.working_set(now, &mut self.pressure),
            Signal::MemoryAvailable => self.memory.available(now),
            Signal::MemoryUnreclaimable => self.memory.unreclaimable(now),
            Signal::OomKills => self.memory.oom_kills(now),
            Signal::MemoryLimitHits => self.memory.limit_hits(now),
            Signal::Swap => self.memory.swap(now),
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
            Signal::ClockSync => self.clock.synchronised(now),
            Signal::DiskSpace
            | Signal::DiskInodes
            | Signal::DiskReadOnly
            | Signal::DiskWrite
            | Signal::DiskFill => none("a filesystem is measured by its path"),
        }
    }

    /// Where the kernel can tell of itself that a signal is at a level; none before its first
    /// sample, and of signals that are no pressure.
    pub fn told(&self, signal: Signal) -> Option<(&Path, Line)> {
        self.pressure.told(signal)
    }

    /// The descriptors that are kept from sample to sample.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let host = self.cpu.fds().chain(self.memory.fds()).chain(self.pressure.fds());
        let own = self.process.fds().chain(self.network.fds()).chain(self.clock.fds());
        host.chain(own)
    }

    /// How often the system's counters ran backwards, which they must not.
    pub fn anomalies(&self) -> u64 {
        self.cpu.anomalies() + self.memory.anomalies() + self.network.anomalies()
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

/// The result of a share against a threshold, in a sentence whether it passes or not. The share
/// that is judged need not be the value that is told.
fn measured(level: Level, share: f64, reading: Reading) -> RunResult {
    let (outcome, reason) = judge(level, share);
    let mut result = reading.result();
    let bound = match outcome {
        Outcome::Warn => Some(level.threshold),
        Outcome::Fail => Some(level.failure()),
        _ => None,
    };
    let against = bound
        .map(|bound| format!("; {:.1} % is at or above {:.1} %", 100.0 * share, 100.0 * bound));
    let place = result.measure.as_ref().map(|measure| measure.place());
    let figures = result.message.as_str();
    // The place last, because it can be long and messages are cut.
    let text = [figures, &against.unwrap_or_default(), &place.unwrap_or_default()].concat();
    (result.outcome, result.reason) = (outcome, reason);
    result.with_message(&text)
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

/// The result when this machine does not offer the figure.
fn none(why: &str) -> RunResult {
    RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED).with_message(why)
}

/// The scope of a figure of the host, which may stand for a cgroup that cannot be seen.
fn host_scope(partial: bool) -> &'static str {
    if partial { "the host in place of its own cgroup" } else { "host" }
}

/// The same when it is told which it was.
fn unread(unread: Unread) -> RunResult {
    unreadable(unread.what, unread.error)
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
    fn a_result_says_figures_and_place_and_a_complaint_the_bound_too() {
        let level = Level { threshold: 0.9 };
        let tell = |value| {
            let reading = Reading::new("some", value, "so much".into()).of("the cgroup /a");
            let result = measured(level, value, reading);
            (result.message.as_str().to_owned(), result.value)
        };
        assert_eq!(tell(0.5), ("so much, in the cgroup /a".into(), 0.5));
        let warning = "so much; 95.0 % is at or above 90.0 %, in the cgroup /a";
        assert_eq!(tell(0.95).0, warning);
        let failure = "so much; 99.5 % is at or above 99.0 %, in the cgroup /a";
        assert_eq!(tell(0.995).0, failure);
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
