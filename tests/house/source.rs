//! A Rust source as the rules see it: its code and its comments, apart, line for line.
//!
//! Both keep every line break and column of the original, so that a finding points at the right
//! place. Text inside literals appears in neither. The trap: a lone `'` is a lifetime unless a
//! closing quote follows one character (or an escape) later.

use std::fmt;

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// Path below the root, `/` between parts.
    pub file: String,
    /// Line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// The rule, and what to do.
    pub rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.rule)
    }
}

/// A source, split into code and comments.
pub struct Source {
    /// Path below the root.
    pub path: String,
    /// The text as it is.
    pub raw: String,
    /// The text with comments and the insides of literals blanked.
    pub code: String,
    /// The text with everything but comments blanked.
    pub comments: String,
}

impl Source {
    /// Splits `text`.
    pub fn new(path: &str, text: &str) -> Source {
        let (code, comments) = split(text);
        Source { path: path.to_owned(), raw: text.to_owned(), code, comments }
    }

    /// A finding at a line of this source.
    pub fn finding(&self, line: usize, rule: impl Into<String>) -> Finding {
        Finding { file: self.path.clone(), line, rule: rule.into() }
    }

    /// Whether the whole file is a test: `tests.rs`, or something below `tests/`.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.split('/').any(|part| part == "tests")
    }

    /// The code without what stands behind `#[cfg(test)]`, blanked line for line.
    pub fn code_without_tests(&self) -> String {
        if self.is_test() {
            return self.code.chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        }
        let mut code = self.code.clone().into_bytes();
        let mut from = 0;
        while let Some(found) = self.code[from..].find("#[cfg(test)]") {
            let start = from + found;
            let end = end_of_item(&self.code, start);
            for byte in &mut code[start..end] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
            from = end;
        }
        String::from_utf8(code).expect("only whole ASCII or blanked characters are replaced")
    }

    /// The line of a byte offset, from 1.
    pub fn line_of(text: &str, offset: usize) -> usize {
        text[..offset].bytes().filter(|b| *b == b'\n').count() + 1
    }
}

/// Behind the item at `start`: its closing brace, or the first semicolon before any brace.
fn end_of_item(code: &str, start: usize) -> usize {
    let mut depth = 0;
    for (index, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return index + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return index + 1,
            _ => {}
        }
    }
    code.len()
}

/// Lines that hold `word` as a whole identifier, from 1.
pub fn lines_with(text: &str, word: &str) -> Vec<usize> {
    offsets_of(text, word).into_iter().map(|offset| Source::line_of(text, offset)).collect()
}

/// Offsets of `word` where neither neighbour continues an identifier.
pub fn offsets_of(text: &str, word: &str) -> Vec<usize> {
    let continues = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .map(|(offset, _)| offset)
        .filter(|offset| {
            let joined = |edge: Option<char>, at: Option<char>| {
                edge.is_some_and(continues) && at.is_some_and(continues)
            };
            let before = text[..*offset].chars().next_back();
            let after = text[offset + word.len()..].chars().next();
            !joined(word.chars().next(), before) && !joined(word.chars().next_back(), after)
        })
        .collect()
}

/// Code and comments. Each has the length in lines and bytes of `text`, where blanked
/// characters become as many spaces as they have bytes.
fn split(text: &str) -> (String, String) {
    let mut split = Split { rest: text, code: String::new(), comments: String::new() };
    while let Some(c) = split.rest.chars().next() {
        if split.rest.starts_with("//") {
            let end = split.rest.find('\n').unwrap_or(split.rest.len());
            split.comment(end);
        } else if split.rest.starts_with("/*") {
            split.comment(end_of_block_comment(split.rest));
        } else if let Some((open, close, raw)) = literal(split.rest) {
            split.code(open);
            let inside = end_of_literal(split.rest, &close, raw);
            split.blank(inside);
            split.code(close.len().min(split.rest.len()));
        } else {
            // An identifier is taken whole, so that the `r` of `for"` opens no raw literal.
            let word = split.rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            split.code(word.filter(|w| *w > 0).unwrap_or(c.len_utf8()));
        }
    }
    (split.code, split.comments)
}

