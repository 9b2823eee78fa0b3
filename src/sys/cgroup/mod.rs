//! The cgroups that limit this process: its own, and the visible ones above it.
//!
//! Promises directories that existed when they were looked for, the own cgroup first, each with
//! the path under which an operator knows it. Paths are found as `locate` says and read below a
//! root, so that recorded trees serve as well as the running kernel.
//!
//! The traps: the root of a hierarchy lacks the files of its limits, and absent is not zero; a
//! cgroup may vanish, or the process be moved, so whoever keeps files looks again now and then.

mod locate;
mod unified;
mod watch;

pub use locate::{Place, Version, locate};
pub use unified::{Own, own};
pub use watch::Watch;

use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// How a hierarchy is found, and which of its files says that a cgroup can be limited.
#[derive(Clone, Copy, Debug)]
pub struct Controller {
    /// Its name in version 1.
    pub name: &'static str,
    /// The file of the limit, in version 1 and in version 2.
    pub limit: [&'static str; 2],
}

/// `memory`: bytes.
pub const MEMORY: Controller =
    Controller { name: "memory", limit: ["memory.limit_in_bytes", "memory.max"] };
/// `cpu`: time of CPUs.
pub const CPU: Controller = Controller { name: "cpu", limit: ["cpu.cfs_quota_us", "cpu.max"] };
/// `pids`: processes and threads.
pub const PIDS: Controller = Controller { name: "pids", limit: ["pids.max", "pids.max"] };

/// `cpuacct`: time that was used. In version 2 it is part of `cpu`.
pub const CPU_TIME: Controller =
    Controller { name: "cpuacct", limit: ["cpuacct.usage", "cpu.stat"] };

/// One cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    /// Its directory.
    pub dir: PathBuf,
    /// Its path for people, as in `/proc/self/cgroup`.
    pub path: String,
    /// How many steps it is above the process's own; 0 is that.
    pub above: usize,
    /// Whether it stands for the process's own, which cannot be seen.
    pub stands_in: bool,
}

impl Cgroup {
    /// Which cgroup it is, for people.
    pub fn place(&self) -> String {
        let what = ["the cgroup", "the parent cgroup", "a cgroup above,"][self.above.min(2)];
        format!("{what} {}{}", self.path, self.note())
    }
}

impl Cgroup {
    /// Whether it is the process's own.
    pub fn is_own(&self) -> bool {
        self.above == 0 && !self.stands_in
    }

    /// Says of one that stands for another that it does.
    pub fn note(&self) -> &'static str {
        if self.stands_in { " in place of its own" } else { "" }
    }
}

/// The cgroups of this process that can be limited, its own first; none where there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The interface of their files.
    pub version: Version,
    /// The cgroups.
    pub cgroups: Vec<Cgroup>,
    /// Whether the process's own cgroup cannot be seen, so that the first, if there is one, stands
    /// for it.
    pub partial: bool,
}

/// What could not be read, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// A path, or what files it was.
    pub what: &'static str,
    /// What reading answered.
    pub error: Errno,
}

/// Finds the lineage for a controller, below `root` (`/` for the running kernel); none if this
/// process is in no hierarchy that has it, or the kernel has no cgroups.
///
/// # Errors
///
/// The one of the two texts in `/proc/self` that cannot be read.
pub fn find(root: &Path, controller: Controller) -> Result<Option<Lineage>, Unread> {
    let text =
        |what: &'static str| read(&root.join(&what[1..])).map_err(|error| Unread { what, error });
    let own = match text("/proc/self/cgroup") {
        // A kernel without cgroups; without `/proc` nobody knows.
        Err(Unread { error: Errno::NOENT, .. }) if root.join("proc/self").exists() => {
            return Ok(None);
        }
        own => own?,
    };
    let mounts = text("/proc/self/mountinfo")?;
    Ok(match locate(controller.name, &own, &mounts) {
        Some(place) => Some(lineage(root, controller, place)),
        None => locate::hidden(controller.name, &own).map(|version| Lineage {
            version,
            cgroups: Vec::new(),
            partial: true,
        }),
    })
}

