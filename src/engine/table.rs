//! The checks of one monitor: dense records, found by index or by name.
//!
//! Everything that most checks do not have lies behind one pointer ([`Rare`]), and policies are
//! stored once for all checks that share them, so that an idle check costs little memory. An
//! index is reused after removal; whoever keeps one beside the table keeps the id as well.

use super::callback::Function;
use super::runs::Place;
use super::slots::Ticket;
use crate::model::detector::Detector;
use crate::model::signal::{Bands, Measure};
use crate::model::{CheckId, Mask, Message, Policy, ProbeSpec, Reason, Status};
use crate::sync::Arc;
use crate::time::Tick;
use hashbrown::{HashMap, HashTable};
use std::collections::BTreeSet;
use std::hash::BuildHasher;

/// A policy and what follows from it for the table.
#[derive(Debug)]
pub struct Shared {
    /// The policy.
    pub policy: Policy,
    /// The groups of its tags, as indices; the whole is not among them.
    pub groups: Box<[u32]>,
}

/// What a check is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Waits for its next start.
    Idle,
    /// Is due and waits for a slot.
    Waiting(Ticket),
    /// A run is in flight.
    Running(Place),
    /// A run is past its deadline and has not come back.
    Stuck(Place),
}

/// What few checks have.
#[derive(Default)]
pub struct Rare {
    /// The number of the document.
    pub cookie: u64,
    /// The message of the last result that had one.
    pub message: Message,
    /// The value of the last run, of a check that measures one.
    pub value: Option<f64>,
    /// How that was come by.
    pub measure: Option<Box<Measure>>,
    /// In which bands the value of a signal is.
    pub bands: Bands,
    /// Until when our own health may be believed.
    pub own_until: Tick,
    /// The checks that this one depends on.
    pub depends_on: Vec<u32>,
    /// The checks that depend on this one; there may be a million, and each may go alone.
    pub dependents: BTreeSet<u32>,
    /// What the host program wants to be published, and until when.
    pub forced: Option<(Status, Tick)>,
    /// The function of a callback check.
    pub callback: Option<Arc<Function>>,
}

/// One check.
pub struct Check {
    /// Its id.
    pub id: CheckId,
    /// Its name.
    pub name: Box<str>,
    /// Its policy.
    pub shared: Arc<Shared>,
    /// What it measures.
    pub probe: ProbeSpec,
    /// What it doesn't share with most.
    pub rare: Option<Box<Rare>>,
    /// From results to a status.
    pub detector: Detector,
    /// What it is doing.
    pub activity: Activity,
    /// When it was registered or its monitor started.
    pub born: Tick,
    /// The grid point of its present round.
    pub grid: Tick,
    /// When it next starts.
    pub due: Tick,
    /// When its last run started, for confirm runs.
    pub started: Tick,
    /// Since when the published status holds.
    pub since: Tick,
    /// The end of its last run.
    pub last: Tick,
    /// How long its last run took.
    pub latency_ns: u64,
    /// Runs that ended.
    pub runs: u32,
    /// Changes published.
    pub sequence: u32,
    /// Why the measured status is what it is.
    pub reason: Reason,
    /// What is published.
    pub published: Status,
    /// What lies over the measured status.
    pub mask: Mask,
    /// Whether it was functional once since it was born.
    pub was_functional: bool,
    /// Whether its last run may be believed for a while; not before the first, nor once the
    /// engine was stopped.
    pub believed: bool,
    /// Whether its last run was silence, and the next one is expected to be, too.
    pub suspect: bool,
}

// There may be a million checks, and at most 256 bytes are to be spent on each: these, 32 for its
// name, 32 for its cell, 12 for its timer, and up to 11 to be found by name.
const _: () = assert!(size_of::<Option<Check>>() <= 168);

impl Check {
    /// Its policy.
    pub fn policy(&self) -> &Policy {
        &self.shared.policy
    }

    /// The number of its document.
    pub fn cookie(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.cookie)
    }

    /// The message of its last result.
    pub fn message(&self) -> &str {
        self.rare.as_ref().map_or("", |rare| rare.message.as_str())
    }

    /// Keeps the message of a result; costs nothing while there is none.
    pub fn set_message(&mut self, message: Message) {
        if message != Message::NONE || self.rare.is_some() {
            self.rare_mut().message = message;
        }
    }

    /// The value of its last run, NaN if it measures none.
    pub fn value(&self) -> f64 {
        self.rare.as_ref().and_then(|rare| rare.value).unwrap_or(f64::NAN)
    }

    /// Keeps the value of a result; costs nothing while there is none.
    pub fn set_value(&mut self, value: f64) {
        if !value.is_nan() || self.rare.is_some() {
            self.rare_mut().value = Some(value);
        }
    }

    /// Forgets what an earlier probe measured.
    pub fn forget_measure(&mut self) {
        if let Some(rare) = &mut self.rare {
            (rare.value, rare.measure, rare.bands) = (None, None, Bands::default());
        }
    }

    /// How its value was come by, of probes that measure the host or the process.
    pub fn measure(&self) -> Option<&Measure> {
        self.rare.as_ref()?.measure.as_deref()
    }

    /// Until when its last result may be believed: its end + 2 intervals + timeout; of a
    /// heartbeat: one ttl beyond the silence that would make it UNHEALTHY.
    pub fn fresh_until(&self) -> Tick {
        let (policy, end) = (self.policy(), self.last);
        match self.probe {
            _ if !self.believed => Tick(0),
            ProbeSpec::Own => self.rare.as_ref().map_or(Tick(0), |rare| rare.own_until),
            ProbeSpec::Heartbeat { ttl_ns } => {
                end.after(ttl_ns.saturating_mul(u64::from(policy.failure_threshold) + 1))
            }
            _ => end.after(policy.interval_ns.saturating_mul(2)).after(policy.timeout_ns),
        }
    }

    /// The rare part, made if there is none.
    pub fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// The checks.
