//! The policy `thresholds`: so many in a row, and nothing else.
//!
//! A warning is an answer, so warnings also end UNHEALTHY, but only as far as DEGRADED: a CPU
//! that fell from 100 % to 92 % must not stay UNHEALTHY because it never passes.

use super::{Detector, Evidence, Input};
use crate::model::{FirstResult, Policy, Role, Status};

/// The status after the counts were updated with `input`.
pub fn judge(state: &Detector, policy: &Policy, input: Input) -> Status {
    let failed = u32::from(state.failures) >= policy.failure_threshold;
    let passed = u32::from(state.passes) >= policy.success_threshold;
    let alive = u32::from(state.alive) >= policy.success_threshold;
    let warned = u32::from(state.warnings) >= policy.degraded_threshold;
    let next = match state.measured {
        Status::Unknown => first(state, policy, input, failed),
        Status::Healthy | Status::Degraded if failed => Status::Unhealthy,
        Status::Healthy if warned => Status::Degraded,
        Status::Degraded if passed => Status::Healthy,
        Status::Unhealthy if passed => Status::Healthy,
        Status::Unhealthy if alive => Status::Degraded,
        same => same,
    };
    match (policy.role, next) {
        (Role::Inform, Status::Unhealthy) => Status::Degraded,
        _ => next,
    }
}

/// What a check that is UNKNOWN becomes.
fn first(state: &Detector, policy: &Policy, input: Input, failed: bool) -> Status {
    let grace_over = input.age_ns >= policy.start_grace_ns;
    let any = policy.first_result == FirstResult::Any;
    match input.evidence {
        Evidence::Active | Evidence::Silent if any || (failed && grace_over) => Status::Unhealthy,
        Evidence::Pass if policy.first_result != FirstResult::None => Status::Healthy,
        Evidence::Pass if u32::from(state.passes) >= policy.success_threshold => Status::Healthy,
        Evidence::Warn if any || u32::from(state.warnings) >= policy.degraded_threshold => {
            Status::Degraded
        }
        _ => Status::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::detector::Pace;

    /// Steps through a word of letters (p pass, w warn, f active, s silent, l late, x local)
    /// and writes the status after each as its first letter, with K for UNKNOWN.
    fn trace(policy: &Policy, word: &str) -> String {
        let mut state = Detector::default();
        let mut run = 0;
        word.chars()
            .map(|letter| {
                let evidence = match letter {
                    'p' => Evidence::Pass,
                    'w' => Evidence::Warn,
                    'f' => Evidence::Active,
                    's' => Evidence::Silent,
                    'l' => Evidence::Late,
                    _ => Evidence::Local,
                };
                run += u64::from(letter != 'l');
                state.step(policy, Input { evidence, run, age_ns: 0 });
                match state.measured() {
                    Status::Unknown => 'K',
                    Status::Healthy => 'H',
                    Status::Degraded => 'D',
                    Status::Unhealthy => 'U',
                }
            })
            .collect()
    }

    #[test]
    fn the_table_of_the_basic_machine_holds() {
        let plain = Policy::default();
        for (word, statuses, why) in [
            ("p", "H", "the first pass decides"),
            ("fff", "KKU", "failure_threshold failures in a row"),
            ("ffp", "KKH", "the first pass decides also after failures"),
            ("pffpff", "HHHHHH", "a pass ends a streak"),
            ("pfff", "HHHU", "three in a row"),
            ("pfffpfpp", "HHHUUUUH", "a failure between passes starts again"),
            ("pww", "HHD", "two warnings in a row"),
            ("pwwpp", "HHDDH", "success_threshold passes end DEGRADED"),
            ("pffwff", "HHHHHH", "a warning ends a failure streak"),
            ("pfffww", "HHHUUD", "warnings end UNHEALTHY as far as DEGRADED"),
            ("pfffwp", "HHHUUD", "an answer that is not all passes is DEGRADED"),
            ("pffxxxf", "HHHHHHU", "local faults neither count nor interrupt"),
            ("pssls", "HHHHH", "a late answer takes back silence"),
            ("pfslfs", "HHHHHU", "but not the active failures"),
            ("psssl", "HHHUU", "nor a published UNHEALTHY"),
            ("ww", "KD", "warnings decide after degraded_threshold"),
        ] {
            assert_eq!(trace(&plain, word), statuses, "{why}: {word}");
        }
    }

    #[test]
    fn the_first_result_rules_differ() {
        let any = Policy { first_result: FirstResult::Any, ..Policy::default() };
        assert_eq!(trace(&any, "f"), "U");
        assert_eq!(trace(&any, "w"), "D");
        let none = Policy { first_result: FirstResult::None, ..Policy::default() };
        assert_eq!(trace(&none, "pp"), "KH");
        assert_eq!(trace(&none, "pfpp"), "KKKH");
    }

    #[test]
    fn inform_stops_at_degraded_and_degraded_is_failure_counts_warnings() {
        let inform = Policy { role: Role::Inform, ..Policy::default() };
        assert_eq!(trace(&inform, "pfffpp"), "HHHDDH");
        let strict = Policy { degraded_is_failure: true, ..Policy::default() };
        assert_eq!(Evidence::of(crate::model::Outcome::Warn, &strict), Evidence::Active);
    }

    #[test]
    fn start_grace_delays_only_the_first_unhealthy() {
        let policy = Policy { start_grace_ns: 10, ..Policy::default() };
        let mut state = Detector::default();
        for run in 1..=5 {
            state.step(&policy, Input { evidence: Evidence::Active, run, age_ns: 9 });
        }
        assert_eq!((state.measured(), state.pace()), (Status::Unknown, Pace::Confirm));
        state.step(&policy, Input { evidence: Evidence::Active, run: 6, age_ns: 10 });
        assert_eq!((state.measured(), state.pace()), (Status::Unhealthy, Pace::Normal));
    }
}
