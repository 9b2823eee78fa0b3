//! Runs whose name has several addresses: how long each of them gets, and what they come to
//! together.
//!
//! One after the other, each gets an equal share of the time that is left, so that one that is
//! silent does not hide the others. A name that has been resolved before is known: while the
//! resolver does not answer, the last good addresses serve, and the result tells their age. The
//! trap: an address that this machine could not reach says less than one that answered.

use crate::model::{Addresses, NameTarget, Outcome, RunResult};
use crate::time::{SECOND, Tick};
use hashbrown::HashMap;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// Names whose last good addresses are kept.
const KNOWN_LIMIT: usize = 16 * 1024;

/// What the addresses of a run came to so far.
#[derive(Debug, Default)]
pub struct Tally {
    /// What those that are alive said, the worst of it.
    alive: Option<Box<RunResult>>,
    /// What those that are not came to.
    failed: Option<Box<RunResult>>,
    counts: [u16; 2],
}

impl Tally {
    /// What failed before.
    pub fn failed(&self) -> Option<&RunResult> {
        self.failed.as_deref()
    }

    /// Adds the verdict about an address; the verdict about all, once it is known.
    pub fn add(&mut self, rule: Addresses, result: RunResult, is_last: bool) -> Option<RunResult> {
        let is_alive = matches!(result.outcome, Outcome::Pass | Outcome::Warn);
        match (rule, is_alive) {
            (Addresses::Any, true) | (Addresses::All, false) => return Some(result),
            (_, true) => {
                self.counts[0] += 1;
                if self.alive.is_none() || result.outcome == Outcome::Warn {
                    self.alive = Some(result.into());
                }
            }
            (_, false) => {
                self.counts[1] += 1;
                let before = self.failed.take();
                let tells_more = |before: &RunResult| {
                    before.outcome != Outcome::Local && result.outcome == Outcome::Local
                };
                self.failed = before.filter(|b| tells_more(b)).or_else(|| Some(result.into()));
            }
        }
        if is_last { self.verdict() } else { None }
    }

    fn verdict(&mut self) -> Option<RunResult> {
        match (self.alive.take(), self.failed.take()) {
            (Some(alive), None) => Some(*alive),
            (None, Some(failed)) => Some(*failed),
            (Some(_), Some(failed)) => {
                let [alive, dead] = self.counts;
                let all = alive + dead;
                let text = format!("{dead} of {all} addresses: {}", failed.message.as_str());
                Some(RunResult { outcome: Outcome::Warn, ..failed.with_message(&text) })
            }
            (None, None) => None,
        }
    }
}

/// When runs are to go on by themselves, each at most once.
#[derive(Debug, Default)]
pub struct Alarms(BTreeSet<(Tick, u64)>);

impl Alarms {
    /// Sets or clears the alarm of a run.
    pub fn set(&mut self, run: u64, slot: &mut Option<Tick>, at: Option<Tick>) {
        if let Some(old) = std::mem::replace(slot, at) {
            self.0.remove(&(old, run));
        }
        self.0.extend(at.map(|at| (at, run)));
    }

    /// The next one, or never.
    pub fn next(&self) -> Tick {
        self.0.first().map_or(Tick::NEVER, |(at, _)| *at)
    }

    /// The run whose alarm is due.
    pub fn due(&self, now: Tick) -> Option<u64> {
        self.0.first().filter(|(at, _)| *at <= now).map(|(_, run)| *run)
    }
}

/// The end of an equal share of the time until the deadline, for one of `count` addresses.
pub fn share(now: Tick, deadline: Tick, count: usize) -> Tick {
    now.after(deadline.since(now) / count.max(1) as u64)
}

/// The last good addresses of names.
#[derive(Debug, Default)]
pub struct Known(HashMap<Arc<NameTarget>, (Arc<[SocketAddr]>, Tick), foldhash::fast::RandomState>);

impl Known {
    /// Remembers what a name was resolved to.
    pub fn learn(&mut self, name: &Arc<NameTarget>, addresses: &Arc<[SocketAddr]>, now: Tick) {
        if self.0.len() >= KNOWN_LIMIT && !self.0.contains_key(name) {
            self.0.clear();
        }
        self.0.insert(Arc::clone(name), (Arc::clone(addresses), now));
    }

    /// The name does not exist any more.
    pub fn forget(&mut self, name: &Arc<NameTarget>) {
        self.0.remove(name);
    }

    /// What a name was resolved to last, and how long ago in nanoseconds.
    pub fn find(&self, name: &Arc<NameTarget>, now: Tick) -> Option<(Arc<[SocketAddr]>, u64)> {
        self.0.get(name).map(|(addresses, at)| (Arc::clone(addresses), now.since(*at)))
    }
}

/// "addresses of 12 s ago, since the resolver does not answer".
pub fn aged(age_ns: u64) -> String {
    format!("addresses of {} s ago, since the resolver does not answer", age_ns / SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reason;
    use Addresses::{All, Any, Each};
    use Outcome::{Fail, Local, Pass, Warn};

    #[test]
    fn a_rule_decides_what_several_addresses_come_to() {
        let cases: [(Addresses, &[Outcome], Outcome, usize, &str); 11] = [
            (Any, &[Fail, Pass, Fail], Pass, 2, "the first that is alive"),
            (Any, &[Fail, Local], Fail, 2, "an answer tells more than our own want"),
            (Any, &[Local, Fail], Fail, 2, "whichever came first"),
            (Any, &[Local, Local], Local, 2, "nothing is known"),
            (All, &[Pass, Fail, Pass], Fail, 2, "the first that fails"),
            (All, &[Pass, Pass], Pass, 2, "all are alive"),
            (All, &[Warn, Pass], Warn, 2, "a complaint is not lost"),
            (Each, &[Fail, Pass, Pass], Warn, 3, "some are dead"),
            (Each, &[Fail, Fail], Fail, 2, "all are dead"),
            (Each, &[Pass, Warn, Pass], Warn, 3, "a complaint is not lost"),
            (Each, &[Pass], Pass, 1, "one address"),
        ];
        for (rule, outcomes, expected, asked, why) in cases {
            let mut tally = Tally::default();
            let mut verdict = None;
            let mut count = 0;
            for (place, &outcome) in outcomes.iter().enumerate() {
                let result = RunResult::new(outcome, Reason::NONE).with_message("text");
                verdict = tally.add(rule, result, place + 1 == outcomes.len());
                count += 1;
                if verdict.is_some() {
                    break;
                }
            }
            assert_eq!((verdict.unwrap().outcome, count), (expected, asked), "{why}");
        }
    }

    #[test]
    fn each_address_gets_an_equal_share_of_what_is_left() {
        assert_eq!(share(Tick(0), Tick(900), 3), Tick(300));
        assert_eq!(share(Tick(300), Tick(900), 2), Tick(600));
        assert_eq!(share(Tick(100), Tick(900), 1), Tick(900));
        assert_eq!(share(Tick(950), Tick(900), 2), Tick(950));
    }
}
