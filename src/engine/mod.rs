//! The only place that joins things: checks, schedule, probes, statuses and events.

mod callback;
mod driver;
mod lifecycle;
mod monitor;
mod once;
mod runner;
mod subscribe;
mod core;
mod groups;
mod input;
mod judge;
mod masks;
pub mod publish;
mod registry;
mod render;
mod runs;
mod table;
pub mod workers;

pub use callback::{Callback, Run};
pub use monitor::Monitor;
pub use once::probe_once;
pub use subscribe::Subscription;
