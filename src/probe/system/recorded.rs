//! Recorded trees of files, unpacked for a test and removed at its end.
//!
//! The text of a tree has each file behind a line with `== ` and its path; what stands before the
//! first says where it is from.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) struct Recorded(PathBuf);

impl Recorded {
    pub(super) fn new(text: &str) -> Recorded {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("meshvitals-recorded-{}-{number}", std::process::id());
        let tree = Recorded(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&tree.0).unwrap();
        for file in text.split("\n== ").skip(1) {
            let (path, content) = file.split_once('\n').expect("a path and a text");
            tree.write(path, &format!("{}\n", content.trim_end()));
        }
        tree
    }

    /// A tree of those in `tests/fixtures/cgroup`.
    pub(super) fn cgroup(name: &str) -> Recorded {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cgroup");
        let text = std::fs::read_to_string(format!("{dir}/{name}.tree"));
        Recorded::new(&text.expect("a recorded tree"))
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        std::fs::remove_file(self.0.join(path)).unwrap();
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
