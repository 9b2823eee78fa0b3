//! The invariants of the detector, for arbitrary sequences of evidence.
//!
//! The numbers are those of the specification of the detector, section 8.

use super::*;
use crate::model::{FirstResult, Role};
use proptest::prelude::*;

fn any_evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        4 => Just(Evidence::Pass),
        1 => Just(Evidence::Warn),
        3 => Just(Evidence::Active),
        3 => Just(Evidence::Silent),
        1 => Just(Evidence::Late),
        1 => Just(Evidence::Local),
    ]
}

fn any_policy() -> impl Strategy<Value = Policy> {
    (1u32..6, 1u32..5, 1u32..4, prop_oneof![Just(FirstResult::Pass), Just(FirstResult::None)])
        .prop_map(|(failure_threshold, success_threshold, degraded_threshold, first_result)| {
            Policy {
                failure_threshold,
                success_threshold,
                degraded_threshold,
                first_result,
                ..Policy::default()
            }
        })
}

fn trace() -> impl Strategy<Value = Vec<Evidence>> {
    proptest::collection::vec(any_evidence(), 0..200)
}

/// Runs a trace; a late answer belongs to the run before it.
fn run(policy: &Policy, trace: &[Evidence], age_ns: u64) -> Vec<Status> {
    let mut state = Detector::default();
    let mut run = 0;
    let step = |&evidence: &Evidence| {
        run += u64::from(evidence != Evidence::Late);
        state.step(policy, Input { evidence, run, age_ns });
        state.measured()
    };
    trace.iter().map(step).collect()
}

fn first_unhealthy(statuses: &[Status]) -> usize {
    statuses.iter().position(|&s| s == Status::Unhealthy).unwrap_or(usize::MAX)
}

proptest! {
    /// 1 and 3, judged by counting backwards over the raw trace.
    #[test]
    fn a_change_needs_its_evidence_in_a_row(policy in any_policy(), trace in trace()) {
        let statuses = run(&policy, &trace, 0);
        let mut before = Status::Unknown;
        for (at, &after) in statuses.iter().enumerate() {
            let past = trace[..=at].iter().rev();
            if after == Status::Unhealthy && before != after {
                let streak = past
                    .clone()
                    .take_while(|e| !matches!(e, Evidence::Pass | Evidence::Warn))
                    .filter(|e| matches!(e, Evidence::Active | Evidence::Silent))
                    .count();
                prop_assert!(streak >= policy.failure_threshold as usize);
            }
            if before == Status::Unhealthy && after != before {
                let answers = past
                    .take_while(|e| !matches!(e, Evidence::Active | Evidence::Silent))
                    .filter(|e| matches!(e, Evidence::Pass | Evidence::Warn))
                    .count();
                prop_assert!(answers >= policy.success_threshold as usize);
            }
            before = after;
        }
    }

    /// 4: a pass in place of a failure never makes UNHEALTHY earlier.
    #[test]
    fn a_better_result_never_convicts_earlier(
        policy in any_policy(), mut trace in trace(), at in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!trace.is_empty());
        let at = at.index(trace.len());
        prop_assume!(matches!(trace[at], Evidence::Active | Evidence::Silent));
        let before = first_unhealthy(&run(&policy, &trace, 0));
        trace[at] = Evidence::Pass;
        prop_assert!(first_unhealthy(&run(&policy, &trace, 0)) >= before);
    }

    /// 4: local faults change nothing at all.
    #[test]
    fn local_faults_are_never_evidence(policy in any_policy(), trace in trace()) {
        let clean: Vec<_> = trace.iter().copied().filter(|e| *e != Evidence::Local).collect();
        let last = |trace: &[_]| run(&policy, trace, 0).last().copied().unwrap_or_default();
        prop_assert_eq!(last(&trace), last(&clean));
    }

    /// 5: passes only publish HEALTHY once and nothing more.
    #[test]
    fn passes_only_change_once(policy in any_policy(), count in 1usize..100) {
        let statuses = run(&policy, &vec![Evidence::Pass; count], 0);
        let changes = statuses.windows(2).filter(|pair| pair[0] != pair[1]).count();
        prop_assert!(changes + usize::from(statuses[0] != Status::Unknown) <= 1);
    }

    /// 6: failures only reach UNHEALTHY with exactly the failure_threshold-th.
    #[test]
    fn failures_only_convict_at_the_threshold(policy in any_policy(), silent in any::<bool>()) {
        let failure = if silent { Evidence::Silent } else { Evidence::Active };
        let statuses = run(&policy, &[failure; 10], 0);
        prop_assert_eq!(first_unhealthy(&statuses) + 1, policy.failure_threshold as usize);
    }

    /// 11: a result counts once, and one older than the last counted changes nothing.
    #[test]
    fn repeated_and_old_results_change_nothing(
        policy in any_policy(), trace in trace(), again in any_evidence(),
    ) {
        prop_assume!(again != Evidence::Late);
        let mut state = Detector::default();
        for (run, &evidence) in (1u64..).zip(trace.iter()) {
            state.step(&policy, Input { evidence, run, age_ns: 0 });
            // A local result counts nothing, so its number is not used up by it.
            if !matches!(evidence, Evidence::Local | Evidence::Late) {
                let before = state;
                for old in [run, run / 2] {
                    state.step(&policy, Input { evidence: again, run: old, age_ns: 0 });
                    prop_assert_eq!(state, before);
                }
            }
        }
    }

    /// 13: shifting the run numbers shifts nothing else. Time itself does not enter.
    #[test]
    fn a_shifted_trace_gives_the_same_statuses(
        policy in any_policy(), trace in trace(), shift in 0u64..1 << 60,
    ) {
        let mut state = Detector::default();
        let mut run_number = shift;
        let shifted: Vec<_> = trace
            .iter()
            .map(|&evidence| {
                run_number += u64::from(evidence != Evidence::Late);
                state.step(&policy, Input { evidence, run: run_number, age_ns: 0 });
                state.measured()
            })
            .collect();
        prop_assert_eq!(shifted, run(&policy, &trace, 0));
    }

    /// 14: any age, however large, is legal.
    #[test]
    fn extreme_ages_do_not_overflow(policy in any_policy(), trace in trace(), grace in any::<u64>()) {
        let policy = Policy { start_grace_ns: grace, ..policy };
        for age_ns in [0, 1 << 63, u64::MAX] {
            run(&policy, &trace, age_ns);
        }
    }

    /// 15, the detector's half: answers alone, late or in time, never convict.
    #[test]
    fn answers_however_late_never_convict(policy in any_policy(), late in prop::collection::vec(any::<bool>(), 1..100)) {
        let policy = Policy { failure_threshold: policy.failure_threshold.max(2), ..policy };
        let trace: Vec<_> = late
            .iter()
            .flat_map(|&late| if late { vec![Evidence::Silent, Evidence::Late] } else { vec![Evidence::Pass] })
            .collect();
        prop_assert_eq!(first_unhealthy(&run(&policy, &trace, 0)), usize::MAX);
    }

    /// A check that informs never becomes UNHEALTHY.
    #[test]
    fn inform_never_becomes_unhealthy(policy in any_policy(), trace in trace()) {
        let policy = Policy { role: Role::Inform, ..policy };
        prop_assert_eq!(first_unhealthy(&run(&policy, &trace, 0)), usize::MAX);
    }
}