#[derive(Default)]
pub struct Table {
    checks: Vec<Option<Check>>,
    free: Vec<u32>,
    names: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
    shared: HashMap<Arc<Shared>, (), foldhash::fast::RandomState>,
    /// The policy that was interned last: documents of a batch usually share it.
    recent: Option<Arc<Shared>>,
}

impl std::hash::Hash for Shared {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.policy.hash(state);
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Shared) -> bool {
        self.policy == other.policy
    }
}

impl Eq for Shared {}

impl hashbrown::Equivalent<Arc<Shared>> for Policy {
    fn equivalent(&self, key: &Arc<Shared>) -> bool {
        *self == key.policy
    }
}

impl Table {
    /// The checks there are.
    pub fn len(&self) -> usize {
        self.checks.len() - self.free.len()
    }

    /// The check at an index.
    pub fn get(&self, index: u32) -> Option<&Check> {
        self.checks.get(index as usize)?.as_ref()
    }

    /// The check at an index.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut Check> {
        self.checks.get_mut(index as usize)?.as_mut()
    }

    /// The indices and checks, in order of index.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Check)> {
        (0u32..).zip(&self.checks).filter_map(|(index, check)| Some((index, check.as_ref()?)))
    }

    /// Makes room for so many more checks.
    pub fn reserve(&mut self, more: usize) {
        self.checks.reserve(more.saturating_sub(self.free.len()));
        let (checks, hasher) = (&self.checks, &self.hasher);
        self.names.reserve(more, |&index| hash_at(checks, hasher, index));
    }

    /// Puts a check in; its name must be new.
    pub fn insert(&mut self, check: Check) -> u32 {
        let hash = self.hasher.hash_one(&*check.name);
        let index = self.free.pop().unwrap_or(self.checks.len() as u32);
        if index as usize == self.checks.len() {
            self.checks.push(Some(check));
        } else {
            self.checks[index as usize] = Some(check);
        }
        let (checks, hasher) = (&self.checks, &self.hasher);
        self.names.insert_unique(hash, index, |&index| hash_at(checks, hasher, index));
        index
    }

    /// Takes a check out.
    pub fn remove(&mut self, index: u32) -> Option<Check> {
        let check = self.checks.get_mut(index as usize)?.take()?;
        let hash = self.hasher.hash_one(&*check.name);
        if let Ok(entry) = self.names.find_entry(hash, |&other| other == index) {
            entry.remove();
        }
        self.free.push(index);
        Some(check)
    }

    /// The index of a name.
    pub fn find(&self, name: &str) -> Option<u32> {
        let same = |&index: &u32| self.get(index).is_some_and(|check| &*check.name == name);
        self.names.find(self.hasher.hash_one(name), same).copied()
    }

    /// Some groups have ended: their places may be given to others.
    pub fn groups_ended(&mut self) {
        self.recent = None;
    }

    /// The shared form of a policy; `groups` tells where the groups of its tags are now.
    pub fn intern(
        &mut self,
        policy: Policy,
        groups: impl FnOnce(&Policy) -> Box<[u32]>,
    ) -> Arc<Shared> {
        if let Some(recent) = self.recent.as_ref().filter(|recent| recent.policy == policy) {
            return Arc::clone(recent);
        }
        if self.shared.len() > 2 * self.len() + 64 {
            // Only what a check uses is kept; the map holds one reference itself.
            self.shared.retain(|shared, ()| Arc::strong_count(shared) > 1);
        }
        let groups = groups(&policy);
        let shared = match self.shared.get_key_value(&policy) {
            Some((shared, ())) if shared.groups == groups => Arc::clone(shared),
            old => {
                if old.is_some() {
                    // Nobody uses it: its groups have ended. Inserting would keep the old key.
                    self.shared.remove(&policy);
                }
                let shared = Arc::new(Shared { policy, groups });
                self.shared.insert(Arc::clone(&shared), ());
                shared
            }
        };
        self.recent = Some(Arc::clone(&shared));
        shared
    }
}

fn hash_at(checks: &[Option<Check>], hasher: &foldhash::fast::RandomState, index: u32) -> u64 {
    let name = checks[index as usize].as_ref().map_or("", |check| &check.name);
    hasher.hash_one(name)
}
