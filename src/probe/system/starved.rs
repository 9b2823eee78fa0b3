//! What is told by a process that has no descriptor left, and by one without `/proc`.
//!
//! The first is this test's own program as a guest, so that no other test starves with it.

use super::*;
use crate::model::signal::Signal::{self, *};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::process::Command;

const GUEST: &str = "MESHVITALS_TEST_STARVED";
const NAME: &str = "probe::system::starved::without_descriptors_that_is_the_reason";
const LEVEL: Level = Level { threshold: 0.9 };
const KINDS: [Signal; 9] = [
    MemoryWorkingSet,
    MemoryAvailable,
    MemoryUnreclaimable,
    OomKills,
    MemoryLimitHits,
    Swap,
    CpuUtilisation,
    CpuThrottling,
    Conntrack,
];

/// A result of the memory, of the CPU, and of each of the kinds.
fn all(sampler: &mut HostSampler, now: Tick) -> Vec<RunResult> {
    let mut results = vec![sampler.memory(LEVEL, now), sampler.cpu(LEVEL, now)];
    results.extend(KINDS.map(|signal| {
        let levels = signal.row().levels();
        sampler.signal(&SignalSpec { signal, levels, path: None }, now)
    }));
    results
}

#[test]
fn without_descriptors_that_is_the_reason() {
    if std::env::var_os(GUEST).is_none() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
            .env(GUEST, "1")
            .output()
            .expect("this program");
        let told = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let before = getrlimit(Resource::Nofile);
    let none = Rlimit { current: Some(0), maximum: before.maximum };
    let mut sampler = HostSampler::new();
    setrlimit(Resource::Nofile, none).expect("a lower limit");
    let starved: Vec<RunResult> = (0..2).flat_map(|at| all(&mut sampler, Tick(at))).collect();
    setrlimit(Resource::Nofile, before).expect("the limit before");
    for result in starved {
        assert_eq!(result.reason, Reason::LOCAL_NO_DESCRIPTORS, "{result:?}");
    }
    // It recovers at once.
    for result in all(&mut sampler, Tick(2)) {
        assert_ne!(result.reason, Reason::LOCAL_NO_DESCRIPTORS, "{result:?}");
    }
}

#[test]
fn without_proc_it_is_said_that_it_cannot_be_read() {
    let nothing = recorded::Recorded::new("");
    for result in all(&mut HostSampler::below(nothing.root()), Tick(0)) {
        let text = result.message.as_str();
        assert!(text.starts_with("/proc/") && text.contains(" cannot be read: "), "{result:?}");
        assert_eq!(result.reason, Reason::LOCAL_UNSUPPORTED, "{result:?}");
    }
}
