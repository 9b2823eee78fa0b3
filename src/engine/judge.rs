//! From the end of a run to a status, and to the time of the next run.

use super::core::Core;
use super::masks::is_stale;
use super::runs::{Booked, Phase, Place, Run, is_external};
use super::table::Activity;
use crate::model::detector::{Evidence, Input, Pace};
use crate::model::signal;
use crate::model::{
    CheckId, Event, Kind, Kinds, Mask, Outcome, ProbeSpec, Reason, RunResult, schedule,
};
use crate::sync::Arc;
use crate::time::Tick;

impl Core {
    /// Takes the result of a run that ended at `finished`. Unknown and old tokens are ignored.
    pub fn finish(&mut self, token: u64, result: RunResult, finished: Tick) {
        self.conclude(token, result, finished, false);
    }

    /// Takes the result of a run that its deadline ended; ignored if it was discarded meanwhile.
    pub fn expire(&mut self, token: u64, result: RunResult, finished: Tick) {
        if self.runs.get(token).is_some_and(|run| run.phase == Phase::Expiring) {
            let overran = result.outcome == Outcome::Timeout;
            self.conclude(token, result, finished, overran);
        }
    }

    /// `overran` says that nothing came back: the run may still linger, or is stuck.
    fn conclude(&mut self, token: u64, result: RunResult, finished: Tick, overran: bool) {
        let Some(&mut run) = self.runs.get(token) else { return };
        let index = run.index;
        let Some(check) = self.table.get_mut(index).filter(|check| check.id == run.check) else {
            self.runs.remove(token);
            return;
        };
        match run.phase {
            Phase::Lingering => return self.finish_late(run, &result),
            Phase::Stuck => {
                if check.activity == Activity::Stuck(Place::of(token)) {
                    check.activity = Activity::Idle;
                }
                self.runs.remove(token);
                return self.set_timer(index);
            }
            Phase::Running | Phase::Expiring | Phase::Asked | Phase::Cancelling => {}
        }
        let linger_ns = check.policy().linger_ns;
        if run.phase == Phase::Asked {
            self.withdraw(token);
        }
        let (result, late) = self.against_deadline(result, run.deadline, finished);
        let reason = result.reason;
        self.close_run(token, overran, linger_ns);
        let mut pace = self.book(index, run.booked(), result, finished);
        if late && linger_ns > 0 && finished <= run.deadline.after(linger_ns) {
            pace = self.count_late(index, run.serial);
        }
        if reason == Reason::STILL_RUNNING {
            // Looked at sooner it is the same silence.
            pace = Pace::Normal;
        }
        self.plan_next(index, pace);
        self.set_timer(index);
    }

    /// An answer that came after the deadline, which our own lateness has moved, is silence. Says
    /// as well whether it was one.
    fn against_deadline(
        &self,
        result: RunResult,
        deadline: Tick,
        finished: Tick,
    ) -> (RunResult, bool) {
        let answered = !matches!(result.outcome, Outcome::Timeout | Outcome::Local);
        if !answered || finished <= deadline.after(self.lag_ns) {
            return (result, false);
        }
        let over_ms = finished.since(deadline) / 1_000_000;
        let late = RunResult {
            outcome: Outcome::Timeout,
            reason: Reason::LATE,
            ..result.with_message(&format!("answered {over_ms} ms after the deadline"))
        };
        (late, true)
    }

