//! What a peer said, fit for a message: short, printable, and without what it was told in secret.
//!
//! The trap: a port behind which something merely echoes repeats the password that it was sent.
//! Whoever shows what came after a login names the secrets; an answer that holds one is not shown.

use crate::model::Secret;

/// Bytes of an answer that are shown at most.
const LIMIT: usize = 80;

/// What was said, in quotes, cut, what is not printable escaped.
pub fn shown<'a>(bytes: &[u8], secrets: impl IntoIterator<Item = &'a Secret>) -> String {
    let holds = |secret: &Secret| {
        !secret.text.is_empty() && memchr::memmem::find(bytes, &secret.text).is_some()
    };
    if secrets.into_iter().any(holds) {
        return "(not shown)".to_owned();
    }
    let mut text = String::from("\"");
    for letter in String::from_utf8_lossy(bytes).trim_end().chars() {
        let width = text.len();
        match letter {
            // Protocols quote with it.
            '\'' => text.push(letter),
            _ => text.extend(letter.escape_debug()),
        }
        if text.len() > LIMIT {
            text.truncate(width);
            text.push('…');
            break;
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_and_printable() {
        assert_eq!(shown(b"-ERR 'no'\r\n", []), "\"-ERR 'no'\"");
        assert_eq!(shown(b"a\x1b[2J\0\"b\xff", []), r#""a\u{1b}[2J\0\"b�""#);
        let long = shown(&[b'x'; 4096], []);
        assert!(long.ends_with("x…\"") && long.len() < 90, "{long}");
        assert!(shown(&[0; 100], []).len() < 90);
    }

    #[test]
    fn a_secret_that_is_repeated_is_not_shown() {
        let secret = Secret::given("hunter2", "/x/password");
        assert_eq!(shown(b"set a 0 0 9 hunter2", [&secret]), "(not shown)");
        assert_eq!(shown(b"hunter", [&secret]), "\"hunter\"");
        assert_eq!(shown(b"x", [&Secret::given("", "")]), "\"x\"");
    }
}
