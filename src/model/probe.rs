//! What a check measures, as data: the validated form of the probe key of a document.
//!
//! Cheap to clone, because a run takes its own copy: what is large is shared.

use super::signal::SignalSpec;
use super::{ExecSpec, TalkSpec};
use core::fmt;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::Arc;

/// The probe of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbeSpec {
    /// Connects to a stream socket.
    Tcp(TcpSpec),
    /// Sends one HTTP/1.1 request.
    Http(Arc<HttpSpec>),
    /// Connects and speaks a protocol.
    Talk(Arc<TalkSpec>),
    /// Runs a program.
    Exec(Arc<ExecSpec>),
    /// Share of CPU time in use.
    Cpu(Level),
    /// Share of memory in use.
    Memory(Level),
    /// Share of a filesystem in use.
    Disk(Arc<DiskSpec>),
    /// What a host or a process runs out of.
    Signal(Arc<SignalSpec>),
    /// The host pushes results; silence beyond the ttl is a failure.
    Heartbeat {
        /// The longest silence allowed.
        ttl_ns: u64,
    },
    /// A function of the host program, run on a pool of the library.
    Callback,
    /// The host program runs the check when asked to.
    External,
    /// The monitor's own health; no document says it.
    Own,
}

/// Where a stream socket listens. What few checks have lies behind a pointer, because there may
/// be a million of these: an IPv4 address takes no more than the pointer does.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// An IPv4 address.
    V4(SocketAddrV4),
    /// An IPv6 address.
    V6(Arc<SocketAddrV6>),
    /// A name to resolve, and a port.
    Name(Arc<NameTarget>),
    /// The path of a unix socket.
    Unix(Arc<Box<str>>),
}

impl Target {
    /// The unix socket of this path.
    pub fn unix(path: &str) -> Target {
        Target::Unix(Arc::new(path.into()))
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Target {
        match address {
            SocketAddr::V4(address) => Target::V4(address),
            SocketAddr::V6(address) => Target::V6(Arc::new(address)),
        }
    }
}

/// What the addresses of a name must come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Addresses {
    /// One of them is alive.
    #[default]
    Any,
    /// All of them are alive.
    All,
    /// All of them are alive; some dead ones are a warning.
    Each,
}

/// A name to resolve for each run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameTarget {
    /// The name, as given.
    pub host: Box<str>,
    /// The port.
    pub port: u16,
    /// What its addresses must come to.
    pub rule: Addresses,
}

impl NameTarget {
    /// A name of which one address must be alive.
    pub fn new(host: &str, port: u16) -> NameTarget {
        NameTarget { host: host.into(), port, rule: Addresses::Any }
    }
}

/// How a TCP connection is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Connect {
    /// A full handshake; the application behind the port sees the connection.
    #[default]
    Full,
    /// The last segment of the handshake is replaced by the reset: cheaper, and only the kernel
    /// of the target sees it.
    Fast,
}

/// A connect probe: reachability, not health, of what listens.
#[derive(Clone, Debug, PartialEq)]
pub struct TcpSpec {
    /// Where to connect.
    pub target: Target,
    /// How.
    pub connect: Connect,
}

/// One HTTP/1.1 exchange on a fresh connection.
#[derive(Clone, PartialEq)]
pub struct HttpSpec {
    /// Where to connect.
    pub target: Target,
    /// The value of the Host header.
    pub host: Box<str>,
    /// The method, in capitals.
    pub method: Box<str>,
    /// Path and query, beginning with `/`.
    pub path: Box<str>,
    /// Further headers; values are secret.
    pub headers: Box<[(Box<str>, Box<str>)]>,
    /// The body to send; secret.
    pub body: Box<str>,
    /// What the answer must look like; equal expectations are shared.
    pub expect: Arc<HttpExpect>,
}

impl fmt::Debug for HttpSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("HttpSpec");
        shown.field("target", &self.target).field("method", &self.method).finish_non_exhaustive()
    }
}

