//! Starting runs, and what is in flight.
//!
//! A run gets its slot first and its clock starts then. Runs that are past their deadline stay
//! in the list while a late answer is waited for, or while a function of the host program has
//! not come back: it is never started twice at once. The trap is the token: it names a run by
//! its place, so it is compared whole, and the order of runs is told by their serial.

use super::command::Command;
use super::core::Core;
use super::slots::Class;
use super::table::{Activity, Check};
use crate::model::detector::Pace;
use crate::model::{
    CheckId, Event, Kind, Kinds, Mask, Outcome, ProbeSpec, Reason, RunResult, schedule,
};
use crate::time::Tick;
use slab::Slab;
use std::collections::VecDeque;

/// Late answers that are waited for at once, per monitor.
const LINGER_LIMIT: usize = 1_024;
/// A token is `serial << 24 | place`; the upper bits of the serial fall off.
const PLACE_BITS: u32 = 24;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The probe works.
    Running,
    /// The deadline passed; the driver is about to say how far the run came.
    Expiring,
    /// The host program was asked and has not looked yet.
    Asked,
    /// The host program overran and was told, but has not looked yet.
    Cancelling,
    /// Over, but a late answer would still tell something.
    Lingering,
    /// Over or discarded, but the function has not come back.
    Stuck,
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub token: u64,
    /// Later runs have higher ones.
    pub serial: u64,
    pub check: CheckId,
    pub index: u32,
    pub started: Tick,
    /// When the result must be there.
    pub deadline: Tick,
    /// The end of the present phase.
    pub limit: Tick,
    pub extended_ns: u64,
    pub phase: Phase,
    pub class: Class,
    /// Whether its check was suspect when it got its slot.
    pub suspect: bool,
}

/// Which run a result is booked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Booked {
    /// For the detector: later runs have higher ones.
    pub serial: u64,
    /// For the host program; 0 is a heartbeat.
    pub token: u64,
}

impl Run {
    /// How its result is booked.
    pub fn booked(&self) -> Booked {
        Booked { serial: self.serial, token: self.token }
    }
}

/// The runs in flight, by token.
#[derive(Default)]
pub(super) struct Runs {
    runs: Slab<Run>,
    serial: u64,
    /// Tokens of runs whose late answer is waited for, oldest first.
    lingering: VecDeque<u64>,
}

impl Runs {
    /// The number of the next run: later runs have higher ones.
    pub fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Lets a run linger; the oldest one that does has to go when there are too many.
    pub fn linger(&mut self, token: u64) -> Option<u64> {
        self.lingering.push_back(token);
        (self.lingering.len() > LINGER_LIMIT).then(|| self.lingering.front().copied())?
    }

    fn add(&mut self, make: impl FnOnce(u64, u64) -> Run) -> u64 {
        // Token 0 means a heartbeat, so a serial whose lower bits are 0 is left out.
        while self.next_serial() << PLACE_BITS == 0 {}
        let token = self.serial << PLACE_BITS | self.runs.vacant_key() as u64;
        self.runs.insert(make(token, self.serial));
        token
    }

    pub fn get(&mut self, token: u64) -> Option<&mut Run> {
        self.runs.get_mut(place(token)).filter(|run| run.token == token)
    }

    /// The run at the place that a check keeps.
    pub fn at(&self, place: Place) -> Option<&Run> {
        self.runs.get(place.key())
    }

    pub fn remove(&mut self, token: u64) -> Option<Run> {
        if self.get(token)?.phase == Phase::Lingering {
            self.lingering.retain(|&other| other != token);
        }
        Some(self.runs.remove(place(token)))
    }

    /// The end of the present phase of a run.
    pub fn limit(&self, place: Place) -> Tick {
        self.at(place).map_or(Tick::NEVER, |run| run.limit)
    }

    pub fn next_linger(&self) -> Tick {
        let limits = self.lingering.iter().map(|&token| self.limit(Place::of(token)));
        limits.min().unwrap_or(Tick::NEVER)
    }

    /// Forgets every run, also those whose function never comes back.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.lingering.clear();
    }

    /// How many runs are in flight, stuck ones included, and when the oldest of them started.
    pub fn in_flight(&self) -> (usize, Option<Tick>) {
        let runs = self.runs.iter().filter(|(_, run)| run.phase != Phase::Lingering);
        runs.fold((0, None), |(count, oldest), (_, run)| {
            (count + 1, Some(oldest.map_or(run.started, |oldest: Tick| oldest.min(run.started))))
        })
    }

    /// The tokens of lingering runs that `which` accepts.
    pub fn lingering(&self, which: impl Fn(&Run) -> bool) -> Vec<u64> {
        let run = |token: u64| self.runs.get(place(token));
        self.lingering.iter().copied().filter(|&token| run(token).is_some_and(&which)).collect()
    }

    /// The tokens of the runs that `which` accepts.
    pub fn tokens(&self, which: impl Fn(&Run) -> bool) -> Vec<u64> {
        self.runs.iter().filter(|(_, run)| which(run)).map(|(_, run)| run.token).collect()
    }
}

