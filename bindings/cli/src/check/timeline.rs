//! The phases of a run as bars, each where it lay in time.
//!
//! Phases follow each other, so each bar begins where the one before ended. A phase that happened
//! shows at least one mark, however short it was.

use crate::run::paint::{Line, Tone};
use crate::words;
use meshvitals::Phases;

/// Columns of the longest bar.
const WIDTH: usize = 32;

/// One line a phase, and the total; only the total where nothing is known of phases.
pub fn lines(phases: &Phases, latency_ns: u64) -> Vec<Line> {
    let steps = [
        ("resolve", phases.resolve_ns),
        ("connect", phases.connect_ns),
        ("tls", phases.tls_ns),
        ("first byte", phases.first_byte_ns),
        ("transfer", phases.transfer_ns),
    ];
    // Most connections are not encrypted, and then there is nothing to say.
    let steps = steps.into_iter().filter(|(name, ns)| *name != "tls" || *ns > 0);
    let steps: Vec<(&str, u64)> = steps.collect();
    let sum = steps.iter().map(|(_, ns)| ns).sum::<u64>();
    let whole = sum.max(latency_ns);
    let mut lines = Vec::new();
    let mut begin = 0;
    for (name, ns) in steps.into_iter().filter(|_| sum > 0) {
        lines.push(row(name, ns, bar(begin, ns, whole)));
        begin += ns;
    }
    lines.push(row("total", latency_ns, bar(0, latency_ns, whole)));
    lines
}

fn row(name: &str, ns: u64, bar: String) -> Line {
    let time = if ns == 0 { "-".to_owned() } else { words::duration(ns) };
    vec![
        (Tone::Faint, format!("  {name:<12}")),
        (Tone::Plain, format!("{time:>9}  ")),
        (Tone::Accent, bar),
    ]
}

/// `[begin, begin + length)` of `whole`, in columns.
fn bar(begin: u64, length: u64, whole: u64) -> String {
    if length == 0 || whole == 0 {
        return String::new();
    }
    let column = |ns: u64| (ns as f64 / whole as f64 * WIDTH as f64).round() as usize;
    let first = column(begin).min(WIDTH - 1);
    let last = column(begin + length).clamp(first + 1, WIDTH);
    format!("{}{}", " ".repeat(first), "█".repeat(last - first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(phases: &Phases, latency_ns: u64) -> Vec<String> {
        let lines = lines(phases, latency_ns);
        let join = |line: &Line| line.iter().map(|(_, text)| text.as_str()).collect::<String>();
        lines.iter().map(join).collect()
    }

    #[test]
    fn bars_follow_each_other_and_fill_the_whole() {
        let phases = Phases {
            resolve_ns: 0,
            connect_ns: 1_000_000,
            tls_ns: 0,
            first_byte_ns: 2_000_000,
            transfer_ns: 1_000_000,
        };
        assert_eq!(
            text(&phases, 4_000_000),
            [
                "  resolve             -  ".to_owned(),
                format!("  connect       1.00 ms  {}", "█".repeat(8)),
                format!("  first byte    2.00 ms  {}{}", " ".repeat(8), "█".repeat(16)),
                format!("  transfer      1.00 ms  {}{}", " ".repeat(24), "█".repeat(8)),
                format!("  total         4.00 ms  {}", "█".repeat(32)),
            ]
        );
    }

    #[test]
    fn the_shortest_phase_has_a_mark_and_the_last_stays_inside() {
        for (begin, length) in [(0, 1), (999_999, 1), (1_000_000, 1)] {
            let bar = bar(begin, length, 1_000_000);
            assert_eq!(bar.matches('█').count(), 1);
            assert!(bar.chars().count() <= WIDTH);
        }
    }

    #[test]
    fn without_phases_there_is_only_the_total() {
        assert_eq!(text(&Phases::default(), 5_000).len(), 1);
        assert_eq!(text(&Phases::default(), 0), ["  total               -  "]);
    }
}
