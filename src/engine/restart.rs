//! The core's start, stop and fork: what begins anew, and what is forgotten.
//!
//! Registrations, pauses and ids stay; statuses, counts and overrides do not, because nobody keeps
//! them true while the engine stands. The trap is a function of the host program that is still
//! running when the engine stops: its check stays stuck until it comes back, also in the next
//! life, so that it is never called twice at once.

use super::command::Command;
use super::core::Core;
use super::helpers::Helpers;
use super::publish;
use super::table::Activity;
use crate::model::health::LocalHealth;
use crate::model::signal::Bands;
use crate::model::{
    CheckId, Event, Kind, Kinds, Mask, Message, ProbeSpec, Reason, Status, schedule,
};
use crate::time::Tick;

impl Core {
    /// Starts the engine: every check begins anew.
    pub fn start(&mut self, now: Tick) {
        self.now = now.max(self.now);
        (self.running, self.stopped) = (true, false);
        (self.planned, self.soonest) = (Tick::NEVER, Tick::NEVER);
        self.health = LocalHealth::default();
        for index in self.indices() {
            self.restart(index);
        }
        self.mailboxes.iter().for_each(|mailbox| mailbox.set_stopped(false));
        self.settle();
    }

    /// Stops the engine: no run starts, statuses read UNKNOWN from here on, subscribers are told.
    pub fn stop(&mut self, now: Tick) {
        self.now = now.max(self.now);
        for index in self.indices() {
            self.discard_run(index);
            self.wheel.clear(index);
        }
        self.running = false;
        // The driver ends everything with itself; nothing may be left over for the next one.
        for command in std::mem::take(&mut self.commands) {
            if let Command::Run { callback, .. } = command {
                self.garbage.extend(callback);
            }
        }
        self.slots.clear_waiting();
        self.stopped = true;
        self.forget_statuses();
        self.emit(Event::new(Kind::Stopped, CheckId(0), self.now));
        self.end_polls();
    }

    /// Stops an engine of which nobody knows whether it runs.
    pub fn stop_silently(&mut self) {
        if self.running {
            self.stop(self.now);
        }
        self.end_polls();
    }

    fn end_polls(&mut self) {
        self.stopped = true;
        self.mailboxes.iter().for_each(|mailbox| mailbox.set_stopped(true));
    }

    /// Whether runs start.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// In a child: leaks what threads of the parent may hold, and forgets what was in flight.
    pub fn forget_parent(&mut self) {
        std::mem::forget(std::mem::take(&mut self.mailboxes));
        self.wanted = Kinds(0);
        for index in self.indices() {
            self.discard_run(index);
            self.wheel.clear(index);
            if let Some(check) = self.table.get_mut(index) {
                // The threads that functions were stuck on do not exist here.
                check.activity = Activity::Idle;
            }
        }
        self.runs.clear();
        self.callbacks = Helpers::no_callbacks();
        self.commands.clear();
        self.slots.clear_waiting();
        (self.running, self.stopped) = (false, true);
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
        self.set_timer(index);
    }

    /// Every check reads UNKNOWN and its detector knows nothing.
    fn forget_statuses(&mut self) {
        for index in self.indices() {
            self.change(index, |check| {
                check.detector.reset();
                check.mask.put(Mask(Mask::STALE.0 | Mask::OVERRIDE.0), false);
                if let Some(rare) = &mut check.rare {
                    (rare.forced, rare.bands) = (None, Bands::default());
                }
                check.reason = Reason::RESTARTED;
                check.set_message(Message::NONE);
                check.believed = false;
            });
            self.set_suspect(index, false);
        }
        self.groups.begin_anew();
        self.settle();
    }

    fn indices(&self) -> Vec<u32> {
        self.table.iter().map(|(index, _)| index).collect()
    }
}
