//! Keeps the rules of the code: reads the tree and lists each finding as `file:line: rule`.
//!
//! Every rule is a function from text to findings, proved on small bad snippets beside it; the
//! tests here apply the rules to the tree and insist that there was something to look at. The
//! trap: the rules read text in which comments and literals are blanked, not a syntax tree, so
//! code that a macro assembles escapes them.

#[path = "house/boundary.rs"]
mod boundary;
#[path = "house/layers.rs"]
mod layers;
#[path = "house/papers.rs"]
mod papers;
#[path = "house/paths.rs"]
mod paths;
#[path = "house/purity.rs"]
mod purity;
#[path = "house/shape.rs"]
mod shape;
#[path = "house/source.rs"]
mod source;
#[path = "house/tree.rs"]
mod tree;
#[path = "house/unsafety.rs"]
mod unsafety;
#[path = "house/vectors.rs"]
mod vectors;
#[path = "house/words.rs"]
mod words;

use source::{Finding, Source};
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust sources whose path begins with one of `places`.
fn rust(places: &[&str]) -> Vec<Source> {
    tree::files(root(), &["rs"])
        .into_iter()
        .filter(|path| places.iter().any(|place| path.starts_with(place)))
        .map(|path| Source::new(&path, &tree::read(root(), &path)))
        .collect()
}

const EVERYWHERE: &[&str] = &[""];

#[track_caller]
fn expect_clean(looked_at: usize, findings: Vec<Finding>) {
    assert!(looked_at > 0, "the rule found nothing to look at");
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} findings\n{}", lines.len(), lines.join("\n"));
}

/// Applies a rule that answers how many places it looked at, and what is wrong there.
#[track_caller]
fn apply(sources: &[Source], rule: impl Fn(&Source) -> (usize, Vec<Finding>)) {
    let mut looked_at = 0;
    let mut findings = Vec::new();
    for source in sources {
        let (count, found) = rule(source);
        looked_at += count;
        findings.extend(found);
    }
    expect_clean(looked_at, findings);
}

/// Applies a rule to which every file is a place to look at.
#[track_caller]
fn apply_to_each(sources: &[Source], rule: impl Fn(&Source) -> Vec<Finding>) {
    apply(sources, |source| (1, rule(source)));
}

#[test]
fn imports_go_down_the_layers_only() {
    apply(&rust(&["src/"]), layers::check);
}

#[test]
fn every_layer_of_the_tree_is_known() {
    let names = tree::entries(&root().join("src"));
    let layers: Vec<&str> = names.iter().filter(|n| *n != "lib.rs").map(|n| n.as_str()).collect();
    expect_clean(layers.len(), layers::unknown(&layers));
}

#[test]
fn the_model_is_pure() {
    apply(&rust(&["src/model"]), purity::check);
}

#[test]
fn files_are_short() {
    let files: Vec<String> = tree::files(root(), shape::MEASURED)
        .into_iter()
        .filter(|path| shape::is_measured(path))
        .collect();
    let findings =
        files.iter().flat_map(|path| shape::length(path, &tree::read(root(), path))).collect();
    expect_clean(files.len(), findings);
}

#[test]
fn every_file_says_first_what_it_is_for() {
    apply_to_each(&rust(EVERYWHERE), shape::opening);
}

#[test]
fn every_python_file_says_first_what_it_is_for() {
    let files = tree::files(root(), &["py"]);
    let findings =
        files.iter().flat_map(|path| shape::python_opening(path, &tree::read(root(), path)));
    expect_clean(files.len(), findings.collect());
}

#[test]
fn platforms_are_chosen_in_mod_files_only() {
    apply_to_each(&rust(&["src/"]), shape::platform);
}

#[test]
fn unsafe_stands_where_it_may() {
    apply(&rust(EVERYWHERE), unsafety::place);
}

#[test]
fn every_unsafe_names_the_fact_it_relies_on() {
    apply(&rust(EVERYWHERE), unsafety::reason);
}

#[test]
fn only_the_c_boundary_exports_and_speaks_c() {
    apply_to_each(&rust(&["src/"]), boundary::check);
}

#[test]
fn only_one_file_reads_a_clock() {
    apply(&rust(&["src/"]), words::clocks);
}

#[test]
fn tests_of_logic_never_sleep() {
    let sources = rust(&["src/", "tests/"]);
    apply_to_each(&sources, words::sleeps);
    expect_clean(sources.len(), words::idle_exceptions(&sources));
}

#[test]
fn the_library_prints_nothing() {
    apply_to_each(&rust(&["src/"]), words::prints);
}

#[test]
fn lints_are_silenced_with_a_reason_only() {
    apply_to_each(&rust(EVERYWHERE), words::allows);
}

#[test]
fn nothing_is_left_unfinished() {
    apply_to_each(&rust(EVERYWHERE), words::unfinished);
}

#[test]
fn the_readme_lists_exactly_the_dependencies() {
    let manifest = tree::read(root(), "Cargo.toml");
    let readme = tree::read(root(), "README.md");
    let count = papers::dependencies(&manifest).len();
    expect_clean(count, papers::dependency_table(&manifest, &readme));
}

#[test]
fn the_changelog_has_this_version() {
    let changelog = tree::read(root(), "CHANGELOG.md");
    expect_clean(1, papers::changelog(&changelog, env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_readme_names_targets_that_exist() {
    let readme = tree::read(root(), "README.md");
    let makefile = tree::read(root(), "Makefile");
    let (count, findings) = papers::make_targets(&readme, &makefile);
    expect_clean(count, findings);
}

#[test]
fn every_file_of_vectors_is_known_to_every_runner() {
    let mut files = tree::entries(&root().join("tests/conformance"));
    files.retain(|name| name.ends_with(".jsonl"));
    let unknown = |path: &&str| vectors::unknown(&files, path, &tree::read(root(), path));
    expect_clean(files.len(), vectors::RUNNERS.iter().flat_map(unknown).collect());
}

#[test]
fn nothing_new_lies_at_the_root() {
    let ignored = tree::read(root(), ".gitignore");
    let names = tree::entries(root());
    expect_clean(names.len(), papers::root_entries(&names, &ignored));
}