/// The ten-line model that the policy `thresholds` must equal.
fn slow_model(policy: &Policy, trace: &[Evidence]) -> Vec<Status> {
    let answers = |past: &[Evidence], kinds: &[Evidence]| {
        past.iter()
            .rev()
            .filter(|e| **e != Evidence::Local)
            .take_while(|e| kinds.contains(e))
            .count() as u32
    };
    let mut status = Status::Unknown;
    (1..=trace.len())
        .map(|end| {
            let past = &trace[..end];
            let failures = answers(past, &[Evidence::Active, Evidence::Silent]);
            let passes = answers(past, &[Evidence::Pass]);
            let warnings = answers(past, &[Evidence::Warn]);
            let alive = answers(past, &[Evidence::Pass, Evidence::Warn]);
            let first = policy.first_result == FirstResult::Pass && passes > 0;
            status = match status {
                _ if failures >= policy.failure_threshold => Status::Unhealthy,
                Status::Unknown if first => Status::Healthy,
                Status::Unknown | Status::Degraded if passes >= policy.success_threshold => {
                    Status::Healthy
                }
                Status::Unknown | Status::Healthy if warnings >= policy.degraded_threshold => {
                    Status::Degraded
                }
                Status::Unhealthy if passes >= policy.success_threshold => Status::Healthy,
                Status::Unhealthy if alive >= policy.success_threshold => Status::Degraded,
                same => same,
            };
            status
        })
        .collect()
}

proptest! {
    /// The fast machine against the slow obvious one, without late answers.
    #[test]
    fn the_machine_equals_the_slow_model(policy in any_policy(), trace in trace()) {
        let trace: Vec<_> = trace.into_iter().filter(|e| *e != Evidence::Late).collect();
        prop_assert_eq!(run(&policy, &trace, 0), slow_model(&policy, &trace));
    }
}
