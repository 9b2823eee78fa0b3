//! Starting runs, and ending them at their deadline.
//!
//! A run gets its slot first and its clock starts then. At the deadline the run is over,
//! whatever the probe does: a network run may linger for a late answer, a function that does not
//! come back leaves its check stuck, an external run is told so. The trap is our own lateness:
//! a deadline that is noticed late is moved by as much, because the answer may be waiting in
//! our own queue.

use super::core::{Command, Core};
use super::flight::{Class, Phase, Run, serial};
use super::table::{Activity, Check};
use crate::model::{Event, Kind, Kinds, Mask, Outcome, ProbeSpec, Reason, RunResult, schedule};
use crate::time::Tick;

/// Late answers that are waited for at once, per monitor.
const LINGER_LIMIT: usize = 1_024;
/// How often a deadline may be moved by its own length before the fault is ours.
const EXTENSION_LIMIT: u64 = 3;

fn class(probe: &ProbeSpec) -> Class {
    match probe {
        ProbeSpec::Tcp(_) | ProbeSpec::Http(_) => Class::Network,
        ProbeSpec::Callback => Class::Callback,
        ProbeSpec::Disk(_) => Class::Disk,
        _ => Class::Free,
    }
}

impl Core {
    /// Starts the run of a check that is due, or puts it in the queue for a slot.
    pub(super) fn begin_run(&mut self, index: u32) {
        let (now, manual) = (self.now, self.settings.manual);
        let Some(check) = self.table.get_mut(index) else { return };
        if check.due > now || check.mask.has(Mask::PAUSED) {
            return;
        }
        match check.activity {
            Activity::Running(_) | Activity::Waiting => return,
            Activity::Stuck(_) => return self.book_still_running(index),
            Activity::Idle => {}
        }
        let interval = check.policy().interval_ns;
        if !manual && now.since(check.due) > interval.max(super::core::SUSPENSION_NS) {
            return self.spread_out(index);
        }
        match class(&check.probe) {
            Class::Free => self.run(index, Class::Free),
            class
                if self.slots.free[class as usize] > 0
                    && self.slots.waiting[class as usize].is_empty() =>
            {
                self.slots.free[class as usize] -= 1;
                self.run(index, class);
            }
            class => {
                check.activity = Activity::Waiting;
                self.slots.waiting[class as usize].push_back((index, check.id));
            }
        }
    }

    /// Begins the rounds of a check anew after a pause, when everything is due at once.
    fn spread_out(&mut self, index: u32) {
        let (now, spread) = (self.now, self.settings.start_spread_ns);
        let Some(check) = self.table.get_mut(index) else { return };
        let hash = schedule::name_hash(&check.name);
        check.grid = now.after(schedule::spread(check.policy(), spread, hash));
        check.due = check.grid;
    }

    /// Gives free slots to those that wait, in order.
    pub(super) fn start_waiting(&mut self) {
        for class in [Class::Network, Class::Callback, Class::Disk] {
            while self.slots.free[class as usize] > 0 {
                let Some((index, id)) = self.slots.waiting[class as usize].pop_front() else {
                    break;
                };
                let waits = |check: &&Check| check.id == id && check.activity == Activity::Waiting;
                if self.table.get(index).filter(waits).is_some() {
                    self.slots.free[class as usize] -= 1;
                    self.run(index, class);
                    self.set_timer(index);
                }
            }
        }
    }

