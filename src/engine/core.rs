//! The deterministic heart: checks, schedule, runs and statuses, without a thread or a clock.
//!
//! Time is handed in. [`Core::turn`] does what is due and leaves commands (start this run, end
//! that one) for whoever drives it; [`Core::finish`] takes the results. The same sequence of
//! calls gives the same events, which is how every timing behaviour is tested.
//!
//! The `impl` is spread over the files of this folder by what they do: `restart` starts and stops,
//! `slots` says who may run, `runs` starts runs and `deadline` ends them, `judge` turns results
//! into statuses, `masks` publishes, `registry` adds and removes, `input` takes what the host
//! program says.
//!
//! The trap is that calls from outside move the clock between the two halves of a turn. What is
//! due is therefore compared with the horizon, the instant up to which answers were collected.

use super::callback::Function;
use super::command::{Command, Leftover};
use super::groups::Groups;
use super::helpers::Helpers;
use super::runs::Runs;
use super::slots::Slots;
use super::table::{Activity, Check, Table};
use super::workers::Gauge;
use crate::error::Error;
use crate::event::Mailbox;
use crate::model::document::{CheckSpec, MonitorSpec};
use crate::model::health::LocalHealth;
use crate::model::latency::Latencies;
use crate::model::wheel::Wheel;
use crate::model::{CheckId, Event, Kinds, Mask, Policy, ProbeSpec, Role, Status};
use crate::sync::Arc;
use crate::time::{SECOND, Tick};

/// The longest a wake-up may be late before the machine may have been suspended.
pub(super) const SUSPENSION_NS: u64 = 2 * SECOND;

/// What never changes after the monitor was made.
pub struct Settings {
    /// How late a wake-up may be so that one starts many runs.
    pub slack_ns: u64,
    /// The start spread, if it was given.
    pub start_spread_ns: Option<u64>,
    /// Whether time is handed in by the host program.
    pub manual: bool,
    /// Whether programs may be run.
    pub allow_exec: bool,
}

/// One monitor's state.
pub struct Core {
    pub(super) settings: Settings,
    /// The number of the monitor, for the owner words of its ids.
    pub(super) number: u32,
    pub(super) table: Table,
    pub(super) wheel: Wheel,
    pub(super) groups: Groups,
    pub(super) runs: Runs,
    /// Where the time of runs goes.
    pub(super) latencies: Latencies,
    pub(super) slots: Slots,
    /// How busy the threads for callbacks of the present life are.
    pub(super) callbacks: Arc<Gauge>,
    pub(super) mailboxes: Vec<Arc<Mailbox>>,
    /// The kinds that any subscription wants.
    pub(super) wanted: Kinds,
    pub(super) commands: Vec<Command>,
    /// What must be dropped outside the lock, because it runs foreign code.
    pub(super) garbage: Vec<Arc<Function>>,
    /// Lines for the log, taken by the driver: level and text.
    pub(super) lines: Vec<(i32, String)>,
    /// The last instant that was handed in.
    pub(super) now: Tick,
    /// Up to when answers were collected: nothing later is due in this turn.
    pub(super) horizon: Tick,
    /// How late the present turn is against its plan, beyond the slack; 0 in calls from outside.
    pub(super) lag_ns: u64,
    /// The same, kept over calls from outside.
    turn_lag_ns: u64,
    /// When the next turn is planned.
    pub(super) planned: Tick,
    /// The earliest timer that was set since.
    pub(super) soonest: Tick,
    /// The date of the instant 0, for reports.
    pub(super) epoch_unix_ms: i64,
    pub(super) running: bool,
    /// Whether it was stopped since it last ran: polls say so.
    pub(super) stopped: bool,
    /// The check `meshvitals.self`.
    pub(super) own: Option<u32>,
    /// What went wrong on this side, which that check shows.
    pub(super) health: LocalHealth,
    due: Vec<u32>,
}

