//! Names of checks and tags: what is allowed, and what is the library's own.
//!
//! A name is 1 to 127 bytes of UTF-8 without control characters, so that it fits a C string and a
//! line of a log. Nothing is trimmed or folded: names that differ in case are different.

/// The longest name, in bytes.
pub const NAME_LIMIT: usize = 127;

/// What a name may be, for errors.
pub const NAME_ALLOWED: &str = "1 to 127 bytes of UTF-8 without control characters";

/// What a user's name may not be, for errors.
pub const NAME_RESERVED: &str =
    "names that do not begin with system. or meshvitals., which are the library's own";

/// The group that every check belongs to; its name is no tag.
pub const OVERALL: &str = "overall";

/// Whether `text` may be the name of a check or a tag.
pub fn is_name(text: &str) -> bool {
    matches!(text.len(), 1..=NAME_LIMIT) && !has_control(text)
}

/// Whether the name is one that only the library itself gives.
pub fn is_reserved(name: &str) -> bool {
    name.starts_with("system.") || name.starts_with("meshvitals.")
}

/// Whether a control character stands anywhere in `text`.
pub fn has_control(text: &str) -> bool {
    // Nearly all names are ASCII, where a byte tells; the rest have controls above 0x7f too.
    if text.is_ascii() {
        text.bytes().any(|byte| byte.is_ascii_control())
    } else {
        text.chars().any(char::is_control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_127_bytes_and_no_control_character() {
        for good in ["a", "orders-db", "Prüfung 7", "系統", &"x".repeat(NAME_LIMIT)] {
            assert!(is_name(good), "{good:?}");
        }
        for bad in ["", "a\nb", "a\0", "\u{7f}", "ü\u{85}", &"x".repeat(NAME_LIMIT + 1)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_the_two_prefixes_are_reserved() {
        assert!(is_reserved("system.cpu") && is_reserved("meshvitals.self"));
        assert!(!is_reserved("system") && !is_reserved("systems.x") && !is_reserved("meshvitals"));
    }
}
