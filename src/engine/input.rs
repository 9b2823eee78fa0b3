//! What the host program says: reports, pauses, overrides, requests; and what it asks: snapshots.

use super::command::Command;
use super::core::Core;
use super::masks::{published_until, reason};
use super::runs::Booked;
use super::table::{Activity, Check};
use crate::error::{Code, Error};
use crate::model::detector::Pace;
use crate::model::{CheckId, Mask, Message, ProbeSpec, RunResult, Snapshot, Status};
use crate::time::{MILLISECOND, Tick};

/// Whether the kernel may have been asked to tell when a check must run.
pub(super) fn is_pressure(probe: &ProbeSpec) -> bool {
    matches!(probe, ProbeSpec::Signal(spec) if spec.signal.is_pressure())
}

impl Core {
    /// A result from the host program: `token` 0 is a heartbeat, another the answer to a request.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE for the id, MODE when the check is of another kind, STALE for a token
    /// that is unknown, answered or superseded, RANGE for a time that has not come, NOT_RUNNING
    /// for a heartbeat while nobody counts them.
    pub fn report(
        &mut self,
        id: CheckId,
        token: u64,
        result: RunResult,
        finished: Tick,
    ) -> Result<(), Error> {
        let index = self.index_of(id)?;
        let Some(check) = self.table.get(index) else { return Ok(()) };
        let finished = match finished {
            Tick(0) => self.now,
            at if at > self.now => {
                let allowed = format!("0 to {} (now)", self.now.0);
                return Err(Error::range("finished_ns", at.0, allowed));
            }
            at => at,
        };
        match (&check.probe, token) {
            (ProbeSpec::Heartbeat { .. }, 0) if !self.running => {
                return Err(Error::refused(Code::NotRunning, "the monitor is not running"));
            }
            (ProbeSpec::Heartbeat { ttl_ns }, 0) => {
                let due = finished.after(*ttl_ns);
                self.beat(index, result, finished, due);
            }
            (ProbeSpec::External, token) if token != 0 => {
                if !self.answer(token, id, result, finished) {
                    let text = "the token is unknown, answered or superseded";
                    return Err(Error::refused(Code::Stale, text));
                }
            }
            (ProbeSpec::External, _) => {
                let text = "an external check is answered with the token of its request";
                return Err(Error::refused(Code::Mode, text));
            }
            (ProbeSpec::Heartbeat { .. }, _) => {
                return Err(Error::refused(Code::Mode, "a heartbeat has the token 0"));
            }
            (other, _) => {
                let text =
                    format!("only heartbeat and external checks take reports, not {}", other.key());
                return Err(Error::refused(Code::Mode, text));
            }
        }
        self.settle();
        Ok(())
    }

    fn beat(&mut self, index: u32, result: RunResult, finished: Tick, due: Tick) {
        let paused = |check: &Check| check.mask.has(Mask::PAUSED);
        if self.table.get(index).is_some_and(paused) {
            return;
        }
        let serial = self.runs.next_serial();
        self.book(index, Booked { serial, token: 0 }, result, finished);
        if let Some(check) = self.table.get_mut(index) {
            check.due = due.max(check.due);
        }
        self.set_timer(index);
    }

