//! Reads the header as far as the tests need it: functions with their comments, constants,
//! structs with their fields. It knows the shape that the generator writes, not C.

use std::collections::BTreeMap;

/// A function of the header.
pub struct Function {
    /// Its name.
    pub name: String,
    /// The comment above it.
    pub comment: String,
}

/// The functions that the library exports and those that the header defines itself.
pub fn functions(header: &str) -> Vec<Function> {
    let mut found = Vec::new();
    let (mut comment, mut in_block) = (String::new(), false);
    for line in header.lines() {
        if let Some(text) = line.strip_prefix("// ").or(line.strip_prefix("//")) {
            comment.push_str(text);
            comment.push('\n');
        } else if in_block || line.starts_with("/*") {
            comment.push_str(line);
            comment.push('\n');
            in_block = !line.contains("*/");
        } else if let Some(name) = declared(line) {
            found.push(Function { name, comment: std::mem::take(&mut comment) });
        } else {
            comment.clear();
        }
    }
    found
}

/// The name of the function that a line begins to declare.
fn declared(line: &str) -> Option<String> {
    let indented = line.starts_with([' ', '}', '#']) || line.starts_with("typedef");
    let (head, _) = line.split_once('(').filter(|_| !indented)?;
    let name = head.rsplit([' ', '*']).next()?;
    name.starts_with("meshvitals_").then(|| name.to_owned())
}

/// The constants of the header whose names begin with a prefix, without it.
pub fn constants(header: &str, prefix: &str) -> BTreeMap<String, i64> {
    let defined = header.lines().filter_map(|line| line.strip_prefix("#define "));
    let named = defined.filter_map(|rest| rest.strip_prefix(prefix)?.split_once(' '));
    named
        .map(|(name, value)| {
            let value = value.trim_matches(['(', ')']).parse();
            (name.to_owned(), value.unwrap_or_else(|_| panic!("{prefix}{name} is no number")))
        })
        .collect()
}

/// The types of the header, with the names of their fields in order (none for other types).
pub fn types(header: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let mut fields: Option<Vec<String>> = None;
    for line in header.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        if line == "typedef struct {" {
            fields = Some(Vec::new());
        } else if let Some(rest) = line.strip_prefix("} ") {
            let name = rest.trim_end_matches(';').to_owned();
            found.extend(fields.take().map(|fields| (name, fields)));
        } else if let Some(fields) = &mut fields {
            let declared = line.split([';', '[']).next().unwrap_or_default();
            fields.extend(declared.rsplit(' ').next().map(str::to_owned));
        } else if let Some(rest) = line.strip_prefix("typedef ") {
            let name = match rest.split_once("(*") {
                Some((_, pointer)) => pointer.split(')').next(),
                None => rest.trim_end_matches(';').rsplit(' ').next(),
            };
            found.extend(name.map(|name| (name.to_owned(), Vec::new())));
        }
    }
    found
}
