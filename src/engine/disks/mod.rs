//! Looks at filesystems: one at a time at each, so that a dead one takes one thread and no more.
//!
//! Where a path lies is told by the text of the mount table and never by touching it; the thread
//! that looks reads the links in the path, and says which mount it is about to touch. A check of
//! a filesystem at which somebody looks waits without a thread, by its own clock, and without
//! holding up those of others. When the look of somebody else has taken as long as the check
//! allows, the filesystem has been silent for that long: then it has timed out, by name. One that
//! merely had to wait too long has learned nothing, which is LOCAL.
//!
//! The trap: what hangs is not what a path says but what it leads to, and a link on a sound
//! filesystem must not make that one look dead.

mod air;
#[cfg(test)]
mod tests;

pub use air::Air;

use super::inbox::{Inbox, Reporter};
use super::workers::{Job, Pool, Ticket, WrittenOff};
use crate::model::{Outcome, Reason, RunResult};
use crate::probe::net::Done;
use crate::sync::Arc;
use crate::sys::mount_points::MountPoints;
use crate::time::{self, SECOND, Tick};
use air::{Flight, Holder, Place, in_words};
use std::collections::{HashMap, VecDeque};
use std::path::Path;

/// What measures.
type Measure = Box<dyn FnOnce() -> RunResult + Send>;

/// A run that wants to look at a filesystem.
pub struct Look {
    token: u64,
    path: Box<str>,
    asked: Tick,
    timeout_ns: u64,
    measure: Measure,
    reporter: Reporter,
    /// Where somebody else was when it wanted to begin.
    place: Place,
}

/// A run that has got a thread.
struct Begun {
    ticket: Ticket,
    /// Whether it had to wait for that.
    waited: bool,
    /// Whether its deadline came just when it was turned back.
    over: bool,
}

/// The looks of one life.
pub struct Disks {
    pool: Pool,
    inbox: Arc<Inbox>,
    begun: HashMap<u64, Begun>,
    waiting: HashMap<Place, VecDeque<Look>>,
    /// What is mounted where, as of this instant.
    points: (Tick, Arc<MountPoints>),
}

impl Disks {
    /// Looks with the threads of this pool; results go to the inbox.
    pub fn new(pool: Pool, inbox: Arc<Inbox>) -> Disks {
        let points = (Tick::NEVER, Arc::default());
        Disks { pool, inbox, begun: HashMap::new(), waiting: HashMap::new(), points }
    }

    /// Starts a run that measures something of a path.
    pub fn start(
        &mut self,
        token: u64,
        path: &str,
        (now, deadline): (Tick, Tick),
        measure: impl FnOnce() -> RunResult + Send + 'static,
    ) {
        let look = Look {
            token,
            path: path.into(),
            asked: now,
            timeout_ns: deadline.since(now),
            measure: Box::new(measure),
            reporter: Reporter::new(Arc::clone(&self.inbox), token),
            place: Place::Path(path.into()),
        };
        self.admit(look, now);
    }

    /// Begins a look, or lets it wait for the one that is there.
    fn admit(&mut self, mut look: Look, now: Tick) {
        let points = self.points(now);
        let (place, name) = match points.above(Path::new(&*look.path)) {
            Some(point) => (Place::Device(point.device), in_words(&point.path)),
            None => (Place::Path(look.path.clone()), look.path.to_string()),
        };
        match self.inbox.air().begin(look.token, place.clone(), name, now) {
            Some(flight) => self.submit(look, flight, points, now),
            None => {
                look.place = place;
                self.hold(look, now);
            }
        }
    }

    fn submit(&mut self, look: Look, flight: Flight, points: Arc<MountPoints>, now: Tick) {
        let (token, waited) = (look.token, look.asked < now);
        let inbox = Arc::clone(&self.inbox);
        let job: Job = Box::new(move || fly(look, flight, &points, &inbox));
        // A job that is refused is dropped unheard, and says so to the inbox.
        if let Ok(ticket) = self.pool.submit(job) {
            self.begun.insert(token, Begun { ticket, waited, over: false });
        }
    }

    /// Lets a look wait, unless the filesystem has been silent for as long as it allows.
    fn hold(&mut self, look: Look, now: Tick) {
        match self.inbox.air().holder(&look.place) {
            Some(holder) if now.since(holder.began) >= look.timeout_ns => {
                let still = holder.overdue;
                let reason = if still { Reason::STILL_RUNNING } else { Reason::TIMEOUT };
                look.reporter.say(silent(&holder, reason, now), now);
            }
            _ => self.waiting.entry(look.place.clone()).or_default().push_back(look),
        }
    }

