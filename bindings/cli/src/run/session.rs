//! A monitor and what watches it: the ports that are added, and the names behind ids.

use crate::config::Plan;
use crate::output::Failure;
use crate::ports;
use meshvitals::model::Snapshot;
use meshvitals::{
    CheckId, Code, Event, Kind, Kinds, Mask, Monitor, Reason, Status, Subscription, time,
};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Events that may wait for this process; beyond that those of one check are merged.
const QUEUE: usize = 4_096;

/// A monitor with its subscription.
pub struct Session {
    pub monitor: Monitor,
    pub subscription: Arc<Subscription>,
    ports: bool,
    known: BTreeSet<SocketAddr>,
    /// The names of checks that were told of.
    names: HashMap<CheckId, Box<str>>,
}

/// A change of status, or a check that was added, in words.
#[derive(Clone, Debug)]
pub struct News {
    pub unix_ms: i64,
    pub kind: Kind,
    /// Whether it is about a group, whose name a check may have as well.
    pub is_group: bool,
    pub name: String,
    pub status: Status,
    pub previous: Status,
    pub reason: Reason,
    pub text: String,
    pub value: f64,
    pub merged: u32,
    pub sequence: u64,
}

impl Session {
    /// Makes the monitor, adds what listens, and starts it.
    pub fn start(plan: &Plan, kinds: Kinds) -> Result<Session, Failure> {
        let monitor = Monitor::new(Some(&plan.document))?;
        let mut known = BTreeSet::new();
        if plan.ports {
            add_ports(&monitor, &mut known, false)?;
        }
        // Later than that, so that what is there from the start is no news.
        let subscription = Arc::new(monitor.subscribe(kinds, QUEUE)?);
        monitor.start()?;
        let names = HashMap::new();
        Ok(Session { monitor, subscription, ports: plan.ports, known, names })
    }

    /// Adds what began to listen.
    pub fn find_ports(&mut self) -> Result<(), Failure> {
        if self.ports { add_ports(&self.monitor, &mut self.known, true) } else { Ok(()) }
    }

    /// Everything about every check.
    pub fn checks(&self) -> Vec<Snapshot> {
        let ids = self.monitor.list().unwrap_or_default();
        ids.into_iter().filter_map(|id| self.monitor.snapshot(id).ok()).collect()
    }

    /// The event in words; `None` for what is no news.
    pub fn news(&mut self, event: &Event) -> Option<News> {
        let is_news = match event.kind {
            Kind::Status => event.reason != Reason::INITIAL,
            Kind::Registered => true,
            _ => false,
        };
        let name = if is_news { self.name(event)? } else { return None };
        let age_ms = self.monitor.now().since(event.at) / time::MILLISECOND;
        Some(News {
            unix_ms: time::unix_ms() - age_ms as i64,
            kind: event.kind,
            is_group: event.is_group,
            name,
            status: event.status,
            previous: event.previous,
            reason: event.reason,
            text: if event.kind == Kind::Status {
                event.text.as_str().into()
            } else {
                String::new()
            },
            value: event.value,
            merged: event.merged,
            sequence: event.sequence,
        })
    }

    /// The name of the check, or of the group if it has members: others say nothing.
    fn name(&mut self, event: &Event) -> Option<String> {
        let id = event.check;
        if event.is_group {
            let group = self.monitor.snapshot(id).ok()?;
            return (group.runs > 0).then_some(group.name.into());
        }
        if !self.names.contains_key(&id) {
            self.names.insert(id, self.monitor.name(id).ok()?);
        }
        self.names.get(&id).map(|name| name.to_string())
    }

    /// Waits until every check has a status, at most for `patience`.
    pub fn settle(&self, patience: Duration) -> Result<(), Failure> {
        let until = time::monotonic().after(patience.as_nanos() as u64);
        loop {
            let left = Duration::from_nanos(until.since(time::monotonic()));
            if left.is_zero() || self.checks().iter().all(is_settled) {
                return Ok(());
            }
            // Any news may be the last that is needed.
            self.subscription.poll(QUEUE, Some(left))?;
        }
    }
}

/// Whether waiting longer would tell nothing about a check.
fn is_settled(check: &Snapshot) -> bool {
    // The monitor's own check may have nothing to measure yet.
    let is_own = check.probe == "self";
    // What is missing on this side may stay missing; a first sample is followed by a second.
    let is_local = matches!(check.reason.0, 800..=899) && check.reason != Reason::NO_SAMPLE;
    is_own
        || check.status != Status::Unknown
        || check.mask != Mask(0)
        || (check.runs > 0 && is_local)
}

/// Adds what listens and is not known yet. Nothing is ever removed: a port that closes is what one
/// wants to hear of.
fn add_ports(
    monitor: &Monitor,
    known: &mut BTreeSet<SocketAddr>,
    at_once: bool,
) -> Result<(), Failure> {
    let new: Vec<SocketAddr> = ports::listening().difference(known).copied().collect();
    if new.is_empty() {
        return Ok(());
    }
    let documents: Vec<Value> = new.iter().map(|address| document(address, at_once)).collect();
    match monitor.register_many(&Value::from(documents).to_string()) {
        Ok(_) => {}
        // Too many to watch; those that are watched go on.
        Err(error) if error.code() == Code::Limit => {}
        Err(error) => return Err(error.into()),
    }
    known.extend(new);
    Ok(())
}

fn document(address: &SocketAddr, at_once: bool) -> Value {
    // "fast", so that what listens is not troubled by connections that say nothing.
    let tcp = json!({"address": address.to_string(), "connect": "fast"});
    let mut document = json!({"name": ports::name(address), "tcp": tcp});
    if at_once {
        document["initial_delay"] = json!(0);
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check of a monitor that never ran, after one run with this reason.
    fn after(reason: Reason) -> Snapshot {
        let monitor = Monitor::new(None).expect("a monitor");
        let id = monitor.find("system.cpu").expect("a check");
        Snapshot { runs: 1, reason, ..monitor.snapshot(id).expect("a snapshot") }
    }

    #[test]
    fn a_check_in_doubt_is_waited_for_and_a_fault_of_this_side_is_not() {
        assert!(!is_settled(&Snapshot { runs: 0, ..after(Reason::NONE) }));
        assert!(!is_settled(&after(Reason::MATCH_VALUE)), "the first warning decides nothing");
        assert!(!is_settled(&after(Reason::NO_SAMPLE)));
        assert!(is_settled(&after(Reason::LOCAL_NO_ROUTE)));
        assert!(is_settled(&Snapshot { mask: Mask::BLOCKED, ..after(Reason::NONE) }));
        assert!(is_settled(&Snapshot { status: Status::Degraded, ..after(Reason::NONE) }));
    }
}
