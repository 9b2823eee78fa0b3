//! What the figures of memory mean, and the signals over recorded trees.

use super::*;

const LEVEL: Level = Level { threshold: 0.9 };

#[test]
fn memory_that_is_available_is_not_in_use() {
    let cases = [
        (1000, 1000, 0.0, Outcome::Pass),
        (1000, 300, 0.7, Outcome::Pass),
        (1000, 50, 0.95, Outcome::Warn),
        (1000, 0, 1.0, Outcome::Fail),
        // Seen where a container shows its own total beside the host's available.
        (1000, 5000, 0.0, Outcome::Pass),
    ];
    for (total, available, value, outcome) in cases {
        let result = weigh(LEVEL, total, available);
        assert_eq!((result.value, result.outcome), (value, outcome));
    }
}

#[test]
fn a_complaint_has_figures_with_units() {
    let gib = 1u64 << 30;
    let result = weigh(LEVEL, 31 * gib / 2, 6 * gib / 10);
    let expected = "memory 14.9 GiB of 15.5 GiB in use; 96.1 % is at or above 90.0 %";
    assert_eq!(result.message.as_str(), expected);
    assert_eq!(result.reason, Reason::MATCH_VALUE);
}

#[test]
fn no_total_is_no_evidence() {
    let result = weigh(LEVEL, 0, 0);
    assert_eq!(result.outcome, Outcome::Local);
    assert_eq!(result.reason, Reason::LOCAL_UNSUPPORTED);
    assert!(result.value.is_nan());
}
