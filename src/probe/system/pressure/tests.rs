//! The pressure of recorded cgroups, and whose it is.

use super::super::recorded::Recorded;
use super::*;
use crate::time::MILLISECOND;

const API: &str = "sys/fs/cgroup/kubepods.slice/pod7.slice/api.scope";
const LINES: &str = "some avg10=1.50 avg60=2.25 avg300=0.00 total=9\n\
                     full avg10=0.50 avg60=0.75 avg300=0.00 total=8\n";

fn at(seconds: u64) -> Tick {
    Tick(seconds * SECOND)
}

fn levels(result: &RunResult) -> (f64, f64, String) {
    let measure = result.measure.as_deref().unwrap_or_else(|| panic!("{result:?}"));
    (result.value, measure.unhealthy, measure.scope.to_string())
}

#[track_caller]
fn expect_none(result: &RunResult, words: &str) {
    assert_eq!((result.outcome, result.reason), (Outcome::Local, Reason::LOCAL_UNSUPPORTED));
    assert!(result.value.is_nan() && result.message.as_str().contains(words), "{result:?}");
}

#[test]
fn averages_are_read_as_documented() {
    let both = |ten, sixty| Some(Averages { ten, sixty });
    let cases = [
        (LINES, both(1.5, 2.25), both(0.5, 0.75)),
        (
            "some avg10=100.00 avg60=0.00 avg300=0.00 total=18446744073709551616\n",
            both(100.0, 0.0),
            None,
        ),
        // Cut inside an average, or before the last word.
        ("some avg10=1.5", None, None),
        ("some avg10=1.50 avg60=2", None, None),
        ("some avg10=nan avg60=1.00 avg300=0.00 total=1\n", None, None),
        ("some avg10=inf avg60=1.00 avg300=0.00 total=1\n", None, None),
        ("some avg10=-1.00 avg60=1.00 avg300=0.00 total=1\n", None, None),
        ("somewhat avg10=1.00 avg60=1.00 total=1\n", None, None),
        ("", None, None),
    ];
    for (text, some, full) in cases {
        assert_eq!(averages(text.as_bytes(), b"some "), some, "{text}");
        assert_eq!(parse(text.as_bytes()).map(|p| (p.some, p.full)), some.map(|s| (s, full)));
    }
    assert_eq!(averages(b"some avg10=\xff avg60=1 total=1\n", b"some "), None);
}

#[test]
fn a_cgroup_has_its_own_pressure() {
    let tree = Recorded::cgroup("v2-nested");
    let mut sampler = Sampler::new(tree.root());
    let scope = "the cgroup /kubepods.slice/pod7.slice/api.scope".to_owned();
    let memory = sampler.memory(at(0));
    assert_eq!(levels(&memory), (12.5, 4.25, scope.clone()));
    let text = "memory pressure some 12.5 %, full 4.2 % over 10 s";
    assert_eq!(memory.message.as_str(), text);
    assert_eq!(levels(&sampler.cpu(at(0))), (55.25, 55.25, scope.clone()));
    assert_eq!(levels(&sampler.io(at(0))), (31.0, 31.0, scope.clone()));
    assert_eq!(levels(&sampler.memory_rising(at(0))), (12.5, 12.5, scope));
    assert_eq!(sampler.memory_some(at(0)), Some(12.5));
    assert_eq!(sampler.fds().count(), 3);
}

#[test]
fn at_the_root_the_pressure_is_the_hosts_and_takes_nobody_out() {
    // Memory is in a cgroup of version 1, the unified hierarchy has the process at its root.
    let tree = Recorded::cgroup("v1-nested");
    let mut sampler = Sampler::new(tree.root());
    let (value, unhealthy, scope) = levels(&sampler.memory(at(0)));
    assert_eq!((value, scope.as_str()), (41.32, "host"));
    assert!(unhealthy.is_nan());
    assert_eq!(levels(&sampler.cpu(at(0))).0, 13.83);
    assert_eq!(levels(&sampler.io(at(0))).0, 5.5);
}

#[test]
fn the_hosts_pressure_never_stands_in_for_that_of_a_cgroup() {
    for (name, words) in [
        ("v2-namespaced", "its cgroup has no memory.pressure"),
        ("v1-container", "cgroups of version 1 tell none"),
    ] {
        let tree = Recorded::cgroup(name);
        let mut sampler = Sampler::new(tree.root());
        expect_none(&sampler.memory(at(0)), words);
        expect_none(&sampler.memory_rising(at(0)), words);
        assert_eq!(sampler.memory_some(at(0)), None, "{name}");
    }
}

#[test]
fn a_hybrid_has_the_pressure_of_the_unified_hierarchy() {
    let tree = Recorded::cgroup("hybrid");
    tree.write("sys/fs/cgroup/unified/system.slice/api.service/memory.pressure", LINES);
    let found = levels(&Sampler::new(tree.root()).memory(at(0)));
    assert_eq!(found, (1.5, 0.5, "the cgroup /system.slice/api.service".into()));
}

