//! Tasks of recorded cgroups, and of the machine where nothing limits them.

use super::super::super::recorded::Recorded;
use super::*;
use crate::model::{Outcome, Reason};

const POD: &str = "sys/fs/cgroup/kubepods.slice/pod7.slice";

fn tree() -> (Recorded, Sampler) {
    let tree = Recorded::new(include_str!("../../../../../tests/fixtures/cgroup/v2-pids.tree"));
    let sampler = Sampler::new(tree.root());
    (tree, sampler)
}

/// Value, what UNHEALTHY is compared with, scope and message.
#[track_caller]
fn told(sampler: &mut Sampler, at_s: u64) -> (f64, f64, String, String) {
    let result = sampler.sample(Tick(at_s * SECOND));
    assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
    let measure = result.measure.expect("a figure");
    let scope = measure.scope.clone().into_owned();
    (result.value, measure.unhealthy, scope, result.message.as_str().to_owned())
}

#[test]
fn the_cgroup_nearest_to_its_limit_wins() {
    let (tree, mut sampler) = tree();
    let place = "the parent cgroup /kubepods.slice/pod7.slice".to_owned();
    assert_eq!(told(&mut sampler, 0), (60.0, 60.0, place, "60 of 100 tasks".into()));
    tree.write(&format!("{POD}/api.scope/pids.current"), "180\n");
    let place = "the cgroup /kubepods.slice/pod7.slice/api.scope".to_owned();
    assert_eq!(told(&mut sampler, 1), (90.0, 90.0, place, "180 of 200 tasks".into()));
    tree.write("sys/fs/cgroup/kubepods.slice/pids.max", "4000\n");
    let place = "a cgroup above, /kubepods.slice".to_owned();
    assert_eq!(told(&mut sampler, 2).2, place);
    assert_eq!(sampler.fds().count(), 9);
}

#[test]
fn a_refused_task_is_told_once_though_there_is_room() {
    let (tree, mut sampler) = tree();
    let mut unhealthy = |at_s| told(&mut sampler, at_s).1;
    assert_eq!(unhealthy(0), 60.0, "what was before is not known");
    tree.write(&format!("{POD}/pids.events.local"), "max 3\n");
    assert_eq!(unhealthy(10), 100.0);
    assert_eq!(unhealthy(10), 100.0, "another asks in the same turn");
    assert_eq!(unhealthy(20), 60.0);
    tree.write(&format!("{POD}/api.scope/pids.events"), "max 2\n");
    assert_eq!(unhealthy(30), 100.0);
    // The strangers below the cgroups above are not this process.
    tree.write(&format!("{POD}/pids.events"), "max 900\n");
    tree.write("sys/fs/cgroup/kubepods.slice/pids.events", "max 900\n");
    assert_eq!(unhealthy(40), 60.0);
    // Across the minute after which the cgroups are looked for again.
    tree.write(&format!("{POD}/api.scope/pids.events"), "max 3\n");
    assert_eq!(unhealthy(100), 100.0);
    // Counters that begin anew are no refusals, and those after it are.
    tree.write(&format!("{POD}/api.scope/pids.events"), "max 0\n");
    assert_eq!(unhealthy(110), 100.0, "the last answer stands");
    assert_eq!(unhealthy(120), 60.0);
    tree.write(&format!("{POD}/api.scope/pids.events"), "max 1\n");
    assert_eq!(unhealthy(130), 100.0);
}

#[test]
fn without_a_limit_the_machine_counts() {
    let (tree, mut sampler) = tree();
    for dir in [POD.to_owned(), format!("{POD}/api.scope")] {
        tree.write(&format!("{dir}/pids.max"), "max\n");
    }
    let (value, _, scope, message) = told(&mut sampler, 0);
    assert_eq!((scope.as_str(), message.as_str()), ("host", "4100 of 32768 tasks"));
    assert_eq!(value, 100.0 * 4100.0 / 32_768.0);
    tree.write("proc/sys/kernel/threads-max", "4100\n");
    assert_eq!(told(&mut sampler, 1).0, 100.0);
}

