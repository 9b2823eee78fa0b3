//! The groups of a monitor and the whole: tallies, answers, freshness, cells.
//!
//! The freshness of a group is that of the earliest member that decides its status. With few
//! checks it is found anew whenever something changes. With many that would cost more than the
//! checks; then a group keeps a bound that is never too late, because members mostly move later,
//! and all members are scanned again shortly before the bound passes. That is one step a check
//! and interval.
//!
//! A group ends with its last member, so that tags that change for ever do not pile up; the
//! standard ones stay. The trap: members keep the place of their group, and a place is given to
//! another group, so a group ends only in [`Groups::settle`], between two changes.

use super::masks::published_until;
use super::publish;
use super::table::{Check, Table};
use crate::error::Error;
use crate::model::aggregate::{Member, Question, Tally, decides};
use crate::model::name::OVERALL;
use crate::model::{CheckId, Event, Kind, Mask, Message, Reason, Status};
use crate::time::{MILLISECOND, Tick};
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// The groups that every monitor has.
const STANDARD: [&str; 4] = [OVERALL, "readiness", "liveness", "startup"];
/// Up to so many checks the freshness of groups is always exact.
const EXACT_LIMIT: usize = 64;
/// How long before its bound passes a group is scanned again.
const MARGIN_NS: u64 = 50 * MILLISECOND;

/// One group.
pub struct Group {
    /// Its id.
    pub id: CheckId,
    /// Its name.
    pub name: Box<str>,
    /// What is published.
    pub status: Status,
    /// Since when.
    pub since: Tick,
    /// Changes published.
    pub sequence: u64,
    /// Its members.
    pub members: u32,
    /// Those of them that are critical.
    critical: u32,
    /// Critical members that were never functional.
    pub waiting: u32,
    /// What a probe of an orchestrator is told.
    pub answer: bool,
    /// The last answer that rested on results; false before the first.
    last_answer: bool,
    /// Not after the earliest freshness of a member that decides.
    pub fresh_until: Tick,
    /// Whether the bound must be made anew.
    dirty: bool,
    question: Question,
    tally: Tally,
}

/// All groups; the first is the whole.
pub struct Groups {
    /// `None` where a group has ended; the last one is there.
    list: Vec<Option<Group>>,
    /// Places in the list that are free.
    free: BTreeSet<u32>,
    /// Groups that may have no member.
    vacant: Vec<u32>,
    /// Whether there are so few checks that the freshness is found anew after each change.
    exact: bool,
    names: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
}

/// How a check counts in its groups.
pub fn member(check: &Check) -> Member {
    let hidden = check.mask.has(Mask(Mask::PAUSED.0 | Mask::BLOCKED.0));
    Member {
        status: check.published,
        critical: check.policy().critical,
        left_out: hidden && !check.mask.has(Mask::OVERRIDE),
    }
}

impl Groups {
    /// The standard groups.
    pub fn new(owner: u64, now: Tick) -> Result<Groups, Error> {
        let mut groups = Groups {
            list: Vec::new(),
            free: BTreeSet::new(),
            vacant: Vec::new(),
            exact: true,
            names: HashMap::default(),
        };
        for name in STANDARD {
            groups.find_or_add(name, owner, now)?;
        }
        Ok(groups)
    }

    /// The index of a group, which is made if it is new. `owner` is the monitor's part of an owner
    /// word.
    pub fn find_or_add(&mut self, name: &str, owner: u64, now: Tick) -> Result<u32, Error> {
        if let Some(&index) = self.names.get(name) {
            return Ok(index);
        }
        let question = Question::of(name);
        let group = Group {
            id: publish::allocate(owner)?,
            name: name.into(),
            status: Status::Healthy,
            since: now,
            sequence: 0,
            members: 0,
            critical: 0,
            waiting: 0,
            answer: question.answer(Status::Healthy, false, false),
            last_answer: false,
            fresh_until: Tick::NEVER,
            dirty: false,
            question,
            tally: Tally::default(),
        };
        group.publish();
        let index = self.free.pop_first().unwrap_or(self.list.len() as u32);
        publish::set_owner(group.id, owner | u64::from(index));
        if index as usize == self.list.len() {
            self.list.push(Some(group));
        } else {
            self.list[index as usize] = Some(group);
        }
        self.names.insert(name.into(), index);
        // Whoever asked for it may fail before it has a member.
        self.vacant.push(index);
        Ok(index)
    }