#[test]
fn without_cgroups_and_at_the_root_of_version_1_the_host_is_told() {
    let host = Recorded::new("\n== proc/pressure/memory\nx");
    host.write("proc/pressure/memory", LINES);
    assert_eq!(levels(&Sampler::new(host.root()).memory(at(0))).2, "host");
    host.write("proc/self/cgroup", "4:memory:/\n");
    let mount = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    host.write("proc/self/mountinfo", mount);
    expect_none(&Sampler::new(host.root()).memory(at(0)), "version 1");
    host.write("sys/fs/cgroup/memory/release_agent", "\n");
    assert_eq!(levels(&Sampler::new(host.root()).memory(at(0))).2, "host");
}

#[test]
fn a_cgroup_that_cannot_be_seen_is_stood_for_and_takes_nobody_out() {
    let tree = Recorded::cgroup("v2-nested");
    tree.write("proc/self/cgroup", "0::/../other\n");
    tree.write("sys/fs/cgroup/memory.pressure", LINES);
    let (value, unhealthy, scope) = levels(&Sampler::new(tree.root()).memory(at(0)));
    assert_eq!((value, scope.as_str()), (1.5, "the cgroup / in place of its own"));
    assert!(unhealthy.is_nan());
}

#[test]
fn what_moved_or_vanished_is_looked_for_again() {
    let tree = Recorded::cgroup("v2-nested");
    let mut sampler = Sampler::new(tree.root());
    sampler.memory(at(0));
    tree.remove(&format!("{API}/io.pressure"));
    expect_none(&sampler.io(at(1)), "its cgroup has no io.pressure");
    tree.write("proc/self/cgroup", "0::/jobs\n");
    tree.write("sys/fs/cgroup/jobs/memory.pressure", LINES);
    tree.write("sys/fs/cgroup/jobs/io.pressure", "nonsense\n");
    assert_eq!(levels(&sampler.memory(at(59))).0, 12.5);
    assert_eq!(levels(&sampler.memory(at(62))).2, "the cgroup /jobs");
    expect_none(&sampler.io(at(62)), "no such averages");
}

#[test]
fn a_kernel_that_keeps_no_pressure_says_so() {
    let off = refused(Resource::Memory, &Own::Host, Errno::OPNOTSUPP);
    expect_none(&off, "is off in this kernel");
    let denied = refused(Resource::Io, &Own::Host, Errno::ACCESS);
    assert_eq!(denied.reason, Reason::LOCAL_NOT_PERMITTED);
    let gone = refused(Resource::Cpu, &Own::Host, Errno::NOENT);
    expect_none(&gone, "/proc/pressure/cpu cannot be read");
}

#[test]
fn pressure_that_falls_fast_does_not_rise() {
    let cases = [
        (0, 20.0, false, "the first"),
        (1_000, 20.0, false, "the same sample of the kernel"),
        (2_000, 17.1, false, "a little less"),
        (4_000, 14.0, true, "less than 85 %"),
        (4_500, 14.0, true, "the same sample of the kernel"),
        (6_100, 14.0, false, "the same value of a new one"),
        (8_000, 30.0, false, "more"),
    ];
    let mut rising = Rising::default();
    for (at_ms, ten, expected, why) in cases {
        assert_eq!(rising.falls(ten, Tick(at_ms * MILLISECOND)), expected, "{why}");
    }
    let tree = Recorded::cgroup("v2-nested");
    let mut sampler = Sampler::new(tree.root());
    sampler.memory_rising(at(0));
    tree.write(&format!("{API}/memory.pressure"), LINES);
    let result = sampler.memory_rising(at(4));
    assert_eq!(result.value, 0.0);
    assert!(result.message.as_str().ends_with(", falling"), "{result:?}");
    assert_eq!(sampler.memory_rising(at(8)).value, 1.5);
}

#[test]
fn this_machine_is_told_as_the_kernel_prints_it() {
    let now = at(5);
    let mut sampler = Sampler::new(Path::new("/"));
    let result = sampler.io(now);
    if result.outcome == Outcome::Local {
        return assert!(!result.message.as_str().is_empty());
    }
    let file = match own(Path::new("/")).unwrap() {
        Own::Cgroup { dir, .. } => dir.join("io.pressure"),
        _ => "/proc/pressure/io".into(),
    };
    // New averages are made every two seconds, so one of a few readings is of the same.
    let same = (0..1_000u64).any(|round| {
        let text = std::fs::read_to_string(&file).unwrap();
        let told = sampler.io(Tick(now.0 + (round + 1) * SECOND)).value;
        text.contains("full ") && text.contains(&format!("avg60={told:.2} "))
    });
    assert!(same, "{result:?}");
}
