//! The signals of memory: how much is in use and available, and what the kernel did about it.
//!
//! Each is of the cgroup that is nearest to its limit, or of the machine where none has a limit.
//! The trap: a full working set alone is no emergency, while reclaim keeps up with it; but where
//! nothing tells that of the cgroup itself, what the host says must not put it off until the kill.

use super::{PATH, Sampler, kills, meminfo, mostly, told, unsupported};
use crate::model::signal::bytes;
use crate::model::{Outcome, Reason, RunResult};
use crate::probe::system::reading::Reading;
use crate::probe::system::working_set::Held;
use crate::probe::system::{pressure, unread, unreadable};
use crate::sys::cgroup::field;
use crate::time::Tick;

/// Percent of the time from which waiting for memory shows that reclaim does not keep up.
const WAITING: f64 = 10.0;

impl Sampler {
    /// The figures of the machine, or why there are none.
    pub(super) fn machine(&mut self, now: Tick) -> Result<meminfo::Figures, RunResult> {
        match self.host.figures(now) {
            Ok(Some(figures)) => Ok(figures),
            Ok(None) => Err(unsupported()),
            Err(error) => Err(unreadable(PATH, error)),
        }
    }

    pub(in super::super) fn working_set(
        &mut self,
        now: Tick,
        pressure: &mut pressure::Sampler,
    ) -> RunResult {
        let held = match self.cgroups.sample(now) {
            Ok(held) => held,
            Err(error) => return unread(error),
        };
        let waiting = |pressure: &mut pressure::Sampler| {
            pressure.memory_some(now).map(|some| some >= WAITING)
        };
        let (reading, waiting, hit) = match held {
            // A cgroup of version 1 tells no pressure, and its hits are of the page cache too.
            Some(held) if !self.cgroups.tells_pressure() => (self.held(&held, now), None, None),
            Some(held) => {
                let hit = match self.cgroups.strained(&held, now, &mut self.anomalies) {
                    Ok(hit) => hit,
                    Err(error) => return unread(error),
                };
                (self.held(&held, now), waiting(pressure), hit)
            }
            None => match self.machine(now) {
                Ok(figures) => (whole(&figures).of(self.scope()), waiting(pressure), None),
                Err(result) => return result,
            },
        };
        // Where neither is told, the level alone decides.
        match (waiting, hit) {
            (Some(true), _) | (_, Some(true)) | (None, None) => reading.result(),
            _ => reading.unhealthy_by(f64::NAN).result(),
        }
    }

    fn held(&mut self, held: &Held, now: Tick) -> Reading {
        let firm = 100.0 * held.firm_share();
        let figures = told(held, self.cgroups.slowed_from(held, now));
        Reading::new("cgroup.memory.working_set", 100.0 * held.share(), figures)
            .degraded_by(firm)
            .unhealthy_by(firm)
            .of(self.cgroups.scope(held))
            .limit(held.limit as f64)
    }

    pub(in super::super) fn available(&mut self, now: Tick) -> RunResult {
        let told = |available: u64, limit: u64| {
            format!("{} of {} available", bytes(available), bytes(limit))
        };
        match self.cgroups.most(now, |held| -(held.available() as f64)) {
            Err(error) => unread(error),
            Ok(Some(held)) => {
                let (available, limit) = (held.available(), held.limit);
                let figures = told(available, limit);
                Reading::new("cgroup.memory.available", available as f64, figures)
                    .of(self.cgroups.scope(&held))
                    .limit(limit as f64)
                    .result()
            }
            Ok(None) => match self.machine(now) {
                Err(result) => result,
                Ok(meminfo::Figures { available, total, .. }) => {
                    let figures = told(available, total);
                    Reading::new("host.memory.available", available as f64, figures)
                        .of(self.scope())
                        .limit(total as f64)
                        .result()
                }
            },
        }
    }

    pub(in super::super) fn unreclaimable(&mut self, now: Tick) -> RunResult {
        // One that does not tell is taken for the fullest, so that it is not passed over.
        let rank = |held: &Held| match held.unreclaimable() {
            Some(fixed) if held.limit > 0 => fixed as f64 / held.limit as f64,
            _ => f64::INFINITY,
        };
        let (formula, fixed, limit, scope) = match self.cgroups.most(now, rank) {
            Err(error) => return unread(error),
            Ok(Some(held)) => {
                let scope = self.cgroups.scope(&held);
                ("cgroup.memory.unreclaimable", held.unreclaimable(), held.limit, Some(scope))
            }
            Ok(None) => match self.machine(now) {
                Err(result) => return result,
                Ok(figures) => {
                    ("host.memory.unreclaimable", figures.unreclaimable, figures.total, None)
                }
            },
        };
        let Some(fixed) = fixed else {
            let file = if scope.is_some() { "memory.stat" } else { PATH };
            return missing(&format!("{file} does not tell what cannot be reclaimed"));
        };
        // A limit of nothing is always used up.
        let share = if limit == 0 { 1.0 } else { fixed as f64 / limit as f64 };
        let figures = format!("{} of {} cannot be reclaimed", bytes(fixed), bytes(limit));
        let reading = Reading::new(formula, 100.0 * share, figures).limit(limit as f64);
        match scope {
            Some(scope) => reading.of(scope).result(),
            None => reading.of(self.scope()).result(),
        }
    }

    pub(in super::super) fn oom_kills(&mut self, now: Tick) -> RunResult {
        let (formula, grown, scope) = match self.cgroups.kills(now, kills::grown) {
            Err(error) => return unread(error),
            Ok(Some((Some(grown), scope))) => ("cgroup.memory.oom_kills", grown, Some(scope)),
            Ok(Some((None, scope))) => return missing(&format!("no count of kills, in {scope}")),
            Ok(None) => match self.vmstat.text(now) {
                Err(error) => return unreadable("/proc/vmstat", error),
                Ok(text) => match field(text, "oom_kill") {
                    None => return missing("/proc/vmstat has no oom_kill"),
                    Some(count) => {
                        ("host.memory.oom_kills", kills::grown(&mut self.killed, count), None)
                    }
                },
            },
        };
        self.kills.add(grown, now);
        let (five, ten) = (self.kills.of(5), self.kills.of(10));
        let figures = self.kills.figures(now);
        let reading = Reading::new(formula, ten as f64, figures).unhealthy_by(five as f64);
        match scope {
            Some(scope) => reading.of(scope).result(),
            None => reading.of(self.scope()).result(),
        }
    }

    pub(in super::super) fn limit_hits(&mut self, now: Tick) -> RunResult {
        match self.cgroups.hits(now, &mut self.anomalies) {
            Err(error) => unread(error),
            Ok(None) => missing("no cgroup of this process counts hits of its memory limit"),
            Ok(Some((None, _))) => RunResult::new(Outcome::Local, Reason::NO_SAMPLE),
            Ok(Some((Some(rate), scope))) => {
                let figures = format!("memory limit hit {rate:.1} times a second");
                Reading::new("cgroup.memory.limit_hits", rate, figures).of(scope).result()
            }
        }
    }
}

/// The working set of the machine.
fn whole(figures: &meminfo::Figures) -> Reading {
    let (used, mostly) = (figures.used(), mostly(figures.consumer));
    let text = format!("working set {} of {}{mostly}", bytes(used), bytes(figures.total));
    let value = 100.0 * used as f64 / figures.total as f64;
    Reading::new("host.memory.working_set", value, text).limit(figures.total as f64)
}

/// The result when a figure is not told.
pub(super) fn missing(message: &str) -> RunResult {
    RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED).with_message(message)
}
