//! Imports go down the layers only.
//!
//! Judged are paths from `crate::` and those that climb to the crate's root with `super::`;
//! tests are exempt. A path of the root's own re-exports (`crate::Error`) hides the layer, so
//! it is refused as well.

use super::paths;
use super::source::{Finding, Source};

/// Each layer and what it may see besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("sync", &[]),
    ("error", &[]),
    ("time", &[]),
    ("model", &["sync", "error", "time"]),
    ("sys", &["sync", "error", "time"]),
    ("probe", &["sync", "error", "time", "model", "sys"]),
    ("event", &["sync", "error", "time", "model", "sys"]),
    ("report", &["model", "error", "time"]),
    ("engine", &["sync", "error", "time", "model", "sys", "probe", "event", "report"]),
    ("ffi", &["sync", "error", "time", "model", "sys", "probe", "event", "engine", "report"]),
];

fn allowed(layer: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _)| *name == layer).map(|(_, below)| *below)
}

/// `src/model/a.rs` is in `model`; so is `src/model.rs`. The crate's root is in none.
fn layer_of(path: &str) -> Option<&str> {
    let below = path.strip_prefix("src/")?;
    let first = below.split('/').next()?;
    match first.strip_suffix(".rs") {
        Some("lib") => None,
        Some(file) => Some(file),
        None => Some(first),
    }
}

/// How many modules deep the file is: 1 for a layer's `mod.rs`.
fn depth_of(path: &str) -> usize {
    path.split('/').filter(|part| *part != "mod.rs").count() - 1
}

/// Entries of `src` that are no known layer.
pub fn unknown(entries: &[&str]) -> Vec<Finding> {
    entries
        .iter()
        .filter(|entry| allowed(entry.trim_end_matches(".rs")).is_none())
        .map(|entry| Finding {
            file: format!("src/{entry}"),
            line: 0,
            rule: "layers: no layer of this name; tests/house/layers.rs lists them".to_owned(),
        })
        .collect()
}

/// The paths of a source that go up or sideways. Looks at every path from the crate's root.
pub fn check(source: &Source) -> (usize, Vec<Finding>) {
    let Some(layer) = layer_of(&source.path) else { return (0, Vec::new()) };
    let code = source.code_without_tests();
    let mut named = paths::from(&code, "crate");
    named.extend(climbing(&code, depth_of(&source.path)));
    let findings = named
        .iter()
        .filter_map(|(line, path)| {
            let target = path.split("::").next().unwrap_or_default();
            let fine =
                target == layer || allowed(layer).is_some_and(|below| below.contains(&target));
            (!fine).then(|| {
                source.finding(*line, format!("layers: `{layer}` may not see `crate::{path}`"))
            })
        })
        .collect();
    (named.len(), findings)
}

/// Paths that begin with as many `super::` as lead to the crate's root.
fn climbing(code: &str, depth: usize) -> Vec<(usize, String)> {
    paths::from(code, "super")
        .into_iter()
        .filter_map(|(line, path)| {
            let mut parts: Vec<&str> = path.split("::").collect();
            let climbs = 1 + parts.iter().take_while(|part| **part == "super").count();
            (climbs >= depth && parts.len() >= climbs)
                .then(|| (line, parts.split_off(climbs - 1).join("::")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(path, text)).1.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_layer_may_not_see_what_is_above_or_beside_it() {
        assert_eq!(
            findings("src/model/a.rs", "use crate::time::Tick;\nuse crate::{error, sys::wake};"),
            ["src/model/a.rs:2: layers: `model` may not see `crate::sys::wake`"]
        );
        assert_eq!(findings("src/time/mod.rs", "use crate::model::Status;").len(), 1);
        assert_eq!(findings("src/probe/tcp.rs", "fn f() { crate::engine::go() }").len(), 1);
        assert_eq!(findings("src/event/mod.rs", "use crate::probe::Tcp;").len(), 1);
        assert_eq!(findings("src/report/json.rs", "use crate::event::Event;").len(), 1);
        assert_eq!(findings("src/engine/core.rs", "use crate::ffi::guard;").len(), 1);
    }

    #[test]
    fn what_is_below_may_be_seen() {
        assert!(
            findings("src/engine/core.rs", "use crate::{probe, event, sys, model};").is_empty()
        );
        assert!(findings("src/ffi/mod.rs", "use crate::engine::Monitor;").is_empty());
        assert!(findings("src/report/json.rs", "use crate::{model, error, time};").is_empty());
        assert!(
            findings("src/model/a.rs", "use crate::model::Status; use super::Reason;").is_empty()
        );
    }

    #[test]
    fn the_roots_names_and_climbing_hide_nothing() {
        assert_eq!(findings("src/model/a.rs", "use crate::Monitor;").len(), 1);
        assert_eq!(findings("src/model/a.rs", "use super::super::sys::wake;").len(), 1);
        assert_eq!(findings("src/model/mod.rs", "use super::sys::wake;").len(), 1);
        assert!(findings("src/model/d/a.rs", "use super::super::sys_like;").is_empty());
        assert_eq!(findings("src/model/d/a.rs", "use super::super::super::sys;").len(), 1);
    }

    #[test]
    fn tests_comments_and_the_root_are_exempt() {
        assert!(findings("src/lib.rs", "use crate::engine::Monitor;").is_empty());
        assert!(findings("src/model/a.rs", "//! [`crate::engine`]\n/// crate::sys::x").is_empty());
        let tests = "#[cfg(test)]\nmod tests {\n use crate::engine::Monitor;\n}";
        assert!(findings("src/model/a.rs", tests).is_empty());
    }

    #[test]
    fn a_new_directory_needs_a_place_in_the_table() {
        assert_eq!(unknown(&["model", "utils"]).len(), 1);
    }
}
