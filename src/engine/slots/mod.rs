//! Slots: how many runs take place at once, and who gets the next one.
//!
//! First come, first served, with one exception, so that targets that hang do not delay the
//! others. A check whose last run was silence is *suspect*: its next run will probably hold its
//! slot until the deadline, too. Suspects together leave half of the slots to the other checks,
//! or one slot for each of them if that is less. So nobody waits where there are as many slots as
//! checks; a single slot is nobody's own; and neither side can starve the other, because whoever
//! has waited longest comes next if it may.
//!
//! The trap is a wish whose check was paused, replaced or removed since and may wait again, in
//! the other queue: a wish is good only while the check holds its ticket.

#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

use super::core::Core;
use super::table::{Activity, Check};
use crate::model::ProbeSpec;
use std::collections::VecDeque;

/// Functions of the host program that run at once.
const CALLBACK_SLOTS: usize = 4;

/// Programs that run at once.
const EXEC_SLOTS: usize = 4;

/// What a run occupies. The order is that of the lanes; the last two have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Network,
    Callback,
    /// Of the network, with a handshake for encryption, which costs CPU.
    Handshake,
    Exec,
    /// A filesystem, which others may want to look at as well; who looks first is for `disks`.
    Disk,
    /// Nothing that is scarce.
    Free,
}

impl Class {
    /// What a run of this probe occupies.
    pub fn of(probe: &ProbeSpec) -> Class {
        match probe {
            ProbeSpec::Tcp(_) | ProbeSpec::Http(_) => Class::Network,
            ProbeSpec::Talk(spec) if spec.tls.is_some() => Class::Handshake,
            ProbeSpec::Talk(_) => Class::Network,
            ProbeSpec::Callback => Class::Callback,
            ProbeSpec::Exec(_) => Class::Exec,
            ProbeSpec::Disk(_) => Class::Disk,
            ProbeSpec::Signal(spec) if spec.path.is_some() => Class::Disk,
            _ => Class::Free,
        }
    }
}

/// What a check keeps of its wish: half of its number, at any even address, because there may be
/// a million checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket([u16; 2]);

/// The wish of a check for a slot: its place in a queue.
#[derive(Clone, Copy, Debug)]
struct Wish {
    /// Later ones have higher numbers.
    number: u64,
    index: u32,
}

impl Wish {
    fn ticket(&self) -> Ticket {
        Ticket([self.number as u16, (self.number >> 16) as u16])
    }
}

/// The slots of one class.
#[derive(Debug, Default)]
struct Lane {
    size: usize,
    /// Checks that are not suspect, whatever they are doing.
    others: usize,
    /// Slots in use: by others, by suspects.
    taken: [usize; 2],
    /// Who waits: others, suspects.
    waiting: [VecDeque<Wish>; 2],
}

impl Lane {
    /// Whose turn it is, if a slot is free for them: others or suspects.
    fn turn(&self) -> Option<usize> {
        if self.taken[0] + self.taken[1] >= self.size {
            return None;
        }
        let kept = self.others.min(self.size / 2);
        let admitted = self.taken[1] < self.size - kept;
        match [self.waiting[0].front(), self.waiting[1].front().filter(|_| admitted)] {
            [None, None] => None,
            [Some(_), None] => Some(0),
            [None, Some(_)] => Some(1),
            [Some(other), Some(suspect)] => Some((suspect.number < other.number).into()),
        }
    }
}

/// Bounded concurrency. Runs of the classes `Disk` and `Free` are not known here.
#[derive(Debug)]
pub(super) struct Slots {
    lanes: [Lane; 4],
    /// Wishes so far.
    wishes: u64,
}

impl Slots {
    pub fn new(max_runs: usize, max_handshakes: usize) -> Slots {
        let lane = |size| Lane { size, ..Lane::default() };
        let lanes = [max_runs, CALLBACK_SLOTS, max_handshakes, EXEC_SLOTS].map(lane);
        Slots { lanes, wishes: 0 }
    }

    /// How many wait for a slot: of the network, for callbacks, for handshakes, for programs.
    pub fn waiting(&self) -> [usize; 4] {
        self.lanes.each_ref().map(|lane| lane.waiting.iter().map(VecDeque::len).sum())
    }

    /// Counts a check: it was added, or is no longer what it was counted as.
    pub fn join(&mut self, check: &Check) {
        if let Some(lane) = self.lanes.get_mut(Class::of(&check.probe) as usize) {
            lane.others += usize::from(!check.suspect);
        }
    }

    /// Takes back [`Slots::join`] before a check is removed or changes.
    pub fn leave(&mut self, check: &Check) {
        if let Some(lane) = self.lanes.get_mut(Class::of(&check.probe) as usize) {
            lane.others -= usize::from(!check.suspect);
        }
    }

    /// Puts a check at the end of its queue.
    fn wait(&mut self, class: Class, suspect: bool, index: u32) -> Ticket {
        self.wishes += 1;
        let wish = Wish { number: self.wishes, index };
        if let Some(lane) = self.lanes.get_mut(class as usize) {
            lane.waiting[usize::from(suspect)].push_back(wish);
        }
        wish.ticket()
    }

    /// Gives a free slot to the check whose turn it is; `holds` says whether a check still has
    /// this ticket.
    fn admit(&mut self, class: Class, holds: impl Fn(u32, Ticket) -> bool) -> Option<u32> {
        let lane = self.lanes.get_mut(class as usize)?;
        for queue in &mut lane.waiting {
            while queue.front().is_some_and(|wish| !holds(wish.index, wish.ticket())) {
                queue.pop_front();
            }
        }
        let side = lane.turn()?;
        lane.taken[side] += 1;
        lane.waiting[side].pop_front().map(|wish| wish.index)
    }

    /// Takes back the slot of a run, which it got as a suspect or not.
    pub fn give_back(&mut self, class: Class, suspect: bool) {
        if let Some(lane) = self.lanes.get_mut(class as usize) {
            lane.taken[usize::from(suspect)] -= 1;
        }
    }

    pub fn clear_waiting(&mut self) {
        let queues = self.lanes.iter_mut().flat_map(|lane| &mut lane.waiting);
        queues.for_each(VecDeque::clear);
    }
}

impl Core {
    /// Lets a check wait for a slot; free ones are given out at the end of the turn.
    pub(super) fn wait_for_slot(&mut self, index: u32) {
        if let Some(check) = self.table.get_mut(index) {
            let class = Class::of(&check.probe);
            check.activity = Activity::Waiting(self.slots.wait(class, check.suspect, index));
        }
    }

    /// Gives free slots to those that wait.
    pub(super) fn start_waiting(&mut self) {
        for class in [Class::Network, Class::Callback, Class::Handshake, Class::Exec] {
            let next = |core: &mut Core| {
                let (slots, table) = (&mut core.slots, &core.table);
                slots.admit(class, |index, ticket| {
                    let check = table.get(index);
                    check.is_some_and(|check| check.activity == Activity::Waiting(ticket))
                })
            };
            while let Some(index) = next(self) {
                self.run(index, class);
                self.set_timer(index);
            }
        }
    }

    /// Whether the next run of a check is expected to hang.
    pub(super) fn set_suspect(&mut self, index: u32, suspect: bool) {
        let Some(check) = self.table.get_mut(index).filter(|check| check.suspect != suspect) else {
            return;
        };
        self.slots.leave(check);
        check.suspect = suspect;
        self.slots.join(check);
    }
}
