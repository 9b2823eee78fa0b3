//! What the handles of one monitor share, and the end of it.
//!
//! The trap is the end: dropping a monitor waits for its threads, so it happens without the
//! interpreter's lock, whoever lets go last.

use meshvitals::{CheckId, Error, Monitor, Tick};
use pyo3::prelude::*;
use std::ops::Deref;
use std::sync::Arc;

/// A monitor, shared by the engine object and every handle of its checks.
pub struct Host {
    /// Taken out at the end only.
    monitor: Option<Monitor>,
    /// The date at tick 0 of the monitor's clock, in seconds since 1970.
    epoch: f64,
}

impl Host {
    /// Makes a monitor from a configuration document.
    pub fn new(config: Option<&str>) -> Result<Arc<Host>, Error> {
        let monitor = Monitor::new(config)?;
        let whole = monitor.snapshot(monitor.group_find("overall")?)?;
        let epoch_ms = whole.since_unix_ms - (whole.since.0 / 1_000_000) as i64;
        Ok(Arc::new(Host { monitor: Some(monitor), epoch: epoch_ms as f64 / 1e3 }))
    }

    /// The date of an instant, as `time.time()` counts; none for never and for "not yet".
    pub fn date(&self, at: Tick) -> Option<f64> {
        (at != Tick::NEVER && at != Tick(0)).then(|| self.date_of(at))
    }

    /// The date of an instant that is one.
    pub fn date_of(&self, at: Tick) -> f64 {
        self.epoch + seconds(at.0)
    }

    /// The name of a check or group, empty if it was removed meanwhile.
    pub fn name_or_empty(&self, id: CheckId) -> Box<str> {
        if id == CheckId(0) { Box::default() } else { self.name(id).unwrap_or_default() }
    }
}

/// Nanoseconds as seconds.
pub fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

impl Deref for Host {
    type Target = Monitor;

    fn deref(&self) -> &Monitor {
        match &self.monitor {
            Some(monitor) => monitor,
            // Only `drop` takes it out, and nobody can hold a reference then.
            None => unreachable!("a monitor is there until it is dropped"),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // `None`: the interpreter is gone or going, and there is no lock to release.
        let _ = Python::try_attach(|py| py.detach(|| drop(self.monitor.take())));
    }
}
