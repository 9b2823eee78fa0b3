//! Words that may not stand in the code, or only in one place: clocks, sleeps, printing, silenced
//! lints, unfinished work.

use super::source::{Finding, Source, lines_with};

/// The one file that reads a clock.
const CLOCK: &str = "src/time/system.rs";

/// Files that may sleep, and why. One that no longer does is a finding.
const MAY_SLEEP: &[(&str, &str)] = &[];

fn each(source: &Source, text: &str, words: &[&str], rule: &str) -> Vec<Finding> {
    let lines = words
        .iter()
        .flat_map(|word| lines_with(text, word).into_iter().map(move |line| (line, *word)));
    lines.map(|(line, word)| source.finding(line, format!("{rule} (`{word}`)"))).collect()
}

/// Clock reads outside their file. Looks at every clock read, also the rightful ones.
pub fn clocks(source: &Source) -> (usize, Vec<Finding>) {
    let words = &["clock_gettime", "Instant::now", "SystemTime", "UNIX_EPOCH", "gettimeofday"];
    let found = each(source, &source.code, words, "clock: only src/time/system.rs reads one");
    if source.path == CLOCK { (found.len(), Vec::new()) } else { (found.len(), found) }
}

/// Sleeps. Wait for the event instead, or move a manual clock.
pub fn sleeps(source: &Source) -> Vec<Finding> {
    let listed = MAY_SLEEP.iter().any(|(path, _)| *path == source.path);
    if listed { Vec::new() } else { sleeping(source) }
}

fn sleeping(source: &Source) -> Vec<Finding> {
    let words = &[
        "sleep",
        "sleep_ms",
        "sleep_until",
        "nanosleep",
        "clock_nanosleep",
        "usleep",
        "park_timeout",
    ];
    each(source, &source.code, words, "sleep: wait for the event, or move a manual clock")
}

/// Entries of the list of exceptions that no file needs.
pub fn idle_exceptions(sources: &[Source]) -> Vec<Finding> {
    let needed = |path: &str| sources.iter().any(|s| s.path == path && !sleeping(s).is_empty());
    MAY_SLEEP
        .iter()
        .filter(|(path, reason)| !needed(path) || reason.is_empty())
        .map(|(path, _)| Finding {
            file: (*path).to_owned(),
            line: 0,
            rule: "sleep: this exception is not needed, or has no reason".to_owned(),
        })
        .collect()
}

/// Printing. A library hands text to its host's log callback.
pub fn prints(source: &Source) -> Vec<Finding> {
    let words = &["print!", "println!", "eprint!", "eprintln!", "dbg!", "stdout()", "stderr()"];
    each(source, &source.code, words, "printing: not in the library")
}

/// Lints silenced without a reason that the compiler checks.
pub fn allows(source: &Source) -> Vec<Finding> {
    let rule = "lints: use #[expect(.., reason = \"..\")]";
    each(source, &source.code, &["#[allow(", "#![allow("], rule)
}

/// Work left for later, in code or comments.
pub fn unfinished(source: &Source) -> Vec<Finding> {
    let rule = "unfinished: do it, or write it down where work is planned";
    let mut found = each(source, &source.code, &["todo!", "unimplemented!"], rule);
    found.extend(each(source, &source.comments, &["FIXME", "TODO", "XXX"], rule));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("src/a.rs", text)
    }

    #[test]
    fn clocks_are_read_in_one_file() {
        let text = "let a = Instant::now();\nlet b = std::time::SystemTime::now();";
        assert_eq!(clocks(&source(text)).1.len(), 2);
        assert_eq!(clocks(&Source::new(CLOCK, text)), (2, vec![]));
        assert_eq!(clocks(&source("// Instant::now\nuse std::time::Duration;")), (0, vec![]));
    }

    #[test]
    fn sleeps_are_found_also_in_tests() {
        let text = "#[cfg(test)]\nmod tests { fn f() { std::thread::sleep(d); } }";
        assert_eq!(sleeps(&source(text)).len(), 1);
        assert_eq!(sleeps(&source("libc::usleep(1); tokio::time::sleep(d)")).len(), 2);
        assert!(sleeps(&source("let asleep = is_sleeping;")).is_empty());
    }

    #[test]
    fn printing_is_found() {
        assert_eq!(prints(&source("println!(); eprintln!(); dbg!(a); print!()")).len(), 4);
        assert!(prints(&source("/// println!(\"example\")\nlet s = \"print!\";")).is_empty());
    }

    #[test]
    fn silenced_lints_are_found() {
        assert_eq!(allows(&source("#[allow(dead_code)]\n#![allow(unused)]")).len(), 2);
        assert!(allows(&source("#[expect(dead_code, reason = \"later\")]")).is_empty());
    }

    #[test]
    fn unfinished_work_is_found() {
        assert_eq!(unfinished(&source("fn f() { todo!() }\n// FIXME: g\n/* TODO h */")).len(), 3);
        assert!(unfinished(&source("let s = \"TODO\"; // todo lists")).is_empty());
    }
}
