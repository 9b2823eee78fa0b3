//! Files of this process's cgroups that are kept, and looked for again when that is due.
//!
//! Processes are moved, cgroups vanish, and limits are put on new levels. Promises what was made
//! of a lineage for as long as that stays the same, so that counters keep what they are compared
//! with. The trap: a lineage that was found is up to a minute old.

use super::{Controller, Lineage, Unread, find};
use crate::time::{SECOND, Tick};
use rustix::io::Errno;
use std::path::PathBuf;

/// A minute is the age at which nobody minds.
const LOOK_AGAIN_NS: u64 = 60 * SECOND;

/// What somebody keeps for each lineage.
#[derive(Debug)]
pub struct Watch<T> {
    root: PathBuf,
    controller: Controller,
    kept: Option<(Lineage, T)>,
    partial: bool,
    looked: Option<Tick>,
}

impl<T> Watch<T> {
    /// Has not looked yet. Looks below `root`: `/`, or a recorded tree.
    pub fn new(root: impl Into<PathBuf>, controller: Controller) -> Watch<T> {
        Watch { root: root.into(), controller, kept: None, partial: false, looked: None }
    }

    /// What is kept, if anything was found.
    pub fn kept(&self) -> Option<&T> {
        self.kept.as_ref().map(|kept| &kept.1)
    }

    /// Whether this process is in a cgroup that cannot be seen.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Asks what is kept, which is made first where the lineage is new; none where this process
    /// has no cgroup that can be limited.
    ///
    /// # Errors
    ///
    /// What looking answers, and what `ask` does unless that says that a cgroup vanished.
    pub fn ask<A>(
        &mut self,
        now: Tick,
        make: impl FnOnce(&Lineage) -> T,
        mut ask: impl FnMut(&mut T) -> Result<A, Errno>,
    ) -> Result<Option<A>, Errno> {
        if self.looked.is_some_and(|looked| now.since(looked) < LOOK_AGAIN_NS) {
            match self.kept.as_mut().map(|kept| ask(&mut kept.1)).transpose() {
                // A cgroup vanished, or the process left it.
                Err(Errno::NOENT | Errno::NODEV) => {}
                answer => return answer,
            }
        }
        self.looked = None;
        let lineage = match find(&self.root, self.controller) {
            // Without `/proc`; what is asked in place of the cgroups says so.
            Err(Unread { error: Errno::NOENT, .. }) => None,
            Err(unread) => return Err(unread.error),
            Ok(found) => found,
        };
        self.partial = lineage.as_ref().is_some_and(|lineage| lineage.partial);
        let lineage = lineage.filter(|lineage| !lineage.cgroups.is_empty());
        self.kept = lineage.map(|lineage| match self.kept.take() {
            Some((same, kept)) if same == lineage => (same, kept),
            _ => {
                let made = make(&lineage);
                (lineage, made)
            }
        });
        match self.kept.as_mut().map(|kept| ask(&mut kept.1)).transpose() {
            // It vanished right now, so the next question looks once more.
            Err(Errno::NOENT | Errno::NODEV) => Ok(None),
            answer => {
                self.looked = Some(now);
                answer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::PIDS;
    use super::*;

    /// A tree without cgroups is asked for again after a minute, and not before.
    #[test]
    fn no_cgroup_is_an_answer_for_a_minute() {
        let name = format!("meshvitals-watch-{}", std::process::id());
        let root = std::env::temp_dir().join(name);
        let own = root.join("proc/self");
        let group = root.join("sys/fs/cgroup/a");
        for dir in [&own, &group] {
            std::fs::create_dir_all(dir).unwrap();
        }
        let mut watch: Watch<u32> = Watch::new(&root, PIDS);
        let mut made = 0;
        let mut ask = |at_s: u64, answer: Result<(), Errno>| {
            let make = |_: &Lineage| {
                made += 1;
                made
            };
            watch.ask(Tick(at_s * SECOND), make, |kept| answer.map(|()| *kept))
        };
        assert_eq!(ask(0, Ok(())), Ok(None));
        std::fs::write(own.join("cgroup"), "0::/a\n").unwrap();
        let mounts = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        std::fs::write(own.join("mountinfo"), mounts).unwrap();
        std::fs::write(group.join("pids.max"), "max\n").unwrap();
        assert_eq!(ask(59, Ok(())), Ok(None));
        assert_eq!(ask(60, Ok(())), Ok(Some(1)));
        // The same cgroups keep what was made of them, and an error that is none of theirs is told.
        assert_eq!(ask(200, Ok(())), Ok(Some(1)));
        assert_eq!(ask(201, Err(Errno::BADMSG)), Err(Errno::BADMSG));
        assert_eq!(ask(202, Err(Errno::NODEV)), Ok(None), "it vanished while it was looked at");
        std::fs::remove_file(group.join("pids.max")).unwrap();
        assert_eq!(ask(203, Ok(())), Ok(None), "looked for again at once");
        std::fs::write(group.join("pids.max"), "max\n").unwrap();
        assert_eq!(ask(263, Ok(())), Ok(Some(2)));
        std::fs::remove_dir_all(&root).unwrap();
    }
}