    /// The group of a name.
    pub fn find(&self, name: &str) -> Option<&Group> {
        self.list[*self.names.get(name)? as usize].as_ref()
    }

    /// The group of an id, whose owner word says where to look, as that of a check does.
    pub fn get(&self, id: CheckId) -> Option<&Group> {
        let place = publish::owner(id) as u32;
        self.list.get(place as usize)?.as_ref().filter(|group| group.id == id)
    }

    /// All groups, the whole first.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.list.iter().flatten()
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Group> {
        self.list.iter_mut().flatten()
    }

    /// Counts a new member.
    pub fn join(&mut self, check: &Check) {
        let one = member(check);
        let waits = u32::from(one.critical && !check.was_functional);
        self.each(check, |group| {
            group.members += 1;
            group.critical += u32::from(one.critical);
            group.waiting += waits;
            group.tally.add(one);
            group.limit(one, check);
        });
    }

    /// Takes out a member; it must count as it did when it was last counted.
    pub fn leave(&mut self, check: &Check) {
        let one = member(check);
        let waits = u32::from(one.critical && !check.was_functional);
        self.each(check, |group| {
            group.members -= 1;
            group.critical -= u32::from(one.critical);
            group.waiting -= waits;
            group.tally.remove(one);
        });
        self.vacant.extend(&check.shared.groups);
    }

    /// Counts a member anew that counted as `before`; `first` says that it became functional for
    /// the first time.
    pub fn update(&mut self, check: &Check, before: Member, first: bool) {
        let one = member(check);
        let grown = u32::from(first && one.critical);
        self.each(check, |group| {
            group.tally.remove(before);
            group.tally.add(one);
            group.waiting -= grown;
            group.limit(one, check);
        });
    }

    /// Notes that a member became fresher, which counts with few checks only.
    pub fn renew(&mut self, check: &Check) {
        if self.exact {
            self.each(check, |_| ());
        }
    }

    fn each(&mut self, check: &Check, mut change: impl FnMut(&mut Group)) {
        let exact = self.exact;
        self.each_of(check, |group| {
            change(group);
            group.dirty |= exact;
        });
    }

    fn each_of(&mut self, check: &Check, mut change: impl FnMut(&mut Group)) {
        for index in std::iter::once(&0).chain(&check.shared.groups) {
            if let Some(group) = &mut self.list[*index as usize] {
                change(group);
            }
        }
    }

    /// Ends the groups without a member, publishes those whose status changed, and makes their
    /// freshness anew where it must be. Called once a turn and after each change from outside.
    /// True if a group has ended.
    /// Of an engine that was stopped nothing is known.
    pub fn settle(
        &mut self,
        table: &Table,
        stopped: bool,
        now: Tick,
        mut tell: impl FnMut(Event),
    ) -> bool {
        let exact = table.len() <= EXACT_LIMIT;
        let few_again = exact && !self.exact;
        self.exact = exact;
        let mut news = self.end_vacant(now);
        let ended = !news.is_empty();
        for group in self.list.iter_mut().flatten() {
            if publish::cell(group.id).is_some_and(|cell| cell.fresh_until() != group.fresh_until) {
                group.publish();
            }
            let status = if stopped { Status::Unknown } else { group.tally.status() };
            group.answer_anew(status);
            if status != group.status {
                news.push(group.change(status, now));
            }
            group.dirty |= few_again || (!exact && now >= group.fresh_until.before(MARGIN_NS));
        }
        if self.iter().any(|group| group.dirty) {
            self.scan(table);
        }
        // Last: who hears of a change and looks must find it.
        news.into_iter().for_each(&mut tell);
        ended
    }

