//! The runs in flight, by token, and the slots that bound how many there are.
//!
//! A token names one run for ever: its serial number, by which the detector orders results, and
//! the place where the run is found.

use crate::model::CheckId;
use crate::time::Tick;
use slab::Slab;
use std::collections::VecDeque;

/// Filesystems that are examined at once.
const DISK_SLOTS: usize = 2;
/// Functions of the host program that run at once.
const CALLBACK_SLOTS: usize = 4;
/// A token is `serial << 24 | place`.
const PLACE_BITS: u32 = 24;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The probe works.
    Running,
    /// The host program was asked and has not looked yet.
    Asked,
    /// The host program overran and was told, but has not looked yet.
    Cancelling,
    /// Over, but a late answer would still tell something.
    Lingering,
    /// Over, but the function has not come back.
    Stuck,
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub token: u64,
    pub check: CheckId,
    pub index: u32,
    pub started: Tick,
    /// The end of the present phase.
    pub limit: Tick,
    pub extended_ns: u64,
    pub phase: Phase,
    pub class: Class,
}

/// What a run occupies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Network,
    Callback,
    Disk,
    /// Nothing that is scarce.
    Free,
}

/// The runs in flight, by token.
#[derive(Default)]
pub(super) struct Runs {
    pub runs: Slab<Run>,
    serial: u64,
    /// Tokens of runs whose late answer is waited for, oldest first.
    pub lingering: VecDeque<u64>,
}

impl Runs {
    /// The number of the next run: later runs have higher ones.
    pub fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub fn add(&mut self, make: impl FnOnce(u64) -> Run) -> u64 {
        let token = self.next_serial() << PLACE_BITS | self.runs.vacant_key() as u64;
        self.runs.insert(make(token));
        token
    }

    pub fn get(&mut self, token: u64) -> Option<&mut Run> {
        let place = (token & ((1 << PLACE_BITS) - 1)) as usize;
        self.runs.get_mut(place).filter(|run| run.token == token)
    }

    pub fn remove(&mut self, token: u64) -> Option<Run> {
        self.get(token)?;
        self.lingering.retain(|&other| other != token);
        Some(self.runs.remove((token & ((1 << PLACE_BITS) - 1)) as usize))
    }

    /// The end of the present phase of a run.
    pub fn limit(&self, token: u64) -> Tick {
        let place = (token & ((1 << PLACE_BITS) - 1)) as usize;
        self.runs.get(place).map_or(Tick::NEVER, |run| run.limit)
    }

    pub fn next_linger(&self) -> Tick {
        self.lingering.iter().map(|&token| self.limit(token)).min().unwrap_or(Tick::NEVER)
    }

    /// Forgets runs whose function never comes back, because its thread does not exist.
    pub fn forget_stuck(&mut self) {
        self.runs.clear();
        self.lingering.clear();
    }

    pub fn tokens(&self) -> Vec<u64> {
        self.runs.iter().map(|(_, run)| run.token).collect()
    }
}

/// The number of a run, for the detector.
pub(super) fn serial(token: u64) -> u64 {
    token >> PLACE_BITS
}

/// Bounded concurrency, first come first served.
pub(super) struct Slots {
    pub free: [usize; 3],
    pub waiting: [VecDeque<(u32, CheckId)>; 3],
}

impl Slots {
    pub fn new(max_runs: usize) -> Slots {
        Slots { free: [max_runs, CALLBACK_SLOTS, DISK_SLOTS], waiting: Default::default() }
    }

    pub fn clear_waiting(&mut self) {
        self.waiting.iter_mut().for_each(VecDeque::clear);
    }

    pub fn give_back(&mut self, class: Class) {
        if class != Class::Free {
            self.free[class as usize] += 1;
        }
    }
}
