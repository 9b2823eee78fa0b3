//! Where the cgroup of a process lies, from the kernel's own texts.
//!
//! `/proc/self/cgroup` says which cgroup a process is in, `/proc/self/mountinfo` where cgroups can
//! be looked at; both are described in cgroups(7) and proc(5). Pure: texts in, paths out.
//!
//! The trap: neither text is enough alone. A container may see only its own part of a hierarchy,
//! under any mount point, and be told a path that begins somewhere else.

use crate::sys::mounts::{Mount, lists, mounts};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Which of the kernel's two interfaces a hierarchy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One hierarchy for each controller, or for a few.
    V1,
    /// The unified hierarchy.
    V2,
}

/// Where a process stands in the hierarchy of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The interface of its files.
    pub version: Version,
    /// Where the hierarchy is mounted.
    pub mount: PathBuf,
    /// From there to the process's cgroup; empty if the mount shows exactly that.
    pub inner: PathBuf,
    /// The path of what the mount shows, as the process is told it.
    pub root: PathBuf,
    /// Whether the process's own cgroup is not below the mount; the mount then stands for it.
    pub partial: bool,
}

/// The place of a process for a controller (`memory`, `cpu`, `cpuacct`, `pids`); none if no
/// mounted hierarchy has it.
///
/// `own` is the text of `/proc/self/cgroup` and `mounted` that of `/proc/self/mountinfo`. A
/// controller belongs to one hierarchy only: to the unified one unless a line of its own names it.
pub fn locate(controller: &str, own: &[u8], mounted: &[u8]) -> Option<Place> {
    let (version, path) = membership(controller, own)?;
    let candidates = mounts(mounted).filter(|mount| match version {
        Version::V2 => mount.kind == b"cgroup2",
        Version::V1 => mount.kind == b"cgroup" && lists(mount.options, controller),
    });
    let mut best: Option<Place> = None;
    for mount in candidates {
        let place = place(version, path, &mount);
        // The mount that shows most of the way up; a later one covers an earlier.
        let better = best.as_ref().is_none_or(|best| {
            (place.partial, depth(&place.root)) <= (best.partial, depth(&best.root))
        });
        if better {
            best = Some(place);
        }
    }
    best
}

/// The interface of a controller whose cgroup no mount shows; none for a process that is said to
/// stand at the root, or in no hierarchy that has it.
pub(super) fn hidden(controller: &str, own: &[u8]) -> Option<Version> {
    membership(controller, own).filter(|(_, path)| *path != b"/").map(|(version, _)| version)
}

fn depth(path: &Path) -> usize {
    path.components().count()
}

