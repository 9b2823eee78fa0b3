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
pub mod latency;
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
    Addresses, Connect, DiskSpec, HttpExpect, HttpSpec, Level, NameTarget, ProbeSpec, Target,
    TcpSpec,
};
pub use reason::Reason;
pub use result::{MESSAGE_LIMIT, Message, Outcome, Phases, RunResult};
pub use snapshot::{Mask, Snapshot};
pub use status::Status;
pub use talk::{
    AmqpSession, AmqpSpec, DnsSpec, Expected, Found, GrpcSpec, Login, MemcachedProtocol,
    MemcachedSpec, Metadata, MqttSpec, MqttVersion, MysqlSpec, NatsLogin, NatsSpec, Pattern, Piece,
    PostgresRole, PostgresSpec, Protocol, Rcode, Record, RedisRole, RedisSpec, ScriptSpec,
    ScriptStep, Search, Secret, SmtpSpec, Source, TalkSpec, TlsSpec, UdpSpec, http,
};
