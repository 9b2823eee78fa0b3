//! What a peer said, for messages: short, in one line, and only what can be printed.

/// Characters that are repeated at most.
const LIMIT: usize = 80;

/// The words of a peer in quotation marks, cut where they are long.
pub fn said(words: &[u8]) -> String {
    // No more is decoded than may be shown; a character has at most four bytes.
    let start = &words[..words.len().min(LIMIT * 4)];
    let text = String::from_utf8_lossy(start);
    let mut shown: String = text
        .trim_end()
        .chars()
        .map(|letter| if letter.is_control() { '.' } else { letter })
        .take(LIMIT)
        .collect();
    if shown.len() < words.trim_ascii_end().len() && shown.chars().count() == LIMIT {
        shown.push_str("...");
    }
    format!("\"{shown}\"")
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn words_are_cut_and_made_printable() {
        assert_eq!(said(b"ERR no\x1b[1m\r\n"), "\"ERR no.[1m\"");
        assert_eq!(said(b"\xff"), "\"\u{fffd}\"");
        assert_eq!(said(&[b'a'; 80]), format!("\"{}\"", "a".repeat(80)));
        assert_eq!(said(&[b'a'; 81]), format!("\"{}...\"", "a".repeat(80)));
        assert_eq!(said("ä".repeat(400).as_bytes()), format!("\"{}...\"", "ä".repeat(80)));
    }
}
