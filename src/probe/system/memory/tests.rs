//! What the figures of memory mean, and the signals over recorded trees.

use super::*;
use crate::model::signal::Measure;
use crate::probe::system::pressure;
use crate::probe::system::recorded::Recorded;
use crate::time::SECOND;

const LEVEL: Level = Level { threshold: 0.9 };

fn figures(total: u64, available: u64) -> meminfo::Figures {
    let consumer = Some(("anon", available)).filter(|part| part.1 > 1 << 20);
    meminfo::Figures { total, available, consumer, ..meminfo::Figures::default() }
}

#[test]
fn memory_that_is_available_is_not_in_use() {
    let cases = [
        (1000, 1000, 0.0, Outcome::Pass),
        (1000, 300, 0.7, Outcome::Pass),
        (1000, 50, 0.95, Outcome::Warn),
        (1000, 0, 1.0, Outcome::Fail),
        // Seen where a container shows its own total beside the host's available.
        (1000, 5000, 0.0, Outcome::Pass),
    ];
    for (total, available, value, outcome) in cases {
        let result = weigh(LEVEL, &figures(total, available), "host");
        assert_eq!((result.value, result.outcome), (value, outcome));
    }
}

#[test]
fn a_complaint_has_figures_with_units() {
    let gib = 1u64 << 30;
    let result = weigh(LEVEL, &figures(31 * gib / 2, 6 * gib / 10), "host");
    let expected =
        "memory 14.9 GiB of 15.5 GiB in use, 614.4 MiB anon; 96.1 % is at or above 90.0 %";
    assert_eq!(result.message.as_str(), expected);
    assert_eq!(result.reason, Reason::MATCH_VALUE);
}

#[test]
fn no_total_is_no_evidence() {
    let result = weigh(LEVEL, &figures(0, 0), "host");
    assert_eq!(result.outcome, Outcome::Local);
    assert_eq!(result.reason, Reason::LOCAL_UNSUPPORTED);
    assert!(result.value.is_nan());
}

const API: &str = "sys/fs/cgroup/kubepods.slice/pod7.slice/api.scope";
const POD: &str = "sys/fs/cgroup/kubepods.slice/pod7.slice";
const IN_POD: &str = "the parent cgroup /kubepods.slice/pod7.slice";
const IN_API: &str = "the cgroup /kubepods.slice/pod7.slice/api.scope";
const GIB: f64 = (1u64 << 30) as f64;
const MIB: f64 = (1u64 << 20) as f64;

/// A recorded tree of a machine with 16 GiB, and what reads it.
struct Bench {
    tree: Recorded,
    sampler: Sampler,
    pressure: pressure::Sampler,
}

impl Bench {
    fn new(name: &str) -> Bench {
        let tree = Recorded::cgroup(name);
        let sampler = Sampler::of(tree.root(), || Some(16 << 30));
        let pressure = pressure::Sampler::new(tree.root());
        Bench { tree, sampler, pressure }
    }

    /// Nothing below the machine's memory limits this one.
    fn unlimited() -> Bench {
        let bench = Bench::new("v2-nested");
        for dir in [POD, API] {
            bench.tree.write(&format!("{dir}/memory.max"), "max\n");
            bench.tree.write(&format!("{dir}/memory.swap.max"), "max\n");
        }
        bench
    }

    fn working_set(&mut self, at_s: u64) -> RunResult {
        self.sampler.working_set(at(at_s), &mut self.pressure)
    }

    /// Whether the working set may be UNHEALTHY.
    fn worst(&mut self, at_s: u64) -> bool {
        let result = self.working_set(at_s);
        let measure = measure(&result);
        assert!(measure.unhealthy.is_nan() || measure.unhealthy == measure.degraded);
        !measure.unhealthy.is_nan()
    }

    fn some(&self, percent: &str) {
        let line = format!("avg10={percent} avg60=0.00 avg300=0.00 total=1\n");
        self.tree.write(&format!("{API}/memory.pressure"), &format!("some {line}full {line}"));
    }
}