    /// Gives back the ids and places of groups without a member; what is said of them.
    fn end_vacant(&mut self, now: Tick) -> Vec<Event> {
        let mut news = Vec::new();
        for index in std::mem::take(&mut self.vacant) {
            let place = &mut self.list[index as usize];
            if (index as usize) < STANDARD.len() || place.as_ref().is_none_or(|g| g.members > 0) {
                continue;
            }
            let Some(group) = place.take() else { continue };
            self.names.remove(&group.name);
            publish::release(group.id);
            self.free.insert(index);
            let text = Message::new(&group.name);
            news.push(Event { text, ..group.event(Kind::Removed, now) });
        }
        while let Some(None) = self.list.last() {
            self.list.pop();
            self.free.remove(&(self.list.len() as u32));
        }
        news
    }

    /// Forgets the answers that rest on results of an earlier life. A start-up stays finished.
    pub fn begin_anew(&mut self) {
        for group in self.iter_mut().filter(|group| group.question != Question::Started) {
            group.last_answer = false;
        }
    }

    /// When a group must be scanned again.
    pub fn next_at(&self, now: Tick) -> Tick {
        if self.exact {
            return Tick::NEVER;
        }
        // A group that nothing makes older has no bound, which must not become one by the margin.
        let bounded = self.iter().filter(|group| group.fresh_until < Tick::NEVER);
        let bounds = bounded.map(|group| group.fresh_until.before(MARGIN_NS));
        // A bound that stays close belongs to a member whose own timer is set for it.
        bounds.filter(|&at| at > now).min().unwrap_or(Tick::NEVER)
    }

    fn scan(&mut self, table: &Table) {
        for group in self.iter_mut().filter(|group| group.dirty) {
            group.fresh_until = Tick::NEVER;
        }
        for (_, check) in table.iter() {
            let one = member(check);
            self.each_of(check, |group| {
                if group.dirty && decides(group.status, one) {
                    group.fresh_until = group.fresh_until.min(published_until(check));
                }
            });
        }
        for group in self.iter_mut().filter(|group| group.dirty) {
            group.dirty = false;
            group.publish();
        }
    }

    /// Publishes every group again, after the cells were wiped.
    pub fn republish(&self) {
        self.iter().for_each(Group::publish);
    }

    /// Gives the ids back.
    pub fn release(&mut self) {
        for group in self.list.drain(..).flatten() {
            publish::release(group.id);
        }
        (self.vacant, self.free) = Default::default();
        self.names.clear();
    }
}

impl Group {
    /// Lowers the bound for a member that decides. A member that leaves or is renewed only
    /// moves the true minimum later, so nothing needs to be done for it.
    fn limit(&mut self, one: Member, check: &Check) {
        if decides(self.status, one) {
            self.fresh_until = self.fresh_until.min(published_until(check));
        }
    }

    /// Answers the probe of an orchestrator. What an empty group says is not remembered: it rests
    /// on nothing, and must not speak for the first member.
    fn answer_anew(&mut self, status: Status) {
        self.answer = self.question.answer(status, self.last_answer, self.waiting > 0);
        let founded = match self.question {
            Question::Ready | Question::Alive => self.tally.knows(),
            Question::Started => self.critical > 0,
        };
        if founded {
            self.last_answer = self.answer;
        }
    }

    fn publish(&self) {
        if let Some(cell) = publish::cell(self.id) {
            cell.publish(self.id, self.status, self.fresh_until);
        }
    }

    fn change(&mut self, status: Status, now: Tick) -> Event {
        let previous = std::mem::replace(&mut self.status, status);
        self.since = now;
        self.sequence += 1;
        self.dirty = true;
        Event {
            sequence: self.sequence,
            previous,
            status,
            reason: Reason::MEMBER,
            ..self.event(Kind::Status, now)
        }
    }

    /// An event about it with everything else empty.
    pub fn event(&self, kind: Kind, now: Tick) -> Event {
        Event { is_group: true, ..Event::new(kind, self.id, now) }
    }
}
