//! What is told by a process that cannot look: it has no descriptor left, or no `/proc`, or is in a
//! cgroup that no mount shows.
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

/// A machine without any mount of cgroups.
const BARE: &str = "\n== proc/self/mountinfo\n\
    20 1 0:5 / / rw - tmpfs tmpfs rw\n\
    == proc/meminfo\nMemTotal: 900 kB\nMemAvailable: 300 kB\nAnonPages: 500 kB\nShmem: 4 kB\n\
    SUnreclaim: 2 kB\nKernelStack: 1 kB\nSwapTotal: 40 kB\nSwapFree: 30 kB\n\
    == proc/vmstat\noom_kill 0\npswpin 0\n\
    == proc/loadavg\n0.00 0.00 0.00 1/80 9\n\
    == proc/sys/kernel/threads-max\n8000\n\
    == proc/sys/kernel/pid_max\n4000\n";

/// The scopes of all that is told of the machine where nothing limits this process.
fn scopes(sampler: &mut HostSampler, tree: &recorded::Recorded, at_s: u64) -> Vec<String> {
    tree.write("proc/stat", "cpu  10 0 0 10\n");
    let second = crate::time::SECOND;
    all(sampler, Tick(at_s * second));
    tree.write("proc/stat", "cpu  20 0 0 30\n");
    let now = Tick((at_s + 2) * second);
    let mut results = all(sampler, now);
    let levels = Tasks.row().levels();
    results.push(sampler.signal(&SignalSpec { signal: Tasks, levels, path: None }, now));
    let measures = results.into_iter().filter_map(|result| result.measure);
    let scope = |measure: Box<crate::model::signal::Measure>| measure.scope.into_owned();
    measures.map(scope).filter(|scope| scope != "process").collect()
}

#[test]
fn the_host_in_place_of_a_cgroup_that_cannot_be_seen_is_called_so() {
    let tree = recorded::Recorded::new(BARE);
    let unified = "20 1 0:5 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    let hidden = "the host in place of its own cgroup";
    let cases = [
        ("9:pids:/a\n4:memory:/a\n3:cpu,cpuacct:/a\n0::/\n", "", hidden),
        ("0::/a\n", "", hidden),
        ("0::/../a\n", unified, hidden),
        ("0::/\n", "", "host"),
        ("0::/\n", unified, "host"),
        ("", "", "host"),
    ];
    std::fs::create_dir_all(tree.root().join("sys/fs/cgroup")).unwrap();
    for (own, mounts, expected) in cases {
        tree.write("proc/self/cgroup", own);
        tree.write("proc/self/mountinfo", mounts);
        let mut sampler = HostSampler::below(tree.root());
        let told = scopes(&mut sampler, &tree, 0);
        // The seed's two, three of memory, kills, swap, the CPU and the tasks.
        assert_eq!(told, vec![expected; 9], "{own:?}");
    }
}

#[test]
fn a_mount_that_stands_for_the_own_cgroup_is_called_so() {
    let tree = recorded::Recorded::new(BARE);
    tree.write("proc/self/cgroup", "0::/../a\n");
    let unified = "20 1 0:5 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    tree.write("proc/self/mountinfo", unified);
    for (file, text) in [
        ("memory.max", "1000\n"),
        ("memory.current", "500\n"),
        ("memory.stat", "inactive_file 0\n"),
        ("pids.max", "9\n"),
        ("pids.current", "5\n"),
        ("cpu.max", "50000 100000\n"),
        ("cpu.stat", "usage_usec 5\n"),
    ] {
        tree.write(&format!("sys/fs/cgroup/{file}"), text);
    }
    let mut sampler = HostSampler::below(tree.root());
    let told = scopes(&mut sampler, &tree, 0);
    let expected = "the cgroup / in place of its own";
    assert_eq!(told.iter().filter(|scope| *scope == expected).count(), 7, "{told:?}");
}