fn at(seconds: u64) -> Tick {
    Tick(seconds * SECOND)
}

#[track_caller]
fn measure(result: &RunResult) -> &Measure {
    result.measure.as_deref().unwrap_or_else(|| panic!("{result:?}"))
}

#[track_caller]
fn expect(result: &RunResult, value: f64, limit: f64, scope: &str, text: &str) {
    let measure = measure(result);
    assert!((result.value - value).abs() < 1e-6 * value.max(1.0), "{result:?}");
    assert!(measure.limit == limit || measure.limit.is_nan() && limit.is_nan(), "{result:?}");
    assert_eq!((&*measure.scope, result.message.as_str()), (scope, text));
}

#[track_caller]
fn expect_none(result: &RunResult, words: &str) {
    assert_eq!((result.outcome, result.reason), (Outcome::Local, Reason::LOCAL_UNSUPPORTED));
    assert!(result.value.is_nan() && result.message.as_str().contains(words), "{result:?}");
}

#[test]
fn the_working_set_is_of_the_tightest_limit_else_of_the_host() {
    let value = 100.0 * (2_105_540_608.0 - 105_906_176.0) / (2.0 * GIB);
    let text = "working set 1.9 GiB of 2.0 GiB, 1.5 GiB anon, slowed from 1.5 GiB, \
                1.8 GiB without page cache";
    expect(&Bench::new("v2-nested").working_set(0), value, 2.0 * GIB, IN_POD, text);
    let text = "working set 8.0 GiB of 16.0 GiB, 4.0 GiB anon";
    expect(&Bench::unlimited().working_set(0), 50.0, 16.0 * GIB, "host", text);
    let scope = "a cgroup above /docker/4f2a";
    let text = "working set 400.0 MiB of 512.0 MiB, 350.0 MiB anon, 350.0 MiB without page cache";
    let mut bench = Bench::new("v1-container");
    expect(&bench.working_set(0), 78.125, 512.0 * MIB, scope, text);
}

#[test]
fn files_that_are_read_again_and_again_bring_no_kill_near() {
    let mut bench = Bench::new("v1-nested");
    let dir = "sys/fs/cgroup/memory/mesh";
    let stat = |active: u64| format!("total_inactive_file 0\ntotal_active_file {active}\n");
    bench.tree.write(&format!("{dir}/memory.usage_in_bytes"), "134217728\n");
    bench.tree.write(&format!("{dir}/memory.stat"), &stat(120 << 20));
    let result = bench.sampler.sample(LEVEL, at(0));
    assert_eq!((result.outcome, result.value), (Outcome::Pass, 1.0), "{result:?}");
    let text = "working set 128.0 MiB of 128.0 MiB, 120.0 MiB file, 8.0 MiB without page cache";
    assert!(result.message.as_str().starts_with(text), "{result:?}");
    let result = bench.working_set(1);
    assert_eq!((result.value, measure(&result).degraded), (100.0, 6.25));
    bench.tree.write(&format!("{dir}/memory.stat"), &stat(10 << 20));
    let result = bench.sampler.sample(LEVEL, at(2));
    assert_eq!((result.outcome, result.value), (Outcome::Warn, 1.0));
    let text = "118.0 MiB without page cache; 92.2 % is at or above 90.0 %";
    assert!(result.message.as_str().contains(text), "{result:?}");
}

#[test]
fn a_cgroup_that_is_full_of_files_does_not_hide_one_that_is_full() {
    let mut bench = Bench::new("v2-nested");
    bench.tree.write(&format!("{POD}/memory.current"), "2147483648\n");
    bench
        .tree
        .write(&format!("{POD}/memory.stat"), "anon 5\ninactive_file 0\nactive_file 2000000000\n");
    bench.tree.write(&format!("{API}/memory.max"), "1073741824\n");
    bench.tree.write(&format!("{API}/memory.current"), "1052266987\n");
    let result = bench.sampler.sample(LEVEL, at(0));
    assert_eq!(result.outcome, Outcome::Pass);
    bench.tree.write(&format!("{API}/memory.stat"), "anon 1000000000\ninactive_file 0\n");
    let result = bench.sampler.sample(LEVEL, at(1));
    assert_eq!((result.outcome, result.value), (Outcome::Warn, 1_052_266_987.0 / GIB));
    assert_eq!(&*measure(&bench.working_set(1)).scope, IN_API);
}

