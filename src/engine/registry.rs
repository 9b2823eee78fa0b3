//! Adding, replacing and removing checks, at any time. Everything is validated before anything
//! is changed, so a refusal leaves no trace.

use super::callback::{Callback, Function};
use super::core::Core;
use super::input::is_pressure;
use super::masks::{is_stale, publish_cell};
use super::publish;
use super::table::{Activity, Check, Rare, Shared};
use crate::error::{Code, Error};
use crate::model::detector::Detector;
use crate::model::document::{CheckSpec, allowed_in_manual, refuse_exec};
use crate::model::{CheckId, Event, Kind, Mask, Message, Policy, ProbeSpec, Reason, Status};
use crate::sync::Arc;
use crate::time::Tick;

/// Checks of one monitor: the wheel and the tokens have room for as many.
const CHECK_LIMIT: usize = 1 << 24;

impl Core {
    /// Adds checks, all or none.
    ///
    /// # Errors
    ///
    /// EXISTS, NOT_FOUND (a dependency), DOCUMENT (a cycle), MODE (the probe does not fit), LIMIT.
    pub fn register(&mut self, specs: Vec<CheckSpec>, batch: bool) -> Result<Vec<CheckId>, Error> {
        self.add(specs, false, batch)
    }

    fn add(
        &mut self,
        specs: Vec<CheckSpec>,
        callback: bool,
        batch: bool,
    ) -> Result<Vec<CheckId>, Error> {
        let prefix = |at: usize| if batch { format!("/{at}") } else { String::new() };
        for (at, spec) in specs.iter().enumerate() {
            self.admit(spec, callback).map_err(|error| error.below(&prefix(at)))?;
        }
        self.check_relations(&specs, prefix)?;
        if self.table.len() + specs.len() > CHECK_LIMIT {
            let text = format!("a monitor has at most {CHECK_LIMIT} checks");
            return Err(Error::refused(Code::Limit, text));
        }
        self.make_groups(&specs)?;
        let owner = u64::from(self.number) << 32;
        let ids = publish::allocate_many(specs.len(), |_| owner)?;
        self.table.reserve(specs.len());
        self.wheel.reserve(self.table.len() + specs.len());
        let mut related = Vec::new();
        for (spec, &id) in specs.into_iter().zip(&ids) {
            let depends_on = spec.depends_on.clone();
            let index = self.insert(spec, id);
            if !depends_on.is_empty() {
                related.push((index, depends_on));
            }
        }
        for (index, names) in related {
            self.relate(index, &names);
        }
        self.settle();
        Ok(ids)
    }

    /// Adds a callback check; its function is made only when nothing can fail any more.
    ///
    /// # Errors
    ///
    /// As `register`.
    pub fn register_callback(
        &mut self,
        spec: CheckSpec,
        make: impl FnOnce() -> Box<dyn Callback>,
    ) -> Result<CheckId, Error> {
        if spec.probe != ProbeSpec::Callback {
            let text = "a function can only be registered for a check with the probe \"callback\"";
            return Err(Error::refused(Code::Mode, text));
        }
        let id = self.add(vec![spec], true, false)?[0];
        if let Ok(index) = self.index_of(id)
            && let Some(check) = self.table.get_mut(index)
        {
            check.rare_mut().callback = Some(Arc::new(Function::new(make())));
        }
        Ok(id)
    }

    /// Inserts a check, or replaces the one of its name.
    ///
    /// # Errors
    ///
    /// As `register`; MODE when either the old or the new check is a callback.
    pub fn replace(&mut self, spec: CheckSpec) -> Result<CheckId, Error> {
        let Some(index) = self.table.find(&spec.name) else {
            return Ok(self.register(vec![spec], false)?[0]);
        };
        let Some(check) = self.table.get(index) else { return Err(not_found(&spec.name)) };
        let id = check.id;
        if check.probe == ProbeSpec::Callback || spec.probe == ProbeSpec::Callback {
            let text = "callback checks cannot be replaced; unregister the old one first";
            return Err(Error::refused(Code::Mode, text));
        }
        if self.is_same(check, &spec) {
            return Ok(id);
        }
        self.admit_probe(&spec, false)?;
        self.check_dependencies_of(index, &spec)?;
        self.make_groups(std::slice::from_ref(&spec))?;
        if !is_pressure(&spec.probe) {
            // At another level it is listened to from the next run on, at the old one until then.
            self.disarm(index);
        }
        self.exchange(index, spec);
        self.settle();
        Ok(id)
    }

