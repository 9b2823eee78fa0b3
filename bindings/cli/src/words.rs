//! Numbers as people read them, and texts that are safe to show.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A duration with two or three digits: `850 µs`, `1.24 ms`, `37.0 ms`, `2.50 s`.
pub fn duration(ns: u64) -> String {
    let (value, unit) = match ns {
        0..1_000_000 => (ns as f64 / 1e3, "µs"),
        1_000_000..1_000_000_000 => (ns as f64 / 1e6, "ms"),
        _ => (ns as f64 / 1e9, "s"),
    };
    let digits = match (unit, value) {
        ("µs", _) => 0,
        (_, value) if value < 9.995 => 2,
        (_, value) if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// An age in its two largest units: `4s`, `3m 12s`, `5h 07m`, `2d 03h`.
pub fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A date in UTC, to the second: `2026-11-23T21:05:00Z`.
pub fn date(unix_ms: i64) -> String {
    let since = std::time::Duration::from_millis(unix_ms.max(0) as u64);
    humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since).to_string()
}

/// A value against its threshold, in its unit: shares of the whole as percentages.
pub fn value(value: f64, threshold: f64, unit: Option<&str>) -> String {
    if value.is_nan() {
        return String::new();
    }
    let (scale, unit) = match unit {
        Some("1") => (100.0, " %"),
        Some("{event}/s") => (1.0, "/s"),
        Some(word) if word.starts_with('{') => (1.0, ""),
        Some("%") => (1.0, " %"),
        Some("By") => (1.0 / f64::from(1 << 20), " MiB"),
        Some("s") => (1.0, " s"),
        Some("h") => (1.0, " h"),
        _ => (1.0, ""),
    };
    let told = |value: f64| match unit {
        " %" => format!("{:.0} %", value * scale),
        unit => format!("{}{unit}", number(value * scale)),
    };
    if threshold.is_nan() {
        return told(value);
    }
    format!("{} of {}", told(value), told(threshold))
}

fn number(value: f64) -> String {
    // A sum of tenths is no whole number of them; and the longest number has 309 digits.
    let rounded = (value * 1e3).round() / 1e3;
    if rounded.abs() < 1e9 { format!("{rounded}") } else { format!("{value:.3e}") }
}

/// The text without control characters, so that no message steers a terminal or fakes a line.
pub fn clean(text: &str) -> String {
    // Direction marks would let a name show as another.
    let unsafe_mark = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || unsafe_mark(c) { '\u{fffd}' } else { c }).collect()
}

/// The text in exactly `width` columns: cut with an ellipsis, or filled with spaces.
pub fn fit(text: &str, width: usize) -> String {
    let full = text.width();
    if full <= width {
        return format!("{text}{}", " ".repeat(width - full));
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        cut.push(c);
        used += wide;
    }
    if width > 0 {
        cut.push('…');
        used += 1;
    }
    cut.push_str(&" ".repeat(width - used));
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_or_three_digits() {
        for (ns, text) in [
            (0, "0 µs"),
            (850_000, "850 µs"),
            (1_240_000, "1.24 ms"),
            (37_000_000, "37.0 ms"),
            (999_400_000, "999 ms"),
            (2_500_000_000, "2.50 s"),
            (75_000_000_000, "75.0 s"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn ages_have_their_two_largest_units() {
        for (seconds, text) in [(4, "4s"), (192, "3m 12s"), (18_420, "5h 07m"), (183_600, "2d 03h")]
        {
            assert_eq!(age(seconds), text);
        }
    }

    #[test]
    fn dates_are_utc() {
        assert_eq!(date(1_795_467_900_000), "2026-11-23T21:05:00Z");
        assert_eq!(date(-1), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn shares_are_percentages() {
        assert_eq!(value(0.716, 0.9, Some("1")), "72 % of 90 %");
        assert_eq!(value(93.4, 90.0, Some("%")), "93 % of 90 %");
        assert_eq!(value(0.25, 1.0, Some("{event}/s")), "0.25/s of 1/s");
        assert_eq!(value(2.0, 1.0, Some("{event}")), "2 of 1");
        assert_eq!(value(3_145_728.0, f64::NAN, Some("By")), "3 MiB");
        assert_eq!(value(17.5, f64::NAN, None), "17.5");
        assert_eq!(value(f64::NAN, 0.9, None), "");
    }

    #[test]
    fn values_without_a_threshold_stay_short() {
        for (number, text) in [(7.0, "7"), (0.1 + 0.2, "0.3"), (-2.5, "-2.5"), (1e300, "1.000e300")]
        {
            assert_eq!(value(number, f64::NAN, None), text);
        }
    }

    #[test]
    fn nothing_shown_can_steer_a_terminal() {
        assert_eq!(
            clean("a\u{1b}[2Jb\nc\u{9b}d\u{202e}e"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e"
        );
        assert_eq!(clean("Prüfung 系統"), "Prüfung 系統");
    }

    #[test]
    fn cells_have_exactly_their_width() {
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("系統系統", 4), "系… ");
        assert_eq!(fit("系統", 4), "系統");
        assert_eq!(fit("ab", 0), "");
    }
}
