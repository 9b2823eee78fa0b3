//! The cgroup whose pressure is this process's own: the one in the unified hierarchy.
//!
//! Files of pressure are in the unified hierarchy alone, also beside controllers of version 1.
//! Promises to take the machine's figures for the process's own only where it stands at the root
//! of what the machine has; a namespace calls its cgroup `/` too, so the root is known by files.
//! The trap: a process without any hierarchy that can be seen may still be in a container.

use super::{Version, below, locate, read};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// Whose pressure is the process's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// The machine's.
    Host,
    /// That of a cgroup.
    Cgroup {
        /// Its directory.
        dir: PathBuf,
        /// Its path for people.
        path: String,
        /// Whether it stands for one that cannot be seen.
        partial: bool,
    },
    /// That of a cgroup which tells none.
    Hidden,
}

/// Finds it, below `root` (`/` for the running kernel).
///
/// # Errors
///
/// What reading the two texts in `/proc/self` answers.
pub fn own(root: &Path) -> Result<Own, Errno> {
    let own = match read(&root.join("proc/self/cgroup")) {
        // A kernel without cgroups.
        Err(Errno::NOENT) => return Ok(Own::Host),
        text => text?,
    };
    if own.trim_ascii().is_empty() {
        return Ok(Own::Host);
    }
    let mounts = read(&root.join("proc/self/mountinfo"))?;
    let dir = |mount: &Path, inner: &Path| {
        below(&root.join(mount.strip_prefix("/").unwrap_or(mount)), inner)
    };
    // No hierarchy of version 1 has a controller of this name, so this is the unified one.
    if let Some(place) = locate("pressure", &own, &mounts) {
        let dir = dir(&place.mount, &place.inner);
        let path = below(&place.root, &place.inner);
        // Every cgroup of version 2 but the root has `cgroup.events`.
        if !place.partial && path == Path::new("/") && !dir.join("cgroup.events").exists() {
            return Ok(Own::Host);
        }
        let path = path.to_string_lossy().into_owned();
        return Ok(Own::Cgroup { dir, path, partial: place.partial });
    }
    let mut places = ["memory", "cpu", "cpuacct", "blkio"]
        .into_iter()
        .filter_map(|controller| locate(controller, &own, &mounts))
        .filter(|place| place.version == Version::V1)
        .peekable();
    // Only the root of a hierarchy of version 1 has `release_agent`.
    let known = places.peek().is_some();
    let top = places.all(|place| {
        !place.partial && dir(&place.mount, &place.inner).join("release_agent").exists()
    });
    Ok(if known && top { Own::Host } else { Own::Hidden })
}