    /// Asks for a run now; one that is in flight answers.
    ///
    /// # Errors
    ///
    /// NOT_FOUND, STALE; MODE for a heartbeat or a paused check; NOT_RUNNING.
    pub fn check_now(&mut self, id: CheckId) -> Result<(), Error> {
        let index = self.index_of(id)?;
        if !self.running {
            return Err(Error::refused(Code::NotRunning, "the monitor is not running"));
        }
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return Ok(()) };
        if matches!(check.probe, ProbeSpec::Heartbeat { .. } | ProbeSpec::Own) {
            return Err(Error::refused(Code::Mode, "this check cannot be asked to run"));
        }
        if check.mask.has(Mask::PAUSED) {
            return Err(Error::refused(Code::Mode, "the check is paused"));
        }
        if check.activity == Activity::Idle {
            check.due = now;
            self.set_timer(index);
        }
        Ok(())
    }

    /// Runs a check now because the kernel or its target tells of a change; false if it is not to
    /// hear of that any more, because it is gone or paused. When it goes on it runs, and hears again.
    pub fn hurry(&mut self, id: CheckId) -> bool {
        self.check_now(id).is_ok()
    }

    /// Has nobody tell of changes of a check any more.
    pub(super) fn disarm(&mut self, index: u32) {
        let Some(check) = self.table.get(index).filter(|_| self.running) else { return };
        if is_pressure(&check.probe) || check.probe.watches() {
            self.commands.push(Command::Disarm { check: check.id });
        }
    }

    /// Pauses a check or lets it go on.
    ///
    /// # Errors
    ///
    /// NOT_FOUND, STALE; MODE for `meshvitals.self`.
    pub fn pause(&mut self, id: CheckId, paused: bool) -> Result<(), Error> {
        let index = self.index_of(id)?;
        let Some(check) = self.table.get(index) else { return Ok(()) };
        if matches!(check.probe, ProbeSpec::Own) {
            return Err(Error::refused(Code::Mode, "meshvitals.self cannot be paused"));
        }
        if check.mask.has(Mask::PAUSED) == paused {
            return Ok(());
        }
        if paused {
            self.discard_run(index);
        }
        self.change(index, |check| {
            check.mask.put(Mask::PAUSED, paused);
            if let Some(rare) = &mut check.rare {
                rare.bands.interrupt();
            }
        });
        if !paused && self.running {
            self.resume(index);
        }
        self.set_timer(index);
        self.settle();
        Ok(())
    }

    /// Goes on after a pause: the next run is due now, a heartbeat has its whole ttl again.
    fn resume(&mut self, index: u32) {
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return };
        if let ProbeSpec::Heartbeat { ttl_ns } = check.probe {
            check.due = now.after(ttl_ns);
        } else {
            self.plan_next(index, Pace::Normal);
            if let Some(check) = self.table.get_mut(index) {
                check.due = now;
            }
        }
    }

    /// Publishes a status of the host program's choice for a time; `None` ends it.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn force_status(
        &mut self,
        id: CheckId,
        forced: Option<(Status, u64)>,
    ) -> Result<(), Error> {
        let index = self.index_of(id)?;
        let until = |ttl_ms: u64| self.now.after(ttl_ms.saturating_mul(MILLISECOND));
        let forced = forced.map(|(status, ttl_ms)| (status, until(ttl_ms)));
        self.force(index, forced);
        self.settle();
        Ok(())
    }

    /// What is known of a check or a group.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn snapshot(&self, id: CheckId) -> Result<Snapshot, Error> {
        if let Some(group) = self.groups.get(id) {
            return Ok(self.group_snapshot(group));
        }
        let index = self.index_of(id)?;
        self.table
            .get(index)
            .map(|check| self.check_snapshot(check))
            .ok_or_else(|| Error::NotFound { what: format!("the id {:#x}", id.0) })
    }

    /// The name of a check or a group.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn name(&self, id: CheckId) -> Result<Box<str>, Error> {
        if let Some(group) = self.groups.get(id) {
            return Ok(group.name.clone());
        }
        let index = self.index_of(id)?;
        self.table
            .get(index)
            .map(|check| check.name.clone())
            .ok_or_else(|| Error::NotFound { what: format!("the id {:#x}", id.0) })
    }

    fn check_snapshot(&self, check: &Check) -> Snapshot {
        let paused = check.mask.has(Mask::PAUSED);
        let in_flight = matches!(check.activity, Activity::Running(_) | Activity::Stuck(_));
        Snapshot {
            check: check.id,
            name: check.name.clone(),
            cookie: check.cookie(),
            status: check.published,
            measured: check.detector.measured(),
            reason: reason(check),
            mask: check.mask,
            in_flight: in_flight.into(),
            failures: check.detector.failures(),
            passes: check.detector.passes(),
            runs: check.runs.into(),
            since: check.since,
            since_unix_ms: self.unix_ms(check.since),
            last: check.last,
            next: if self.running && !paused { check.due } else { Tick::NEVER },
            fresh_until: published_until(check),
            latency_ns: check.latency_ns,
            value: check.value(),
            threshold: check.probe.threshold(),
            unit: check.probe.unit(),
            measure: check.measure().cloned(),
            message: self.explanation(check),
            answer: check.published.is_functional(),
            probe: check.probe.key(),
            tags: check.policy().tags.clone(),
            critical: check.policy().critical,
        }
    }

    fn group_snapshot(&self, group: &super::groups::Group) -> Snapshot {
        Snapshot {
            check: group.id,
            name: group.name.clone(),
            cookie: 0,
            status: group.status,
            measured: group.status,
            reason: crate::model::Reason::MEMBER,
            mask: Mask(0),
            in_flight: 0,
            failures: 0,
            passes: 0,
            runs: group.members.into(),
            since: group.since,
            since_unix_ms: self.unix_ms(group.since),
            last: Tick(0),
            next: Tick::NEVER,
            fresh_until: group.fresh_until,
            latency_ns: 0,
            value: f64::NAN,
            threshold: f64::NAN,
            unit: None,
            measure: None,
            message: Message::NONE,
            answer: group.answer,
            probe: "group",
            tags: Box::default(),
            critical: false,
        }
    }

    pub(super) fn unix_ms(&self, at: Tick) -> i64 {
        self.epoch_unix_ms.saturating_add((at.0 / MILLISECOND) as i64)
    }

    /// The ids of all checks, in order of their registration as far as places were not reused.
    pub fn list(&self) -> Vec<CheckId> {
        self.table.iter().map(|(_, check)| check.id).collect()
    }

    /// The ids of all groups, the whole first.
    pub fn list_groups(&self) -> Vec<CheckId> {
        self.groups.iter().map(|group| group.id).collect()
    }

    /// The id of a name.
    pub fn find(&self, name: &str) -> Option<CheckId> {
        self.table.find(name).and_then(|index| self.table.get(index)).map(|check| check.id)
    }

    /// The id of a group.
    pub fn find_group(&self, name: &str) -> Option<CheckId> {
        self.groups.find(name).map(|group| group.id)
    }
}
