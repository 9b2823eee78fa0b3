//! The beginnings and ends of a core's life: start, stop, and a fork in between.

use super::core::{Command, Core};
use super::publish;
use super::table::Activity;
use crate::error::Error;
use crate::model::document::CheckSpec;
use crate::model::{CheckId, Event, Kind, Kinds, Policy, ProbeSpec, Role, Status, schedule};
use crate::time::Tick;

impl Core {
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

    /// Starts the engine: every check begins anew.
    pub fn start(&mut self, now: Tick) {
        self.now = now.max(self.now);
        self.running = true;
        self.planned = Tick::NEVER;
        // What was stuck reports to a thread that is gone; the function itself keeps the next
        // call out until it returns.
        self.runs.forget_stuck();
        let indices: Vec<u32> = self.table.iter().map(|(index, _)| index).collect();
        for index in indices {
            self.restart(index);
        }
        self.mailboxes.iter().for_each(|mailbox| mailbox.set_stopped(false));
        self.settle();
    }

    /// Stops the engine: no run starts, statuses read UNKNOWN from here on, subscribers are told.
    pub fn stop(&mut self, now: Tick) {
        self.now = now.max(self.now);
        self.drop_runs(|_| true);
        self.drop_commands();
        self.running = false;
        self.forget_statuses();
        self.emit(Event::new(Kind::Stopped, CheckId(0), self.now));
        self.mailboxes.iter().for_each(|mailbox| mailbox.set_stopped(true));
    }

    /// Forgets what the background thread has not carried out: it ends, and the next one must
    /// not find it.
    fn drop_commands(&mut self) {
        for command in std::mem::take(&mut self.commands) {
            if let Command::Run { callback: Some(function), .. } = command {
                self.garbage.push(function);
            }
        }
    }

    /// Stops an engine of which nobody knows whether it runs.
    pub fn stop_silently(&mut self) {
        if self.running {
            self.stop(self.now);
        }
        self.mailboxes.iter().for_each(|mailbox| mailbox.set_stopped(true));
    }

    /// In a child: leaks what threads of the parent may hold, and forgets what was in flight.
    pub fn forget_parent(&mut self) {
        std::mem::forget(std::mem::take(&mut self.mailboxes));
        self.wanted = Kinds(0);
        self.drop_runs(|_| true);
        self.runs.forget_stuck();
        self.commands.clear();
        self.slots.clear_waiting();
        self.running = false;
        self.forget_statuses();
    }

    /// In a child: writes the cells anew that the fork has wiped.
    pub fn restore_cells(&mut self) {
        for (_, check) in self.table.iter() {
            publish::restore(check.id, Status::Unknown);
        }
        for group in self.groups.iter() {
            publish::restore(group.id, Status::Unknown);
        }
        self.groups.republish();
    }

    /// Begins the life of a check: nothing is known, and its first run is planned.
    pub(super) fn restart(&mut self, index: u32) {
        let (now, spread) = (self.now, self.settings.start_spread_ns);
        let Some(check) = self.table.get_mut(index) else { return };
        let hash = schedule::name_hash(&check.name);
        let delay = match check.probe {
            ProbeSpec::Heartbeat { ttl_ns } => ttl_ns,
            // It rides on the turns of others.
            ProbeSpec::Own => u64::MAX,
            _ => schedule::first_delay(check.policy(), spread, hash),
        };
        check.born = now;
        check.grid = now.after(delay);
        check.due = check.grid;
        check.activity = Activity::Idle;
        self.set_timer(index);
    }
}
