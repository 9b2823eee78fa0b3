//! In the steady state a sample allocates its sentence and where it is from, and nothing else.
//!
//! The trap: texts differ in length, and a text that grows is asked for again. So what is compared
//! is told in words of the same length, whatever stands around them.

use super::HostSampler;
use super::recorded::Recorded;
use crate::model::signal::{Row, Signal, SignalSpec, TABLE};
use crate::model::{Level, Outcome, RunResult};
use crate::sys::counting::allocations;
use crate::time::{SECOND, Tick};
use std::fmt::Write;

/// What one sample may ask for: the figures and the parts that they are made of, the scope, the
/// sentence, and the measure. Not one more for a level, a line or a file.
const MOST: u64 = 20;

/// A machine with so many cgroups one in the other and so many lines in its files.
fn machine(version: u8, levels: usize, lines: usize) -> Recorded {
    let tree = Recorded::new(include_str!("../../../tests/fixtures/net/host.tree"));
    let many = |line: &dyn Fn(usize) -> String| (0..lines).map(line).collect::<String>();
    let mut meminfo = "MemTotal: 16777216 kB\nMemFree: 1 kB\nMemAvailable: 8388608 kB\n\
         SwapTotal: 4194304 kB\nSwapFree: 1048576 kB\nAnonPages: 4194304 kB\nShmem: 1 kB\n\
         SUnreclaim: 524288 kB\nKernelStack: 16384 kB\n"
        .to_owned();
    meminfo += &many(&|n| format!("Other{n}: {n} kB\n"));
    tree.write("proc/meminfo", &meminfo);
    tree.write("proc/vmstat", &(many(&|n| format!("other_{n} {n}\n")) + "pswpin 1\noom_kill 3\n"));
    tree.write(
        "proc/stat",
        &("cpu  0 0 0 1 0 0 0 0\n".to_owned() + &many(&|n| format!("cpu{n} 1 2 3 4\n"))),
    );
    tree.write("proc/thread-self/status", "Uid: 1000 0\nThreads: 1\nCapEff: 0\n");
    tree.write("proc/loadavg", "0.32 0.11 0.10 2/85 4876\n");
    tree.write("proc/sys/kernel/threads-max", "30000\n");
    tree.write("proc/sys/kernel/pid_max", "32768\n");
    tree.write("proc/sys/fs/file-nr", "900\t0\t1000\n");
    tree.write("proc/uptime", "5000.00 1.00\n");
    tree.write("proc/self/fd/0", "");
    let dev = std::fs::read_to_string(tree.root().join("proc/thread-self/net/dev")).unwrap();
    let more = many(&|n| format!("veth{n}: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"));
    tree.write("proc/thread-self/net/dev", &(dev + &more));
    // The own cgroup has a name of the same length, however deep it stands.
    let below = "/a".repeat(levels - 1);
    let path = format!("/kube{below}/{}", "b".repeat(40 - below.len()));
    let extra = many(&|n| format!("other_{n} {n}\n"));
    let mut proc_cgroup = String::new();
    let mut mounts = String::new();
    let names: &[&str] = if version == 1 { &["memory", "cpu", "cpuacct", "pids"] } else { &[] };
    for name in names {
        writeln!(proc_cgroup, "5:{name}:{path}").unwrap();
        writeln!(mounts, "30 24 0:26 / /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}")
            .unwrap();
    }
    writeln!(proc_cgroup, "0::{path}").unwrap();
    let unified = if version == 1 { "/unified" } else { "" };
    writeln!(mounts, "31 24 0:27 / /sys/fs/cgroup{unified} rw - cgroup2 cgroup2 rw").unwrap();
    tree.write("proc/self/cgroup", &proc_cgroup);
    tree.write("proc/self/mountinfo", &mounts);
    for dir in std::path::Path::new(&path).ancestors().filter(|dir| dir.parent().is_some()) {
        let top = dir == std::path::Path::new("/kube");
        let dir = dir.to_str().unwrap();
        let write = |controller: &str, file: &str, text: &str| {
            let controller = if version == 1 { format!("/{controller}") } else { String::new() };
            tree.write(&format!("sys/fs/cgroup{controller}{dir}/{file}"), text);
        };
        for resource in ["cpu", "memory", "io"] {
            let kinds = "some avg10=1.00 avg60=1.00 avg300=0.00 total=1\n\
                         full avg10=1.00 avg60=1.00 avg300=0.00 total=1\n";
            tree.write(&format!("sys/fs/cgroup{unified}{dir}/{resource}.pressure"), kinds);
        }
        write("pids", "pids.max", if top { "100" } else { "200" });
        write("pids", "pids.current", "50");
        write("pids", "pids.events", "max 0\n");
        write("pids", "pids.events.local", "max 0\n");
        if version == 1 {
            write("cpu", "cpu.cfs_quota_us", if top { "50000" } else { "100000" });
            write("cpu", "cpu.cfs_period_us", "100000");
            write("cpu", "cpu.stat", "nr_periods 5\nnr_throttled 0\nthrottled_time 0\n");
            write("cpuacct", "cpuacct.usage", "1000000");
            write("memory", "memory.limit_in_bytes", if top { "1000000000" } else { "2000000000" });
            write("memory", "memory.usage_in_bytes", "900000000");
            write("memory", "memory.failcnt", "0");
            write("memory", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
            write("memory", "memory.memsw.limit_in_bytes", "3000000000");
            write("memory", "memory.memsw.usage_in_bytes", "950000000");
            let keys = "total_inactive_file 1\ntotal_rss 2\ntotal_shmem 3\ntotal_cache 4\n\
                        total_active_file 5\nhierarchical_memory_limit 1000000000\n";
            write("memory", "memory.stat", &(extra.clone() + keys));
        } else {
            write("", "cgroup.events", "populated 1\n");
            write("", "cpu.max", if top { "50000 100000" } else { "100000 100000" });
            write(
                "",
                "cpu.stat",
                "usage_usec 1000\nnr_periods 5\nnr_throttled 0\nthrottled_usec 0\n",
            );
            write("", "memory.max", if top { "1000000000" } else { "2000000000" });
            write("", "memory.high", "800000000");
            write("", "memory.current", "900000000");
            write("", "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
            write("", "memory.events.local", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
            write("", "memory.swap.max", "1000000000");
            write("", "memory.swap.current", "500000000");
            let keys = "anon 1\nshmem 2\ninactive_file 3\nactive_file 4\nslab 5\nslab_reclaimable 6\n\
                        slab_unreclaimable 7\nkernel_stack 8\nsock 9\n";
            write("", "memory.stat", &(extra.clone() + keys));
        }
    }
    tree
}

/// What a sample is of: a signal, or one of the seed's two checks.
type Ask<'a> = &'a dyn Fn(&mut HostSampler, Tick) -> RunResult;

/// How often the fourth sample of each kind asks for memory.
fn counts(tree: &Recorded) -> Vec<(&'static str, u64)> {
    let level = Level { threshold: 0.9 };
    let (cpu, memory): (Ask<'_>, Ask<'_>) =
        (&move |host, now| host.cpu(level, now), &move |host, now| host.memory(level, now));
    let mut found = vec![
        ("cpu", count(tree, Outcome::Pass, cpu)),
        ("memory", count(tree, Outcome::Pass, memory)),
    ];
    for row in TABLE.iter().filter(|row| !row.path) {
        let spec = spec(row.signal);
        let ask: Ask<'_> = &|host, now| host.signal(&spec, now);
        found.push((row.key, count(tree, Outcome::Pass, ask)));
    }
    found
}

fn spec(signal: Signal) -> SignalSpec {
    SignalSpec { signal, levels: signal.row().levels(), path: None }
}

fn count(tree: &Recorded, outcome: Outcome, ask: Ask<'_>) -> u64 {
    let mut host = HostSampler::below(tree.root());
    // Twice to open and to have something to compare with, once more for what a rate keeps.
    let stat = std::fs::read_to_string(tree.root().join("proc/stat")).unwrap();
    let (_, rest) = stat.split_once('\n').unwrap();
    for second in [0, 5, 10] {
        ask(&mut host, Tick(second * SECOND));
        // Time goes on.
        tree.write("proc/stat", &format!("cpu  {second} 0 0 {second} 0 0 0 0\n{rest}"));
    }
    let (count, result) = allocations(|| ask(&mut host, Tick(15 * SECOND)));
    assert_eq!(result.outcome, outcome, "{result:?}");
    count
}

#[track_caller]
fn expect_few(counts: &[(&str, u64)]) {
    let many: Vec<_> = counts.iter().filter(|(_, count)| *count > MOST).collect();
    assert!(many.is_empty(), "{many:?}");
}

#[test]
fn a_sample_allocates_the_same_however_much_is_read() {
    for version in [1, 2] {
        let small = counts(&machine(version, 2, 2));
        assert_eq!(counts(&machine(version, 9, 40)), small, "version {version}");
        expect_few(&small);
    }
}

#[test]
fn what_a_kernel_does_not_have_is_not_looked_for_each_time() {
    let tree = machine(1, 2, 2);
    std::fs::remove_dir_all(tree.root().join("sys/fs/cgroup/unified")).unwrap();
    let pressure = ["cpu_pressure", "memory_pressure", "memory_pressure_rising", "io_pressure"];
    for key in pressure {
        let spec = spec(Signal::of(key).unwrap());
        let count = count(&tree, Outcome::Local, &|host, now| host.signal(&spec, now));
        expect_few(&[(key, count)]);
    }
    let spec = spec(Signal::MemoryWorkingSet);
    let count = count(&tree, Outcome::Pass, &|host, now| host.signal(&spec, now));
    expect_few(&[("memory_working_set", count)]);
}

#[test]
fn this_machine_is_sampled_as_cheaply_whatever_it_offers() {
    let root = std::path::Path::new("/");
    let mut host = HostSampler::below(root);
    let mut sample = |second: u64| -> Vec<(&str, u64)> {
        let one = |row: &Row| {
            let now = Tick(second * SECOND);
            (row.key, allocations(|| host.signal(&spec(row.signal), now)).0)
        };
        TABLE.iter().filter(|row| !row.path).map(one).collect()
    };
    for second in [0, 5, 10] {
        sample(second);
    }
    expect_few(&sample(15));
}
