//! From the end of a run to a status, and to the time of the next run.

use super::core::Core;
use super::flight::{Phase, Run, serial};
use super::runs::is_external;
use super::table::Activity;
use crate::model::detector::{Evidence, Input, Pace};
use crate::model::{
    CheckId, Event, Kind, Kinds, Mask, Outcome, Policy, ProbeSpec, Reason, RunResult, schedule,
};
use crate::time::Tick;

/// Local health rises by this for a local fault or a late run, up to 2.
const LHM_FAULT: f64 = 0.5;
/// And falls by this for each clean result.
const LHM_CLEAN: f64 = 0.1;

impl Core {
    /// Takes the result of a run that ended at `finished`. Unknown and old tokens are ignored.
    pub fn finish(&mut self, token: u64, result: RunResult, finished: Tick) {
        let Some(&mut run) = self.runs.get(token) else { return };
        let Some(check) = self.table.get_mut(run.index).filter(|check| check.id == run.check)
        else {
            self.runs.remove(token);
            return;
        };
        let index = run.index;
        match run.phase {
            Phase::Lingering => return self.finish_late(index, token, &result),
            Phase::Stuck => {
                if check.activity == Activity::Stuck(token) {
                    check.activity = Activity::Idle;
                }
                self.runs.remove(token);
                return self.set_timer(index);
            }
            Phase::Running | Phase::Asked | Phase::Cancelling => {}
        }
        let linger_ns = check.policy().linger_ns;
        let result = self.against_deadline(result, run.limit, finished);
        let answered_late = result.reason == Reason::LATE;
        self.close_run(token, &result, linger_ns);
        let mut pace = self.book(index, serial(token), result, finished);
        if answered_late && linger_ns > 0 {
            pace = self.count_late(index, serial(token));
        }
        self.plan_next(index, pace);
        self.set_timer(index);
    }

    /// An answer that came after the deadline, which our own lateness has moved, is silence.
    fn against_deadline(&self, result: RunResult, limit: Tick, finished: Tick) -> RunResult {
        let answered = !matches!(result.outcome, Outcome::Timeout | Outcome::Local);
        if !answered || finished <= limit.after(self.lag_ns) {
            return result;
        }
        let over_ms = finished.since(limit) / 1_000_000;
        RunResult {
            outcome: Outcome::Timeout,
            reason: Reason::LATE,
            ..result.with_message(&format!("answered {over_ms} ms after the deadline"))
        }
    }

    fn finish_late(&mut self, index: u32, token: u64, result: &RunResult) {
        self.runs.remove(token);
        if !matches!(result.outcome, Outcome::Timeout | Outcome::Local) {
            self.count_late(index, serial(token));
        }
    }

    fn count_late(&mut self, index: u32, run: u64) -> Pace {
        let mut pace = Pace::Normal;
        let now = self.now;
        self.change(index, |check| {
            let age_ns = now.since(check.born);
            let input = Input { evidence: Evidence::Late, run, age_ns };
            pace = check.detector.step(&check.shared.policy, input).pace;
        });
        pace
    }

    /// Counts one result of a check and publishes what follows from it.
    pub(super) fn book(&mut self, index: u32, run: u64, result: RunResult, at: Tick) -> Pace {
        self.judge_ourselves(index, &result);
        let mut pace = Pace::Normal;
        let now = self.now;
        self.change(index, |check| {
            let age_ns = now.since(check.born);
            let evidence = Evidence::of(result.outcome, check.policy());
            let input = Input { evidence, run, age_ns };
            pace = check.detector.step(&check.shared.policy, input).pace;
            check.runs = check.runs.saturating_add(1);
            check.reason = result.reason;
            check.set_message(result.message.clone());
            check.latency_ns = result.latency_ns;
            if result.outcome != Outcome::Local {
                check.value = result.value;
                check.last = at;
                check.fresh_until = fresh_until(&check.probe, check.policy(), at);
                check.mask.put(Mask::STALE, false);
            }
        });
        if result.reason == Reason::NO_SAMPLE {
            // Nothing was wrong: the second sample is what makes the first one useful.
            pace = Pace::Confirm;
        }
        self.emit_result(index, run, result, at);
        pace
    }

