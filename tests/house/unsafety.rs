//! Unsafe code: where it may stand, and the comment that says why it is sound.
//!
//! A comment counts when it stands on the same line or directly above the statement, with only
//! attributes between. Function pointer types (`unsafe extern "C" fn(..)`) and the attribute
//! `#[unsafe(no_mangle)]` promise nothing by themselves and need none.

use super::source::{Finding, Source, offsets_of};

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Kind {
    /// `unsafe {`, `unsafe impl`, `unsafe extern "C" {`.
    Block,
    /// `unsafe fn name`, `unsafe trait`.
    Declaration,
    /// A function pointer type, or an attribute.
    Nothing,
}

fn kind(behind: &str) -> Kind {
    let mut rest = behind.trim_start();
    if let Some(after) = rest.strip_prefix("extern") {
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix('"') {
            rest = after[after.find('"').map_or(0, |quote| quote + 1)..].trim_start();
        }
    }
    if let Some(after) = rest.strip_prefix("fn") {
        let names = after.starts_with(' ') && !after.trim_start().starts_with('(');
        return if names { Kind::Declaration } else { Kind::Nothing };
    }
    match rest {
        _ if rest.starts_with("trait") => Kind::Declaration,
        _ if rest.starts_with('(') => Kind::Nothing,
        _ => Kind::Block,
    }
}

/// Refuses unsafe code outside `src/sys` and `src/ffi`; in tests, benches and bindings it may
/// stand (with its comment). Looks at every `unsafe`.
pub fn place(source: &Source) -> (usize, Vec<Finding>) {
    let found = offsets_of(&source.code, "unsafe");
    let home = ["src/sys/", "src/sys.rs", "src/ffi/", "src/ffi.rs"];
    let fine = !source.path.starts_with("src/") || home.iter().any(|h| source.path.starts_with(h));
    let findings = found
        .iter()
        .filter(|_| !fine)
        .map(|offset| {
            let line = Source::line_of(&source.code, *offset);
            source.finding(line, "unsafe: only in src/sys and src/ffi")
        })
        .collect();
    (found.len(), findings)
}

/// Refuses unsafe blocks and impls without `// SAFETY:` and unsafe functions without
/// `# Safety`. Looks at every `unsafe` that needs one.
pub fn reason(source: &Source) -> (usize, Vec<Finding>) {
    let mut looked_at = 0;
    let mut findings = Vec::new();
    for offset in offsets_of(&source.code, "unsafe") {
        let kind = kind(&source.code[offset + "unsafe".len()..]);
        if kind == Kind::Nothing {
            continue;
        }
        looked_at += 1;
        let line = Source::line_of(&source.code, offset);
        let said = comment_above(source, line);
        let (fine, rule) = match kind {
            // A foreign function's comment may be a `# Safety` section or a fact.
            Kind::Declaration => (
                said.contains("# Safety") || said.contains("SAFETY:"),
                "unsafe: no `# Safety` above the declaration",
            ),
            _ => (said.contains("SAFETY:"), "unsafe: no `// SAFETY:` with the fact relied on"),
        };
        if !fine {
            findings.push(source.finding(line, rule));
        }
    }
    (looked_at, findings)
}

/// The comments on a line and directly above its statement.
fn comment_above(source: &Source, line: usize) -> String {
    let code: Vec<&str> = source.code.lines().collect();
    let comments: Vec<&str> = source.comments.lines().collect();
    let at = |lines: &[&str], index: usize| lines.get(index).map_or("", |l| l.trim()).to_owned();
    let mut said = at(&comments, line - 1);
    let mut in_comment = false;
    for index in (0..line - 1).rev() {
        let (code, comment) = (at(&code, index), at(&comments, index));
        if code.is_empty() && comment.is_empty() {
            break;
        }
        if code.is_empty() {
            in_comment = true;
            said = format!("{comment}\n{said}");
            continue;
        }
        let attribute = code.starts_with('#') || code.ends_with(']') && code.starts_with("#[");
        let ends = code.ends_with([';', '{', '}', ',']) && !attribute;
        if in_comment && !attribute || ends {
            break;
        }
        in_comment = false;
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(text: &str) -> Vec<usize> {
        reason(&Source::new("src/sys/a.rs", text)).1.iter().map(|f| f.line).collect()
    }

    #[test]
    fn unsafe_has_two_homes_in_the_library() {
        let count = |path: &str| place(&Source::new(path, "fn f() { unsafe {} }")).1.len();
        assert_eq!(count("src/model/a.rs"), 1);
        assert_eq!(count("src/engine/mod.rs"), 1);
        assert_eq!(count("src/sys/a.rs") + count("src/ffi/a.rs") + count("benches/src/a.rs"), 0);
        assert_eq!(place(&Source::new("src/a.rs", "// unsafe\nlet s = \"unsafe\";")), (0, vec![]));
    }

    #[test]
    fn a_block_without_its_fact_is_found() {
        assert_eq!(reasons("fn f() {\n    unsafe { g() };\n}"), [2]);
        assert_eq!(reasons("// SAFETY: old\nlet a = 1;\nlet b = unsafe { g() };"), [3]);
        assert_eq!(reasons("// SAFETY: old\n\nunsafe impl Send for A {}"), [3]);
        assert_eq!(reasons("// Why not.\nunsafe extern \"C\" { fn g(); }"), [2]);
    }

    #[test]
    fn a_fact_above_the_statement_is_seen() {
        assert!(reasons("// SAFETY: g is sound\n// for all.\nunsafe { g() }").is_empty());
        assert!(reasons("// SAFETY: it is.\nlet a =\n    unsafe { g() };").is_empty());
        assert!(reasons("// SAFETY: it is.\n#[cfg(a)]\nunsafe impl Send for A {}").is_empty());
        assert!(reasons("let a = unsafe { g() }; // SAFETY: it is.").is_empty());
    }

    #[test]
    fn an_unsafe_function_says_what_its_callers_owe() {
        assert_eq!(reasons("/// Frees.\npub unsafe fn free() {}"), [2]);
        assert_eq!(reasons("/// Frees.\npub unsafe extern \"C\" fn free() {}"), [2]);
        let said = "/// # Safety\n///\n/// p is ours.\n#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn free() {}";
        assert!(reasons(said).is_empty());
    }

    #[test]
    fn types_and_attributes_promise_nothing() {
        let text =
            "type F = unsafe extern \"C\" fn(u8);\ntype G = unsafe fn(u8);\n#[unsafe(no_mangle)]";
        assert_eq!(reason(&Source::new("src/ffi/a.rs", text)), (0, vec![]));
    }
}
