//! Writes the result beside the documentation: `docs/performance.json`, and the table between two
//! marks in `docs/performance.md`, whose prose is kept.

use crate::machine::Machine;
use crate::table::{self, Row};
use std::fs;
use std::io;
use std::path::Path;

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// What the page is when there is none yet.
const PAGE: &str = "# Performance\n\n\
    Every figure is a median over interleaved rounds of one run, compared where it can be with a\n\
    raw loop that does the same system calls and nothing else. `make bench` measures anew and\n\
    rewrites the table.\n\n\
    <!-- measured: begin -->\n<!-- measured: end -->\n";

/// Writes both files into `docs`.
///
/// # Errors
///
/// The system's, and one when the page has lost its marks.
pub fn write(docs: &Path, machine: &Machine, rows: &[Row]) -> io::Result<()> {
    fs::create_dir_all(docs)?;
    fs::write(docs.join("performance.json"), table::json(machine, rows))?;
    let page = docs.join("performance.md");
    let old = match fs::read_to_string(&page) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => PAGE.to_owned(),
        read => read?,
    };
    let measured = format!("Measured on {}.\n\n{}", machine.line(), table::markdown(rows));
    let new = replace_between_marks(&old, &measured)
        .ok_or_else(|| io::Error::other("docs/performance.md has lost its marks"))?;
    fs::write(page, new)
}

fn replace_between_marks(page: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let once = replace_between_marks(PAGE, "first\n").unwrap();
        let twice = replace_between_marks(&once, "second\n").unwrap();
        assert!(once.contains("first") && !twice.contains("first"));
        assert_eq!(once.replace("first", "second"), twice);
        assert!(twice.starts_with("# Performance\n"));
    }

    #[test]
    fn a_page_without_marks_is_refused() {
        assert!(replace_between_marks("# Mine\n", "x").is_none());
        assert!(replace_between_marks(END, BEGIN).is_none());
    }
}
