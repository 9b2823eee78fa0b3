//! From results to a status: the pure state machine of one check.
//!
//! `step` takes what is known and one piece of evidence and returns what changed; it has no
//! clock, no I/O and no randomness. Our own faults never count: they arrive as
//! [`Evidence::Local`] and leave everything as it was. The trap is the order of results: a
//! result counts once, and one that is older than the last one counted changes nothing, except
//! that a late answer takes back the silence it belongs to.

mod thresholds;

#[cfg(test)]
mod invariants;

use super::{Outcome, Policy, Status};

/// What one result says, once it is clear whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// An answer as expected, before the deadline.
    Pass,
    /// Alive, with a complaint.
    Warn,
    /// An answer that says no: our network works, the target does not.
    Active,
    /// No answer before a deadline that fired on time.
    Silent,
    /// An answer after the deadline: alive, but not a pass.
    Late,
    /// Our own fault, or nothing was measured: never evidence.
    Local,
}

impl Evidence {
    /// The evidence in an outcome that was observed on time.
    pub fn of(outcome: Outcome, policy: &Policy) -> Evidence {
        match outcome {
            Outcome::Pass => Evidence::Pass,
            Outcome::Warn if policy.degraded_is_failure => Evidence::Active,
            Outcome::Warn => Evidence::Warn,
            Outcome::Fail => Evidence::Active,
            Outcome::Timeout => Evidence::Silent,
            Outcome::Local => Evidence::Local,
        }
    }
}

/// One piece of evidence and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// What was observed.
    pub evidence: Evidence,
    /// The number of the run it belongs to; later runs have higher numbers.
    pub run: u64,
    /// Time since the check was registered.
    pub age_ns: u64,
}

/// How soon the next run is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At the check's interval.
    Normal,
    /// At its confirm interval: in doubt or recovering.
    Confirm,
    /// Soon: a first sample says nothing without a second.
    Second,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// The status before, if it changed.
    pub previous: Option<Status>,
    /// How soon the next run is wanted.
    pub pace: Pace,
}

/// The number of a run in six bytes instead of eight: at 100,000 runs a second they last for 89
/// years. Beyond that runs are equal, and no later result would count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RunNumber([u16; 3]);

impl RunNumber {
    fn new(run: u64) -> RunNumber {
        let [a, b, c, _] = [0, 16, 32, 48].map(|shift| (run.min((1 << 48) - 1) >> shift) as u16);
        RunNumber([a, b, c])
    }

    fn get(self) -> u64 {
        self.0.into_iter().rev().fold(0, |number, part| number << 16 | u64::from(part))
    }
}

/// What the detector remembers of one check; there may be a million, so it is kept small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detector {
    /// The highest run that was counted.
    last_run: RunNumber,
    /// The first run of the failure streak.
    streak_run: RunNumber,
    /// Failures in a row, silent ones included.
    failures: u16,
    /// Those of them that were silence.
    silent: u16,
    /// Passes in a row.
    passes: u16,
    /// Warnings in a row.
    warnings: u16,
    /// Passes and warnings in a row.
    alive: u16,
    measured: Status,
}

impl Detector {
    /// The measured status.
    pub fn measured(&self) -> Status {
        self.measured
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures.into()
    }

    /// Passes in a row.
    pub fn passes(&self) -> u32 {
        self.passes.into()
    }

    /// The pace that the present state asks for.
    pub fn pace(&self) -> Pace {
        let in_doubt = self.failures > 0 && self.measured != Status::Unhealthy;
        let recovering = self.alive > 0 && self.measured == Status::Unhealthy;
        let undecided = self.alive > 0 && self.measured == Status::Unknown;
        if in_doubt || recovering || undecided { Pace::Confirm } else { Pace::Normal }
    }

    /// Takes one piece of evidence.
    pub fn step(&mut self, policy: &Policy, input: Input) -> Output {
        let before = self.measured;
        if self.count(input) {
            self.measured = thresholds::judge(self, policy, input);
        }
        Output { previous: (before != self.measured).then_some(before), pace: self.pace() }
    }

    /// The monitor's own health, which is known and not judged from results.
    pub fn set_own(&mut self, degraded: bool) {
        self.measured = if degraded { Status::Degraded } else { Status::Healthy };
    }

    /// Forgets every count and the status; runs that were started before count no more.
    pub fn reset(&mut self) {
        *self = Detector { last_run: self.last_run, ..Detector::default() };
    }

    /// Updates the counts; false if the evidence changes nothing.
    fn count(&mut self, input: Input) -> bool {
        match input.evidence {
            Evidence::Local => return false,
            Evidence::Late => {
                // Only a silence of the present streak can be taken back.
                if self.silent > 0 && input.run >= self.streak_run.get() {
                    self.failures -= self.silent;
                    self.silent = 0;
                }
                return false;
            }
            _ if input.run <= self.last_run.get() => return false,
            Evidence::Pass | Evidence::Warn => self.count_answer(input.evidence),
            Evidence::Active | Evidence::Silent => self.count_failure(input),
        }
        self.last_run = RunNumber::new(input.run);
        true
    }

    fn count_answer(&mut self, evidence: Evidence) {
        (self.failures, self.silent) = (0, 0);
        self.alive = self.alive.saturating_add(1);
        if evidence == Evidence::Pass {
            self.passes = self.passes.saturating_add(1);
            self.warnings = 0;
        } else {
            self.warnings = self.warnings.saturating_add(1);
            self.passes = 0;
        }
    }

    fn count_failure(&mut self, input: Input) {
        (self.passes, self.warnings, self.alive) = (0, 0, 0);
        if self.failures == 0 {
            self.streak_run = RunNumber::new(input.run);
        }
        self.failures = self.failures.saturating_add(1);
        if input.evidence == Evidence::Silent {
            self.silent = self.silent.saturating_add(1);
        }
    }
}
