//! The working set of recorded cgroups, and of those that change while they are watched.

use super::*;
use std::ops::Deref;

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;
/// The memory of the machine that the trees are of.
const TOTAL: u64 = 16 * GIB;

/// A recorded tree, and the sampler that reads it.
struct Tree {
    tree: super::super::recorded::Recorded,
    sampler: Sampler,
}

impl Deref for Tree {
    type Target = super::super::recorded::Recorded;

    fn deref(&self) -> &Self::Target {
        &self.tree
    }
}

impl Tree {
    fn new(text: &str) -> Tree {
        let tree = super::super::recorded::Recorded::new(text);
        Tree { sampler: Sampler::new(tree.root(), || Some(TOTAL)), tree }
    }

    fn recorded(name: &str) -> Tree {
        let tree = super::super::recorded::Recorded::cgroup(name);
        Tree { sampler: Sampler::new(tree.root(), || Some(TOTAL)), tree }
    }

    #[track_caller]
    fn sample(&mut self, at_s: u64) -> Option<Held> {
        self.sampler.sample(Tick(at_s * SECOND)).unwrap()
    }

    /// Used and limit in MiB, what fills most, and whose limit it is.
    #[track_caller]
    fn expect(&mut self, at_s: u64, used: u64, limit: u64, most: Option<&str>, place: &str) {
        let found = self.sample(at_s).expect("a limit");
        let told = (found.used / MIB, found.limit / MIB, found.consumer.map(|part| part.0));
        assert_eq!(told, (used, limit, most), "{found:?}");
        assert_eq!(self.sampler.place(&found), place);
    }
}

const POD: &str = "sys/fs/cgroup/kubepods.slice/pod7.slice";

#[test]
fn the_limit_of_a_parent_counts_with_the_usage_of_the_parent() {
    // 1907 = 2008 MiB of the pod less 101 that nobody needs; the own cgroup alone has 974.
    let mut tree = Tree::recorded("v2-nested");
    let place = "the parent cgroup /kubepods.slice/pod7.slice";
    tree.expect(0, 1907, 2048, Some("anon"), place);
}

#[test]
fn version_1_counts_the_children_and_not_the_page_cache() {
    let mut tree = Tree::recorded("v1-nested");
    tree.expect(0, 74, 128, Some("anon"), "the parent cgroup /mesh");
}

#[test]
fn a_namespace_shows_its_cgroup_as_the_root() {
    // 384 MiB are charged, of which 256 are idle pages of files.
    let mut tree = Tree::recorded("v2-namespaced");
    tree.expect(0, 128, 512, Some("file"), "its cgroup /");
}

#[test]
fn a_limit_above_the_container_is_held_against_its_usage() {
    let mut tree = Tree::recorded("v1-container");
    tree.expect(0, 400, 512, Some("anon"), "a cgroup above /docker/4f2a");
}

#[test]
fn a_hybrid_is_read_where_the_controller_is_and_a_limit_of_nothing_is_full() {
    let mut tree = Tree::recorded("hybrid");
    tree.expect(0, 0, 0, None, "its cgroup /system.slice/api.service");
    assert_eq!(tree.sample(1).map(|found| found.share()), Some(1.0));
}

#[test]
fn no_limit_and_one_above_the_memory_of_the_machine_are_none() {
    let mut tree = Tree::recorded("v2-nested");
    tree.write(&format!("{POD}/memory.max"), "max\n");
    tree.write(&format!("{POD}/api.scope/memory.max"), &format!("{TOTAL}\n"));
    assert_eq!(tree.sample(0), None);
    assert_eq!(Tree::new("\n== proc/self/stat\n1").sample(0), None, "no cgroups at all");
}

#[test]
fn a_limit_that_changes_is_seen_at_the_next_sample() {
    let mut tree = Tree::recorded("v2-nested");
    tree.sample(0);
    tree.write(&format!("{POD}/memory.max"), "8589934592\n");
    let place = "its cgroup /kubepods.slice/pod7.slice/api.scope";
    tree.expect(1, 974, 4096, Some("anon"), place);
}

#[test]
fn a_cgroup_that_vanished_is_looked_for_again() {
    let mut tree = Tree::recorded("v2-nested");
    tree.sample(0);
    std::fs::remove_dir_all(tree.root().join(POD)).unwrap();
    // Kept descriptors of a removed cgroup answer ENODEV; files of other systems stay readable,
    // so here the minute must pass.
    assert_eq!(tree.sample(61), None);
    // Moved into another one.
    tree.write("proc/self/cgroup", "0::/jobs\n");
    for (file, text) in
        [("max", "1048576\n"), ("current", "524288\n"), ("stat", "inactive_file 0\n")]
    {
        tree.write(&format!("sys/fs/cgroup/jobs/memory.{file}"), text);
    }
    let place = "its cgroup /jobs";
    tree.expect(122, 0, 1, None, place);
}

#[test]
fn figures_that_are_none_are_an_error_and_never_a_number() {
    let unread = Unread { what: "/proc/self/cgroup", error: Errno::NOENT };
    assert_eq!(Tree::new("").sampler.sample(Tick(0)), Err(unread), "no /proc at all");
    for (file, text) in [("current", "much\n"), ("stat", "anon 5\n")] {
        let mut tree = Tree::recorded("v2-nested");
        tree.write(&format!("{POD}/memory.{file}"), text);
        let found = tree.sampler.sample(Tick(0));
        assert_eq!(found, Err(files(Errno::BADMSG)), "{file}");
    }
}
