//! Bytes as hexadecimal digits.

/// The bytes of pairs of digits, which may stand apart: "0d0a", "0D 0A". `None` for anything else.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut found = Vec::with_capacity(text.len() / 2);
    for word in text.split_ascii_whitespace() {
        let (pairs, []) = word.as_bytes().as_chunks::<2>() else { return None };
        for &[high, low] in pairs {
            let digit = |letter: u8| char::from(letter).to_digit(16);
            found.push((digit(high)? << 4 | digit(low)?) as u8);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn pairs_of_digits_are_bytes_and_nothing_else_is() {
        assert_eq!(bytes("0d0A ff"), Some(vec![13, 10, 255]));
        assert_eq!(bytes(""), Some(vec![]));
        for wrong in ["0", "0d0", "0g", "0x0d", "+f", "0 d", "é", "aé"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