#[test]
fn what_its_user_may_have_counts_where_it_is_tighter() {
    const STATUS: &str = "Uid:\t1000\t1000\t1000\t1000\nThreads:\t57\nCapEff:\t0\n";
    let (tree, mut sampler) = tree();
    sampler.user.limit = || Some(76);
    assert_eq!(told(&mut sampler, 0).0, 60.0, "nothing tells of threads");
    tree.write("proc/thread-self/status", STATUS);
    let text = "57 of 76 tasks that its user may have (RLIMIT_NPROC)";
    assert_eq!(told(&mut sampler, 1), (75.0, 75.0, "process".into(), text.into()));
    sampler.user.limit = || Some(95);
    assert_eq!(told(&mut sampler, 2).0, 60.0, "as full as its cgroup");
    // A task that was refused is worse than a share.
    sampler.user.limit = || Some(76);
    tree.write(&format!("{POD}/pids.events.local"), "max 3\n");
    assert_eq!(told(&mut sampler, 10).1, 100.0);
    sampler.user.limit = || None;
    assert_eq!(told(&mut sampler, 20).0, 60.0);
    // Also held against the machine's own.
    tree.write("proc/self/cgroup", "");
    sampler.user.limit = || Some(60);
    assert_eq!(told(&mut sampler, 100).0, 95.0);
}

#[test]
fn kernels_that_count_no_refusals_still_have_figures() {
    let (tree, mut sampler) = tree();
    tree.remove(&format!("{POD}/pids.events.local"));
    tree.remove(&format!("{POD}/api.scope/pids.events"));
    assert_eq!(told(&mut sampler, 0).0, 60.0);
}

#[test]
fn a_process_that_was_moved_is_found_after_a_minute() {
    let (tree, mut sampler) = tree();
    told(&mut sampler, 0);
    tree.write("proc/self/cgroup", "0::/jobs\n");
    tree.write("sys/fs/cgroup/jobs/pids.max", "10\n");
    tree.write("sys/fs/cgroup/jobs/pids.current", "9\n");
    assert_eq!(told(&mut sampler, 59).0, 60.0);
    assert_eq!(told(&mut sampler, 60).2, "the cgroup /jobs");
}

#[test]
fn what_is_no_number_is_no_figure() {
    for (file, text) in [("pids.current", "many\n"), ("pids.current", ""), ("pids.max", "\n")] {
        let (tree, mut sampler) = tree();
        tree.write(&format!("{POD}/{file}"), text);
        let result = sampler.sample(Tick(0));
        assert_eq!((result.outcome, result.reason), (Outcome::Local, Reason::LOCAL_UNSUPPORTED));
    }
    for file in ["proc/loadavg", "proc/sys/kernel/pid_max", "proc/sys/kernel/threads-max"] {
        for text in [Some("0.1 0.1 0.1\n"), None] {
            let (tree, mut sampler) = tree();
            tree.write("proc/self/cgroup", "");
            match text {
                Some(text) => tree.write(file, text),
                None => tree.remove(file),
            }
            let result = sampler.sample(Tick(0));
            assert_eq!(result.outcome, Outcome::Local, "{file}");
            assert!(result.message.as_str().contains(file), "{result:?}");
        }
    }
}

#[test]
fn the_number_of_tasks_stands_behind_the_slash() {
    let cases: [(&[u8], Option<u64>); 6] = [
        (b"0.32 0.11 0.10 2/85 4876\n", Some(85)),
        (b"0.32 0.11 0.10 2/18446744073709551615", Some(u64::MAX)),
        (b"0.32 0.11 0.10 2/", None),
        (b"0.32 0.11 0.10 85", None),
        (b"0.32 0.11", None),
        (b"", None),
    ];
    for (text, expected) in cases {
        assert_eq!(total(text), expected, "{}", text.escape_ascii());
    }
}

#[test]
fn this_machine_has_tasks() {
    let mut sampler = Sampler::new(Path::new("/"));
    let result = sampler.sample(Tick(0));
    assert!(result.value > 0.0 && result.value < 100.0, "{result:?}");
}
