//! How a number was come by, so that an operator can see which one was used.

use std::borrow::Cow;

/// Where a value is from.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The name of the formula; docs/signals.md says what it reads.
    pub formula: &'static str,
    /// What the value belongs to: `host`, `process`, a cgroup, a path.
    pub scope: Cow<'static, str>,
    /// What the value is a part of, in its own unit (bytes, CPUs, count); NaN if of nothing.
    pub limit: f64,
    /// What is compared with the level of DEGRADED; NaN says that it is not to be reached, because
    /// something else that belongs to it is not the case.
    pub degraded: f64,
    /// The same for UNHEALTHY.
    pub unhealthy: f64,
}

impl Measure {
    /// The scope as the end of a sentence; nothing needs to be said of the host.
    pub fn place(&self) -> String {
        match &*self.scope {
            "host" => String::new(),
            "process" => ", of this process".into(),
            path if path.starts_with('/') => format!(" on {path}"),
            cgroup if cgroup.contains("cgroup") && !self.limit.is_nan() => {
                format!(", limit of {cgroup}")
            }
            other => format!(", in {other}"),
        }
    }
}