    /// Goes on after results have come: those end here, and what waited for their place begins.
    pub fn go_on(&mut self, done: &[Done], now: Tick) {
        for done in done {
            self.begun.remove(&done.run);
        }
        let Some(turned_back) = self.inbox.air().changes() else { return };
        for look in turned_back {
            match self.begun.remove(&look.token) {
                Some(begun) if begun.over => self.end(look, now),
                Some(_) => self.hold(look, now),
                // Nobody wants it any more.
                None => {}
            }
        }
        let places: Vec<Place> = self.waiting.keys().cloned().collect();
        for place in places {
            while self.inbox.air().holder(&place).is_none() {
                let Some(queue) = self.waiting.get_mut(&place) else { break };
                let next = queue.pop_front();
                if queue.is_empty() {
                    self.waiting.remove(&place);
                }
                // It may be led elsewhere than before.
                next.into_iter().for_each(|look| self.admit(look, now));
            }
        }
    }

    /// Ends a run at its deadline. The result, if it hangs; what is not running says so to the
    /// inbox or has done so. `None` if it is not of these.
    pub fn expire(&mut self, token: u64, now: Tick) -> Option<Option<RunResult>> {
        if let Some(look) = self.take_waiting(token) {
            self.end(look, now);
            return Some(None);
        }
        let begun = self.begun.get_mut(&token)?;
        let waited = begun.waited;
        match self.pool.write_off(begun.ticket) {
            WrittenOff::Gone => begun.over = true,
            WrittenOff::Queued => {
                self.begun.remove(&token);
            }
            WrittenOff::Running => {
                self.begun.remove(&token);
                let holder = self.inbox.air().give_up(token);
                return Some(Some(match holder {
                    Some(holder) if waited => too_late(&holder.name),
                    Some(holder) => RunResult::new(Outcome::Timeout, Reason::TIMEOUT)
                        .with_message(&format!("{} does not answer", holder.name)),
                    None => RunResult::new(Outcome::Timeout, Reason::TIMEOUT),
                }));
            }
        }
        Some(None)
    }

    /// Gives up a run that nobody wants any more; false if it is not of these.
    pub fn cancel(&mut self, token: u64) -> bool {
        if self.take_waiting(token).is_some() {
            return true;
        }
        let Some(begun) = self.begun.remove(&token) else { return false };
        if self.pool.write_off(begun.ticket) == WrittenOff::Running {
            self.inbox.air().give_up(token);
        }
        true
    }

    /// At the end of the life: nothing begins any more.
    pub fn close(&mut self) {
        self.waiting.clear();
        self.begun.clear();
        drop(self.inbox.air().give_up_all());
    }

    fn take_waiting(&mut self, token: u64) -> Option<Look> {
        let find = |queue: &VecDeque<Look>| queue.iter().position(|look| look.token == token);
        let (place, at) =
            self.waiting.iter().find_map(|(place, queue)| Some((place.clone(), find(queue)?)))?;
        let queue = self.waiting.get_mut(&place)?;
        let look = queue.remove(at);
        if queue.is_empty() {
            self.waiting.remove(&place);
        }
        look
    }

    /// Answers a look whose time is over and that has not begun.
    fn end(&self, look: Look, now: Tick) {
        let result = match self.inbox.air().holder(&look.place) {
            Some(holder) if holder.began <= look.asked => silent(&holder, Reason::TIMEOUT, now),
            Some(holder) => too_late(&holder.name),
            None => too_late(&look.path),
        };
        look.reporter.say(result, now);
    }

    /// Read once for all that begins at an instant.
    fn points(&mut self, now: Tick) -> Arc<MountPoints> {
        if self.points.0 != now {
            self.points = (now, Arc::new(MountPoints::read()));
        }
        Arc::clone(&self.points.1)
    }
}

/// On a thread of the pool: goes where the path leads, and looks.
fn fly(mut look: Look, flight: Flight, points: &MountPoints, inbox: &Inbox) {
    let mut taken = None;
    let went = points.follow(Path::new(&*look.path), |point| match flight.enter(point) {
        Ok(moved) => {
            if moved {
                // Whoever waits for the place that is left must not wait for what comes now.
                inbox.wake();
            }
            true
        }
        Err(place) => {
            taken = Some(place);
            false
        }
    });
    if let (false, Some(place)) = (went, taken) {
        look.place = place;
        flight.turn_back(look);
        return inbox.wake();
    }
    let Look { measure, reporter, .. } = look;
    let started = time::monotonic();
    let mut result = measure();
    let finished = time::monotonic();
    result.latency_ns = finished.since(started);
    // The place is free before it is known that this is over.
    drop(flight);
    reporter.say(result, finished);
}

/// Nobody has heard of the filesystem for so long.
fn silent(holder: &Holder, reason: Reason, now: Tick) -> RunResult {
    let seconds = now.since(holder.began) as f64 / SECOND as f64;
    let message = format!("{} has not answered for {seconds:.1} s", holder.name);
    RunResult::new(Outcome::Timeout, reason).with_message(&message)
}

/// It had to wait for others, and then its time was over.
fn too_late(name: &str) -> RunResult {
    let message = format!("others were first, and took too long: {name}");
    RunResult::new(Outcome::Local, Reason::POOL_EXHAUSTED).with_message(&message)
}
