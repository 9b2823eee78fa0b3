//! What each word of a scenario does, and what it expects.

use super::constants::{name, number};
use super::fields;
use super::scenario::{End, Listener, Scenario};
use meshvitals::{CheckId, Kind, Kinds, Outcome, Reason, RunResult, Status, Tick};
use std::time::Duration;

/// Takes the next word off the front of a text; empty at its end.
fn word<'a>(at: &mut &'a str) -> &'a str {
    let (word, rest) = at.split_once(' ').unwrap_or((at, ""));
    *at = rest;
    word
}

/// Takes `key=value` off the front of a text; `text=` takes the rest.
fn pair<'a>(at: &mut &'a str) -> Result<(&'a str, &'a str), String> {
    let (key, rest) = at.split_once('=').ok_or_else(|| format!("`{at}` is no key=value"))?;
    *at = rest;
    if key == "text" { Ok((key, std::mem::take(at))) } else { Ok((key, word(at))) }
}

/// Compares each `key=value` that is left of a step with what there is.
fn expect(mut at: &str, field: impl Fn(&str) -> Result<String, String>) -> Result<(), String> {
    while !at.is_empty() {
        let (key, wanted) = pair(&mut at)?;
        let seen = field(key)?;
        if seen != wanted {
            return Err(format!("{key} is `{seen}`"));
        }
    }
    Ok(())
}

fn equal(seen: &str, wanted: &str) -> Result<(), End> {
    if seen == wanted { Ok(()) } else { Err(format!("it is `{seen}`").into()) }
}

fn status(word: &str) -> Result<Status, String> {
    let number = number("status", word)?;
    Ok(Status::from_number(number as i32).expect("a number of the table"))
}

