//! Two layers: what is measured, and what is published over it.
//!
//! Measured is the detector's alone. Published is measured, masked by override, paused, blocked
//! and stale, in that order; when a mask ends, measured shows again. Every change of a check
//! goes through [`Core::change`], which compares before and after, so that cells, groups, events
//! and dependents can not be forgotten.

use super::core::Core;
use super::groups::member;
use super::publish;
use super::table::Check;
use crate::model::{Event, Kind, Kinds, Mask, Message, ProbeSpec, Reason, Status};
use crate::time::{SECOND, Tick};
use std::collections::VecDeque;

/// How much later than the planned turn the check `meshvitals.self` stays fresh.
const OWN_FRESHNESS_NS: u64 = 2 * SECOND;

/// What is published for a check, and why if it is masked.
fn published(check: &Check) -> (Status, Option<Reason>) {
    let forced = check.rare.as_ref().and_then(|rare| rare.forced);
    match (forced, check.mask) {
        (Some((status, _)), _) => (status, Some(Reason::OVERRIDDEN)),
        (None, mask) if mask.has(Mask::PAUSED) => (Status::Unknown, Some(Reason::PAUSED)),
        (None, mask) if mask.has(Mask::BLOCKED) => (Status::Unknown, Some(Reason::BLOCKED)),
        (None, mask) if mask.has(Mask::STALE) => (Status::Unknown, Some(Reason::STALE)),
        _ => (check.detector.measured(), None),
    }
}

/// Why the published status of a check is what it is.
pub(super) fn reason(check: &Check) -> Reason {
    published(check).1.unwrap_or(check.reason)
}

/// Until when the published status may be believed.
pub(super) fn published_until(check: &Check) -> Tick {
    match check.rare.as_ref().and_then(|rare| rare.forced) {
        Some((_, until)) => until,
        None => check.fresh_until(),
    }
}

/// Writes what is published, and until when it may be believed, where readers see it.
pub(super) fn publish_cell(check: &Check) {
    if let Some(cell) = publish::cell(check.id) {
        cell.publish(check.id, check.published, published_until(check));
    }
}

/// Whether what is known of a check is too old.
pub(super) fn is_stale(check: &Check, now: Tick) -> bool {
    check.detector.measured() != Status::Unknown && check.fresh_until() <= now
}

/// Whether those that depend on this check are blocked.
fn blocks(check: &Check) -> bool {
    check.detector.measured() == Status::Unhealthy || check.mask.has(Mask::BLOCKED)
}

impl Core {
    /// Changes a check and publishes what follows, also for those that depend on it. Documents
    /// form no cycles, and each dependent changes once.
    pub(super) fn change(&mut self, index: u32, edit: impl FnOnce(&mut Check)) {
        // A list instead of recursion: a chain may be as long as there are checks.
        let mut changed = VecDeque::new();
        if self.change_one(index, edit) {
            changed.push_back(index);
        }
        while let Some(index) = changed.pop_front() {
            let rare = self.table.get(index).and_then(|check| check.rare.as_ref());
            let dependents: Vec<u32> =
                rare.map(|rare| rare.dependents.iter().copied().collect()).unwrap_or_default();
            changed.extend(dependents.into_iter().filter(|&index| self.block_one(index)));
        }
    }

