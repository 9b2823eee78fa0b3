//! Plays the scenarios of the vectors: a monitor whose clock the steps move.
//!
//! The words of the steps are explained in `tests/conformance/README.md`. Here are the actors of a
//! scenario, and what is said of them; what each word does is in `steps`.

use super::constants;
use meshvitals::{CheckId, Error, Event, Kind, Monitor, Subscription, Tick};
use serde_json::Value;
use std::time::Duration;

/// A check that was registered; it keeps its place when it is gone.
pub struct Actor {
    pub name: String,
    pub id: CheckId,
    /// Of the last request to run, and of the one before.
    pub tokens: (u64, u64),
    pub gone: bool,
}

/// A subscription; of groups it hears only if it asked for them.
pub struct Listener {
    pub name: String,
    pub events: Subscription,
    pub groups: bool,
}

pub struct Scenario {
    pub monitor: Monitor,
    pub actors: Vec<Actor>,
    pub listeners: Vec<Listener>,
}

/// Why a step ended: refused by the library, which may be what is wanted, or not as it says.
pub enum End {
    Refused(Error),
    Wrong(String),
}

impl From<Error> for End {
    fn from(error: Error) -> End {
        End::Refused(error)
    }
}

impl From<String> for End {
    fn from(problem: String) -> End {
        End::Wrong(problem)
    }
}

/// Plays a case.
pub fn replay(case: &Value) -> Result<(), String> {
    let monitor = Monitor::new(Some(super::text(case, "monitor"))).expect("a monitor");
    let mut scenario = Scenario { monitor, actors: Vec::new(), listeners: Vec::new() };
    let steps = case["steps"].as_array().expect("a list of steps");
    assert!(!steps.is_empty(), "{case}");
    for step in steps.iter().map(|step| step.as_str().expect("a text")) {
        scenario.step(step).map_err(|problem| format!("`{step}`: {problem}"))?;
    }
    Ok(())
}

impl Scenario {
    fn step(&mut self, step: &str) -> Result<(), String> {
        let (wanted, action) = match step.strip_prefix("refused ") {
            Some(rest) => rest.split_once(' ').ok_or("nothing is refused")?,
            None => ("OK", step),
        };
        constants::number("code", wanted)?;
        let code = match self.act(action) {
            Ok(()) => "OK".to_owned(),
            Err(End::Refused(error)) => constants::name("code", error.code() as i64),
            Err(End::Wrong(problem)) => return Err(problem),
        };
        if code == wanted { Ok(()) } else { Err(code) }
    }

    /// The last check that was registered under this name.
    pub fn actor(&mut self, name: &str) -> Result<&mut Actor, String> {
        let found = self.actors.iter_mut().rfind(|actor| actor.name == name);
        found.ok_or_else(|| format!("nobody is called {name}"))
    }

    /// Notes a check that was registered or replaced; the latter keeps its id.
    pub fn learn(&mut self, id: CheckId) -> Result<(), End> {
        let name = self.monitor.name(id)?.into_string();
        match self.actors.iter().rfind(|actor| actor.name == name) {
            Some(actor) if !actor.gone && actor.id == id => {}
            Some(actor) if !actor.gone => return Err(format!("{name} has another id").into()),
            _ => self.actors.push(Actor { name, id, tokens: (0, 0), gone: false }),
        }
        Ok(())
    }

    /// The id of a check, or of a group after an `@`.
    pub fn id(&mut self, name: &str) -> Result<CheckId, End> {
        match name.strip_prefix('@') {
            Some(group) => Ok(self.monitor.group_find(group)?),
            None => Ok(self.actor(name)?.id),
        }
    }

    pub fn listener(&self, name: &str) -> Result<&Listener, String> {
        let found = self.listeners.iter().find(|listener| listener.name == name);
        found.ok_or_else(|| format!("no subscription is called {name}"))
    }

    /// Takes one event, if there is one.
    pub fn take(&mut self, listener: &str) -> Result<Option<Event>, End> {
        loop {
            let listener = self.listener(listener)?;
            let groups = listener.groups;
            let taken = listener.events.poll(1, Some(Duration::ZERO))?.pop();
            let Some(event) = taken else { return Ok(None) };
            let actor = self.actors.iter_mut().find(|actor| actor.id == event.check);
            match actor {
                Some(actor) if event.kind == Kind::Due => {
                    actor.tokens = (event.token, actor.tokens.0);
                }
                None if event.check != CheckId(0) && !groups => continue,
                _ => {}
            }
            return Ok(Some(event));
        }
    }

    /// Moves on from turn to turn until a check is asked to run; what else is said is dropped.
    pub fn due(&mut self, listener: &str, check: CheckId) -> Result<Event, End> {
        for _ in 0..1_000 {
            let next = self.monitor.advance(self.monitor.now())?;
            while let Some(event) = self.take(listener)? {
                if event.kind == Kind::Due && event.check == check {
                    return Ok(event);
                }
            }
            if next == Tick::NEVER {
                return Err("nothing is planned".to_owned().into());
            }
            self.monitor.advance(next)?;
        }
        Err("it is never asked to run".to_owned().into())
    }
}
