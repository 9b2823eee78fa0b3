//! The health engine that services, proxies and sidecars carry inside themselves.
//!
//! A [`Monitor`] watches checks on one background thread, turns noisy results into a steady
//! [`Status`], and publishes it where it can be read in a nanosecond. Checks are documents:
//!
//! ```
//! use meshvitals::{Kinds, Monitor};
//! use std::time::Duration;
//!
//! let monitor = Monitor::new(Some(r#"{"system_checks": false}"#))?;
//! let events = monitor.subscribe(Kinds::STATUS, 64)?;
//! monitor.start()?;
//! monitor.register(r#"{"name": "root", "disk": {"path": "/"}, "initial_delay": 0}"#)?;
//! let first = events.poll(16, Some(Duration::from_secs(30)))?;
//! println!("{}", first[0].status);
//! # Ok::<(), meshvitals::Error>(())
//! ```

pub mod engine;
pub mod error;
pub mod event;
pub mod ffi;
pub mod model;
pub mod probe;
pub mod report;
pub mod sync;
pub mod sys;
pub mod time;

pub use engine::{Callback, Monitor, Run, Subscription, probe_once};
pub use error::{Code, Error};
pub use model::{
    CheckId, Event, Kind, Kinds, Mask, Message, Outcome, Phases, Reason, RunResult, Snapshot,
    Status,
};
pub use time::Tick;
