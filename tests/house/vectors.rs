//! The shared vectors: every file of them is known to the runner of each language.

use super::source::Finding;

/// The runners, and the page that explains the files.
pub const RUNNERS: &[&str] = &[
    "tests/conformance.rs",
    "tests/c/conformance.c",
    "tests/cpp/conformance.cpp",
    "bindings/python/tests/test_conformance.py",
    "bindings/go/conformance_test.go",
    "tests/conformance/README.md",
];

/// Files that a runner does not name, and those that it names although they are not there.
pub fn unknown(files: &[String], runner: &str, text: &str) -> Vec<Finding> {
    let is_name = |word: &&str| {
        word.ends_with(".jsonl") && !word.contains([' ', '/', '*']) && *word != "new.jsonl"
    };
    let named: Vec<&str> = text.split(['"', '`']).filter(is_name).collect();
    let missing = files.iter().filter(|file| !named.contains(&file.as_str()));
    let gone = named.iter().filter(|name| !files.iter().any(|file| file == *name));
    let finding = |rule: String| Finding { file: runner.to_owned(), line: 0, rule };
    missing
        .map(|file| finding(format!("vectors: nobody replays {file} here")))
        .chain(gone.map(|name| finding(format!("vectors: there is no {name}"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_a_runner_does_not_know_is_found() {
        let files = ["a.jsonl", "b.jsonl"].map(str::to_owned);
        assert_eq!(unknown(&files, "r.rs", "(\"a.jsonl\", f)").len(), 1);
        assert_eq!(unknown(&files, "r.rs", "a.jsonl b.jsonl").len(), 2, "not in quotes");
        assert!(unknown(&files, "r.rs", "`a.jsonl` \"b.jsonl\" \"new.jsonl\"").is_empty());
        assert_eq!(unknown(&files[..1], "r.rs", "\"a.jsonl\" \"b.jsonl\"").len(), 1);
    }
}
