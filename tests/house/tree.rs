//! The files of the tree, without what is built or fetched.

use std::fs;
use std::path::Path;

/// Directories that nobody writes by hand.
const GENERATED: &[&str] = &["target", "__pycache__", "node_modules"];

/// Files below `root` with one of these endings, as sorted paths with `/` between the parts.
/// Hidden directories are left out, except that of the continuous checks.
pub fn files(root: &Path, endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    collect(root, "", endings, &mut found);
    found.sort();
    found
}

fn collect(directory: &Path, prefix: &str, endings: &[&str], found: &mut Vec<String>) {
    for name in entries(directory) {
        let path = directory.join(&name);
        let below = format!("{prefix}{name}");
        if path.is_dir() {
            if !name.starts_with('.') && !GENERATED.contains(&name.as_str()) {
                collect(&path, &format!("{below}/"), endings, found);
            }
        } else if name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending)) {
            found.push(below);
        }
    }
}

/// The names in a directory.
pub fn entries(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("a readable entry").file_name().into_string().expect("UTF-8"))
        .collect()
}

/// The text of a file.
pub fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