fn outcome(word: &str) -> Result<Outcome, String> {
    let number = number("outcome", word)?;
    Ok(Outcome::from_number(number as i32).expect("a number of the table"))
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

impl Scenario {
    /// Does what a step says.
    pub fn act(&mut self, step: &str) -> Result<(), End> {
        let mut at = step;
        match word(&mut at) {
            "advance" => self.advance(at),
            "start" => Ok(self.monitor.start()?),
            "stop" => Ok(self.monitor.stop(Duration::ZERO)?),
            "register" => {
                let id = self.monitor.register(at)?;
                self.learn(id)
            }
            "replace" => {
                let id = self.monitor.replace(at)?;
                self.learn(id)
            }
            "register_many" => {
                let ids = self.monitor.register_many(at)?;
                ids.into_iter().try_for_each(|id| self.learn(id))
            }
            "subscribe" => self.subscribe(at),
            "report" => self.report(at, false),
            "beat" => self.report(at, true),
            "find" => self.find(at),
            "status" => self.status(at),
            "answer" => {
                let id = self.id(word(&mut at))?;
                equal(if self.monitor.answer(id)? { "yes" } else { "no" }, at)
            }
            "snapshot" => {
                let id = self.id(word(&mut at))?;
                let seen = self.monitor.snapshot(id)?;
                Ok(expect(at, |key| fields::of_snapshot(&seen, key))?)
            }
            "event" => self.event(at),
            "quiet" => match self.take(at)? {
                None => Ok(()),
                Some(event) => Err(format!("it says {event:?}").into()),
            },
            "drain" => {
                while self.take(at)?.is_some() {}
                Ok(())
            }
            "due" => {
                let listener = word(&mut at);
                let check = self.actor(word(&mut at))?.id;
                let due = self.due(listener, check)?;
                equal(&fields::time(due.at.0), at)
            }
            "trace" => self.trace(at),
            verb => self.act_on(verb, at),
        }
    }

    fn act_on(&mut self, verb: &str, mut at: &str) -> Result<(), End> {
        let actor = self.actor(word(&mut at))?;
        let id = actor.id;
        match verb {
            "check_now" => self.monitor.check_now(id)?,
            "pause" => self.monitor.pause(id, true)?,
            "resume" => self.monitor.pause(id, false)?,
            "clear" => self.monitor.override_status(id, None)?,
            "unregister" => {
                self.monitor.unregister(id)?;
                self.actors.iter_mut().for_each(|actor| actor.gone |= actor.id == id);
            }
            "override" => {
                let forced = status(word(&mut at))?;
                let ttl_ms = fields::nanoseconds(at)? / 1_000_000;
                self.monitor.override_status(id, Some((forced, ttl_ms)))?;
            }
            other => return Err(format!("`{other}` is no word").into()),
        }
        Ok(())
    }

    fn advance(&mut self, mut at: &str) -> Result<(), End> {
        let next = self.monitor.advance(Tick(fields::nanoseconds(word(&mut at))?))?;
        Ok(expect(at, |key| match key {
            "next" => Ok(fields::when(next)),
            other => Err(format!("there is no field `{other}`")),
        })?)
    }

    fn subscribe(&mut self, mut at: &str) -> Result<(), End> {
        let name = word(&mut at).to_owned();
        let (mut kinds, mut groups) = (Kinds(0), false);
        for kind in word(&mut at).split('+') {
            match kind {
                "GROUPS" => groups = true,
                kind => kinds = kinds.and(Kinds(number("kind", kind)? as u32)),
            }
        }
        let events = self.monitor.subscribe(kinds, parse(at)?)?;
        self.listeners.push(Listener { name, events, groups });
        Ok(())
    }

    fn report(&mut self, mut at: &str, is_beat: bool) -> Result<(), End> {
        let actor = self.actor(word(&mut at))?;
        let (id, tokens) = (actor.id, actor.tokens);
        let mut result = RunResult::new(outcome(word(&mut at))?, Reason::NONE);
        if result.outcome != Outcome::Pass {
            // What the other languages leave to the library.
            result.reason = Reason::REPORTED;
        }
        let (mut token, mut finished) = (if is_beat { 0 } else { tokens.0 }, Tick(0));
        while !at.is_empty() {
            match pair(&mut at)? {
                ("value", value) => result.value = parse(value)?,
                ("detail", detail) => result.detail = parse(detail)?,
                ("reason", reason) => result.reason = Reason(parse(reason)?),
                ("latency", latency) => result.latency_ns = fields::nanoseconds(latency)?,
                ("at", at) => finished = Tick(fields::nanoseconds(at)?),
                ("text", text) => result = result.with_message(text),
                ("token", "old") => token = tokens.1,
                ("token", "wrong") => token = tokens.0 ^ 1 << 30,
                (key, _) => return Err(format!("there is no field `{key}`").into()),
            }
        }
        Ok(self.monitor.report(id, token, result, finished)?)
    }

    fn find(&mut self, name: &str) -> Result<(), End> {
        if let Some(group) = name.strip_prefix('@') {
            self.monitor.group_find(group)?;
            return Ok(());
        }
        let found = self.monitor.find(name)?;
        let known = self.actor(name)?.id;
        if found == known { Ok(()) } else { Err("it is another check".to_owned().into()) }
    }

    /// In the cell and by the call, which compares the time.
    fn status(&mut self, mut at: &str) -> Result<(), End> {
        let id = self.id(word(&mut at))?;
        let wanted = status(at)?;
        let cell = self.monitor.cell(id).ok_or("there is no cell".to_owned())?;
        for (way, seen) in [("call", self.monitor.status(id)), ("cell", cell.status(id))] {
            if seen != wanted {
                return Err(format!("the {way} says {seen}").into());
            }
        }
        Ok(())
    }

    fn event(&mut self, mut at: &str) -> Result<(), End> {
        let listener = word(&mut at);
        let event = self.take(listener)?.ok_or("nothing was said".to_owned())?;
        equal(&name("event", event.kind as i64), word(&mut at))?;
        let actor = self.actors.iter().find(|actor| actor.id == event.check);
        let about = match (actor, event.kind) {
            (_, Kind::Stopped) if event.check == CheckId(0) => "-".to_owned(),
            (Some(actor), Kind::Registered | Kind::Removed) => {
                equal(event.text.as_str(), &actor.name)?;
                actor.name.clone()
            }
            (Some(actor), _) => actor.name.clone(),
            (None, Kind::Removed) => format!("@{}", event.text.as_str()),
            (None, _) => format!("@{}", self.monitor.name(event.check)?),
        };
        equal(&about, word(&mut at))?;
        let tokens = actor.map_or((0, 0), |actor| actor.tokens);
        Ok(expect(at, |key| fields::of_event(&event, key, tokens))?)
    }

    /// Runs a check once for each letter and compares the status after each.
    fn trace(&mut self, mut at: &str) -> Result<(), End> {
        let listener = word(&mut at);
        let check = self.actor(word(&mut at))?.id;
        let mut seen = String::new();
        for letter in word(&mut at).chars() {
            let due = self.due(listener, check)?;
            let outcome = match letter {
                's' => {
                    self.monitor.advance(due.deadline)?;
                    let cancel = self.take(listener)?.ok_or("nothing was said".to_owned())?;
                    equal(&name("event", cancel.kind as i64), "CHECK_CANCEL")?;
                    None
                }
                'p' => Some(Outcome::Pass),
                'w' => Some(Outcome::Warn),
                'f' => Some(Outcome::Fail),
                'x' => Some(Outcome::Local),
                other => return Err(format!("`{other}` is no result").into()),
            };
            if let Some(outcome) = outcome {
                let reason = if letter == 'p' { Reason::NONE } else { Reason::REPORTED };
                let result = RunResult::new(outcome, reason);
                self.monitor.report(check, due.token, result, Tick(0))?;
            }
            seen.push(match self.monitor.status(check) {
                Status::Unknown => '?',
                Status::Healthy => 'H',
                Status::Degraded => 'D',
                Status::Unhealthy => 'U',
            });
        }
        equal(&seen, at)
    }
}
