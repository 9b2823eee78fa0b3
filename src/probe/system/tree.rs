//! A recorded tree of /proc and /sys, unpacked for a test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Its text has each file behind a line with `== ` and its path. Removed at the end.
pub(super) struct Tree {
    pub(super) dir: PathBuf,
}

impl Tree {
    pub(super) fn new(text: &str) -> Tree {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("meshvitals-tree-{}-{number}", std::process::id());
        let tree = Tree { dir: std::env::temp_dir().join(name) };
        for file in text.split("\n== ").skip(1) {
            let (path, content) = file.split_once('\n').expect("a path and a text");
            tree.write(path, &format!("{}\n", content.trim_end()));
        }
        tree
    }

    /// A tree of those in `tests/fixtures/cgroup`.
    pub(super) fn recorded(name: &str) -> Tree {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cgroup");
        let text = std::fs::read_to_string(format!("{dir}/{name}.tree"));
        Tree::new(&text.expect("a recorded tree"))
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        std::fs::remove_file(self.dir.join(path)).unwrap();
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