fn place(token: u64) -> usize {
    Place::of(token).key()
}

/// Where a run in flight stands: what a check keeps of its run, in half the room of a token and
/// at any even address. Whoever keeps one lets go of it before the run is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place([u16; 2]);

impl Place {
    /// The place of the run of a token.
    pub fn of(token: u64) -> Place {
        let place = token & ((1 << PLACE_BITS) - 1);
        Place([place as u16, (place >> 16) as u16])
    }

    fn key(self) -> usize {
        usize::from(self.0[0]) | usize::from(self.0[1]) << 16
    }
}

impl Core {
    /// Starts the run of a check that is due, or lets it wait for a slot.
    pub(super) fn begin_run(&mut self, index: u32) {
        let (now, manual, horizon) = (self.now, self.settings.manual, self.horizon);
        let Some(check) = self.table.get_mut(index) else { return };
        if check.due > horizon || check.mask.has(Mask::PAUSED) {
            return;
        }
        match check.activity {
            Activity::Running(_) | Activity::Waiting(_) => return,
            Activity::Stuck(place) => return self.book_still_running(index, place),
            Activity::Idle => {}
        }
        if let ProbeSpec::Heartbeat { ttl_ns } = check.probe {
            return self.miss_heartbeat(index, ttl_ns);
        }
        let interval = check.policy().interval_ns;
        if !manual && now.since(check.due) > interval.max(super::core::SUSPENSION_NS) {
            return self.spread_out(index);
        }
        match Class::of(&check.probe) {
            class @ (Class::Disk | Class::Free) => self.run(index, class),
            _ => self.wait_for_slot(index),
        }
    }

    /// Begins the rounds of a check anew after a pause, when everything is due at once.
    pub(super) fn spread_out(&mut self, index: u32) {
        let (now, spread) = (self.now, self.settings.start_spread_ns);
        let Some(check) = self.table.get_mut(index) else { return };
        let hash = schedule::name_hash(&check.name);
        check.grid = now.after(schedule::spread(check.policy(), spread, hash));
        check.due = check.grid;
    }

    /// Starts a run of a check that has what such a run occupies.
    pub(super) fn run(&mut self, index: u32, class: Class) {
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return };
        let (id, timeout_ns, suspect) = (check.id, check.policy().timeout_ns, check.suspect);
        let external = check.probe == ProbeSpec::External;
        let phase = if external { Phase::Asked } else { Phase::Running };
        let limit = now.after(timeout_ns);
        let token = self.runs.add(|token, serial| Run {
            token,
            serial,
            check: id,
            index,
            started: now,
            deadline: limit,
            limit,
            extended_ns: 0,
            phase,
            class,
            suspect,
        });
        check.activity = Activity::Running(Place::of(token));
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

    /// Books the silence of one ttl. Silence that we noticed late may be our own: whoever beats
    /// gets as much time again, at most a whole ttl.
    fn miss_heartbeat(&mut self, index: u32, ttl_ns: u64) {
        let now = self.now;
        let Some(due) = self.table.get(index).map(|check| check.due) else { return };
        let late_ns = self.lateness(due);
        let Some(check) = self.table.get_mut(index) else { return };
        if late_ns > 0 {
            check.due = now.after(late_ns.min(ttl_ns));
            return;
        }
        check.due = check.due.after(ttl_ns).max(now);
        let serial = self.runs.next_serial();
        let result = RunResult::new(Outcome::Timeout, Reason::HEARTBEAT_SILENT);
        self.book(index, Booked { serial, token: 0 }, result, now);
    }

    /// Books one more timeout for a function that is still inside the host's code. One that was
    /// discarded has its whole time to come back first.
    fn book_still_running(&mut self, index: u32, place: Place) {
        let now = self.now;
        let run = self.runs.at(place);
        if run.is_none_or(|run| run.deadline <= now) {
            let token = run.map_or(0, |run| run.token);
            let serial = self.runs.next_serial();
            let mut result = RunResult::new(Outcome::Timeout, Reason::STILL_RUNNING);
            if let Some(check) = self.table.get(index)
                && [Reason::TIMEOUT, Reason::STILL_RUNNING].contains(&check.reason)
            {
                // What does not answer was said when it was given up.
                result = result.with_message(check.message());
            }
            self.book(index, Booked { serial, token }, result, now);
        }
        self.plan_next(index, Pace::Normal);
    }
}

pub(super) fn is_external(check: &Check) -> bool {
    check.probe == ProbeSpec::External
}