    /// Removes checks; ids that are unknown or stale are an error, and then nothing is removed.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn unregister(&mut self, ids: &[CheckId]) -> Result<(), Error> {
        let mut indices = Vec::with_capacity(ids.len());
        for &id in ids {
            let index = self.index_of(id)?;
            if self.table.get(index).is_some_and(|check| check.probe == ProbeSpec::Own) {
                let text = "meshvitals.self belongs to the library and cannot be removed";
                return Err(Error::refused(Code::Mode, text));
            }
            indices.push(index);
        }
        indices.iter().for_each(|&index| self.remove(index));
        self.settle();
        Ok(())
    }

    /// The index of the check of an id.
    ///
    /// # Errors
    ///
    /// NOT_FOUND for what never was a check of this monitor, STALE for what was one.
    pub fn index_of(&self, id: CheckId) -> Result<u32, Error> {
        let owner = publish::owner(id);
        let index = owner as u32;
        match self.table.get(index) {
            Some(check) if check.id == id => Ok(index),
            _ if owner == 0 && publish::was_given_out(id) => {
                Err(Error::refused(Code::Stale, "the check or group of this id is gone"))
            }
            _ => Err(Error::NotFound { what: format!("the id {:#x}", id.0) }),
        }
    }

    fn admit(&self, spec: &CheckSpec, callback: bool) -> Result<(), Error> {
        if self.table.find(&spec.name).is_some() {
            return Err(Error::Exists { key: "/name".into(), name: spec.name.to_string() });
        }
        self.admit_probe(spec, callback)
    }

    fn admit_probe(&self, spec: &CheckSpec, callback: bool) -> Result<(), Error> {
        if (spec.probe == ProbeSpec::Callback) != callback {
            let text = "a callback check is registered together with its function, and no other is";
            return Err(Error::refused_at(format!("/{}", spec.probe.key()), Code::Mode, text));
        }
        refuse_exec(&spec.probe, self.settings.allow_exec)?;
        if self.settings.manual && !allowed_in_manual(&spec.probe) {
            let text = "a manual monitor accepts callback, external and heartbeat checks";
            return Err(Error::refused_at(format!("/{}", spec.probe.key()), Code::Mode, text));
        }
        Ok(())
    }

    /// Makes the groups of the tags, which is the only step that can fail for want of ids.
    fn make_groups(&mut self, specs: &[CheckSpec]) -> Result<(), Error> {
        let owner = u64::from(self.number) << 32;
        let mut recent: &[Box<str>] = &[];
        for spec in specs {
            if &*spec.policy.tags != recent {
                recent = &spec.policy.tags;
                for tag in recent {
                    self.groups.find_or_add(tag, owner, self.now)?;
                }
            }
        }
        Ok(())
    }

    fn share(&mut self, policy: Policy) -> Arc<Shared> {
        let (groups, number, now) = (&mut self.groups, self.number, self.now);
        self.table.intern(policy, |policy| {
            let owner = u64::from(number) << 32;
            let mut index = |tag: &str| groups.find_or_add(tag, owner, now).ok();
            policy.tags.iter().filter_map(|tag| index(tag)).collect()
        })
    }

    fn insert(&mut self, spec: CheckSpec, id: CheckId) -> u32 {
        let shared = self.share(spec.policy);
        let rare =
            (spec.cookie != 0).then(|| Box::new(Rare { cookie: spec.cookie, ..Rare::default() }));
        let check = Check {
            id,
            name: spec.name,
            shared,
            probe: spec.probe,
            rare,
            detector: Detector::default(),
            activity: Activity::Idle,
            born: self.now,
            grid: self.now,
            due: Tick::NEVER,
            started: Tick(0),
            since: self.now,
            last: Tick(0),
            latency_ns: 0,
            runs: 0,
            sequence: 0,
            reason: Reason::NONE,
            published: Status::Unknown,
            mask: Mask(0),
            was_functional: false,
            believed: false,
            suspect: false,
        };
        let index = self.table.insert(check);
        publish::set_owner(id, u64::from(self.number) << 32 | u64::from(index));
        if let Some(check) = self.table.get(index) {
            self.groups.join(check);
            self.slots.join(check);
        }
        if self.running {
            self.restart(index);
        }
        self.emit_life(Kind::Registered, index);
        index
    }

    pub(super) fn emit_life(&self, kind: Kind, index: u32) {
        // Also who does not want to hear of it forgets a removed check.
        let wanted = self.wanted.wants(kind.mask()) || kind == Kind::Removed;
        let Some(check) = self.table.get(index).filter(|_| wanted) else { return };
        let text = Message::new(&check.name);
        let event = Event::new(kind, check.id, self.now);
        self.emit(Event { cookie: check.cookie(), text, ..event });
    }

    /// Whether a document says what the check is already.
    fn is_same(&self, check: &Check, spec: &CheckSpec) -> bool {
        let rare = check.rare.as_ref();
        let dependencies = rare.map_or(&[][..], |rare| &rare.depends_on);
        check.probe == spec.probe
            && check.shared.policy == spec.policy
            && check.cookie() == spec.cookie
            && dependencies.len() == spec.depends_on.len()
            && dependencies.iter().zip(&spec.depends_on).all(|(&index, name)| {
                self.table.get(index).is_some_and(|dependency| dependency.name == *name)
            })
    }

    /// Puts another document in the place of a check: the counts stay unless something else is
    /// measured.
    fn exchange(&mut self, index: u32, spec: CheckSpec) {
        let shared = self.share(spec.policy);
        let was_due = self.table.get(index).is_some_and(|check| {
            matches!(check.activity, Activity::Running(_) | Activity::Waiting(_))
        });
        self.discard_run(index);
        self.unrelate(index);
        let Some(check) = self.table.get(index) else { return };
        self.groups.leave(check);
        self.slots.leave(check);
        let other_probe = !check.probe.measures_as(&spec.probe);
        let other_plan = other_probe || !check.policy().plans_as(&shared.policy);
        let planned = check.due;
        let Some(check) = self.table.get_mut(index) else { return };
        check.shared = shared;
        // What a thread is stuck in belongs to the old document.
        check.activity = Activity::Idle;
        if spec.cookie != 0 || check.rare.is_some() {
            check.rare_mut().cookie = spec.cookie;
        }
        if let Some(check) = self.table.get(index) {
            self.groups.join(check);
        }
        let now = self.now;
        self.change(index, |check| {
            check.probe = spec.probe;
            if other_probe {
                check.detector.reset();
                check.mask.put(Mask::STALE, false);
                check.reason = Reason::RESTARTED;
                check.set_message(Message::NONE);
                check.forget_measure();
                (check.latency_ns, check.last) = (0, Tick(0));
                (check.believed, check.suspect) = (false, false);
            } else if check.believed {
                check.mask.put(Mask::STALE, is_stale(check, now));
            }
        });
        if let Some(check) = self.table.get(index) {
            self.slots.join(check);
            // Another interval moves the end of the freshness, which no change of status shows.
            publish_cell(check);
        }
        self.relate(index, &spec.depends_on);
        if self.running {
            let born = self.table.get(index).map(|check| check.born);
            if other_plan {
                self.restart(index);
            }
            if !other_probe {
                self.keep_plan(index, if was_due { now } else { planned });
            }
            if let (Some(born), Some(check), false) = (born, self.table.get_mut(index), other_probe)
            {
                check.born = born;
            }
        }
    }

    fn remove(&mut self, index: u32) {
        self.discard_run(index);
        self.disarm(index);
        self.unrelate(index);
        self.emit_life(Kind::Removed, index);
        self.wheel.clear(index);
        let Some(check) = self.table.get(index) else { return };
        self.groups.leave(check);
        self.slots.leave(check);
        let Some(mut check) = self.table.remove(index) else { return };
        publish::release(check.id);
        if let Some(rare) = check.rare.take() {
            if let Some(function) = rare.callback {
                function.retire();
                self.garbage.push(function);
            }
            for dependent in rare.dependents {
                if let Some(rare) = self.table.get_mut(dependent).and_then(|c| c.rare.as_mut()) {
                    rare.depends_on.retain(|&dependency| dependency != index);
                }
                self.update_blocked(dependent);
            }
        }
    }

    /// Gives everything back when the monitor ends.
    pub fn clear(&mut self) {
        let indices: Vec<u32> = self.table.iter().map(|(index, _)| index).collect();
        self.mailboxes.clear();
        indices.into_iter().for_each(|index| self.remove(index));
        self.groups.release();
    }
}

fn not_found(name: &str) -> Error {
    Error::NotFound { what: format!("a check named \"{name}\"") }
}
