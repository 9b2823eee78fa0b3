//! Which filesystem a path lies on, told without touching it.
//!
//! A look at a filesystem whose server is gone never returns, and so may a look for what is
//! mounted where. The text of the kernel's own table can always be read, and a mount point in it
//! is a path without links; only below it can there be any. [`follow`] reads them one by one and
//! says before each step which mount it is about to touch.
//!
//! The trap: a mount that lies below another one's mount point stays in the table, though no path
//! leads there any more.

use super::mounts::{mounts, text};
use rustix::fs::{CWD, readlinkat};
use rustix::io::{Errno, retry_on_intr};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Links and steps back that are followed in one path; the kernel gives up after 40 links.
const STEPS: usize = 128;

/// A mount, as far as it tells one filesystem from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The device of the filesystem, major and minor, which all its mounts share.
    pub device: (u32, u32),
    /// Where it is mounted.
    pub path: PathBuf,
}

/// What is mounted where.
#[derive(Debug, Default)]
pub struct MountPoints(Vec<Point>);

impl MountPoints {
    /// Those that this process sees; none if they cannot be told.
    pub fn read() -> MountPoints {
        MountPoints::of(&text().unwrap_or_default())
    }

    /// Those of a text.
    fn of(text: &[u8]) -> MountPoints {
        let point =
            |mount: super::mounts::Mount<'_>| Point { device: mount.device, path: mount.point };
        MountPoints(mounts(text).map(point).collect())
    }

    /// The nearest mount above a path that begins with `/`, if there are no links in it. A later
    /// mount covers an earlier one at the same place.
    pub fn above(&self, path: &Path) -> Option<&Point> {
        let points = self.0.iter().filter(|point| path.starts_with(&point.path));
        points.max_by_key(|point| point.path.components().count())
    }

    /// Goes where a path leads. `enter` is asked before each mount is touched; false if it
    /// refused. May block, in the mount that was entered last.
    pub fn follow(&self, path: &Path, mut enter: impl FnMut(&Point) -> bool) -> bool {
        let mut path = path.to_owned();
        for _ in 0..STEPS {
            let Some(point) = self.above(&path) else { return true };
            if !enter(point) {
                return false;
            }
            match turn(&point.path, &path) {
                Some(elsewhere) => path = elsewhere,
                None => return true,
            }
        }
        // A loop, on which the kernel gives up as well.
        true
    }
}

/// Where a path leads instead, from its first link or step back below a mount on; nothing if it
/// has none.
fn turn(point: &Path, path: &Path) -> Option<PathBuf> {
    let mut real = point.to_owned();
    let mut rest = path.strip_prefix(point).ok()?.components();
    while let Some(component) = rest.next() {
        match component {
            Component::ParentDir => {
                real.pop();
                return Some(real.join(rest.as_path()));
            }
            Component::Normal(name) => real.push(name),
            _ => continue,
        }
        match retry_on_intr(|| readlinkat(CWD, &real, Vec::new())) {
            Ok(target) => {
                real.pop();
                // One that begins with `/` takes the place of all before it.
                real.push(OsStr::from_bytes(target.as_bytes()));
                return Some(real.join(rest.as_path()));
            }
            // It is no link.
            Err(Errno::INVAL) => {}
            // Whoever examines the path is told the same.
            Err(_) => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, remove_dir_all};
    use std::os::unix::fs::symlink;

    /// The directory `a` of the test is taken for the place of a mount, and `a/b` of another one.
    fn table(root: &Path) -> MountPoints {
        let line = |minor: u32, path: &Path| {
            format!("27 1 0:{minor} / {} rw - tmpfs tmpfs rw\n", path.display())
        };
        let text = [line(1, Path::new("/")), line(2, &root.join("a")), line(3, &root.join("a/b"))];
        MountPoints::of(text.concat().as_bytes())
    }

    #[test]
    fn the_nearest_mount_is_found_by_text_and_the_latest_of_one_place() {
        let text = b"1 1 0:1 / / rw - a a rw\n2 1 0:2 / /x rw - a a rw\n3 1 0:3 / /x rw - a a rw\n";
        let points = MountPoints::of(text);
        let minor = |path: &str| points.above(Path::new(path)).map(|point| point.device.1);
        let found = ["/", "/x", "/x/y", "/xy", "x"].map(minor);
        assert_eq!(found, [Some(1), Some(3), Some(3), Some(1), None]);
    }

    #[test]
    fn each_mount_on_the_way_is_told_before_it_is_touched() {
        let name = format!("meshvitals-follow-{}", std::process::id());
        let root = std::fs::canonicalize(std::env::temp_dir()).unwrap().join(name);
        create_dir(&root).unwrap();
        create_dir(root.join("a")).unwrap();
        create_dir(root.join("a/b")).unwrap();
        symlink(root.join("a"), root.join("absolute")).unwrap();
        symlink("a/b/../c", root.join("relative")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let points = table(&root);
        let way = |path: &str, refused: u32| {
            let mut way = Vec::new();
            let went = points.follow(&root.join(path), |point| {
                way.push(point.device.1);
                point.device.1 != refused
            });
            (way, went)
        };
        assert_eq!(way("", 0), (vec![1], true));
        assert_eq!(way("a", 0), (vec![2], true), "a mount point has no links in it");
        assert_eq!(
            way("a/b/none/../x", 0),
            (vec![3], true),
            "what is missing is not looked behind"
        );
        assert_eq!(way("absolute/b", 0), (vec![1, 3], true));
        assert_eq!(way("absolute/none", 0), (vec![1, 2], true));
        assert_eq!(way("relative", 0), (vec![1, 3, 2], true));
        assert_eq!(way("relative", 3), (vec![1, 3], false));
        assert_eq!(way("loop", 0).0.len(), STEPS);
        remove_dir_all(&root).unwrap();
    }

    #[test]
    fn this_machine_tells_of_its_root() {
        assert!(MountPoints::read().above(Path::new("/")).is_some());
        assert!(MountPoints::default().follow(Path::new("/"), |_| false), "nothing is known");
    }
}
