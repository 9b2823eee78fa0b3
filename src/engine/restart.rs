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

    /// Leaves the next run of a check no later than it was planned, after its document was
    /// exchanged for one that measures the same. A run that was discarded for that begins anew
    /// now: else whoever exchanges documents often enough would never see one.
    pub(super) fn keep_plan(&mut self, index: u32, planned: Tick) {
        let Some(check) = self.table.get_mut(index) else { return };
        check.due = check.due.min(planned);
        self.set_timer(index);
    }

    /// Everything that is known is too old, and each check runs again soon: the machine slept,
    /// which our clock does not count. Nobody is to blame for the time between.
    pub(super) fn wake_up(&mut self) {
        self.log(2, "the machine was suspended; every check is measured again");
        self.drop_runs(|_| true);
        for index in self.indices() {
            let Some(check) = self.table.get(index) else { continue };
            let ttl_ns = match check.probe {
                // It is published in this turn anyway.
                ProbeSpec::Own => continue,
                ProbeSpec::Heartbeat { ttl_ns } => Some(ttl_ns),
                _ => None,
            };
            self.change(index, |check| {
                check.mask.put(Mask::STALE, check.detector.measured() != Status::Unknown);
                check.believed = false;
                if let Some(rare) = &mut check.rare {
                    rare.bands.interrupt();
                }
            });
            match (ttl_ns, self.now) {
                (None, _) => self.spread_out(index),
                (Some(ttl_ns), now) => {
                    if let Some(check) = self.table.get_mut(index) {
                        check.due = now.after(ttl_ns);
                    }
                }
            }
            self.set_timer(index);
        }
        self.settle();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::table::Activity;
    use crate::model::RunResult;
    use crate::model::document::{self, Defaults};
    use crate::time::SECOND;

    const DOCUMENT: &str = r#"{"name": "a", "descriptors": {"degraded_enter": 90}, "jitter": 0,
        "interval": "10s", "initial_delay": "3s", "timeout": "1s"}"#;

    /// A running core with one check, and turns at the instants that it plans.
    struct Bench(Core, CheckId);

    impl Bench {
        fn new(text: &str) -> Bench {
            let spec = document::parse_monitor(Some(r#"{"system_checks": false}"#)).unwrap();
            let mut core = Core::new(&spec, 0, Tick(0), 0).unwrap();
            let check = document::parse_check(text, &Defaults::default()).unwrap();
            let ids = core.register(vec![check], false).unwrap();
            core.start(Tick(0));
            Bench(core, ids[0])
        }

        /// Turns until this second, and those in which the check ran, which it passed.
        fn run_to(&mut self, second: u64) -> Vec<u64> {
            let (core, mut starts, mut commands) = (&mut self.0, Vec::new(), Vec::new());
            loop {
                core.turn();
                core.take_commands(&mut commands);
                for command in commands.drain(..) {
                    let Command::Run { token, .. } = command else { continue };
                    starts.push(core.now().0 / SECOND);
                    core.finish(token, RunResult::pass(), core.now());
                }
                core.go_on();
                core.turn();
                let next = core.plan();
                if next > Tick(second * SECOND) {
                    core.clock(Tick(second * SECOND));
                    return starts;
                }
                core.observe(next, false);
            }
        }

        fn replace(&mut self, text: &str) {
            let check = document::parse_check(text, &Defaults::default()).unwrap();
            assert_eq!(self.0.replace(check).unwrap(), self.1);
            self.0.needs_turn();
        }

        fn snapshot(&self) -> crate::model::Snapshot {
            self.0.snapshot(self.1).unwrap()
        }
    }

    #[test]
    fn another_level_leaves_the_next_run_where_it_was_planned() {
        let mut bench = Bench::new(DOCUMENT);
        assert_eq!(bench.run_to(5), [3]);
        bench.replace(&DOCUMENT.replace("90", "91"));
        assert_eq!(bench.run_to(20), [13]);
    }

    #[test]
    fn a_check_that_is_replaced_again_and_again_runs_all_the_same() {
        let mut bench = Bench::new(DOCUMENT);
        let mut starts = Vec::new();
        for second in 0..40 {
            starts.extend(bench.run_to(second));
            let interval = if second % 2 == 0 { "11s" } else { "12s" };
            bench.replace(&DOCUMENT.replace("10s", interval));
        }
        assert!(starts.len() >= 4, "{starts:?}");
    }

    #[test]
    fn after_a_suspension_nothing_is_known_and_nobody_failed() {
        let mut bench = Bench::new(DOCUMENT);
        assert_eq!(bench.run_to(5), [3]);
        assert_eq!(bench.snapshot().status, Status::Healthy);
        // As late as our clock shows, which has not counted it.
        bench.0.observe(Tick(5 * SECOND + 1), true);
        let told = bench.snapshot();
        assert_eq!((told.status, told.reason), (Status::Unknown, Reason::STALE));
        assert_eq!((told.measured, told.failures), (Status::Healthy, 0));
        assert!(told.fresh_until <= Tick(5 * SECOND), "nor for who reads the cell");
        let starts = bench.run_to(12);
        assert!(starts.len() == 1 && starts[0] < 12, "sooner than planned: {starts:?}");
        assert_eq!(bench.snapshot().status, Status::Healthy);
    }

    #[test]
    fn a_run_over_which_the_machine_slept_is_no_failure() {
        let text = r#"{"name": "a", "tcp": {"address": "127.0.0.1:1"}, "initial_delay": 0,
            "failure_threshold": 1}"#;
        let mut bench = Bench::new(text);
        bench.0.turn();
        let index = bench.0.index_of(bench.1).unwrap();
        assert!(matches!(
            bench.0.table.get(index).unwrap().activity,
            Activity::Waiting(_) | Activity::Running(_)
        ));
        bench.0.observe(Tick(SECOND), true);
        let told = bench.snapshot();
        assert_eq!((told.status, told.reason), (Status::Unknown, Reason::LOCAL_SUSPENDED));
        assert_eq!((told.failures, told.in_flight), (0, 0));
        let mut commands = Vec::new();
        bench.0.take_commands(&mut commands);
        let ended = |command: &Command| matches!(command, Command::Cancel { .. });
        assert!(commands.iter().any(ended), "its probe is told");
    }
}
