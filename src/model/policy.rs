//! How often a check runs and how much evidence changes its status.
//!
//! Policies are compared and hashed so that equal ones are stored once: a million checks
//! usually share a handful.

use crate::time::{MILLISECOND, SECOND};

/// Which rules turn results into a status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// Plain counts: `failure_threshold` and `success_threshold` in a row.
    #[default]
    Thresholds,
}

/// What the very first results may decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FirstResult {
    /// The first pass makes the check HEALTHY.
    #[default]
    Pass,
    /// The first result, also a failure, is published.
    Any,
    /// Nothing: `success_threshold` passes in a row are needed.
    None,
}

/// How far a check may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// May become UNHEALTHY.
    #[default]
    Gate,
    /// Stops at DEGRADED.
    Inform,
}

/// Everything about a check but its name, its probe and its relations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// The rules of the detector.
    pub kind: PolicyKind,
    /// Time between the starts of two runs.
    pub interval_ns: u64,
    /// From the start of a run to its deadline.
    pub timeout_ns: u64,
    /// Time between runs while in doubt; never above the interval.
    pub confirm_interval_ns: u64,
    /// Before this age a check in UNKNOWN does not become UNHEALTHY.
    pub start_grace_ns: u64,
    /// How long after its deadline an answer still counts as LATE.
    pub linger_ns: u64,
    /// Fixed delay of the first run; without it the start is spread by the name.
    pub initial_delay_ns: Option<u64>,
    /// Symmetric share of the interval by which each round moves, in millionths.
    pub jitter_ppm: u32,
    /// Failures in a row that make UNHEALTHY.
    pub failure_threshold: u32,
    /// Passes in a row that end UNHEALTHY and DEGRADED.
    pub success_threshold: u32,
    /// Warnings in a row that make DEGRADED.
    pub degraded_threshold: u32,
    /// What the first results may decide.
    pub first_result: FirstResult,
    /// Runs in flight at once, confirm runs included.
    pub max_in_flight: u32,
    /// Whether groups become UNHEALTHY with this check.
    pub critical: bool,
    /// Whether a warning counts as a failure.
    pub degraded_is_failure: bool,
    /// How far the check may go.
    pub role: Role,
    /// The groups that the check belongs to, sorted, without repetition.
    pub tags: Box<[Box<str>]>,
}

impl Policy {
    /// Whether a check runs at the same instants with the other one.
    pub fn plans_as(&self, other: &Policy) -> bool {
        let plan =
            |policy: &Policy| (policy.interval_ns, policy.initial_delay_ns, policy.jitter_ppm);
        plan(self) == plan(other)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            kind: PolicyKind::Thresholds,
            interval_ns: 15 * SECOND,
            timeout_ns: 5 * SECOND,
            confirm_interval_ns: 700 * MILLISECOND,
            start_grace_ns: 0,
            linger_ns: 0,
            initial_delay_ns: None,
            jitter_ppm: 100_000,
            failure_threshold: 3,
            success_threshold: 2,
            degraded_threshold: 2,
            first_result: FirstResult::Pass,
            max_in_flight: 1,
            critical: true,
            degraded_is_failure: false,
            role: Role::Gate,
            tags: Box::default(),
        }
    }
}
