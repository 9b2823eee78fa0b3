//! Names of runs: asked for, answered, and what serves while nobody answers.
//!
//! A run whose name is known from before waits for the resolver for half of its time only. The
//! trap: an answer that the name does not exist is an answer, and ends what was known.

use super::addresses::share;
use super::run::Step;
use super::{Done, Net, RESOLVER};
use crate::model::{Outcome, Reason, RunResult, Target};
use crate::probe::errno;
use crate::probe::resolver::{Found, Refusal, Resolver};
use crate::time::Tick;
use std::net::SocketAddr;
use std::sync::Arc;

impl Net {
    /// Asks for the name of a new run, or connects where there is none.
    pub(super) fn begin(&mut self, place: usize, now: Tick, done: &mut Vec<Done>) {
        let run = &mut self.runs[place];
        let Target::Name(name) = run.target() else { return self.connect(place, now, done) };
        let name = Arc::clone(name);
        run.step = Step::Resolving;
        let (token, deadline) = (run.token, run.deadline);
        if self.known.find(&name, now).is_some() {
            // The other half of the time is for what the name stood for before.
            let run = &mut self.runs[place];
            self.alarms.set(token, &mut run.alarm, Some(share(now, deadline, 2)));
        }
        let asked = match self.resolver() {
            Ok(resolver) => resolver.ask(&name, token),
            Err(error) => Err(Refusal::NoThread(error)),
        };
        if asked.is_err() && self.use_known(place, now, done) {
            return;
        }
        let (text, number) = match asked {
            Ok(()) => return,
            Err(Refusal::Full) => ("too many names wait to be resolved".to_owned(), 0),
            Err(Refusal::Hanging) => {
                ("too many names hang in the resolver of this machine".to_owned(), 0)
            }
            Err(Refusal::NoThread(error)) => {
                (format!("no thread: {error}"), error.raw_os_error().unwrap_or(0))
            }
        };
        let result = RunResult::new(Outcome::Local, Reason::LOCAL_RESOLVER)
            .with_detail(number)
            .with_message(&text);
        let result = self.runs[place].placed(result);
        self.finish(place, result, now, done);
    }

    fn resolver(&mut self) -> std::io::Result<&mut Resolver> {
        if self.resolver.is_none() {
            self.set_resolver(Resolver::new()?)?;
        }
        self.resolver.as_mut().ok_or_else(|| std::io::ErrorKind::Other.into())
    }

    pub(super) fn set_resolver(&mut self, resolver: Resolver) -> std::io::Result<()> {
        self.epoll.add_readable(&resolver, RESOLVER)?;
        self.resolver = Some(resolver);
        Ok(())
    }

    /// Hands the answers of the resolver to the runs that wait for them.
    pub(super) fn resolved(&mut self, now: Tick, done: &mut Vec<Done>) {
        let mut answers: Vec<(u64, Found)> = Vec::new();
        if let Some(resolver) = &mut self.resolver {
            resolver.answers(|run, found| answers.push((run, found.clone())));
        }
        for (token, found) in answers {
            let Some(&place) = self.places.get(&token) else { continue };
            let run = &mut self.runs[place];
            let Target::Name(name) = run.target() else { continue };
            let name = Arc::clone(name);
            match found {
                Ok(addresses) => {
                    self.known.learn(&name, &addresses, now);
                    self.resolve_to(place, addresses, now, done);
                }
                Err(failure) => {
                    let (outcome, reason) = errno::of_resolve(failure);
                    match outcome {
                        // An answer: what it stood for before is not true any more.
                        Outcome::Fail => self.known.forget(&name),
                        _ if self.use_known(place, now, done) => continue,
                        _ => {}
                    }
                    let run = &self.runs[place];
                    let result = RunResult::new(outcome, reason)
                        .with_detail(failure.number)
                        .with_message(&reason.to_string());
                    let result = run.placed(result);
                    self.finish(place, result, now, done);
                }
            }
        }
    }

    /// Goes on with the addresses of a name.
    fn resolve_to(
        &mut self,
        place: usize,
        addresses: Arc<[SocketAddr]>,
        now: Tick,
        done: &mut Vec<Done>,
    ) {
        let run = &mut self.runs[place];
        run.mark(now);
        run.step = Step::Connecting;
        run.addresses = Some(addresses);
        self.connect(place, now, done);
    }

    /// Goes on with what the name of a run stood for before; false if that is not known.
    fn use_known(&mut self, place: usize, now: Tick, done: &mut Vec<Done>) -> bool {
        let Target::Name(name) = self.runs[place].target() else { return false };
        let Some((addresses, age_ns)) = self.known.find(name, now) else { return false };
        let run = &mut self.runs[place];
        run.age_ns = Some(age_ns);
        self.resolve_to(place, addresses, now, done);
        true
    }

    /// Goes on with every run that has waited long enough for one address, or for the resolver.
    pub fn ring(&mut self, now: Tick, done: &mut Vec<Done>) {
        while let Some(token) = self.alarms.due(now) {
            let Some(&place) = self.places.get(&token) else { return };
            let run = &mut self.runs[place];
            self.alarms.set(token, &mut run.alarm, None);
            if matches!(run.step, Step::Resolving) {
                if let (Target::Name(name), Some(resolver)) = (run.target(), &mut self.resolver) {
                    resolver.forget(name, token);
                }
                self.use_known(place, now, done);
                continue;
            }
            let verdict = (run.timeout(), false);
            if self.conclude(place, verdict, now, done) {
                self.connect(place, now, done);
            }
        }
    }
}
