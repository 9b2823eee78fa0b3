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
use crate::model::{Event, Kind, Mask, Message, ProbeSpec, Reason, Status};
use crate::time::{SECOND, Tick};

/// How much later than the planned turn the check `meshvitals.self` stays fresh.
const OWN_FRESHNESS_NS: u64 = 2 * SECOND;
/// Local health from which our own status is DEGRADED.
const OWN_DEGRADED: f64 = 1.0;

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
        None => check.fresh_until,
    }
}

/// Whether those that depend on this check are blocked.
fn blocks(check: &Check) -> bool {
    check.detector.measured() == Status::Unhealthy || check.mask.has(Mask::BLOCKED)
}

impl Core {
    /// Changes a check and publishes what follows.
    pub(super) fn change(&mut self, index: u32, edit: impl FnOnce(&mut Check)) {
        let now = self.now;
        let Some(check) = self.table.get_mut(index) else { return };
        let (before, mask, blocked_others) = (member(check), check.mask, blocks(check));
        let (was_functional, until) = (check.was_functional, published_until(check));
        edit(check);
        let (status, masked) = published(check);
        check.published = status;
        check.was_functional |= status.is_functional();
        let changed = status != before.status;
        if changed {
            check.since = now;
        }
        if (changed || published_until(check) != until)
            && let Some(cell) = publish::cell(check.id)
        {
            cell.publish(check.id, status, published_until(check));
        }
        let first = check.was_functional && !was_functional;
        let differs = changed || check.mask != mask;
        if differs {
            check.sequence = check.sequence.wrapping_add(1);
        }
        let blocks_others = blocks(check);
        let Some(check) = self.table.get(index) else { return };
        if differs || first {
            self.groups.update(check, before, first);
        }
        if differs {
            let unmasked = if check.mask != mask { Reason::UNMASKED } else { check.reason };
            let event = Event {
                cookie: check.cookie(),
                sequence: u64::from(check.sequence),
                previous: before.status,
                status,
                reason: masked.unwrap_or(unmasked),
                value: check.value,
                text: self.explanation(check),
                ..Event::new(Kind::Status, check.id, now)
            };
            self.emit(event);
        }
        if blocks_others != blocked_others {
            self.update_dependents(index);
        }
    }

    /// The message of a check, or the cause of its mask.
    pub(super) fn explanation(&self, check: &Check) -> Message {
        if published(check).1 == Some(Reason::BLOCKED)
            && let Some(cause) = self.blocker(check)
        {
            return Message::new(&format!("blocked by {cause}"));
        }
        Message::new(check.message())
    }

    /// The name of the dependency that blocks a check.
    fn blocker(&self, check: &Check) -> Option<&str> {
        let dependencies = &check.rare.as_ref()?.depends_on;
        let mut checks = dependencies.iter().filter_map(|&index| self.table.get(index));
        checks.find(|dependency| blocks(dependency)).map(|dependency| &*dependency.name)
    }

    /// Looks at the dependents of a check again; they look at theirs. Documents form no cycles.
    fn update_dependents(&mut self, index: u32) {
        let rare = self.table.get(index).and_then(|check| check.rare.as_ref());
        let dependents = rare.map(|rare| rare.dependents.clone()).unwrap_or_default();
        for dependent in dependents {
            self.update_blocked(dependent);
        }
    }

    /// Blocks or unblocks a check by its dependencies.
    pub(super) fn update_blocked(&mut self, index: u32) {
        let Some(check) = self.table.get(index) else { return };
        let blocked = self.blocker(check).is_some();
        if blocked != check.mask.has(Mask::BLOCKED) {
            self.change(index, |check| check.mask.put(Mask::BLOCKED, blocked));
        }
    }

    /// Ends an override whose time is over.
    pub(super) fn end_override(&mut self, index: u32) {
        let now = self.now;
        let over = |check: &Check| {
            check.rare.as_ref().and_then(|rare| rare.forced).is_some_and(|(_, until)| until <= now)
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
        let now = self.now;
        let Some(check) = self.table.get(index) else { return };
        let own = matches!(check.probe, ProbeSpec::Own);
        let known = check.detector.measured() != Status::Unknown;
        if known && !own && check.fresh_until <= now && !check.mask.has(Mask::STALE) {
            self.change(index, |check| check.mask.put(Mask::STALE, true));
        }
    }

    /// Every check reads UNKNOWN, and its detector knows nothing, without an event: the monitor
    /// is stopped, and nobody keeps the statuses fresh.
    pub(super) fn forget_statuses(&mut self) {
        let indices: Vec<u32> = self.table.iter().map(|(index, _)| index).collect();
        for index in indices {
            self.wheel.clear(index);
            let Some(check) = self.table.get_mut(index) else { continue };
            let (before, was_functional) = (member(check), check.was_functional);
            check.detector.reset();
            check.mask.put(Mask(Mask::STALE.0 | Mask::BLOCKED.0), false);
            (check.reason, check.fresh_until) = (Reason::RESTARTED, Tick(0));
            check.published = published(check).0;
            if check.published != before.status {
                check.since = self.now;
            }
            check.was_functional = was_functional;
            if let Some(cell) = publish::cell(check.id) {
                cell.publish(check.id, check.published, published_until(check));
            }
            if let Some(check) = self.table.get(index) {
                self.groups.update(check, before, false);
            }
        }
        self.groups.settle(&self.table, self.now, |_| ());
    }

    /// Publishes our own health; it rides on turns that happen anyway.
    pub(super) fn publish_own(&mut self) {
        let Some(index) = self.own else { return };
        let (now, lhm, fault) = (self.now, self.lhm, self.fault);
        let degraded = lhm >= OWN_DEGRADED;
        let next = self.next_at().max(now).after(OWN_FRESHNESS_NS);
        self.change(index, |check| {
            check.detector.set_own(degraded);
            check.reason = if degraded { fault } else { Reason::NONE };
            (check.value, check.last, check.fresh_until) = (lhm, now, next);
        });
        self.settle();
    }
}
