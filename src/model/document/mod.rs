//! The documents: a check, and a monitor's configuration.
//!
//! One grammar, JSON, for every language. The serde structs of this module are its only source:
//! documents are read with them and the published schema is derived from them. An unknown key, a
//! wrong type, a value out of range or a repeated name is refused with an error that names the
//! place as a JSON pointer, what stands there and what is allowed, never a secret.
//!
//! What comes out is complete: no default is left for later layers to fill in. Whether a name is
//! taken, and whether what a check depends on exists, is for the engine to say.

mod address;
mod amqp;
mod batch;
mod check;
mod defaults;
mod dns;
mod exec;
mod expect;
mod explain;
mod grpc;
mod headers;
mod hex;
mod host;
mod http;
mod keys;
mod login;
mod matching;
mod memcached;
mod monitor;
mod mqtt;
mod mysql;
mod name;
mod nats;
mod postgres;
mod redis;
#[cfg(feature = "schema")]
mod schema;
mod script;
mod secret;
mod signal;
mod smtp;
mod span;
mod tcp;
mod tls;
mod udp;
mod url;
mod value;
mod word;

use core::marker::PhantomData;

pub use batch::parse_checks;
pub use defaults::Defaults;
pub use monitor::system_checks;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use url::Url;

use super::{Policy, ProbeSpec};
use crate::error::{Code, Error};
use check::CheckDoc;
use monitor::MonitorDoc;
use value::Object;

/// A check, as its document says it. Equal specs come from the same canonical document.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSpec {
    /// The unique name.
    pub name: Box<str>,
    /// What is measured.
    pub probe: ProbeSpec,
    /// How often, and how results become a status.
    pub policy: Policy,
    /// Names of the checks that this one cannot work without; sorted, without repetition.
    pub depends_on: Box<[Box<str>]>,
    /// The number that events carry.
    pub cookie: u64,
}

/// A monitor's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorSpec {
    /// Whether [`system_checks`] are registered.
    pub system_checks: bool,
    /// Threshold of system.cpu.
    pub cpu_threshold: f64,
    /// Threshold of system.memory.
    pub memory_threshold: f64,
    /// Threshold of system.disk.
    pub disk_threshold: f64,
    /// Paths on the filesystems that are watched.
    pub disk_paths: Vec<Box<str>>,
    /// How far a start may move so that one wake-up serves many runs.
    pub slack_ns: u64,
    /// Runs in flight at once.
    pub max_runs: usize,
    /// Handshakes in flight at once.
    pub max_handshakes: usize,
    /// The time over which first runs are spread; `None` is the smaller of the interval and 10 s.
    pub start_spread_ns: Option<u64>,
    /// Whether checks may run programs.
    pub allow_exec: bool,
    /// How long freeing the monitor waits for its threads.
    pub stop_timeout_ns: u64,
    /// Whether the host program moves the clock.
    pub manual: bool,
    /// What checks take where they are silent.
    pub defaults: Defaults,
    /// The first checks.
    pub checks: Vec<CheckSpec>,
}

/// Reads a monitor's configuration; `None` is the empty document.
///
/// # Errors
///
/// Names the place, what stands there and what is allowed; nothing of a wrong document is kept.
///
/// # Examples
///
/// ```
/// use meshvitals::model::document::parse_monitor;
///
/// let monitor = parse_monitor(Some(r#"{"cpu_threshold": 0.8}"#))?;
/// assert_eq!(monitor.cpu_threshold, 0.8);
/// let error = parse_monitor(Some(r#"{"cpu_threshold": 80}"#)).unwrap_err();
/// assert_eq!(error.key(), "/cpu_threshold");
/// # Ok::<(), meshvitals::error::Error>(())
/// ```
pub fn parse_monitor(text: Option<&str>) -> Result<MonitorSpec, Error> {
    let text = text.unwrap_or("{}");
    let Object(doc) = explain::parse(text, PhantomData::<Object<MonitorDoc<'_>>>)?;
    doc.monitor()
}

/// Reads one check.
///
/// # Errors
///
/// As [`parse_monitor`]. Names that begin with `system.` or `meshvitals.` are refused too.
///
/// # Examples
///
/// ```
/// use meshvitals::model::document::{Defaults, parse_check};
///
/// let text = r#"{"name": "orders-db", "tcp": {"address": "10.0.0.5:5432"}, "interval": "10s"}"#;
/// let check = parse_check(text, &Defaults::default())?;
/// assert_eq!(check.policy.interval_ns, 10_000_000_000);
/// # Ok::<(), meshvitals::error::Error>(())
/// ```
pub fn parse_check(text: &str, defaults: &Defaults) -> Result<CheckSpec, Error> {
    let Object(doc) = explain::parse(text, PhantomData::<Object<CheckDoc<'_>>>)?;
    doc.check(defaults)
}

/// Refuses a program where none may be run. The permission is the host program's to give, in the
/// configuration that it makes a monitor of; no check can give it to itself. So a document that
/// came from elsewhere cannot have a program run, unless the host lets one in beside its own
/// permission, or takes the configuration itself from there: it must do neither.
///
/// # Errors
///
/// MODE, at the probe.
pub fn refuse_exec(probe: &ProbeSpec, allow_exec: bool) -> Result<(), Error> {
    if allow_exec || !matches!(probe, ProbeSpec::Exec(_)) {
        return Ok(());
    }
    let text = "programs are run only where the monitor's configuration says \"allow_exec\": true";
    Err(Error::refused_at("/exec", Code::Mode, text))
}

/// Whether a monitor with a manual clock can run this probe: those that touch neither the network
/// nor this machine, and so take the same course at every replay.
pub fn allowed_in_manual(probe: &ProbeSpec) -> bool {
    matches!(probe, ProbeSpec::Heartbeat { .. } | ProbeSpec::Callback | ProbeSpec::External)
}
