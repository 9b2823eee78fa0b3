//! Quotas of cgroups whose files are as the kernel's cgroup-v2.rst and sched-bwc.rst show them.

use super::*;
use crate::time::MILLISECOND;
use std::fs;

const V2: &str = "0::/pod/app\n";
const V2_MOUNT: &str = "30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";

struct Tree {
    root: PathBuf,
    sampler: Sampler,
}

impl Tree {
    fn new(name: &str, own: &str, mounts: &str) -> Tree {
        let name = format!("meshvitals-quota-{name}-{}", std::process::id());
        let root = std::env::temp_dir().join(name);
        let tree = Tree { sampler: Sampler::new(&root), root };
        tree.write("proc/self/cgroup", own);
        tree.write("proc/self/mountinfo", mounts);
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The statistics of a cgroup of version 2: microseconds used, periods, throttled, stopped.
    fn count(&self, cgroup: &str, counters: [u64; 4]) {
        let [used, periods, throttled, stopped] = counters;
        let text = format!(
            "usage_usec {used}\nuser_usec 0\nsystem_usec 0\nnr_periods {periods}\n\
             nr_throttled {throttled}\nthrottled_usec {stopped}\n"
        );
        self.write(&format!("sys/fs/cgroup/{cgroup}/cpu.stat"), &text);
    }

    fn quota(&self, cgroup: &str, text: &str) {
        self.write(&format!("sys/fs/cgroup/{cgroup}/cpu.max"), text);
    }

    fn share(&mut self, at_ms: u64) -> Result<Option<(f64, RunResult)>, Reason> {
        let found = self.sampler.tightest(Tick(at_ms * MILLISECOND));
        let told = found.map(|found| found.map(|(share, reading)| (share, reading.result())));
        told.map_err(|result| result.reason)
    }

    fn throttling(&mut self, at_ms: u64) -> (f64, f64, String) {
        let reading = self.sampler.throttling(Tick(at_ms * MILLISECOND)).unwrap().unwrap();
        let result = reading.result();
        let judged = result.measure.as_ref().unwrap().degraded;
        (result.value, judged, result.message.as_str().to_owned())
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

#[test]
fn the_texts_of_quotas_are_read_as_documented() {
    let cases = [
        ("max 100000\n", "", Ok(None)),
        ("50000 100000\n", "", Ok(Some(0.5))),
        ("-1\n", "100000\n", Ok(None)),
        ("150000\n", "100000\n", Ok(Some(1.5))),
        ("150000\n", "", Err(Errno::BADMSG)),
        ("0 100000\n", "", Err(Errno::BADMSG)),
        ("1 0\n", "", Err(Errno::BADMSG)),
        ("", "", Err(Errno::BADMSG)),
        ("x y", "", Err(Errno::BADMSG)),
        ("99999999999999999999 1", "", Err(Errno::BADMSG)),
        ("max", "", Err(Errno::BADMSG)),
    ];
    for (quota, period, expected) in cases {
        assert_eq!(parse(quota.as_bytes(), period.as_bytes()), expected, "{quota:?} {period:?}");
    }
}

#[test]
fn a_busy_loop_in_half_a_cpu_is_all_of_it_and_throttling_is_named() {
    let mut tree = Tree::new("half", V2, V2_MOUNT);
    tree.quota("pod/app", "50000 100000\n");
    tree.count("pod/app", [0, 0, 0, 0]);
    assert_eq!(tree.share(0).map(drop), Err(Reason::NO_SAMPLE));
    tree.count("pod/app", [5_000_000, 100, 96, 4_900_000]);
    let (share, result) = tree.share(10_000).unwrap().unwrap();
    assert_eq!(share, 1.0);
    let expected = "0.50 of 0.5 CPUs in use over 10.0 s, throttled in 96 of 100 periods";
    assert_eq!(result.message.as_str(), expected);
    let measure = result.measure.unwrap();
    assert_eq!((measure.limit, &*measure.scope), (0.5, "the cgroup /pod/app"));
    let (value, judged, text) = tree.throttling(10_001);
    assert_eq!((value, judged), (96.0, 96.0));
    assert!(text.ends_with("stopped 49.0 % of the time"), "{text}");
}

#[test]
fn wall_time_divides_and_not_the_periods_of_an_idle_cgroup() {
    let mut tree = Tree::new("idle", V2, V2_MOUNT);
    tree.quota("pod/app", "100000 100000\n");
    tree.count("pod/app", [0, 0, 0, 0]);
    let _ = tree.share(0);
    // Busy for one second of ten; the kernel counts ten periods only.
    tree.count("pod/app", [1_000_000, 10, 9, 600_000]);
    assert_eq!(tree.share(10_000).unwrap().unwrap().0, 0.1);
    let (value, judged, _) = tree.throttling(10_000);
    assert_eq!(value, 90.0);
    assert!(judged.is_nan(), "too few periods");
    // Without a single period nothing is divided by nothing.
    tree.count("pod/app", [1_000_000, 10, 9, 600_000]);
    assert_eq!(tree.throttling(20_000).0, 0.0);
}

#[test]
fn many_periods_that_cost_little_time_are_no_complaint() {
    let mut tree = Tree::new("little", V2, V2_MOUNT);
    tree.quota("pod/app", "100000 100000\n");
    tree.count("pod/app", [0, 0, 0, 0]);
    let _ = tree.share(0);
    tree.count("pod/app", [5_000_000, 100, 60, 400_000]);
    let (value, judged, _) = tree.throttling(10_000);
    assert_eq!(value, 60.0);
    assert!(judged.is_nan(), "4 % of the time");
}

#[test]
fn the_level_that_is_nearest_to_its_quota_decides() {
    let mut tree = Tree::new("parent", V2, V2_MOUNT);
    tree.quota("pod/app", "max 100000\n");
    tree.quota("pod", "100000 100000\n");
    tree.count("pod", [0, 0, 0, 0]);
    let _ = tree.share(0);
    tree.count("pod", [9_500_000, 100, 50, 1]);
    let (share, result) = tree.share(10_000).unwrap().unwrap();
    assert_eq!((share, &*result.measure.unwrap().scope), (0.95, "the parent cgroup /pod"));
}

#[test]
fn without_a_quota_there_is_none_and_one_that_comes_is_seen() {
    let mut tree = Tree::new("none", V2, V2_MOUNT);
    tree.quota("pod/app", "max 100000\n");
    tree.count("pod/app", [0, 0, 0, 0]);
    assert_eq!(tree.share(0), Ok(None));
    tree.quota("pod/app", "25000 100000\n");
    tree.count("pod/app", [500_000, 0, 0, 0]);
    assert_eq!(tree.share(1_000).map(drop), Err(Reason::NO_SAMPLE));
    tree.count("pod/app", [750_000, 10, 10, 1]);
    assert_eq!(tree.share(2_000).unwrap().unwrap().0, 1.0);
    // Counters that run backwards tell the last share.
    tree.count("pod/app", [0, 0, 0, 0]);
    assert_eq!(tree.share(10_000).unwrap().unwrap().0, 1.0);
    assert_eq!(tree.sampler.anomalies(), 1);
    let no_cgroups = Tree::new("no-cgroups", "", "");
    assert_eq!({ no_cgroups }.share(0), Ok(None));
}

#[test]
fn version_1_has_time_and_quota_in_two_hierarchies() {
    let mounts = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                  33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n";
    let mut tree = Tree::new("v1", "2:cpuacct:/app\n1:cpu:/app\n0::/\n", mounts);
    tree.write("sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "50000\n");
    tree.write("sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "100000\n");
    let count = |tree: &Tree, used_ns: u64, stat: &str| {
        tree.write("sys/fs/cgroup/cpuacct/app/cpuacct.usage", &format!("{used_ns}\n"));
        tree.write("sys/fs/cgroup/cpu/app/cpu.stat", stat);
    };
    count(&tree, 0, "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n");
    let _ = tree.share(0);
    count(&tree, 4_000_000_000, "nr_periods 100\nnr_throttled 30\nthrottled_time 900000000\n");
    assert_eq!(tree.share(10_000).unwrap().unwrap().0, 0.8);
    let (value, judged, text) = tree.throttling(10_000);
    assert_eq!((value, judged), (30.0, 30.0));
    assert!(text.ends_with("stopped 9.0 % of the time"), "{text}");
}

#[test]
fn the_level_that_stops_the_process_is_told_though_another_is_busier() {
    let mut tree = Tree::new("burst", V2, V2_MOUNT);
    tree.quota("pod/app", "20000 100000\n");
    tree.quota("pod", "80000 100000\n");
    for cgroup in ["pod", "pod/app"] {
        tree.count(cgroup, [0, 0, 0, 0]);
    }
    let _ = tree.share(0);
    // The parent is busier and hardly stopped; the bursts of the own cgroup are.
    tree.count("pod/app", [700_000, 90, 26, 916_601]);
    tree.count("pod", [5_700_000, 90, 4, 11_000]);
    let (value, judged, text) = tree.throttling(9_000);
    assert_eq!(value.round(), 29.0, "{text}");
    assert_eq!(value, judged);
    assert!(tree.share(9_000).unwrap().unwrap().0 > 0.7, "the parent's use");
}

#[test]
fn a_cgroup_of_version_1_without_its_time_is_still_throttled() {
    let mounts = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                  33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n";
    let mut tree = Tree::new("v1-apart", "2:cpuacct:/\n1:cpu:/app\n0::/\n", mounts);
    tree.write("sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "50000\n");
    tree.write("sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "100000\n");
    let stat = |periods: u64| {
        format!("nr_periods {periods}\nnr_throttled {periods}\nthrottled_time {periods}00000000\n")
    };
    tree.write("sys/fs/cgroup/cpu/app/cpu.stat", &stat(0));
    let _ = tree.share(0);
    tree.write("sys/fs/cgroup/cpu/app/cpu.stat", &stat(100));
    assert_eq!(tree.share(10_000), Ok(None), "the host has a figure, the cgroup has not");
    assert_eq!(tree.throttling(10_000).0, 100.0);
}

#[test]
fn a_quota_that_comes_back_is_not_judged_over_the_time_without_it() {
    let mut tree = Tree::new("back", V2, V2_MOUNT);
    tree.quota("pod/app", "50000 100000\n");
    tree.count("pod/app", [0, 0, 0, 0]);
    let _ = tree.share(0);
    tree.quota("pod/app", "max 100000\n");
    tree.count("pod/app", [100_000_000, 0, 0, 0]);
    assert_eq!(tree.share(10_000), Ok(None));
    tree.quota("pod/app", "50000 100000\n");
    assert_eq!(tree.share(20_000).map(drop), Err(Reason::NO_SAMPLE));
}

#[test]
fn an_error_while_quotas_are_looked_for_is_no_answer_for_a_minute() {
    let mut tree = Tree::new("error", V2, V2_MOUNT);
    tree.quota("pod/app", "50000 100000\n");
    tree.count("pod/app", [0, 0, 0, 0]);
    // A directory in its place cannot be read.
    let own = tree.root.join("proc/self/cgroup");
    let hide = |tree: &Tree| {
        fs::remove_file(&own).unwrap();
        fs::create_dir(&own).unwrap();
        tree.root.clone()
    };
    hide(&tree);
    assert_eq!(tree.share(0).map(drop), Err(Reason::LOCAL_UNSUPPORTED));
    let none = tree.sampler.throttling(Tick(MILLISECOND)).map(drop).unwrap_err();
    assert_eq!(none.detail, Errno::ISDIR.raw_os_error());
    fs::remove_dir(&own).unwrap();
    tree.write("proc/self/cgroup", V2);
    assert_eq!(tree.share(2).map(drop), Err(Reason::NO_SAMPLE), "the quota is found");
    // The same a minute later, when it is looked for again.
    hide(&tree);
    assert_eq!(tree.share(60_010).map(drop), Err(Reason::LOCAL_UNSUPPORTED));
    fs::remove_dir(&own).unwrap();
    tree.write("proc/self/cgroup", V2);
    tree.count("pod/app", [30_000_000, 600, 0, 0]);
    assert!(tree.share(60_020).unwrap().is_some());
}
