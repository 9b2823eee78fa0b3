//! The pure part: words, documents, and the state machines.
//!
//! Nothing here does I/O, starts threads, reads a clock, logs, or is unsafe. Time, randomness
//! and results arrive as arguments, which is what makes replay and property tests possible.

pub mod aggregate;
pub mod detector;
pub mod document;
mod event;
mod exec;
pub mod health;
mod id;
pub mod name;
mod policy;
mod probe;
mod reason;
mod result;
pub mod schedule;
pub mod signal;
mod snapshot;
mod status;
mod talk;
pub mod wheel;

pub use event::{Event, Kind, Kinds};
pub use exec::ExecSpec;
pub use id::CheckId;
pub use policy::{FirstResult, Policy, PolicyKind, Role};
pub use probe::{
    Connect, DiskSpec, HttpExpect, HttpSpec, Level, NameTarget, ProbeSpec, Target, TcpSpec,
};
pub use reason::Reason;
pub use result::{MESSAGE_LIMIT, Message, Outcome, Phases, RunResult};
pub use snapshot::{Mask, Snapshot};
pub use status::Status;
pub use talk::{
    DnsSpec, Expression, Pattern, Protocol, Rcode, Record, Secret, Source, TalkSpec, TlsSpec,
    UdpSpec,
};