/// The hierarchy that has the controller, and the path of the process in it.
fn membership<'a>(controller: &str, own: &'a [u8]) -> Option<(Version, &'a [u8])> {
    let mut unified = None;
    for line in lines(own) {
        let mut fields = line.splitn(3, |&byte| byte == b':');
        let (Some(number), Some(list), Some(path)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
        if lists(list, controller) {
            return Some((Version::V1, path));
        }
        if number == b"0" && list.is_empty() {
            unified = Some((Version::V2, path));
        }
    }
    unified
}

fn place(version: Version, path: &[u8], mount: &Mount<'_>) -> Place {
    let path = Path::new(OsStr::from_bytes(path));
    let root = &mount.root;
    // Above the root of its cgroup namespace a process is told a way up that cannot be followed.
    let outside = path.starts_with("/..");
    let inner = path.strip_prefix(root).ok().filter(|_| !outside);
    Place {
        version,
        mount: mount.point.clone(),
        inner: inner.unwrap_or(Path::new("")).to_owned(),
        root: root.to_owned(),
        partial: inner.is_none(),
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Version::{V1, V2};

    const UNIFIED: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    const LEGACY: &str = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
                          35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

    /// Mount, inner path, and whether it is partial.
    fn found(controller: &str, own: &str, mounts: &str) -> Option<(Version, String, String, bool)> {
        let place = locate(controller, own.as_bytes(), mounts.as_bytes())?;
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        Some((place.version, text(place.mount), text(place.inner), place.partial))
    }

    #[track_caller]
    fn expect(own: &str, mounts: &str, version: Version, mount: &str, inner: &str, partial: bool) {
        let expected = (version, mount.to_owned(), inner.to_owned(), partial);
        assert_eq!(found("memory", own, mounts), Some(expected), "{own:?}");
    }

    #[test]
    fn the_unified_hierarchy_is_found_below_its_mount() {
        let service = "0::/system.slice/api.service\n";
        expect(service, UNIFIED, V2, "/sys/fs/cgroup", "system.slice/api.service", false);
        expect("0::/\n", UNIFIED, V2, "/sys/fs/cgroup", "", false);
        expect("0::/gone (deleted)\n", UNIFIED, V2, "/sys/fs/cgroup", "gone", false);
    }

    #[test]
    fn a_line_that_names_the_controller_wins_over_the_unified_one() {
        let hybrid = format!("{LEGACY}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n");
        let own = "4:memory:/jobs/a\n2:cpu,cpuacct:/\n0::/user.slice\n";
        expect(own, &hybrid, V1, "/sys/fs/cgroup/memory", "jobs/a", false);
        let cpu = found("cpuacct", own, &hybrid).unwrap();
        assert_eq!(cpu, (V1, "/sys/fs/cgroup/cpu,cpuacct".into(), String::new(), false));
        let pids = found("pids", own, &hybrid).unwrap();
        assert_eq!((pids.0, pids.2.as_str()), (V2, "user.slice"));
        // Part of a name is not the name.
        assert_eq!(found("cpu", "3:cpuset:/x\n", LEGACY), None);
    }

    #[test]
    fn what_a_container_sees_of_its_cgroup_is_the_mount_itself() {
        let mounts = "90 80 0:32 /docker/4f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        expect("4:memory:/docker/4f\n", mounts, V1, "/sys/fs/cgroup/memory", "", false);
        expect("4:memory:/docker/4f/sub\n", mounts, V1, "/sys/fs/cgroup/memory", "sub", false);
        // Moved to where the mount does not reach; a prefix of a name is no prefix of a path.
        expect("4:memory:/docker/4f0\n", mounts, V1, "/sys/fs/cgroup/memory", "", true);
    }

    #[test]
    fn a_way_above_the_namespace_is_not_followed() {
        expect("0::/../other\n", UNIFIED, V2, "/sys/fs/cgroup", "", true);
        let above = "90 80 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        expect("0::/\n", above, V2, "/sys/fs/cgroup", "", true);
    }

    #[test]
    fn of_several_mounts_the_one_that_shows_most_is_taken() {
        let narrow = "91 80 0:26 /a /mnt/a rw - cgroup2 cgroup2 rw\n";
        let other = "92 80 0:26 /b /mnt/b rw - cgroup2 cgroup2 rw\n";
        let all = format!("{narrow}{UNIFIED}{other}");
        expect("0::/a/b\n", &all, V2, "/sys/fs/cgroup", "a/b", false);
        expect("0::/a/b\n", &format!("{other}{narrow}"), V2, "/mnt/a", "b", false);
    }

    #[test]
    fn blanks_in_paths_are_read_as_the_kernel_writes_them() {
        let mounts = r"90 80 0:32 / /run/my\040groups\134x rw - cgroup2 cgroup2 rw";
        expect("0::/a b\n", mounts, V2, r"/run/my groups\x", "a b", false);
    }

    #[test]
    fn texts_without_cgroups_have_no_place() {
        for (own, mounts) in [("", UNIFIED), ("0::/a\n", ""), ("nonsense\n", "non - sense\n")] {
            assert_eq!(found("memory", own, mounts), None, "{own:?} {mounts:?}");
        }
        let cases = [
            ("0::/a\n", Some(V2)),
            ("0::/\n", None),
            ("4:memory:/a\n0::/\n", Some(V1)),
            ("", None),
        ];
        for (own, expected) in cases {
            assert_eq!(hidden("memory", own.as_bytes()), expected, "{own:?}");
        }
    }
}