fn lineage(root: &Path, controller: Controller, place: Place) -> Lineage {
    let base = root.join(place.mount.strip_prefix("/").unwrap_or(&place.mount));
    let limit = controller.limit[usize::from(place.version == Version::V2)];
    let mut partial = place.partial;
    let mut cgroups = Vec::new();
    for (above, inner) in place.inner.ancestors().enumerate() {
        let dir = below(&base, inner);
        if above == 0 && !dir.is_dir() {
            // Removed, or hidden: what is above it still holds.
            partial = true;
        }
        if dir.join(limit).exists() {
            let path = below(&place.root, inner).to_string_lossy().into_owned();
            let stands_in = partial && cgroups.is_empty();
            cgroups.push(Cgroup { dir, path, above, stands_in });
        }
    }
    Lineage { version: place.version, cgroups, partial }
}

/// A path below a directory; joining with nothing would add a slash.
fn below(dir: &Path, inner: &Path) -> PathBuf {
    if inner.as_os_str().is_empty() { dir.to_owned() } else { dir.join(inner) }
}

fn read(path: &Path) -> Result<Vec<u8>, Errno> {
    std::fs::read(path).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

/// A limit: the kernel says "none" in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `max`, or more than there is.
    Unlimited,
    /// That much; 0 is a limit too.
    Amount(u64),
}

/// Reads a file of a limit. What is not below `all`, the amount that the machine has, limits
/// nothing: version 1 writes "none" as the largest multiple of a page.
pub fn limit(text: &[u8], all: u64) -> Option<Limit> {
    match text.trim_ascii() {
        b"max" => Some(Limit::Unlimited),
        number => {
            let number: u64 = str::from_utf8(number).ok()?.parse().ok()?;
            Some(if number >= all { Limit::Unlimited } else { Limit::Amount(number) })
        }
    }
}

/// The number behind a key, in a file with one key and number a line.
pub fn field(text: &[u8], key: &str) -> Option<u64> {
    str::from_utf8(value(text, key, b' ')?.trim_ascii()).ok()?.parse().ok()
}

/// The rest of the line that begins with a key and a sign.
pub fn value<'a>(text: &'a [u8], key: &str, sign: u8) -> Option<&'a [u8]> {
    let rest = memchr::memmem::find_iter(text, key.as_bytes()).find_map(|start| {
        let first = start == 0 || text[start - 1] == b'\n';
        text[start + key.len()..].strip_prefix(&[sign]).filter(|_| first)
    })?;
    Some(&rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_typed() {
        let cases: [(&[u8], Option<Limit>); 8] = [
            (b"max\n", Some(Limit::Unlimited)),
            (b"9223372036854771712\n", Some(Limit::Unlimited)),
            (b"1000\n", Some(Limit::Unlimited)),
            (b"999\n", Some(Limit::Amount(999))),
            (b"0\n", Some(Limit::Amount(0))),
            (b"-1\n", None),
            (b"", None),
            (b"some\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(limit(text, 1000), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_key_is_found_whole() {
        let text = b"total_inactive_file 7\ninactive_file 5\nfile 9\nbroken x\ncut 1";
        let cases = [
            ("inactive_file", Some(5)),
            ("file", Some(9)),
            ("total_inactive_file", Some(7)),
            ("inactive", None),
            ("broken", None),
            ("cut", Some(1)),
        ];
        for (key, expected) in cases {
            assert_eq!(field(text, key), expected, "{key}");
        }
    }

    #[test]
    fn the_running_kernel_has_a_place_for_this_process() {
        // Machines without cgroups exist; texts without a reader do not.
        let found = find(Path::new("/"), MEMORY).expect("the texts of /proc/self");
        for cgroup in found.into_iter().flat_map(|lineage| lineage.cgroups) {
            assert!(cgroup.dir.is_dir(), "{cgroup:?}");
        }
    }
}
