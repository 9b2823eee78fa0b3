//! Numbers in the texts of the kernel.

/// A number that stands alone, with blanks around it.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

/// The numbers of a text of as many numbers, or more, with blanks between them.
pub(super) fn numbers<const N: usize>(text: &[u8]) -> Option<[u64; N]> {
    let mut words = words(text);
    let mut found = [0; N];
    for place in &mut found {
        *place = number(words.next()?)?;
    }
    Some(found)
}

/// The words of a text.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// The share of a limit in percent; a limit of nothing is always used up.
pub(super) fn percent(used: u64, limit: u64) -> f64 {
    if limit == 0 { 100.0 } else { 100.0 * used as f64 / limit as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_or_none() {
        let cases: [(&[u8], Option<[u64; 2]>); 8] = [
            (b"32768\t60999\n", Some([32_768, 60_999])),
            (b"1 2 3", Some([1, 2])),
            (b" 18446744073709551615  0", Some([u64::MAX, 0])),
            (b"18446744073709551616 0", None),
            (b"1", None),
            (b"", None),
            (b"1 -2", None),
            (b"1 \xff", None),
        ];
        for (text, expected) in cases {
            assert_eq!(numbers::<2>(text), expected, "{}", text.escape_ascii());
        }
        assert_eq!(number(b" 7\n"), Some(7));
        assert_eq!(number(b"7 8"), None);
    }

    #[test]
    fn a_share_of_nothing_is_all_of_it() {
        assert_eq!(percent(1, 4), 25.0);
        assert_eq!(percent(0, 0), 100.0);
        assert_eq!(percent(u64::MAX, 1) as u64, u64::MAX);
    }
}