    /// Changes a check; true if its dependents must be looked at.
    fn change_one(&mut self, index: u32, edit: impl FnOnce(&mut Check)) -> bool {
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return false };
        let (before, mask_before, blocked_others) =
            (member(check), published(check).1, blocks(check));
        let (was_functional, until_before) = (check.was_functional, published_until(check));
        edit(check);
        let (status, mask) = published(check);
        let until = published_until(check);
        check.published = status;
        check.was_functional |= status.is_functional();
        let changed = status != before.status;
        if changed {
            check.since = now;
        }
        if changed || until != until_before {
            publish_cell(check);
        }
        let first = check.was_functional && !was_functional;
        // What lies below the mask that decides is nobody's news.
        let differs = changed || mask != mask_before;
        if differs {
            check.sequence = check.sequence.wrapping_add(1);
        }
        let blocks_others = blocks(check);
        let Some(check) = self.table.get(index) else { return false };
        if differs || first || until < until_before {
            self.groups.update(check, before, first);
        } else if until > until_before {
            self.groups.renew(check);
        }
        if differs && self.wanted.wants(Kinds::STATUS) {
            let unmasked = mask_before.is_some() && check.reason != Reason::RESTARTED;
            let plain = if unmasked { Reason::UNMASKED } else { check.reason };
            let event = Event {
                cookie: check.cookie(),
                sequence: u64::from(check.sequence),
                previous: before.status,
                status,
                reason: mask.unwrap_or(plain),
                value: check.value(),
                text: self.explanation(check),
                ..Event::new(Kind::Status, check.id, now)
            };
            self.emit(event);
        }
        blocks_others != blocked_others
    }

    /// The message of a check, or the cause of its mask.
    pub(super) fn explanation(&self, check: &Check) -> Message {
        if published(check).1 == Some(Reason::BLOCKED)
            && let Some(cause) = self.blocker(check)
        {
            return Message::new(&format!("blocked by {cause}"));
        }
        if check.probe == ProbeSpec::Own {
            return Message::new(&self.own_sentence());
        }
        Message::new(check.message())
    }

    /// The name of the dependency that blocks a check.
    fn blocker(&self, check: &Check) -> Option<&str> {
        let dependencies = &check.rare.as_ref()?.depends_on;
        let mut checks = dependencies.iter().filter_map(|&index| self.table.get(index));
        checks.find(|dependency| blocks(dependency)).map(|dependency| &*dependency.name)
    }

    /// Blocks or unblocks a check by its dependencies, and those that depend on it.
    pub(super) fn update_blocked(&mut self, index: u32) {
        let Some(blocked) = self.must_block(index) else { return };
        self.change(index, |check| check.mask.put(Mask::BLOCKED, blocked));
    }

    /// The same for one check; true if its dependents must be looked at.
    fn block_one(&mut self, index: u32) -> bool {
        let Some(blocked) = self.must_block(index) else { return false };
        self.change_one(index, |check| check.mask.put(Mask::BLOCKED, blocked))
    }

    /// Whether a check must be blocked or unblocked; nothing if it is as it should be.
    fn must_block(&self, index: u32) -> Option<bool> {
        let check = self.table.get(index)?;
        let blocked = self.blocker(check).is_some();
        (blocked != check.mask.has(Mask::BLOCKED)).then_some(blocked)
    }

    /// Ends an override whose time is over.
    pub(super) fn end_override(&mut self, index: u32) {
        let horizon = self.horizon;
        let over = |check: &Check| {
            let forced = check.rare.as_ref().and_then(|rare| rare.forced);
            forced.is_some_and(|(_, until)| until <= horizon)
        };
        if self.table.get(index).is_some_and(over) {
            self.force(index, None);
        }
    }

    /// Sets or ends what the host program wants to be published.
    pub(super) fn force(&mut self, index: u32, forced: Option<(Status, Tick)>) {
        self.change(index, |check| {
            check.mask.put(Mask::OVERRIDE, forced.is_some());
            if forced.is_some() || check.rare.is_some() {
                check.rare_mut().forced = forced;
            }
        });
        self.set_timer(index);
    }

    /// Masks a status that is too old.
    pub(super) fn end_freshness(&mut self, index: u32) {
        let Some(check) = self.table.get(index) else { return };
        if self.freshness_end(check) <= self.horizon {
            self.change(index, |check| check.mask.put(Mask::STALE, true));
        }
    }

    /// Publishes our own health; it rides on turns that happen anyway.
    pub(super) fn publish_own(&mut self) {
        // Also where it is not shown: when it forgets is part of the plan.
        self.health.forget(self.now);
        let Some(index) = self.own else { return };
        let (now, health) = (self.now, self.health);
        let next = self.next_at().max(now).after(OWN_FRESHNESS_NS);
        self.change(index, |check| {
            check.detector.set_own(health.is_degraded());
            check.reason = health.reason();
            check.set_value(health.level());
            (check.last, check.believed, check.rare_mut().own_until) = (now, true, next);
        });
    }

    /// A call from outside has made the next turn sooner. Should that not come, a reader must not
    /// believe in us until long after it.
    pub(super) fn promise_own(&mut self, next: Tick) {
        let Some(index) = self.own else { return };
        let until = next.after(OWN_FRESHNESS_NS);
        self.change(index, |check| check.rare_mut().own_until = until);
        self.settle();
    }
}
