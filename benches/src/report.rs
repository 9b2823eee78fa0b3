//! Writes a result beside the documentation: a JSON file of its own, and the table between two
//! marks of its own in `docs/performance.md`, whose prose and other tables are kept.

use crate::machine::Machine;
use crate::table::{self, Row};
use std::fs;
use std::io;
use std::path::Path;

/// A table of the page.
pub struct Sheet {
    /// The name of its marks, and of its JSON file.
    names: (&'static str, &'static str),
    /// What our figures are compared with.
    pub against: &'static str,
}

/// What `make bench` measures.
pub const RAW: Sheet = Sheet { names: ("measured", "performance.json"), against: "raw" };
/// What `make bench-peers` measures.
pub const PEERS: Sheet = Sheet { names: ("peers", "performance-peers.json"), against: "HAProxy" };

/// What the page is when there is none yet.
const PAGE: &str = "# Performance\n\n\
    Every figure is a median over interleaved rounds of one run, compared where it can be with a\n\
    raw loop that does the same system calls and nothing else. `make bench` measures anew and\n\
    rewrites the table.\n\n\
    <!-- measured: begin -->\n<!-- measured: end -->\n\n\
    ## Beside HAProxy\n\n`make bench-peers` measures anew and rewrites this table.\n\n\
    <!-- peers: begin -->\n<!-- peers: end -->\n";

/// Writes both files of a table into `docs`; `what` is said in front of it.
///
/// # Errors
///
/// The system's, and one when the page has lost its marks.
pub fn write(
    docs: &Path,
    sheet: &Sheet,
    what: &str,
    machine: &Machine,
    rows: &[Row],
) -> io::Result<()> {
    let (mark, file) = sheet.names;
    fs::create_dir_all(docs)?;
    fs::write(docs.join(file), table::json(sheet.against, machine, rows))?;
    let page = docs.join("performance.md");
    let old = match fs::read_to_string(&page) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => PAGE.to_owned(),
        read => read?,
    };
    let measured = format!("{what}\n\n{}", table::markdown(sheet.against, rows));
    let new = replace_between_marks(&old, mark, &measured)
        .ok_or_else(|| io::Error::other("docs/performance.md has lost its marks"))?;
    fs::write(page, new)
}

fn replace_between_marks(page: &str, mark: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {mark}: begin -->"), format!("<!-- {mark}: end -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n\n{text}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let once = replace_between_marks(PAGE, "measured", "first\n").unwrap();
        let both = replace_between_marks(&once, "peers", "other\n").unwrap();
        let twice = replace_between_marks(&both, "measured", "second\n").unwrap();
        assert!(once.contains("first") && !twice.contains("first"));
        assert!(twice.contains("other"), "the other table is kept");
        assert_eq!(both.replace("first", "second"), twice);
        assert!(twice.starts_with("# Performance\n"));
    }

    #[test]
    fn a_page_without_marks_is_refused() {
        assert!(replace_between_marks("# Mine\n", "peers", "x").is_none());
        let backwards = "<!-- peers: end --><!-- peers: begin -->";
        assert!(replace_between_marks(backwards, "peers", "x").is_none());
    }
}
