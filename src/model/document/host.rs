//! The probes that ask this machine or the host program: cpu, memory, disk, heartbeat.

use std::sync::Arc;

use serde::Deserialize;

use super::explain::shown;
use super::span::{HOUR, Span};
use super::value::{Given, Share, Text, Value};
use crate::error::Error;
use crate::model::{DiskSpec, Level, ProbeSpec};
use crate::time::MILLISECOND;

/// The longest path, in bytes.
pub(super) const PATH_LIMIT: usize = 4_095;

/// A share above 0 and up to 1.
pub(super) type Threshold = Share<true, 1_000_000>;

/// Share of CPU time or of memory in use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "level", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct LevelDoc {
    /// Share of the whole from which a value is a warning; from 1.1 times that, or halfway to 1
    /// where that is out of reach, it is a failure. Default: the monitor's threshold, 0.9.
    threshold: Given<Threshold>,
}

/// Share of a filesystem in use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "disk", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct DiskDoc<'a> {
    /// Any path on the filesystem. Default: "/".
    #[serde(borrow)]
    path: Given<Text<'a>>,
    /// Share of the whole from which a value is a warning; from 1.1 times that, or halfway to 1
    /// where that is out of reach, it is a failure. Default: the monitor's threshold, 0.9.
    threshold: Given<Threshold>,
}

/// Results that the host program pushes whenever it likes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "heartbeat", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct HeartbeatDoc<'a> {
    /// The longest silence that is not a failure.
    #[serde(borrow)]
    ttl: Span<'a, { 10 * MILLISECOND }, { 24 * HOUR }>,
}

/// A probe that has no keys of its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "nothing", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct NothingDoc {}

impl LevelDoc {
    pub fn level(&self, key: &str, default: f64) -> Result<Level, Error> {
        Ok(Level { threshold: self.threshold.read(key)?.unwrap_or(default) })
    }
}

impl DiskDoc<'_> {
    pub fn probe(&self, default: f64) -> Result<ProbeSpec, Error> {
        let threshold = self.threshold.read("/disk/threshold")?.unwrap_or(default);
        let path = match &self.path.0 {
            None => "/".into(),
            Some(Text(path)) => check_path(path, PATH_LIMIT, "/disk/path")?,
        };
        Ok(ProbeSpec::Disk(Arc::new(DiskSpec { path, level: Level { threshold } })))
    }
}

impl HeartbeatDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        Ok(ProbeSpec::Heartbeat { ttl_ns: self.ttl.read("/heartbeat/ttl")? })
    }
}

/// A path that a system call can take.
pub(super) fn check_path(path: &str, limit: usize, key: &str) -> Result<Box<str>, Error> {
    if path.is_empty() || path.len() > limit || path.contains('\0') {
        let allowed = format!("paths of 1 to {limit} bytes without NUL");
        return Err(Error::range(key, shown(path), allowed));
    }
    Ok(path.into())
}
