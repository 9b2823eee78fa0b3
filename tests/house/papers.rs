//! Claims of the papers beside the code: README, changelog, and what lies at the root.

use super::source::Finding;

/// Everything that may lie at the root, besides what `.gitignore` names.
const ROOT: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    "README.md",
    "src",
    "include",
    "bindings",
    "tests",
    "benches",
    "docs",
    "examples",
    "fuzz",
    "Makefile",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    ".ci",
    ".git",
    ".gitignore",
    ".editorconfig",
    "rustfmt.toml",
    "clippy.toml",
    "deny.toml",
];

fn finding(file: &str, line: usize, rule: String) -> Finding {
    Finding { file: file.to_owned(), line, rule }
}

/// The crates under `[dependencies]` of a manifest.
pub fn dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if let Some((name, _)) = line.split_once('=').filter(|_| inside) {
            names.push(name.trim().trim_end_matches(".workspace"));
        }
    }
    names
}

/// The first cells of the table below the heading `Dependencies`, with their lines.
fn table(readme: &str) -> Vec<(usize, &str)> {
    let lines = readme.lines().enumerate().skip_while(|(_, line)| *line != "## Dependencies");
    lines
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('#'))
        .filter_map(|(index, line)| {
            let cell = line.strip_prefix("| `")?.split_once('`')?.0;
            Some((index + 1, cell))
        })
        .collect()
}

/// The README's table and the manifest must name the same crates.
pub fn dependency_table(manifest: &str, readme: &str) -> Vec<Finding> {
    let (used, listed) = (dependencies(manifest), table(readme));
    let mut findings = Vec::new();
    for name in &used {
        match listed.iter().filter(|(_, cell)| cell == name).count() {
            1 => {}
            count => findings.push(finding(
                "README.md",
                0,
                format!("dependencies: `{name}` of Cargo.toml is listed {count} times"),
            )),
        }
    }
    for (line, name) in listed.iter().filter(|(_, name)| !used.contains(name)) {
        let rule = format!("dependencies: `{name}` is not in Cargo.toml");
        findings.push(finding("README.md", *line, rule));
    }
    findings
}

/// The changelog must have a heading for the version.
pub fn changelog(text: &str, version: &str) -> Vec<Finding> {
    let heading = format!("## [{version}]");
    if text.lines().any(|line| line.starts_with(&heading)) {
        return Vec::new();
    }
    vec![finding("CHANGELOG.md", 0, format!("changelog: no heading `{heading}`"))]
}

/// Each `make target` in the README must exist. Answers how many there are.
pub fn make_targets(readme: &str, makefile: &str) -> (usize, Vec<Finding>) {
    let mut count = 0;
    let mut findings = Vec::new();
    for (index, line) in readme.lines().enumerate() {
        let commands = line
            .split("make ")
            .skip(1)
            .filter(|_| line.starts_with("make ") || line.contains("`make "));
        for command in commands {
            let end = command.find(|c: char| !(c.is_ascii_lowercase() || c == '-'));
            let target = &command[..end.unwrap_or(command.len())];
            count += 1;
            if !makefile.lines().any(|l| l.starts_with(&format!("{target}:"))) {
                let rule = format!("README: `make {target}` does not exist");
                findings.push(finding("README.md", index + 1, rule));
            }
        }
    }
    (count, findings)
}

/// Entries of the root that have no place there.
pub fn root_entries(names: &[String], gitignore: &str) -> Vec<Finding> {
    let ignored = |name: &str| {
        gitignore.lines().any(|line| line.starts_with('/') && line.trim_matches('/') == name)
    };
    names
        .iter()
        .filter(|name| !ROOT.contains(&name.as_str()) && !ignored(name))
        .map(|name| finding(name, 0, "root: nothing new lies here".to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"a\"\n[dependencies]\nb = \"1\"\nc = { version = \"1\" }\n[lints]\nd = 1";

    #[test]
    fn both_sides_of_the_table_are_compared() {
        assert_eq!(dependencies(MANIFEST), ["b", "c"]);
        let readme =
            "## Dependencies\n\n| crate | for |\n| --- | --- |\n| `b` | x |\n| `e` | `c` |\n# z";
        let found = dependency_table(MANIFEST, readme);
        assert_eq!(found.len(), 2, "c is missing and e is too much: {found:?}");
        assert!(dependency_table(MANIFEST, "## Dependencies\n| `b` | x |\n| `c` | y |").is_empty());
        assert_eq!(dependency_table(MANIFEST, "| `b` |\n| `c` |").len(), 2, "no heading");
    }

    #[test]
    fn a_version_without_its_heading_is_found() {
        assert!(changelog("## [0.1.0] - Unreleased", "0.1.0").is_empty());
        assert_eq!(changelog("mentions 0.2.0", "0.2.0").len(), 1);
    }

    #[test]
    fn a_target_that_does_not_exist_is_found() {
        let (count, found) =
            make_targets("make run   # x\nuse `make fly`\nto make sure", "run: x\n");
        assert_eq!((count, found.len()), (2, 1));
    }

    #[test]
    fn a_new_entry_at_the_root_is_found() {
        let names = ["src", "target", "notes.txt"].map(str::to_owned);
        let found = root_entries(&names, "/target/\n*.o\n");
        assert_eq!(found.iter().map(|f| f.file.as_str()).collect::<Vec<_>>(), ["notes.txt"]);
    }
}