impl Core {
    /// A core without checks.
    ///
    /// # Errors
    ///
    /// LIMIT when the process has no ids left.
    pub fn new(spec: &MonitorSpec, number: u32, now: Tick, unix_ms: i64) -> Result<Core, Error> {
        let groups = Groups::new(u64::from(number) << 32, now)?;
        Ok(Core {
            settings: Settings {
                slack_ns: spec.slack_ns,
                start_spread_ns: spec.start_spread_ns,
                manual: spec.manual,
                allow_exec: spec.allow_exec,
            },
            number,
            table: Table::default(),
            wheel: Wheel::new(now),
            groups,
            runs: Runs::default(),
            latencies: Latencies::default(),
            slots: Slots::new(spec.max_runs, spec.max_handshakes),
            callbacks: Helpers::no_callbacks(),
            mailboxes: Vec::new(),
            wanted: Kinds(0),
            commands: Vec::new(),
            garbage: Vec::new(),
            lines: Vec::new(),
            now,
            horizon: now,
            lag_ns: 0,
            turn_lag_ns: 0,
            planned: Tick::NEVER,
            soonest: Tick::NEVER,
            epoch_unix_ms: unix_ms - (now.0 / 1_000_000) as i64,
            running: spec.manual,
            stopped: false,
            own: None,
            health: LocalHealth::default(),
            due: Vec::new(),
        })
    }

    /// The first half of a turn: says what the time is, so that answers that are finished next
    /// are judged against our own lateness. `suspended` says that the machine was.
    pub fn observe(&mut self, now: Tick, suspended: bool) {
        self.now = now.max(self.now);
        self.horizon = now;
        let late = now.since(self.planned);
        let is_late = !self.settings.manual && late > self.settings.slack_ns;
        self.turn_lag_ns = if is_late { late } else { 0 };
        self.lag_ns = self.turn_lag_ns;
        if suspended && self.running {
            // Whatever the lag is: our clock stands still in suspension.
            return self.wake_up();
        }
        let lag_ns = self.lag_ns;
        if lag_ns > SUSPENSION_NS {
            self.drop_runs(|check| lag_ns > check.policy().interval_ns);
        }
    }

    /// Goes on with a turn after the lock was left: the lateness is still that of its beginning.
    pub fn go_on(&mut self) {
        self.lag_ns = self.turn_lag_ns;
    }

    /// How late we notice something that was due at `due`; 0 within the slack. With a clock of
    /// our own it is how long the whole turn was held up, because every step of a run was.
    pub(super) fn lateness(&self, due: Tick) -> u64 {
        match self.now.since(due) {
            _ if !self.settings.manual => self.lag_ns,
            late_ns if late_ns > self.settings.slack_ns => late_ns,
            _ => 0,
        }
    }