    fn run(&mut self, index: u32, class: Class) {
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return };
        if let ProbeSpec::Heartbeat { ttl_ns } = check.probe {
            return self.miss_heartbeat(index, ttl_ns);
        }
        let (id, timeout_ns) = (check.id, check.policy().timeout_ns);
        let external = check.probe == ProbeSpec::External;
        let phase = if external { Phase::Asked } else { Phase::Running };
        let limit = now.after(timeout_ns);
        let token = self.runs.add(|token| Run {
            token,
            check: id,
            index,
            started: now,
            limit,
            extended_ns: 0,
            phase,
            class,
        });
        check.activity = Activity::Running(token);
        check.started = now;
        let cookie = check.cookie();
        if !external {
            let probe = check.probe.clone();
            let callback = check.rare.as_ref().and_then(|rare| rare.callback.clone());
            let deadline = limit;
            self.commands.push(Command::Run {
                token,
                check: id,
                probe,
                callback,
                cookie,
                deadline,
            });
        } else if self.wanted.wants(Kinds::DUE) {
            self.emit(Event { token, cookie, ..Event::new(Kind::Due, id, now) });
        } else {
            self.finish(token, RunResult::new(Outcome::Local, Reason::HOST_NOT_POLLING), now);
        }
    }

    fn miss_heartbeat(&mut self, index: u32, ttl_ns: u64) {
        let (now, lag_ns) = (self.now, self.lag_ns);
        let Some(check) = self.table.get_mut(index) else { return };
        if lag_ns > 0 {
            check.due = now.after(lag_ns);
            return;
        }
        check.due = check.due.after(ttl_ns).max(now);
        let serial = self.runs.next_serial();
        let result = RunResult::new(Outcome::Timeout, Reason::HEARTBEAT_SILENT);
        self.book(index, serial, result, now);
    }

    fn book_still_running(&mut self, index: u32) {
        let now = self.now;
        let serial = self.runs.next_serial();
        self.book(index, serial, RunResult::new(Outcome::Timeout, Reason::STILL_RUNNING), now);
        self.plan_next(index, crate::model::detector::Pace::Normal);
    }

    /// Ends the phase of a run whose limit was reached.
    pub(super) fn end_run(&mut self, index: u32) {
        let (now, lag_ns) = (self.now, self.lag_ns);
        let Some(check) = self.table.get(index) else { return };
        let Activity::Running(token) = check.activity else { return };
        let (timeout_ns, linger_ns) = (check.policy().timeout_ns, check.policy().linger_ns);
        let (id, cookie) = (check.id, check.cookie());
        let Some(run) = self.runs.get(token).filter(|run| run.limit <= now) else { return };
        if lag_ns > 0 {
            if run.extended_ns >= timeout_ns.saturating_mul(EXTENSION_LIMIT) {
                let starved = RunResult::new(Outcome::Local, Reason::LOCAL_STARVED);
                self.commands.push(Command::Cancel { token });
                return self.finish(token, starved, now);
            }
            run.limit = now.after(lag_ns);
            run.extended_ns = run.extended_ns.saturating_add(lag_ns);
            return;
        }
        let not_polling = RunResult::new(Outcome::Local, Reason::HOST_NOT_POLLING);
        match run.phase {
            Phase::Asked => self.finish(token, not_polling, now),
            Phase::Cancelling => self.finish(token, not_polling, now),
            Phase::Running if self.table.get(index).is_some_and(is_external) => {
                let run = self.runs.get(token);
                if let Some(run) = run {
                    run.phase = Phase::Cancelling;
                    run.limit = now.after(timeout_ns);
                }
                self.emit(Event { token, cookie, ..Event::new(Kind::Cancel, id, now) });
            }
            Phase::Running => {
                let linger = linger_ns > 0 && run.class == Class::Network;
                self.commands.push(Command::Expire { token, linger });
                // The driver answers in this turn; until then the run is not looked at again.
                run.limit = Tick::NEVER;
            }
            Phase::Lingering | Phase::Stuck => {}
        }
    }

    /// Frees the slot of a run that is over; it may go on lingering or stuck.
    pub(super) fn close_run(&mut self, token: u64, result: &RunResult, linger_ns: u64) {
        let now = self.now;
        let Some(run) = self.runs.get(token) else { return };
        let (class, index) = (run.class, run.index);
        let overran = result.outcome == Outcome::Timeout && result.reason != Reason::LATE;
        self.slots.give_back(class);
        let Some(check) = self.table.get_mut(index) else { return };
        check.activity = Activity::Idle;
        match class {
            Class::Network | Class::Free if overran && linger_ns > 0 => {
                run.phase = Phase::Lingering;
                run.limit = now.after(linger_ns);
                self.runs.lingering.push_back(token);
                if self.runs.lingering.len() > LINGER_LIMIT
                    && let Some(oldest) = self.runs.lingering.pop_front()
                {
                    self.runs.remove(oldest);
                    self.commands.push(Command::Cancel { token: oldest });
                }
            }
            Class::Callback | Class::Disk if overran => {
                run.phase = Phase::Stuck;
                run.limit = Tick::NEVER;
                check.activity = Activity::Stuck(token);
            }
            _ => {
                self.runs.remove(token);
            }
        }
    }

    /// Gives up late answers whose time is over.
    pub(super) fn end_lingering(&mut self) {
        if self.runs.next_linger() > self.now {
            return;
        }
        let (now, runs) = (self.now, &self.runs);
        let over: Vec<u64> =
            runs.lingering.iter().copied().filter(|&token| runs.limit(token) <= now).collect();
        for token in over {
            self.runs.remove(token);
            self.commands.push(Command::Cancel { token });
        }
    }

    /// Discards the run of a check, if one is in flight or waits, and whatever lingers of it.
    pub(super) fn discard_run(&mut self, index: u32) {
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return };
        let (id, cookie, external) = (check.id, check.cookie(), is_external(check));
        if let Activity::Running(token) = check.activity {
            if let Some(run) = self.runs.remove(token) {
                self.slots.give_back(run.class);
                if external && run.phase == Phase::Running {
                    self.emit(Event { token, cookie, ..Event::new(Kind::Cancel, id, now) });
                }
            }
            self.commands.push(Command::Cancel { token });
        }
        let Some(check) = self.table.get_mut(index) else { return };
        if !matches!(check.activity, Activity::Stuck(_)) {
            check.activity = Activity::Idle;
        }
    }

    /// Drops the runs of those checks, and looks at them again soon: nothing was measured.
    pub(super) fn drop_runs(&mut self, of: impl Fn(&Check) -> bool) {
        let fault = RunResult::new(Outcome::Local, Reason::LOCAL_SUSPENDED);
        for token in self.runs.tokens() {
            let Some(&mut run) = self.runs.get(token) else { continue };
            if run.phase == Phase::Stuck || !self.table.get(run.index).is_some_and(&of) {
                continue;
            }
            self.discard_run(run.index);
            if self.runs.remove(token).is_some() {
                self.commands.push(Command::Cancel { token });
            }
            self.book(run.index, serial(token), fault.clone(), self.now);
            self.spread_out(run.index);
            self.set_timer(run.index);
        }
    }
}

pub(super) fn is_external(check: &Check) -> bool {
    check.probe == ProbeSpec::External
}