    fn finish_late(&mut self, run: Run, result: &RunResult) {
        self.runs.remove(run.token);
        if !matches!(result.outcome, Outcome::Timeout | Outcome::Local) {
            self.count_late(run.index, run.serial);
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
    pub(super) fn book(&mut self, index: u32, booked: Booked, result: RunResult, at: Tick) -> Pace {
        if let Some(check) = self.table.get(index) {
            self.latencies.add(check.probe.key(), &result.phases, result.latency_ns);
        }
        let result = self.weigh(index, result, at);
        self.judge_ourselves(index, &result);
        let mut pace = Pace::Normal;
        let mut first = true;
        let now = self.now;
        self.change(index, |check| {
            first = check.reason != Reason::NO_SAMPLE;
            let age_ns = now.since(check.born);
            let evidence = Evidence::of(result.outcome, check.policy());
            let input = Input { evidence, run: booked.serial, age_ns };
            pace = check.detector.step(&check.shared.policy, input).pace;
            check.runs = check.runs.saturating_add(1);
            check.reason = result.reason;
            check.set_message(result.message.clone());
            check.latency_ns = result.latency_ns;
            if result.outcome != Outcome::Local {
                check.set_value(result.value);
                if result.measure.is_some() {
                    check.rare_mut().measure.clone_from(&result.measure);
                }
                // Reports may arrive in another order than they were made.
                check.last = check.last.max(at);
                check.believed = true;
                check.mask.put(Mask::STALE, is_stale(check, now));
            }
        });
        if result.outcome != Outcome::Local {
            self.set_suspect(index, result.outcome == Outcome::Timeout);
        }
        if result.reason == Reason::NO_SAMPLE && first {
            // Nothing was wrong: the second sample is what makes the first one useful. What it
            // does not is a trend, which takes its time.
            pace = Pace::Second;
        }
        self.emit_result(index, booked.token, result, at);
        pace
    }

    /// What a measured signal means by the levels of its check.
    fn weigh(&mut self, index: u32, result: RunResult, at: Tick) -> RunResult {
        let Some(check) = self.table.get_mut(index) else { return result };
        let ProbeSpec::Signal(spec) = &check.probe else { return result };
        let spec = Arc::clone(spec);
        // A value does not hold while nobody looks.
        if check.fresh_until() <= at {
            check.rare_mut().bands.interrupt();
        }
        signal::judge(&spec, &mut check.rare_mut().bands, result, at)
    }

    fn emit_result(&self, index: u32, token: u64, result: RunResult, at: Tick) {
        let Some(check) = self.table.get(index).filter(|_| self.wanted.wants(Kinds::RESULT)) else {
            return;
        };
        self.emit(Event {
            cookie: check.cookie(),
            token,
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
        // What this system does not offer, or has not counted yet, is no fault of anybody.
        let no_fault = [Reason::NO_SAMPLE, Reason::LOCAL_UNSUPPORTED].contains(&result.reason);
        let ours = result.outcome == Outcome::Local && !no_fault;
        let lagged = self.lag_ns > 0 && self.lag_ns >= check.policy().timeout_ns / 5;
        match (ours, lagged) {
            (true, _) => self.health.count_fault(result.reason, self.now),
            (false, true) => self.health.count_fault(Reason::LOCAL_STARVED, self.now),
            (false, false) => self.health.count_clean(self.now),
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
        // A round that a run has served is over, also if its jitter lies ahead. The jitter of the
        // next one may lie behind us, and then it was missed; that of the one after cannot.
        for _ in 0..2 {
            if regular <= now || check.grid <= check.started {
                check.grid = schedule::next_grid(policy, check.grid, now);
                regular = schedule::jittered(policy, check.grid, hash);
            }
        }
        let regular = regular.max(now.after(1));
        check.due = match pace {
            Pace::Normal => regular,
            Pace::Confirm => schedule::confirm(policy, check.started, hash).max(now).min(regular),
            Pace::Second => schedule::second(policy, check.started, hash).max(now).min(regular),
        };
    }

    /// The host program's answer to a request to run a check. One that comes after the deadline
    /// is taken until the host program was told: then there is nothing left to answer.
    pub(super) fn answer(
        &mut self,
        token: u64,
        id: CheckId,
        result: RunResult,
        finished: Tick,
    ) -> bool {
        let open = |phase| matches!(phase, Phase::Running | Phase::Cancelling | Phase::Lingering);
        let Some(run) = self.runs.get(token) else { return false };
        let wanted = run.check == id && open(run.phase);
        if wanted {
            self.finish(token, result, finished);
        }
        wanted
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
        run.deadline = limit;
        let linger_until = limit.after(check.policy().linger_ns);
        self.set_timer(index);
        Some((limit, linger_until))
    }

    /// The host program has seen that a run is over: only now its silence counts.
    pub fn fetched_cancel(&mut self, token: u64, now: Tick) {
        self.now = now.max(self.now);
        if self.runs.get(token).is_some_and(|run| run.phase == Phase::Cancelling) {
            let silence = RunResult::new(Outcome::Timeout, Reason::TIMEOUT);
            self.conclude(token, silence, self.now, true);
            self.settle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::command::Command;
    use crate::model::Status;
    use crate::model::document::{self, Defaults};
    use crate::time::{MILLISECOND, SECOND};

    /// When a check runs whose samples are of use only from the third on.
    #[test]
    fn only_the_first_sample_is_followed_by_another_one_soon() {
        let spec = document::parse_monitor(Some(r#"{"system_checks": false}"#)).unwrap();
        let mut core = Core::new(&spec, 0, Tick(0), 0).unwrap();
        let text =
            r#"{"name": "a", "cpu": {}, "interval": "10s", "jitter": 0, "initial_delay": 0}"#;
        let check = document::parse_check(text, &Defaults::default()).unwrap();
        core.register(vec![check], false).unwrap();
        core.start(Tick(0));
        let (mut starts, mut commands) = (Vec::new(), Vec::new());
        while core.now() < Tick(40 * SECOND) {
            core.turn();
            core.take_commands(&mut commands);
            for command in commands.drain(..) {
                let Command::Run { token, .. } = command else { continue };
                starts.push(core.now().0 / MILLISECOND);
                let result = match starts.len() {
                    1 | 2 | 4 | 5 => RunResult::new(Outcome::Local, Reason::NO_SAMPLE),
                    _ => RunResult::pass(),
                };
                core.finish(token, result, core.now());
            }
            core.go_on();
            core.turn();
            let next = core.plan();
            core.observe(next, false);
        }
        assert_eq!(starts, [0, 700, 10_000, 20_000, 20_700, 30_000]);
    }

    /// A core with one signal that is sampled each ten seconds and must hold for thirty.
    struct Bench(Core, CheckId);

    impl Bench {
        fn new() -> Bench {
            let spec = document::parse_monitor(Some(r#"{"system_checks": false}"#)).unwrap();
            let mut core = Core::new(&spec, 0, Tick(0), 0).unwrap();
            let text = r#"{"name": "a", "memory_pressure": {"hold": "30s"}, "interval": "10s",
                "timeout": "1s", "jitter": 0, "initial_delay": 0, "degraded_threshold": 1,
                "success_threshold": 1}"#;
            let check = document::parse_check(text, &Defaults::default()).unwrap();
            let ids = core.register(vec![check], false).unwrap();
            core.start(Tick(0));
            Bench(core, ids[0])
        }

        /// Samples this value from this second to that one; each second and the status then.
        fn sample(&mut self, from_s: u64, to_s: u64, value: f64) -> String {
            let core = &mut self.0;
            let (mut told, mut commands, mut now) = (String::new(), Vec::new(), from_s * SECOND);
            while now <= to_s * SECOND {
                core.observe(Tick(now), false);
                core.turn();
                core.take_commands(&mut commands);
                for command in commands.drain(..) {
                    let Command::Run { token, .. } = command else { continue };
                    core.finish(token, measured(value), core.now());
                    let status = core.snapshot(self.1).unwrap().status;
                    told += &format!("{}{} ", now / SECOND, &status.word()[..1]);
                }
                core.go_on();
                core.turn();
                now = core.plan().0;
            }
            told
        }

        fn pause(&mut self, second: u64, paused: bool) {
            self.0.clock(Tick(second * SECOND));
            self.0.pause(self.1, paused).unwrap();
            // As after each call from outside: it may have made the plan sooner.
            self.0.needs_turn();
        }

        fn status(&self) -> Status {
            self.0.snapshot(self.1).unwrap().status
        }
    }

    fn measured(value: f64) -> RunResult {
        let measure = signal::Measure {
            formula: "cgroup.memory.pressure",
            scope: "host".into(),
            limit: f64::NAN,
            degraded: value,
            unhealthy: f64::NAN,
        };
        let mut result = RunResult::pass().with_value(value);
        result.measure = Some(measure.into());
        result
    }

    #[test]
    fn a_band_stays_entered_over_a_pause_and_a_pause_does_not_hold() {
        let mut bench = Bench::new();
        assert_eq!(bench.sample(0, 15, 50.0), "0H 10H ");
        bench.pause(16, true);
        assert_eq!(bench.status(), Status::Unknown);
        bench.pause(20, false);
        assert_eq!(bench.sample(20, 55, 50.0), "20H 30H 40H 50D ", "it holds from second 20 on");
        bench.pause(56, true);
        assert_eq!(bench.sample(57, 590, 50.0), "");
        bench.pause(600, false);
        assert_eq!(bench.status(), Status::Unknown, "too old");
        assert_eq!(bench.sample(600, 605, 7.0), "600D ", "between the levels it is as before");
        assert_eq!(bench.sample(610, 645, 1.0), "610D 620D 630D 640H ");
    }

    #[test]
    fn a_time_in_which_nothing_is_measured_does_not_hold() {
        let mut bench = Bench::new();
        assert_eq!(bench.sample(0, 15, 50.0), "0H 10H ");
        // Nobody had time for a turn: what was measured last is too old to go on from.
        let told = bench.sample(95, 145, 50.0);
        assert!(told.starts_with("95H 105H 115H 125D "), "{told}");
    }
}
