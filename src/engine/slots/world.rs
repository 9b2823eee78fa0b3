//! The world of the tests of slots: a core, a clock that they move, and targets that may hang.

use super::{Activity, Check, Class};
use crate::engine::callback::{Callback, Run};
use crate::engine::command::Command;
use crate::engine::core::Core;
use crate::model::document::{self, Defaults};
use crate::model::{CheckId, Outcome, Reason, RunResult};
use crate::time::Tick;
use std::collections::{HashMap, HashSet};

/// A function of the host program.
pub(super) struct Unused;

impl Callback for Unused {
    fn run(&self, _: &Run) -> RunResult {
        unreachable!("the world answers itself")
    }
}

/// What the driver would be: it answers at once for targets that do not hang.
pub(super) struct World {
    pub core: Core,
    /// Who never answers.
    pub hanging: HashSet<CheckId>,
    /// Answers other than a pass.
    pub answers: HashMap<CheckId, Outcome>,
    /// When who started.
    pub starts: Vec<(u64, CheckId)>,
    /// The last run of each check.
    pub tokens: HashMap<CheckId, u64>,
}

impl World {
    pub fn new(max_runs: usize) -> World {
        let text = format!(r#"{{"system_checks": false, "max_runs": {max_runs}}}"#);
        let spec = document::parse_monitor(Some(&text)).unwrap();
        let mut core = Core::new(&spec, 0, Tick(0), 0).unwrap();
        core.start(Tick(0));
        let (hanging, answers, tokens) = Default::default();
        World { core, hanging, answers, starts: Vec::new(), tokens }
    }

    /// A network check that runs every second, exactly, with a deadline beyond the next start.
    pub fn document(name: &str, more: &str) -> document::CheckSpec {
        let text = format!(
            r#"{{"name": "{name}", "tcp": {{"address": "127.0.0.1:9"}}, "interval": "1s",
                "timeout": "1400ms", "jitter": 0{more}}}"#
        );
        document::parse_check(&text, &Defaults::default()).unwrap()
    }

    pub fn add(&mut self, name: &str, delay_ms: u64) -> CheckId {
        let more = format!(r#", "initial_delay": "{delay_ms}ms""#);
        self.core.register(vec![World::document(name, &more)], false).unwrap()[0]
    }

    pub fn add_hanging(&mut self, name: &str, delay_ms: u64) -> CheckId {
        let id = self.add(name, delay_ms);
        self.hanging.insert(id);
        id
    }

    /// As the background thread does: a turn at each instant that was planned.
    pub fn advance_to(&mut self, at: u64) {
        loop {
            self.turn();
            let next = self.core.plan();
            if next > Tick(at) {
                break;
            }
            self.core.observe(next, false);
        }
        self.core.clock(Tick(at));
    }

    fn turn(&mut self) {
        let mut commands = Vec::new();
        loop {
            self.core.turn();
            self.core.take_commands(&mut commands);
            if commands.is_empty() {
                return;
            }
            commands.drain(..).for_each(|command| self.carry_out(command));
            self.core.go_on();
        }
    }

    fn carry_out(&mut self, command: Command) {
        let now = self.core.now();
        match command {
            Command::Run { token, check, .. } => {
                self.starts.push((now.0, check));
                self.tokens.insert(check, token);
                if !self.hanging.contains(&check) {
                    let outcome = self.answers.get(&check).copied().unwrap_or(Outcome::Pass);
                    self.core.finish(token, RunResult::new(outcome, Reason::NONE), now);
                }
            }
            Command::Expire { token, .. } => {
                self.core.expire(token, RunResult::new(Outcome::Timeout, Reason::TIMEOUT), now);
            }
            Command::Cancel { .. } | Command::Disarm { .. } => {}
        }
    }

    /// When a check started, from an instant on.
    pub fn starts_of(&self, check: CheckId, from: u64) -> Vec<u64> {
        let own = self.starts.iter().filter(|&&(at, id)| id == check && at >= from);
        own.map(|&(at, _)| at).collect()
    }

    pub fn is_suspect(&self, check: CheckId) -> bool {
        self.core.table.get(self.core.index_of(check).unwrap()).unwrap().suspect
    }

    pub fn in_flight(&self) -> usize {
        let running = |check: &Check| matches!(check.activity, Activity::Running(_));
        self.core.table.iter().filter(|(_, check)| running(check)).count()
    }

    /// What the slots count is what there is.
    pub fn expect_counts(&self) {
        for class in [Class::Network, Class::Callback] {
            let lane = &self.core.slots.lanes[class as usize];
            let checks = || self.core.table.iter().map(|(_, check)| check);
            let own = || checks().filter(|check| Class::of(&check.probe) == class);
            assert_eq!(lane.others, own().filter(|check| !check.suspect).count());
            let running = own().filter_map(|check| match check.activity {
                Activity::Running(place) => self.core.runs.at(place),
                _ => None,
            });
            let mut taken = [0, 0];
            running.for_each(|run| taken[usize::from(run.suspect)] += 1);
            assert_eq!(lane.taken, taken);
            assert!(taken[0] + taken[1] <= lane.size);
        }
    }
}