    fn emit_result(&self, index: u32, run: u64, result: RunResult, at: Tick) {
        let Some(check) = self.table.get(index).filter(|_| self.wanted.wants(Kinds::RESULT)) else {
            return;
        };
        self.emit(Event {
            cookie: check.cookie(),
            token: run,
            previous: check.published,
            status: check.published,
            reason: result.reason,
            value: result.value,
            outcome: Some(result.outcome),
            detail: result.detail,
            latency_ns: result.latency_ns,
            text: result.message,
            ..Event::new(Kind::Result, check.id, at)
        });
    }

    /// Our own health: what went wrong on this side since the last results.
    fn judge_ourselves(&mut self, index: u32, result: &RunResult) {
        let Some(check) = self.table.get(index) else { return };
        let ours = result.outcome == Outcome::Local && result.reason != Reason::NO_SAMPLE;
        let lagged = self.lag_ns > 0 && self.lag_ns >= check.policy().timeout_ns / 5;
        if ours || lagged {
            self.lhm = (self.lhm + LHM_FAULT).min(2.0);
            self.fault = if ours { result.reason } else { Reason::LOCAL_STARVED };
        } else {
            self.lhm = (self.lhm - LHM_CLEAN).max(0.0);
        }
    }

    /// Plans the next start of a check: on its grid, or sooner while it is in doubt.
    pub(super) fn plan_next(&mut self, index: u32, pace: Pace) {
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return };
        if matches!(check.probe, ProbeSpec::Heartbeat { .. }) {
            return;
        }
        let policy = &check.shared.policy;
        let hash = schedule::name_hash(&check.name);
        let mut regular = schedule::jittered(policy, check.grid, hash);
        // Twice at most: the jitter may put the next start before the present, too.
        while regular <= now && regular < Tick::NEVER {
            check.grid = schedule::next_grid(policy, check.grid, now);
            regular = schedule::jittered(policy, check.grid, hash).max(now.after(1));
        }
        check.due = match pace {
            Pace::Normal => regular,
            Pace::Confirm => schedule::confirm(policy, check.started, hash).max(now).min(regular),
        };
    }

    /// The host program's answer to a request to run a check.
    pub(super) fn answer(
        &mut self,
        token: u64,
        id: CheckId,
        result: RunResult,
        finished: Tick,
    ) -> bool {
        let wanted = |run: &mut Run| {
            run.check == id && matches!(run.phase, Phase::Running | Phase::Lingering)
        };
        let is_wanted = self.runs.get(token).is_some_and(wanted);
        if is_wanted {
            self.finish(token, result, finished);
        }
        is_wanted
    }

    /// The host program has fetched a request to run a check: its clock starts now. Returns the
    /// deadline and the end of lingering, or nothing if the request is out of date.
    pub fn fetched_due(&mut self, token: u64, now: Tick) -> Option<(Tick, Tick)> {
        self.now = now.max(self.now);
        let run = self.runs.get(token).filter(|run| run.phase == Phase::Asked)?;
        let index = run.index;
        let check = self.table.get(index).filter(|check| is_external(check))?;
        let limit = self.now.after(check.policy().timeout_ns);
        (run.phase, run.limit, run.started) = (Phase::Running, limit, self.now);
        let linger_until = limit.after(check.policy().linger_ns);
        self.set_timer(index);
        Some((limit, linger_until))
    }

    /// The host program has seen that a run is over: only now its silence counts.
    pub fn fetched_cancel(&mut self, token: u64, now: Tick) {
        self.now = now.max(self.now);
        if self.runs.get(token).is_some_and(|run| run.phase == Phase::Cancelling) {
            self.finish(token, RunResult::new(Outcome::Timeout, Reason::TIMEOUT), self.now);
            self.settle();
        }
    }
}

/// Until when a result may be believed: end + 2 intervals + timeout; of a heartbeat: one ttl
/// beyond the silence that would make it UNHEALTHY.
fn fresh_until(probe: &ProbeSpec, policy: &Policy, end: Tick) -> Tick {
    match probe {
        ProbeSpec::Heartbeat { ttl_ns } => {
            end.after(ttl_ns.saturating_mul(u64::from(policy.failure_threshold) + 1))
        }
        _ => end.after(policy.interval_ns.saturating_mul(2)).after(policy.timeout_ns),
    }
}