struct Split<'a> {
    rest: &'a str,
    code: String,
    comments: String,
}

impl<'a> Split<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn code(&mut self, bytes: usize) {
        let taken = self.take(bytes);
        self.code.push_str(taken);
        self.comments.push_str(&spaces(taken));
    }

    fn comment(&mut self, bytes: usize) {
        let taken = self.take(bytes);
        self.code.push_str(&spaces(taken));
        self.comments.push_str(taken);
    }

    fn blank(&mut self, bytes: usize) {
        let taken = spaces(self.take(bytes));
        self.code.push_str(&taken);
        self.comments.push_str(&taken);
    }
}

fn spaces(text: &str) -> String {
    text.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect()
}

fn end_of_block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// If a literal begins here: the length of its opening, its closing text, and whether it is raw.
fn literal(text: &str) -> Option<(usize, String, bool)> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|p| {
        let rest = text.strip_prefix(p);
        rest.is_some_and(|r| r.starts_with('"') || (p.ends_with('r') && r.starts_with('#')))
    });
    if let Some(prefix) = prefix {
        let rest = &text[prefix.len()..];
        let hashes = rest.bytes().take_while(|b| *b == b'#').count();
        // `r#name` is an identifier.
        if rest[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            return Some((prefix.len() + hashes + 1, close, prefix.ends_with('r')));
        }
    }
    let inside = text.strip_prefix("b'").or_else(|| text.strip_prefix('\''))?;
    let mut chars = inside.chars();
    let is_char = match chars.next()? {
        '\\' => true,
        _ => chars.next() == Some('\''),
    };
    is_char.then(|| (text.len() - inside.len(), "'".to_owned(), false))
}

fn end_of_literal(text: &str, close: &str, raw: bool) -> usize {
    if raw {
        return text.find(close).unwrap_or(text.len());
    }
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if text[index..].starts_with(close) => return index,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_leave_the_code() {
        let source = Source::new(
            "src/a.rs",
            "let a = \"x // y\"; // why\nlet b = r#\"q \" z\"#; /* m /* n */ o */ let c = '\\'';\n\
             fn f<'a>(x: &'a str) -> char { 'x' }\n",
        );
        assert_eq!(
            source.code,
            "let a = \"      \";       \nlet b = r#\"     \"#;                   let c = '  ';\n\
             fn f<'a>(x: &'a str) -> char { ' ' }\n"
        );
        assert_eq!(source.comments.split_whitespace().next(), Some("//"));
        assert!(source.comments.contains("/* m /* n */ o */"));
        assert!(!source.comments.contains("y\""));
    }

    #[test]
    fn lines_and_bytes_stay_where_they_were() {
        let text = "let ä = \"é\n\"; // ü\nlet z = b'\\n';";
        let source = Source::new("src/a.rs", text);
        assert_eq!(source.code.len(), text.len());
        assert_eq!(source.comments.len(), text.len());
        assert_eq!(source.code.lines().count(), 3);
    }

    #[test]
    fn raw_identifiers_and_words_before_a_quote_are_no_literals() {
        let source = Source::new("src/a.rs", "r#type = for_ever\"inside\" ;");
        assert_eq!(source.code, "r#type = for_ever\"      \" ;");
    }

    #[test]
    fn test_modules_can_be_left_out() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { {} }\n}\nfn c() {}\n\
                    #[cfg(test)]\nmod more;\nfn d() {}\n";
        let code = Source::new("src/a.rs", text).code_without_tests();
        assert_eq!(code.split_whitespace().collect::<String>(), "fna(){}fnc(){}fnd(){}");
        assert_eq!(code.lines().count(), text.lines().count());
        assert!(Source::new("src/a/tests.rs", text).code_without_tests().trim().is_empty());
    }

    #[test]
    fn words_are_found_whole() {
        assert_eq!(lines_with("unsafe\nunsafely\nnot_unsafe\n(unsafe)", "unsafe"), [1, 4]);
        assert_eq!(lines_with("eprintln!\nprintln!(", "println!"), [2]);
    }
}
