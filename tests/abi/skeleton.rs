//! Makes of a header what tools for binary interfaces can read: a library of the same functions
//! and types with nothing in them, and a program that writes down where each field lies.
//!
//! The functions of the real library are those of the header (`tests/abi.rs` compares them), and
//! what compilers of Rust tell debuggers changes with each of them; a skeleton that the C compiler
//! makes of the header alone does not.

use super::header;
use std::fmt::Write;

/// The declarations of the functions that a header does not define itself, without their `;`.
pub fn declarations(header: &str) -> Vec<String> {
    let code: Vec<&str> = header.lines().filter(|line| !line.starts_with("//")).collect();
    let names: Vec<String> = header::functions(header).into_iter().map(|f| f.name).collect();
    let code = code.join("\n");
    let mut found: Vec<String> = Vec::new();
    for name in names {
        // The head of the header shows some of them in an example, indented.
        let called = format!("{name}(");
        let starts = code.match_indices(&called).filter_map(|(at, _)| {
            let line = code[..at].rfind('\n')? + 1;
            (!code[line..].starts_with([' ', '#'])).then_some(line)
        });
        for start in starts {
            let end = code[start..].find([';', '{']).expect("a declaration ends") + start;
            if code[end..].starts_with(';') && !code[start..end].starts_with("static") {
                found.push(code[start..end].to_owned());
            }
        }
    }
    found
}

/// A library with these functions.
pub fn library(header: &str) -> String {
    let mut text = "#include \"meshvitals.h\"\n".to_owned();
    for declaration in declarations(header) {
        writeln!(text, "{declaration} {{ __builtin_trap(); }}").expect("a text takes more text");
    }
    text
}

/// A program that prints each type with its size, and each field with its place and size.
pub fn layouts(header: &str) -> String {
    let mut lines = String::new();
    for (name, fields) in header::types(header) {
        // Handles are never looked into.
        if ["monitor_s", "monitor_t", "subscription_s", "subscription_t"]
            .iter()
            .any(|handle| name == format!("meshvitals_{handle}"))
        {
            continue;
        }
        let print = "printf(\"%s %zu\\n\"";
        writeln!(lines, "  {print}, \"{name}\", sizeof({name}));").expect("it takes more");
        for field in fields {
            let place = format!("offsetof({name}, {field}), sizeof((({name} *)0)->{field})");
            let print = "printf(\"  %s at %zu size %zu\\n\"";
            writeln!(lines, "  {print}, \"{field}\", {place});").expect("it takes more");
        }
    }
    format!("#include \"meshvitals.h\"\n#include <stdio.h>\n\nint main(void) {{\n{lines}}}\n")
}
