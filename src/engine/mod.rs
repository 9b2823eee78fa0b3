//! The only place that joins things: checks, schedule, probes, statuses and events.

mod callback;
mod command;
mod core;
mod deadline;
mod disks;
mod driver;
mod forked;
mod groups;
mod helpers;
mod inbox;
mod inner;
mod input;
mod judge;
mod lifecycle;
mod masks;
mod monitor;
mod once;
mod own;
pub mod publish;
mod registry;
mod relations;
mod render;
mod restart;
mod runner;
mod runs;
mod slots;
mod subscribe;
mod table;
mod triggers;
pub mod workers;

pub use callback::{Callback, Run};
pub use inner::Sink;
pub use monitor::Monitor;
pub use once::probe_once;
pub use subscribe::Subscription;
