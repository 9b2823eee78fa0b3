//! The shape of a file: short, opening with what it is for, free of platform choices.

use super::source::{Finding, Source};

/// Lines that a file must stay below.
const LIMIT: usize = 400;

/// Endings of the files that people read line by line.
pub const MEASURED: &[&str] = &["rs", "c", "h", "cpp", "hpp", "py", "go"];

/// The header is generated from files that are measured; one that was is kept.
const GENERATED: &[&str] = &["include/meshvitals.h", "tests/abi/first/meshvitals.h"];

/// Whether the length of this file counts.
pub fn is_measured(path: &str) -> bool {
    !GENERATED.contains(&path)
}

/// Refuses long files.
pub fn length(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    if lines < LIMIT {
        return Vec::new();
    }
    let rule = format!("length: {lines} lines, not under {LIMIT}; split it by idea");
    vec![Finding { file: path.to_owned(), line: lines, rule }]
}

/// Refuses files whose first line is not a sentence about them.
pub fn opening(source: &Source) -> Vec<Finding> {
    let first = source.raw.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//!").is_some_and(|text| !text.trim().is_empty());
    if says {
        return Vec::new();
    }
    vec![source.finding(1, "opening: the first line is not `//!` and what the file is for")]
}

/// Refuses Python files that do not open with a docstring; stubs have none.
pub fn python_opening(path: &str, text: &str) -> Vec<Finding> {
    let first = text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("\"\"\"").is_some_and(|text| !text.trim().is_empty());
    if says {
        return Vec::new();
    }
    let rule = "opening: the first line is not `\"\"\"` and what the file is for".to_owned();
    vec![Finding { file: path.to_owned(), line: 1, rule }]
}

/// Refuses `cfg(target_os = ..)` and its like outside a `mod.rs`, which picks one file.
pub fn platform(source: &Source) -> Vec<Finding> {
    if source.path.ends_with("/mod.rs") {
        return Vec::new();
    }
    let rule = "platform: choose in a mod.rs that picks one file";
    let chooses = |line: &&str| {
        line.split("cfg").skip(1).any(|rest| {
            rest.trim_start_matches(['!', '_', 'a', 't', 'r']).starts_with('(')
                && ["target_os", "target_family", "target_env", "unix", "windows"]
                    .iter()
                    .any(|word| !super::source::offsets_of(rest, word).is_empty())
        })
    };
    let lines = source.code.lines().enumerate().filter(|(_, line)| chooses(line));
    lines.map(|(index, _)| source.finding(index + 1, rule)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_400_lines_is_too_long() {
        assert_eq!(length("src/a.rs", &"x\n".repeat(400)).len(), 1);
        assert!(length("src/a.rs", &"x\n".repeat(399)).is_empty());
        assert!(!is_measured("include/meshvitals.h"));
    }

    #[test]
    fn a_file_must_open_with_what_it_is_for() {
        assert_eq!(opening(&Source::new("src/a.rs", "use a;\n//! late")).len(), 1);
        assert_eq!(opening(&Source::new("src/a.rs", "//!\n")).len(), 1);
        assert!(opening(&Source::new("src/a.rs", "//! Adds.\n")).is_empty());
        assert_eq!(python_opening("a.py", "import os\n\"\"\"Late.\"\"\"").len(), 1);
        assert_eq!(python_opening("a.py", "\"\"\"\nLate.\"\"\"").len(), 1);
        assert!(python_opening("a.py", "\"\"\"Adds.\"\"\"\n").is_empty());
    }

    #[test]
    fn platforms_are_chosen_in_mod_files() {
        let text = "#[cfg(target_os = \"linux\")]\nif cfg!(not(windows)) {}\n#[cfg(loom)]\n";
        let found = platform(&Source::new("src/sys/a.rs", text));
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [1, 2]);
        let attribute = "#[cfg_attr(target_os = \"linux\", path = \"l.rs\")] mod a;";
        assert_eq!(platform(&Source::new("src/sys/a.rs", attribute)).len(), 1);
        assert!(platform(&Source::new("src/sys/mod.rs", text)).is_empty());
        assert!(platform(&Source::new("src/sys/a.rs", "// cfg(unix)\nlet unix = 1;")).is_empty());
    }
}
