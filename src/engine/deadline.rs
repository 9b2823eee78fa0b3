//! The end of runs: at their deadline, after lingering, or because nobody wants them any more.
//!
//! At the deadline a run is over, whatever the probe does: a network run may linger for a late
//! answer, a function that does not come back leaves its check stuck, an external run is told
//! so. The trap is our own lateness: a deadline that is noticed late is moved by as much before
//! it convicts anybody, because the answer may be waiting in our own queue.

use super::command::Command;
use super::core::Core;
use super::runs::{Phase, Place, is_external};
use super::slots::Class;
use super::table::{Activity, Check};
use crate::model::{Event, Kind, Outcome, Reason, RunResult};
use crate::time::Tick;

/// How often a deadline may be moved by its own length before the fault is ours.
const EXTENSION_LIMIT: u64 = 3;

impl Core {
    /// Ends the phase of a run whose limit was reached.
    pub(super) fn end_run(&mut self, index: u32) {
        let (now, horizon) = (self.now, self.horizon);
        let Some(check) = self.table.get(index) else { return };
        let Activity::Running(place) = check.activity else { return };
        let external = is_external(check);
        let (timeout_ns, linger_ns) = (check.policy().timeout_ns, check.policy().linger_ns);
        let Some(&run) = self.runs.at(place).filter(|run| run.limit <= horizon) else { return };
        let token = run.token;
        match run.phase {
            // Nobody is convicted here, so it does not matter how late we are.
            Phase::Asked | Phase::Cancelling => {
                self.finish(token, RunResult::new(Outcome::Local, Reason::HOST_NOT_POLLING), now);
            }
            Phase::Running if self.lateness(run.limit) > 0 => {
                self.extend_run(index, token, self.lateness(run.limit).min(timeout_ns));
            }
            Phase::Running if external => {
                if let Some(run) = self.runs.get(token) {
                    run.phase = Phase::Cancelling;
                    run.limit = now.after(timeout_ns);
                }
                self.emit_cancel(index, token);
            }
            Phase::Running => {
                let linger = linger_ns > 0 && run.class == Class::Network;
                self.commands.push(Command::Expire { token, linger });
                if let Some(run) = self.runs.get(token) {
                    // The driver answers in this turn; until then the run is not looked at.
                    (run.phase, run.limit) = (Phase::Expiring, Tick::NEVER);
                }
            }
            Phase::Expiring | Phase::Lingering | Phase::Stuck => {}
        }
    }

    /// Whether a run is in flight and wanted.
    pub fn is_in_flight(&mut self, token: u64) -> bool {
        self.runs.get(token).is_some_and(|run| run.phase == Phase::Running)
    }

    /// Moves a deadline that we noticed late, or gives up when that happens again and again.
    fn extend_run(&mut self, index: u32, token: u64, late_ns: u64) {
        let now = self.now;
        let timeout_ns = self.table.get(index).map_or(0, |check| check.policy().timeout_ns);
        let Some(run) = self.runs.get(token) else { return };
        if run.extended_ns < timeout_ns.saturating_mul(EXTENSION_LIMIT) {
            run.limit = now.after(late_ns);
            run.deadline = run.limit;
            run.extended_ns = run.extended_ns.saturating_add(late_ns);
            return;
        }
        let (booked, starved) =
            (run.booked(), RunResult::new(Outcome::Local, Reason::LOCAL_STARVED));
        self.discard_run(index);
        let pace = self.book(index, booked, starved, now);
        self.plan_next(index, pace);
    }

    /// Takes back a request that the host program has not looked at.
    pub(super) fn withdraw(&self, token: u64) {
        self.mailboxes.iter().for_each(|mailbox| mailbox.withdraw(token));
    }

    fn emit_cancel(&self, index: u32, token: u64) {
        if let Some(check) = self.table.get(index) {
            let event = Event::new(Kind::Cancel, check.id, self.now);
            self.emit(Event { token, cookie: check.cookie(), ..event });
        }
    }

    /// Frees the slot of a run that is over. One that `overran` may go on lingering, and its
    /// function is stuck.
    pub(super) fn close_run(&mut self, token: u64, overran: bool, linger_ns: u64) {
        let now = self.now;
        let Some(run) = self.runs.get(token) else { return };
        let (class, index) = (run.class, run.index);
        let linger_until = run.deadline.after(linger_ns);
        self.slots.give_back(class, run.suspect);
        let Some(check) = self.table.get_mut(index) else { return };
        check.activity = Activity::Idle;
        match class {
            Class::Network | Class::Free if overran && linger_until > now => {
                (run.phase, run.limit) = (Phase::Lingering, linger_until);
                if let Some(oldest) = self.runs.linger(token) {
                    self.forget_lingering(oldest);
                }
            }
            Class::Callback | Class::Disk | Class::Exec if overran => {
                (run.phase, run.limit) = (Phase::Stuck, Tick::NEVER);
                check.activity = Activity::Stuck(Place::of(token));
            }
            _ => {
                self.runs.remove(token);
            }
        }
    }

    /// Gives up late answers whose time is over.
    pub(super) fn end_lingering(&mut self) {
        let horizon = self.horizon;
        if self.runs.next_linger() > horizon {
            return;
        }
        let over = self.runs.lingering(|run| run.limit <= horizon);
        over.into_iter().for_each(|token| self.forget_lingering(token));
    }

    fn forget_lingering(&mut self, token: u64) {
        self.runs.remove(token);
        self.commands.push(Command::Cancel { token });
    }

    /// Discards the run of a check, if one is in flight or waits, and whatever lingers of it. A
    /// function that was called leaves its check stuck until it comes back.
    pub(super) fn discard_run(&mut self, index: u32) {
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return };
        let (external, timeout_ns) = (is_external(check), check.policy().timeout_ns);
        match check.activity {
            Activity::Running(place) => {
                check.activity = Activity::Idle;
                let Some(token) = self.runs.at(place).map(|run| run.token) else { return };
                let Some(run) = self.runs.get(token) else { return };
                let (class, phase) = (run.class, run.phase);
                self.slots.give_back(class, run.suspect);
                if matches!(class, Class::Callback | Class::Disk | Class::Exec) {
                    (run.phase, run.limit) = (Phase::Stuck, Tick::NEVER);
                    run.deadline = now.after(timeout_ns);
                    check.activity = Activity::Stuck(place);
                } else {
                    self.runs.remove(token);
                }
                self.commands.push(Command::Cancel { token });
                match phase {
                    Phase::Running if external => self.emit_cancel(index, token),
                    Phase::Asked => self.withdraw(token),
                    _ => {}
                }
            }
            Activity::Waiting(_) => check.activity = Activity::Idle,
            Activity::Idle | Activity::Stuck(_) => {}
        }
        let late_ones = self.runs.lingering(|run| run.index == index);
        late_ones.into_iter().for_each(|token| self.forget_lingering(token));
    }

    /// Drops the runs of those checks, and looks at them again soon: nothing was measured.
    pub(super) fn drop_runs(&mut self, of: impl Fn(&Check) -> bool) {
        let fault = RunResult::new(Outcome::Local, Reason::LOCAL_SUSPENDED);
        let over = |phase| matches!(phase, Phase::Lingering | Phase::Stuck);
        for token in self.runs.tokens(|run| !over(run.phase)) {
            let Some(&mut run) = self.runs.get(token) else { continue };
            if !self.table.get(run.index).is_some_and(&of) {
                continue;
            }
            self.discard_run(run.index);
            self.book(run.index, run.booked(), fault.clone(), self.now);
            self.spread_out(run.index);
            self.set_timer(run.index);
        }
    }
}
