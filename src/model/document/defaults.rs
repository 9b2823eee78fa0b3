//! What a check takes where its document is silent.
//!
//! Three layers: the library's defaults, the monitor's `defaults`, the check. Some defaults depend
//! on other keys (a heartbeat's threshold, the confirm interval), so a layer remembers whether
//! those were given and the last step works them out.

use super::check::CheckDoc;
use super::name::names;
use super::span::words;
use crate::error::Error;
use crate::model::{Policy, ProbeSpec, Role, schedule};
use crate::time::MILLISECOND;

/// What a check takes where its document is silent.
#[derive(Clone, Debug, PartialEq)]
pub struct Defaults {
    /// What no other key decides.
    policy: Policy,
    confirm_interval_ns: Option<u64>,
    failure_threshold: Option<u32>,
    critical: Option<bool>,
    role: Option<Role>,
    pub(super) cpu_threshold: f64,
    pub(super) memory_threshold: f64,
    pub(super) disk_threshold: f64,
}

impl Default for Defaults {
    /// The library's defaults.
    fn default() -> Self {
        Defaults {
            policy: Policy::default(),
            confirm_interval_ns: None,
            failure_threshold: None,
            critical: None,
            role: None,
            cpu_threshold: 0.9,
            memory_threshold: 0.9,
            disk_threshold: 0.9,
        }
    }
}

impl Defaults {
    /// These defaults under what `doc` says. `check` is false for a monitor's own `defaults`, whose
    /// confirm interval yields to a check with a shorter interval instead of being refused.
    pub(super) fn under(&self, doc: &CheckDoc<'_>, check: bool) -> Result<Defaults, Error> {
        let base = &self.policy;
        let count = |count: Option<u64>, base: u32| count.map_or(base, |count| count as u32);
        let policy = Policy {
            kind: doc.policy.read("/policy")?.unwrap_or(base.kind),
            interval_ns: doc.interval.read("/interval")?.unwrap_or(base.interval_ns),
            timeout_ns: doc.timeout.read("/timeout")?.unwrap_or(base.timeout_ns),
            confirm_interval_ns: base.confirm_interval_ns,
            start_grace_ns: doc.start_grace.read("/start_grace")?.unwrap_or(base.start_grace_ns),
            linger_ns: doc.linger.read("/linger")?.unwrap_or(base.linger_ns),
            initial_delay_ns: doc.initial_delay.read("/initial_delay")?.or(base.initial_delay_ns),
            jitter_ppm: doc.jitter.read("/jitter")?.map_or(base.jitter_ppm, ppm),
            failure_threshold: base.failure_threshold,
            success_threshold: count(
                doc.success_threshold.read("/success_threshold")?,
                base.success_threshold,
            ),
            degraded_threshold: count(
                doc.degraded_threshold.read("/degraded_threshold")?,
                base.degraded_threshold,
            ),
            first_result: doc
                .first_result_decides
                .read("/first_result_decides")?
                .unwrap_or(base.first_result),
            max_in_flight: match doc.max_in_flight.read("/max_in_flight")? {
                None | Some(1) => 1,
                Some(more) => {
                    let allowed = "1 under the policy thresholds";
                    return Err(Error::range("/max_in_flight", more, allowed));
                }
            },
            critical: base.critical,
            degraded_is_failure: doc.degraded_is_failure.0.unwrap_or(base.degraded_is_failure),
            role: base.role,
            tags: match names(&doc.tags, "/tags")? {
                Some(tags) => tags,
                None => base.tags.clone(),
            },
        };
        let confirm = doc.confirm_interval.read("/confirm_interval")?;
        if check && confirm.is_some_and(|ns| ns > policy.interval_ns) {
            let allowed =
                format!("{} to the interval, {}", words(MILLISECOND), words(policy.interval_ns));
            let key = "/confirm_interval";
            return Err(match &doc.confirm_interval.0 {
                Some(span) => span.refuse(key, &allowed),
                None => Error::range(key, "", allowed),
            });
        }
        let failures = doc.failure_threshold.read("/failure_threshold")?;
        Ok(Defaults {
            policy,
            confirm_interval_ns: confirm.or(self.confirm_interval_ns),
            failure_threshold: failures.map(|count| count as u32).or(self.failure_threshold),
            critical: doc.critical.0.or(self.critical),
            role: doc.role.read("/role")?.or(self.role),
            ..*self
        })
    }

    /// The policy of a check with this probe that says nothing more.
    pub(super) fn policy(self, probe: &ProbeSpec) -> Policy {
        let mut policy = self.policy;
        let heartbeat = matches!(probe, ProbeSpec::Heartbeat { .. });
        // A level must hold to mean something, and a share of time that is measured sooner is one
        // of a shorter time: two seconds of full CPU would be UNHEALTHY.
        let usual = match probe.is_level() {
            true => policy.interval_ns,
            false => schedule::usual_confirm_ns(policy.interval_ns),
        };
        policy.confirm_interval_ns =
            self.confirm_interval_ns.unwrap_or(usual).min(policy.interval_ns);
        policy.failure_threshold =
            self.failure_threshold.unwrap_or(if heartbeat { 1 } else { policy.failure_threshold });
        let usual = match probe {
            ProbeSpec::Signal(spec) => spec.signal.row().role,
            _ => policy.role,
        };
        policy.role = self.role.unwrap_or(usual);
        policy.critical = self.critical.unwrap_or(policy.role == Role::Gate);
        policy
    }
}

/// A share in millionths.
fn ppm(share: f64) -> u32 {
    (share * 1e6).round() as u32
}