#[test]
fn a_full_working_set_is_the_worst_only_where_reclaim_does_not_keep_up() {
    let mut bench = Bench::new("v2-nested");
    assert!(bench.worst(0), "something waits for memory 12.5 % of the time");
    bench.some("9.99");
    assert!(!bench.worst(1), "nothing waits, the limit was not hit");
    bench.tree.write(&format!("{POD}/memory.events.local"), "max 41\n");
    assert!(bench.worst(2), "the limit was hit");
    assert!(!bench.worst(3), "but not again");
    bench.some("10.00");
    assert!(bench.worst(4));
    // Neither is told.
    bench.tree.remove(&format!("{API}/memory.pressure"));
    bench.tree.remove(&format!("{POD}/memory.events.local"));
    bench.sampler = Sampler::of(bench.tree.root(), || Some(16 << 30));
    bench.pressure = pressure::Sampler::new(bench.tree.root());
    assert!(bench.worst(5));
}

#[test]
fn in_version_1_where_no_cgroup_tells_pressure_the_level_alone_decides() {
    let mut bench = Bench::new("v1-nested");
    // Nothing waits on the host, and the limit was not hit either.
    bench.tree.write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    assert!(bench.worst(0));
    assert!(bench.worst(1));
}

#[test]
fn what_is_available_is_least_where_the_limit_is_nearest() {
    let mut bench = Bench::new("v2-nested");
    let available =
        2.0 * GIB - 2_105_540_608.0 + 105_906_176.0 + 115_343_360.0 / 2.0 + 20_971_520.0 / 2.0;
    let text = "206.0 MiB of 2.0 GiB available";
    expect(&bench.sampler.available(at(0)), available, 2.0 * GIB, IN_POD, text);
    let text = "8.0 GiB of 16.0 GiB available";
    let host = Bench::unlimited().sampler.available(at(0));
    expect(&host, 8.0 * GIB, 16.0 * GIB, "host", text);
}

#[test]
fn what_cannot_be_reclaimed_counts_files_in_a_tmpfs() {
    let mut bench = Bench::new("v2-nested");
    let fixed = 1_610_612_736.0 + 209_715_200.0 + 10_485_760.0 + 1_048_576.0;
    let text = "1.7 GiB of 2.0 GiB cannot be reclaimed";
    let result = bench.sampler.unreclaimable(at(0));
    expect(&result, 100.0 * fixed / (2.0 * GIB), 2.0 * GIB, IN_POD, text);
    let legacy = Bench::new("v1-nested").sampler.unreclaimable(at(0));
    assert_eq!(legacy.value, 100.0 * (70_033_408.0 + 5_242_880.0) / (128.0 * MIB));
    let mut host = Bench::unlimited();
    let fixed = (4_194_304.0 + 1_048_576.0 + 524_288.0 + 16_384.0) / 16_777_216.0;
    let result = host.sampler.unreclaimable(at(0));
    expect(&result, 100.0 * fixed, 16.0 * GIB, "host", "5.5 GiB of 16.0 GiB cannot be reclaimed");
    bench.tree.write(&format!("{POD}/memory.stat"), "anon 5\ninactive_file 0\n");
    expect_none(&bench.sampler.unreclaimable(at(1)), "memory.stat does not tell");
}