    /// The second half of a turn: does what is due.
    pub fn turn(&mut self) {
        if !self.running {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        self.wheel.expire(self.horizon, &mut due);
        // The order in which checks became due is the order in which they wait for their slots.
        due.sort_unstable_by_key(|&index| (self.wake_at(index), index));
        for index in due.drain(..) {
            self.attend(index);
        }
        self.due = due;
        self.end_lingering();
        self.start_waiting();
        self.settle();
        self.publish_own();
        self.settle();
    }

    /// When the next turn is needed, [`Tick::NEVER`] if nothing is planned. Remembers the answer
    /// as the plan against which lateness is measured. Outside manual mode it lies on the grid
    /// of the slack, so that one wake-up serves everything that is due by then.
    pub fn plan(&mut self) -> Tick {
        self.planned = self.on_grid(self.next_at());
        self.soonest = Tick::NEVER;
        self.planned
    }

    fn on_grid(&self, at: Tick) -> Tick {
        if self.settings.manual || at == Tick::NEVER {
            return at;
        }
        Tick(at.0.div_ceil(self.settings.slack_ns).saturating_mul(self.settings.slack_ns))
    }

    /// Whether a call from outside made something due before the planned turn, which then is the
    /// plan: if we come too late, we must notice.
    pub fn needs_turn(&mut self) -> bool {
        if !self.running {
            return false;
        }
        let at = self.on_grid(self.soonest.max(self.now));
        let sooner = at < self.planned;
        if sooner {
            self.planned = at;
            self.promise_own(at);
        }
        sooner || !self.commands.is_empty()
    }

    /// Says what the time is in a call from outside, where nothing is late.
    pub fn clock(&mut self, now: Tick) {
        self.now = now.max(self.now);
        self.lag_ns = 0;
    }

    /// The earliest instant at which something is due.
    pub(super) fn next_at(&self) -> Tick {
        if !self.running {
            return Tick::NEVER;
        }
        let mut next = self.groups.next_at(self.now).min(self.runs.next_linger());
        next = next.min(self.health.forgets_at());
        self.wheel.visit_earliest(|index| next = next.min(self.wake_at(index)));
        next
    }

    /// What must be done with a check whose timer came.
    fn attend(&mut self, index: u32) {
        if self.table.get(index).is_none() {
            return;
        }
        self.end_override(index);
        self.end_freshness(index);
        self.end_run(index);
        self.begin_run(index);
        self.set_timer(index);
    }

    /// Sets the timer of a check to the earliest of what it waits for.
    pub(super) fn set_timer(&mut self, index: u32) {
        match self.wake_at(index) {
            Tick::NEVER => self.wheel.clear(index),
            at => {
                self.soonest = self.soonest.min(at);
                self.wheel.set(index, at);
            }
        }
    }

    /// The earliest instant at which something of a check is due.
    pub(super) fn wake_at(&self, index: u32) -> Tick {
        let Some(check) = self.table.get(index).filter(|_| self.running) else {
            return Tick::NEVER;
        };
        let step = match check.activity {
            Activity::Idle | Activity::Stuck(_) if !check.mask.has(Mask::PAUSED) => check.due,
            Activity::Running(place) => self.runs.limit(place),
            Activity::Idle | Activity::Stuck(_) | Activity::Waiting(_) => Tick::NEVER,
        };
        let override_end = match check.rare.as_ref().and_then(|rare| rare.forced) {
            Some((_, until)) => until,
            None => Tick::NEVER,
        };
        step.min(override_end).min(self.freshness_end(check))
    }

    /// When a check becomes stale; never if it is UNKNOWN already. Our own health is renewed in
    /// every turn and must not cause any.
    pub(super) fn freshness_end(&self, check: &Check) -> Tick {
        let known = check.detector.measured() != Status::Unknown;
        let own = matches!(check.probe, ProbeSpec::Own);
        if known && !own && !check.mask.has(Mask::STALE) {
            check.fresh_until()
        } else {
            Tick::NEVER
        }
    }

    /// Hands an event to whoever wants its kind.
    pub(super) fn emit(&self, event: Event) {
        if let Some((last, others)) = self.mailboxes.split_last() {
            for mailbox in others {
                mailbox.push(event.clone());
            }
            last.push(event);
        }
    }

    /// Writes a line to the log: 0 error, 1 warning, 2 information, 3 detail.
    pub(super) fn log(&mut self, level: i32, text: &str) {
        if self.wanted.wants(Kinds::LOG) {
            let event = Event::new(crate::model::Kind::Log, CheckId(0), self.now);
            let text = crate::model::Message::new(text);
            self.emit(Event { detail: level, text, ..event });
        }
        self.lines.push((level, text.to_owned()));
    }

    /// Publishes what changed in the groups.
    pub(super) fn settle(&mut self) {
        let mailboxes = &self.mailboxes;
        let ended = self.groups.settle(&self.table, self.stopped, self.now, |event| {
            mailboxes.iter().for_each(|mailbox| mailbox.push(event.clone()));
        });
        if ended {
            self.table.groups_ended();
        }
    }

    /// The driver's: takes the commands.
    pub fn take_commands(&mut self, into: &mut Vec<Command>) {
        into.append(&mut self.commands);
    }

    /// The driver's: takes what must be dropped, and the lines of the log, outside the lock.
    pub fn take_leftover(&mut self) -> Leftover {
        Leftover {
            garbage: std::mem::take(&mut self.garbage),
            lines: std::mem::take(&mut self.lines),
        }
    }

    /// The clock of the last turn.
    pub fn now(&self) -> Tick {
        self.now
    }

    /// Adds the check that shows our own health.
    ///
    /// # Errors
    ///
    /// LIMIT when the process has no ids left.
    pub fn add_own(&mut self) -> Result<(), Error> {
        let spec = CheckSpec {
            name: "meshvitals.self".into(),
            probe: ProbeSpec::Own,
            policy: Policy { critical: false, role: Role::Inform, ..Policy::default() },
            depends_on: Box::default(),
            cookie: 0,
        };
        let ids = self.register(vec![spec], false)?;
        self.own = ids.first().and_then(|&id| self.index_of(id).ok());
        Ok(())
    }
}
