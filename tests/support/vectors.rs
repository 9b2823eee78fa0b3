//! Where the shared vectors lie, and files like them that no runner may let pass.

use std::path::Path;

/// The files of `tests/conformance`.
pub fn files() -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let entries = std::fs::read_dir(directory).expect("the vectors");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .map(|path| path.to_str().expect("UTF-8").to_owned())
        .collect();
    files.sort();
    files
}

/// A file of this name without a case.
pub fn empty(name: &str) -> String {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty");
    std::fs::create_dir_all(&directory).expect("the directory for temporary files can be written");
    let path = directory.join(name);
    std::fs::write(&path, "").expect("the directory for temporary files can be written");
    path.to_str().expect("UTF-8").to_owned()
}
