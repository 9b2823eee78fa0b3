//! The C boundary is one place: exported names and C functions live in `src/ffi`.
//!
//! The handlers that fork calls must be C functions too, and live in `src/sys/fork.rs`; what only
//! some systems have to start programs is called by its type, in `src/sys/process.rs`.

use super::source::{Finding, Source, lines_with, offsets_of};

/// Exported names and C functions outside their place.
pub fn check(source: &Source) -> Vec<Finding> {
    if source.path.starts_with("src/ffi/") || source.path == "src/ffi.rs" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for word in ["no_mangle", "export_name"] {
        let lines = lines_with(&source.code, word).into_iter();
        findings
            .extend(lines.map(|line| source.finding(line, "C boundary: exports only in src/ffi")));
    }
    if ["src/sys/fork.rs", "src/sys/process.rs"].contains(&&*source.path) {
        return findings;
    }
    for offset in offsets_of(&source.code, "extern") {
        // The name of the calling convention is blanked here, its quotes are not.
        let behind = source.code[offset + "extern".len()..].trim_start();
        let behind = behind.strip_prefix('"').and_then(|text| text.split_once('"'));
        if behind.is_some_and(|(_, rest)| rest.trim_start().starts_with("fn")) {
            let line = Source::line_of(&source.code, offset);
            findings.push(source.finding(line, "C boundary: C functions only in src/ffi"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#[unsafe(no_mangle)]\npub extern \"C\" fn f() {}\n";

    #[test]
    fn exports_and_c_functions_are_found_outside_their_place() {
        assert_eq!(check(&Source::new("src/engine/a.rs", TEXT)).len(), 2);
        assert_eq!(check(&Source::new("src/sys/fork.rs", TEXT)).len(), 1);
        assert_eq!(check(&Source::new("src/a.rs", "type F = unsafe extern \"C\" fn();")).len(), 1);
    }

    #[test]
    fn their_place_and_foreign_blocks_are_fine() {
        assert!(check(&Source::new("src/ffi/a.rs", TEXT)).is_empty());
        assert!(check(&Source::new("src/sys/a.rs", "unsafe extern \"C\" { fn f(); }")).is_empty());
        assert!(check(&Source::new("src/sys/fork.rs", "extern \"C\" fn child() {}")).is_empty());
        assert!(check(&Source::new("src/a.rs", "extern crate alloc; // no_mangle")).is_empty());
    }
}