#[test]
fn kills_are_counted_from_the_first_sample_on() {
    let mut bench = Bench::new("v2-nested");
    let events = format!("{API}/memory.events");
    let nobody = "0 killed for want of memory in 0 s of watching";
    expect(&bench.sampler.oom_kills(at(0)), 0.0, f64::NAN, IN_API, nobody);
    bench.tree.write(&events, "oom_kill 4\n");
    let killed = "2 killed for want of memory in 10 s of watching";
    let result = bench.sampler.oom_kills(at(10));
    expect(&result, 2.0, f64::NAN, IN_API, killed);
    assert_eq!(measure(&result).unhealthy, 2.0);
    // The minute passes, and the same cgroup is found again.
    let result = bench.sampler.oom_kills(at(400));
    assert_eq!((result.value, measure(&result).unhealthy), (2.0, 0.0));
    assert_eq!(bench.sampler.oom_kills(at(700)).value, 0.0);
    bench.tree.write(&events, "max 4\n");
    expect_none(&bench.sampler.oom_kills(at(701)), "no count of kills");
}

#[test]
fn kills_of_version_1_and_of_a_machine_without_cgroups_are_counted() {
    let mut bench = Bench::new("v1-nested");
    assert_eq!(bench.sampler.oom_kills(at(0)).value, 0.0);
    let file = "sys/fs/cgroup/memory/mesh/api/memory.oom_control";
    bench.tree.write(file, "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    let result = bench.sampler.oom_kills(at(1));
    assert_eq!((result.value, &*measure(&result).scope), (1.0, "the cgroup /mesh/api"));
    bench.tree.remove("proc/self/cgroup");
    let mut host = Sampler::of(bench.tree.root(), || Some(16 << 30));
    assert_eq!(host.oom_kills(at(0)).value, 0.0);
    bench.tree.write("proc/vmstat", "pswpin 1\noom_kill 6\n");
    let result = host.oom_kills(at(1));
    assert_eq!((result.value, &*measure(&result).scope), (3.0, "host"));
}

#[test]
fn hits_of_the_limit_are_a_rate_of_the_limit_that_is_hit_most() {
    let mut bench = Bench::new("v2-nested");
    let first = bench.sampler.limit_hits(at(0));
    assert_eq!((first.outcome, first.reason), (Outcome::Local, Reason::NO_SAMPLE));
    bench.tree.write(&format!("{API}/memory.events"), "max 11\n");
    let result = bench.sampler.limit_hits(at(2));
    expect(&result, 2.0, f64::NAN, IN_API, "memory limit hit 2.0 times a second");
    bench.tree.write(&format!("{POD}/memory.events.local"), "max 80\n");
    let result = bench.sampler.limit_hits(at(4));
    expect(&result, 20.0, f64::NAN, IN_POD, "memory limit hit 20.0 times a second");
    bench.tree.remove("proc/self/cgroup");
    expect_none(&bench.sampler.limit_hits(at(90)), "no cgroup of this process");
}

#[test]
fn swap_is_of_the_tightest_limit_and_degraded_while_pages_come_back() {
    let mut bench = Bench::new("v2-nested");
    let result = bench.sampler.swap(at(0));
    expect(&result, 50.0, GIB, IN_POD, "swap 512.0 MiB of 1.0 GiB in use");
    assert!(measure(&result).degraded.is_nan());
    bench.tree.write("proc/vmstat", "pswpin 101\n");
    let result = bench.sampler.swap(at(1));
    expect(&result, 50.0, GIB, IN_POD, "swap 512.0 MiB of 1.0 GiB in use, pages come back");
    assert_eq!(measure(&result).degraded, 50.0);
    assert!(measure(&bench.sampler.swap(at(2))).degraded.is_nan());
    bench.tree.write(&format!("{API}/memory.swap.max"), "0\n");
    expect_none(&bench.sampler.swap(at(3)), "there is no swap, in the cgroup /kubepods");
    let text = "swap 3.0 GiB of 4.0 GiB in use";
    expect(&Bench::unlimited().sampler.swap(at(0)), 75.0, 4.0 * GIB, "host", text);
}

#[test]
fn swap_of_version_1_is_what_memory_and_swap_are_above_memory() {
    let mut bench = Bench::new("v1-nested");
    let text = "swap 48.0 MiB of 64.0 MiB in use";
    let scope = "the parent cgroup /mesh";
    let result = bench.sampler.swap(at(0));
    let used = (149_376_896.0 - 99_045_376.0) / MIB;
    expect(&result, 100.0 * used / 64.0, 64.0 * MIB, scope, text);
    bench.tree.write("proc/meminfo", "MemTotal: 9 kB\nMemAvailable: 8 kB\nSwapTotal: 0 kB\n");
    expect_none(&bench.sampler.swap(at(1)), "there is no swap");
}

#[test]
fn a_limit_that_changes_and_a_cgroup_that_vanishes_are_seen() {
    let mut bench = Bench::new("v2-nested");
    bench.working_set(0);
    bench.tree.write(&format!("{POD}/memory.max"), "8589934592\n");
    let result = bench.working_set(1);
    assert_eq!((measure(&result).limit, &*measure(&result).scope), (4.0 * GIB, IN_API));
    std::fs::remove_dir_all(bench.tree.root().join(POD)).unwrap();
    let result = bench.working_set(90);
    let scope = "the host in place of its own cgroup";
    assert_eq!((result.value, &*measure(&result).scope), (50.0, scope));
    bench.tree.remove("proc/meminfo");
    let mut fresh = Sampler::of(bench.tree.root(), || Some(16 << 30));
    expect_none(&fresh.available(at(180)), "/proc/meminfo cannot be read");
}

#[test]
fn a_limit_of_nothing_or_of_one_page_is_a_limit_that_is_reached() {
    for (limit, told) in [(0, "0.0 B"), (4096, "4.0 KiB")] {
        let mut bench = Bench::new("v2-nested");
        bench.tree.write(&format!("{API}/memory.max"), &format!("{limit}\n"));
        let result = bench.sampler.sample(LEVEL, at(0));
        assert_eq!((result.outcome, measure(&result).limit), (Outcome::Fail, limit as f64));
        assert!(result.value >= 1.0 && result.value.is_finite(), "{result:?}");
        assert!(result.message.as_str().contains(&format!(" of {told}, ")), "{result:?}");
        for result in [bench.working_set(0), bench.sampler.unreclaimable(at(0))] {
            assert!(result.value >= 100.0 && result.value.is_finite(), "{result:?}");
            assert_eq!(&*measure(&result).scope, IN_API);
        }
        let text = format!("0.0 B of {told} available");
        expect(&bench.sampler.available(at(0)), 0.0, limit as f64, IN_API, &text);
    }
}

#[test]
fn one_turn_reads_each_file_once() {
    let mut bench = Bench::new("v2-nested");
    bench.sampler.sample(LEVEL, at(0));
    let (now, dir) = (at(5), bench.tree.root().to_owned());
    let before = bench.sampler.sample(LEVEL, now).value;
    std::fs::write(dir.join(POD).join("memory.current"), "5\n").unwrap();
    assert_eq!(bench.working_set(5).value, 100.0 * before);
    let scope = |result: &RunResult| measure(result).scope.to_string();
    assert_eq!(scope(&bench.working_set(6)), IN_API, "the pod is empty now");
}

#[test]
fn this_machine_is_told_as_another_reader_tells_it() {
    let mut host = Host::new(Path::new("/"));
    let ours = host.figures(at(0)).unwrap().expect("figures");
    let mut system = System::new().unwrap();
    system.refresh_memory();
    assert_eq!(ours.total, system.total_memory());
    assert_eq!(Some(ours.total), machine());
    assert_eq!(ours.swap_total, Some(system.total_swap()));
    // Other programs take memory between the two readings.
    let difference = ours.available.abs_diff(system.available_memory());
    assert!(difference < ours.total / 20, "{ours:?} {}", system.available_memory());
    let mut sampler = Sampler::new(Path::new("/"));
    for result in [sampler.available(at(0)), sampler.unreclaimable(at(0)), sampler.oom_kills(at(0))]
    {
        assert!(result.value >= 0.0, "{result:?}");
    }
}
