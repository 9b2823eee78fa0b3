//! Swap in use: of what a cgroup of this process may use, else of the machine's.
//!
//! Swap that lies there harms nobody; so it may be DEGRADED only while pages come back. The trap:
//! a cgroup that may not swap at all is not one whose swap is full.

use super::Sampler;
use super::signals::missing;
use crate::model::RunResult;
use crate::model::signal::bytes;
use crate::probe::system::reading::Reading;
use crate::probe::system::unread;
use crate::sys::cgroup::field;
use crate::time::Tick;

impl Sampler {
    pub(in super::super) fn swap(&mut self, now: Tick) -> RunResult {
        let (total, free) = match self.machine(now) {
            Err(result) => return result,
            Ok(figures) => match (figures.swap_total, figures.swap_free) {
                (Some(0), _) => return missing("there is no swap"),
                (Some(total), Some(free)) => (total, free),
                _ => return missing("/proc/meminfo does not tell of swap"),
            },
        };
        let returns = self.returns(now);
        let (formula, used, limit, scope) = match self.cgroups.swap(total, now) {
            Err(error) => return unread(error),
            Ok(None) => ("host.memory.swap", total.saturating_sub(free), total, None),
            Ok(Some(swapped)) => {
                let scope = self.cgroups.swap_scope(&swapped);
                if swapped.limit == 0 {
                    return missing(&format!("there is no swap, in {scope}"));
                }
                ("cgroup.memory.swap", swapped.used, swapped.limit, Some(scope))
            }
        };
        let value = 100.0 * used as f64 / limit as f64;
        let how = if returns { ", pages come back" } else { "" };
        let figures = format!("swap {} of {} in use{how}", bytes(used), bytes(limit));
        let mut reading = Reading::new(formula, value, figures).limit(limit as f64);
        if !returns {
            reading = reading.degraded_by(f64::NAN);
        }
        match scope {
            Some(scope) => reading.of(scope).result(),
            None => reading.of(self.scope()).result(),
        }
    }

    /// Whether pages came back from swap since the sample before, on this machine.
    fn returns(&mut self, now: Tick) -> bool {
        let count = self.vmstat.text(now).ok().and_then(|text| field(text, "pswpin"));
        let rate = count.and_then(|count| self.swap_in.step(count, now, &mut self.anomalies));
        rate.is_some_and(|rate| rate > 0.0)
    }
}