/// What an HTTP answer must look like.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpExpect {
    /// Inclusive ranges of status codes that pass.
    pub status: Box<[(u16, u16)]>,
    /// Text that the body must contain, if any; secret.
    pub body_contains: Option<Box<str>>,
    /// The largest body that is read, in bytes.
    pub body_limit: u32,
}

/// The threshold of a resource check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Share of the whole, above 0 and at most 1.
    pub threshold: f64,
}

/// A filesystem, by a path on it.
#[derive(Debug, PartialEq)]
pub struct DiskSpec {
    /// Any path on the filesystem.
    pub path: Box<str>,
    /// The threshold.
    pub level: Level,
}

impl Level {
    /// The level from which a value is a failure: 1.1 t, or halfway to 1 where that is out of
    /// reach (t above 1/1.1). Between the threshold and this it is a warning.
    pub fn failure(self) -> f64 {
        let upper = 1.1 * self.threshold;
        if upper >= 1.0 { (self.threshold + 1.0) / 2.0 } else { upper }
    }
}

impl ProbeSpec {
    /// The key of the probe in a document.
    pub fn key(&self) -> &'static str {
        match self {
            ProbeSpec::Tcp(_) => "tcp",
            ProbeSpec::Http(_) => "http",
            ProbeSpec::Talk(spec) => spec.protocol.key(),
            ProbeSpec::Exec(_) => "exec",
            ProbeSpec::Cpu(_) => "cpu",
            ProbeSpec::Memory(_) => "memory",
            ProbeSpec::Disk(_) => "disk",
            ProbeSpec::Signal(spec) => spec.signal.row().key,
            ProbeSpec::Heartbeat { .. } => "heartbeat",
            ProbeSpec::Callback => "callback",
            ProbeSpec::External => "external",
            ProbeSpec::Own => "self",
        }
    }

    /// Whether its results can be continued by those of `other`: it measures the same, though it may
    /// be judged by other levels.
    pub fn measures_as(&self, other: &ProbeSpec) -> bool {
        use ProbeSpec::{Cpu, Disk, Memory, Signal};
        match (self, other) {
            (Cpu(_), Cpu(_)) | (Memory(_), Memory(_)) => true,
            (Disk(one), Disk(other)) => one.path == other.path,
            (Signal(one), Signal(other)) => one.signal == other.signal && one.path == other.path,
            _ => self == other,
        }
    }

    /// Where it connects, of probes of the network; none if that is shared.
    pub fn target_mut(&mut self) -> Option<&mut Target> {
        match self {
            ProbeSpec::Tcp(spec) => Some(&mut spec.target),
            ProbeSpec::Http(spec) => Arc::get_mut(spec).map(|spec| &mut spec.target),
            ProbeSpec::Talk(spec) => Arc::get_mut(spec).map(|spec| &mut spec.target),
            _ => None,
        }
    }

    /// Whether what is measured tells of changes by itself.
    pub fn watches(&self) -> bool {
        matches!(self, ProbeSpec::Talk(spec) if spec.protocol.watches())
    }

    /// Whether it measures a level of the host or the process.
    pub fn is_level(&self) -> bool {
        use ProbeSpec::{Cpu, Disk, Memory, Signal};
        matches!(self, Cpu(_) | Memory(_) | Disk(_) | Signal(_))
    }

    /// The unit of its values, of probes that measure some.
    pub fn unit(&self) -> Option<&'static str> {
        match self {
            ProbeSpec::Signal(spec) => Some(spec.signal.row().unit.word()),
            // How long the certificate is good for.
            ProbeSpec::Talk(spec) if spec.tls.is_some() => Some("s"),
            probe => probe.is_level().then_some("1"),
        }
    }

    /// The value from which a resource check is DEGRADED, NaN for other probes.
    pub fn threshold(&self) -> f64 {
        match self {
            ProbeSpec::Cpu(level) | ProbeSpec::Memory(level) => level.threshold,
            ProbeSpec::Disk(disk) => disk.level.threshold,
            ProbeSpec::Signal(spec) => {
                let levels = &spec.levels;
                levels.degraded.or(levels.unhealthy).map_or(f64::NAN, |band| band.enter)
            }
            _ => f64::NAN,
        }
    }
}
