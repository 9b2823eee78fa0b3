//! The paths that code names: `use` trees expanded, expressions as they stand.
//!
//! `use crate::{time::Tick, model::{self, Status}}` names `time::Tick`, `model::self` and
//! `model::Status` from `crate`.

use super::source::{Source, offsets_of};

/// Every path from `start` (`crate`, `std`, `super`) with its line, `start` itself left out.
pub fn from(code: &str, start: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for offset in offsets_of(code, start) {
        // `a::crate::b` would be another path's middle; `$crate` is the crate all the same.
        if code[..offset].ends_with("::") {
            continue;
        }
        let line = Source::line_of(code, offset);
        let mut names = Vec::new();
        tail(&code[offset + start.len()..], "", &mut names);
        found.extend(names.into_iter().map(|name| (line, name)));
    }
    found
}

/// Reads `::a::{b, c::d}` behind `prefix`; answers what is left behind it.
fn tail<'a>(text: &'a str, prefix: &str, names: &mut Vec<String>) -> &'a str {
    let Some(rest) = text.trim_start().strip_prefix("::") else {
        if !prefix.is_empty() {
            names.push(prefix.to_owned());
        }
        return text;
    };
    let rest = rest.trim_start();
    if let Some(mut list) = rest.strip_prefix('{') {
        loop {
            list = list.trim_start().trim_start_matches(',').trim_start();
            if let Some(behind) = list.strip_prefix('}') {
                return behind;
            }
            let (name, behind) = word(list);
            if name.is_empty() {
                return list;
            }
            list = tail(behind, &join(prefix, name), names);
            // `as other` renames; it names nothing more.
            if let Some(renamed) = list.trim_start().strip_prefix("as ") {
                list = word(renamed.trim_start()).1;
            }
        }
    }
    let (name, behind) = word(rest);
    if name.is_empty() {
        // A turbofish or a macro variable ends the path.
        return tail("", prefix, names);
    }
    tail(behind, &join(prefix, name), names)
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") }
}

fn word(text: &str) -> (&str, &str) {
    if let Some(rest) = text.strip_prefix('*') {
        return ("*", rest);
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str, start: &str) -> Vec<String> {
        from(code, start).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn trees_are_expanded() {
        assert_eq!(
            names(
                "use crate::{time::Tick as T, model::{self, Status},};\nuse crate::sys::*;",
                "crate"
            ),
            ["time::Tick", "model::self", "model::Status", "sys::*"]
        );
    }

    #[test]
    fn expressions_count_too() {
        assert_eq!(
            from("let a =\n crate::time::monotonic() + $crate::sys::x::<u8>();", "crate"),
            [(2, "time::monotonic".to_owned()), (2, "sys::x".to_owned())]
        );
    }

    #[test]
    fn words_that_only_contain_the_start_do_not_count() {
        assert!(names("crate_name::x; my_crate::y; pub(crate) fn f() {}", "crate").is_empty());
    }
}
