//! A check as it is written, and what it means.
//!
//! The same keys, without the name, the relations and the probes, are what a monitor's `defaults`
//! may give; one struct serves both.

use serde::Deserialize;

use super::CheckSpec;
use super::defaults::Defaults;
use super::dns::DnsDoc;
use super::exec::ExecDoc;
use super::host::{DiskDoc, HeartbeatDoc, LevelDoc, NothingDoc};
use super::http::HttpDoc;
use super::name::{Name, Tag, names};
use super::signal::SignalDoc;
use super::span::{HOUR, Span};
use super::tcp::TcpDoc;
use super::udp::UdpDoc;
use super::value::{Count, Given, List, Object, Share};
use super::word::Word;
use crate::error::Error;
use crate::model::name::{NAME_RESERVED, is_reserved};
use crate::model::signal::{Signal, TABLE};
use crate::model::{FirstResult, PolicyKind, ProbeSpec, Role};
use crate::time::MILLISECOND;

/// The keys that say what is measured, but those of signals; a check has exactly one of all.
const PROBE_KEYS: [&str; 11] = [
    "tcp",
    "http",
    "udp",
    "dns",
    "exec",
    "cpu",
    "memory",
    "disk",
    "heartbeat",
    "callback",
    "external",
];

/// The keys of the signals in a few words, for errors.
pub(super) const SIGNALS: &str = ", or a signal such as memory_pressure or disk_inodes";

/// Every other key that only a single check may have.
const OWN_KEYS: [&str; 3] = ["name", "cookie", "depends_on"];

/// Every key that a monitor's `defaults` may give.
pub(super) const DEFAULTS_KEYS: [&str; 17] = [
    "interval",
    "timeout",
    "confirm_interval",
    "failure_threshold",
    "success_threshold",
    "degraded_threshold",
    "first_result_decides",
    "start_grace",
    "linger",
    "max_in_flight",
    "critical",
    "role",
    "degraded_is_failure",
    "tags",
    "initial_delay",
    "jitter",
    "policy",
];

/// Every key that says what is measured.
pub(super) fn probe_keys() -> impl Iterator<Item = &'static str> {
    PROBE_KEYS.into_iter().chain(TABLE.iter().map(|row| row.key))
}

fn is_probe_key(key: &str) -> bool {
    probe_keys().any(|probe| probe == key)
}

/// Whether a key belongs to a single check and may not stand in `defaults`.
pub(super) fn is_own_key(key: &str) -> bool {
    OWN_KEYS.contains(&key) || is_probe_key(key)
}

/// The error that a key of a single check stands in `defaults`.
pub(super) fn own_key_in_defaults(key: &str) -> Error {
    let problem = match is_probe_key(key) {
        true => "is a probe, which belongs to a single check",
        false => "belongs to a single check",
    };
    let allowed = DEFAULTS_KEYS.join(", ");
    Error::document(format!("/defaults/{key}"), format!("{problem}; allowed: {allowed}"))
}

/// What stands under the key of a signal.
type SignalKey<'a> = Given<Box<Object<SignalDoc<'a>>>>;

/// Results in a row.
type Threshold = Count<1, 1_000>;

/// A check: something watched under a unique name, by exactly one probe.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "check", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct CheckDoc<'a> {
    /// The unique name: 1 to 127 bytes of UTF-8 without control characters. The prefixes
    /// "system." and "meshvitals." are the library's own.
    #[serde(borrow)]
    pub name: Given<Name<'a>>,

    /// Connects to a stream socket.
    pub tcp: Given<Object<TcpDoc<'a>>>,
    /// Sends one HTTP/1.1 request.
    pub http: Given<Box<Object<HttpDoc<'a>>>>,
    /// Sends one datagram and waits for the reply.
    pub udp: Given<Box<Object<UdpDoc<'a>>>>,
    /// Asks a name server.
    pub dns: Given<Box<Object<DnsDoc<'a>>>>,
    /// Runs a program.
    pub exec: Given<Box<Object<ExecDoc<'a>>>>,
    /// Share of CPU time in use.
    pub cpu: Given<Object<LevelDoc>>,
    /// Share of memory in use.
    pub memory: Given<Object<LevelDoc>>,
    /// Share of a filesystem in use.
    pub disk: Given<Object<DiskDoc<'a>>>,
    /// The host program pushes results; silence beyond the ttl is a failure.
    pub heartbeat: Given<Object<HeartbeatDoc<'a>>>,
    /// A function of the host program, run on a pool of the library.
    pub callback: Given<Object<NothingDoc>>,
    /// The host program runs the check when asked to.
    pub external: Given<Object<NothingDoc>>,

    // What a host or a process runs out of; the words about each are those of the table.
    pub cpu_utilisation: SignalKey<'a>,
    pub cpu_throttling: SignalKey<'a>,
    pub cpu_pressure: SignalKey<'a>,
    pub cpu_steal: SignalKey<'a>,
    pub memory_working_set: SignalKey<'a>,
    pub memory_available: SignalKey<'a>,
    pub memory_unreclaimable: SignalKey<'a>,
    pub oom_kills: SignalKey<'a>,
    pub memory_limit_hits: SignalKey<'a>,
    pub memory_pressure: SignalKey<'a>,
    pub memory_pressure_rising: SignalKey<'a>,
    pub swap: SignalKey<'a>,
    pub disk_space: SignalKey<'a>,
    pub disk_inodes: SignalKey<'a>,
    pub disk_read_only: SignalKey<'a>,
    pub disk_write: SignalKey<'a>,
    pub disk_fill: SignalKey<'a>,
    pub io_pressure: SignalKey<'a>,
    pub descriptors: SignalKey<'a>,
    pub system_descriptors: SignalKey<'a>,
    pub tasks: SignalKey<'a>,
    pub listen_overflows: SignalKey<'a>,
    pub tcp_memory: SignalKey<'a>,
    pub conntrack: SignalKey<'a>,
    pub interface_errors: SignalKey<'a>,
    pub ports: SignalKey<'a>,
    pub clock_sync: SignalKey<'a>,

    /// Time between the starts of two runs. Default: 15s.
    pub interval: Given<Span<'a, { 10 * MILLISECOND }, { 24 * HOUR }>>,
    /// From the start of a run to its deadline; may exceed the interval. Default: 5s.
    pub timeout: Given<Span<'a, MILLISECOND, HOUR>>,
    /// Time between runs while in doubt, at most the interval. Default: the smaller of 0.7 s and a
    /// fifth of the interval; of cpu, memory and disk the interval.
    pub confirm_interval: Given<Span<'a, MILLISECOND, { 24 * HOUR }>>,
    /// Failures in a row that make UNHEALTHY. Default: 3, of a heartbeat 1.
    pub failure_threshold: Given<Threshold>,
    /// Passes in a row that end UNHEALTHY and DEGRADED. Default: 2.
    pub success_threshold: Given<Threshold>,
    /// Warnings in a row that make DEGRADED. Default: 2.
    pub degraded_threshold: Given<Threshold>,
    /// What may be decided by the first result: "pass": a pass makes HEALTHY; "any": so may a
    /// failure; "none": nothing, the thresholds hold from the start. Default: pass.
    pub first_result_decides: Given<Word<'a, FirstResult>>,
    /// Before this age a check that never had a status does not become UNHEALTHY. Default: 0.
    pub start_grace: Given<Span<'a, 0, { 24 * HOUR }>>,
    /// How long after its deadline an answer still counts as late. Default: 0.
    pub linger: Given<Span<'a, 0, HOUR>>,
    /// Runs in flight at once; 1 under the policy thresholds. Default: 1.
    pub max_in_flight: Given<Count<1, 8>>,
    /// Whether groups and the overall status become UNHEALTHY with this check. Default: true, with
    /// the role inform false.
    pub critical: Given<bool>,
    /// "gate": may become UNHEALTHY; "inform": stops at DEGRADED. Default: gate.
    pub role: Given<Word<'a, Role>>,
    /// Whether a warning counts as a failure. Default: false.
    pub degraded_is_failure: Given<bool>,
    /// The groups that the check belongs to.
    pub tags: Given<List<Tag<'a>, 32>>,
    /// Names of checks without which this one cannot work; while one of them is UNHEALTHY this one
    /// is blocked.
    pub depends_on: Given<List<Name<'a>, 32>>,
    /// A number that events of the check carry. Default: 0.
    pub cookie: Given<Count<0, { u64::MAX }>>,
    /// A fixed delay of the first run. Default: the start is spread by the name.
    pub initial_delay: Given<Span<'a, 0, { 24 * HOUR }>>,
    /// Share of the interval by which each round moves, to both sides. Default: 0.1.
    pub jitter: Given<Share<false, 500_000>>,
    /// The rules that turn results into a status. Default: thresholds.
    pub policy: Given<Word<'a, PolicyKind>>,
}

impl CheckDoc<'_> {
    /// What the document means over `defaults`.
    pub fn check(&self, defaults: &Defaults) -> Result<CheckSpec, Error> {
        let name = self.name()?;
        let probe = self.probe(defaults)?;
        let policy = defaults.under(self, true)?.policy(&probe);
        let depends_on = names(&self.depends_on, "/depends_on")?.unwrap_or_default();
        if depends_on.contains(&name) {
            return Err(Error::document("/depends_on", "a check cannot depend on itself"));
        }
        let cookie = self.cookie.read("/cookie")?.unwrap_or(0);
        Ok(CheckSpec { name, probe, policy, depends_on, cookie })
    }

    fn name(&self) -> Result<Box<str>, Error> {
        let Some(name) = self.name.read("/name")? else {
            return Err(Error::document("/name", "is missing; every check has a name"));
        };
        if is_reserved(&name) {
            return Err(Error::range("/name", name, NAME_RESERVED));
        }
        Ok(name)
    }

    /// What stands under the keys of signals.
    fn signals(&self) -> [(Signal, &SignalKey<'_>); TABLE.len()] {
        [
            (Signal::CpuUtilisation, &self.cpu_utilisation),
            (Signal::CpuThrottling, &self.cpu_throttling),
            (Signal::CpuPressure, &self.cpu_pressure),
            (Signal::CpuSteal, &self.cpu_steal),
            (Signal::MemoryWorkingSet, &self.memory_working_set),
            (Signal::MemoryAvailable, &self.memory_available),
            (Signal::MemoryUnreclaimable, &self.memory_unreclaimable),
            (Signal::OomKills, &self.oom_kills),
            (Signal::MemoryLimitHits, &self.memory_limit_hits),
            (Signal::MemoryPressure, &self.memory_pressure),
            (Signal::MemoryPressureRising, &self.memory_pressure_rising),
            (Signal::Swap, &self.swap),
            (Signal::DiskSpace, &self.disk_space),
            (Signal::DiskInodes, &self.disk_inodes),
            (Signal::DiskReadOnly, &self.disk_read_only),
            (Signal::DiskWrite, &self.disk_write),
            (Signal::DiskFill, &self.disk_fill),
            (Signal::IoPressure, &self.io_pressure),
            (Signal::Descriptors, &self.descriptors),
            (Signal::SystemDescriptors, &self.system_descriptors),
            (Signal::Tasks, &self.tasks),
            (Signal::ListenOverflows, &self.listen_overflows),
            (Signal::TcpMemory, &self.tcp_memory),
            (Signal::Conntrack, &self.conntrack),
            (Signal::InterfaceErrors, &self.interface_errors),
            (Signal::Ports, &self.ports),
            (Signal::ClockSync, &self.clock_sync),
        ]
    }

    /// The probe keys that are there.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let plain = [
            self.tcp.0.is_some(),
            self.http.0.is_some(),
            self.udp.0.is_some(),
            self.dns.0.is_some(),
            self.exec.0.is_some(),
            self.cpu.0.is_some(),
            self.memory.0.is_some(),
            self.disk.0.is_some(),
            self.heartbeat.0.is_some(),
            self.callback.0.is_some(),
            self.external.0.is_some(),
        ];
        let plain = PROBE_KEYS.into_iter().zip(plain);
        let signals = self.signals().map(|(signal, given)| (signal.row().key, given.0.is_some()));
        plain.chain(signals).filter_map(|(key, given)| given.then_some(key))
    }

    fn probe(&self, defaults: &Defaults) -> Result<ProbeSpec, Error> {
        let mut given = self.given();
        let (Some(_), None) = (given.next(), given.next()) else {
            return Err(wrong_probes(self.given()));
        };
        if let Some(Object(tcp)) = &self.tcp.0 {
            tcp.probe()
        } else if let Some(http) = &self.http.0 {
            http.0.probe()
        } else if let Some(udp) = &self.udp.0 {
            udp.0.probe()
        } else if let Some(dns) = &self.dns.0 {
            dns.0.probe()
        } else if let Some(exec) = &self.exec.0 {
            exec.0.probe()
        } else if let Some(Object(cpu)) = &self.cpu.0 {
            cpu.level("/cpu/threshold", defaults.cpu_threshold).map(ProbeSpec::Cpu)
        } else if let Some(Object(memory)) = &self.memory.0 {
            memory.level("/memory/threshold", defaults.memory_threshold).map(ProbeSpec::Memory)
        } else if let Some(Object(disk)) = &self.disk.0 {
            disk.probe(defaults.disk_threshold)
        } else if let Some(Object(heartbeat)) = &self.heartbeat.0 {
            heartbeat.probe()
        } else if self.callback.0.is_some() {
            Ok(ProbeSpec::Callback)
        } else if self.external.0.is_some() {
            Ok(ProbeSpec::External)
        } else {
            let found = self
                .signals()
                .into_iter()
                .find_map(|(signal, key)| key.0.as_deref().map(|Object(doc)| doc.probe(signal)));
            found.unwrap_or_else(|| Err(wrong_probes(std::iter::empty())))
        }
    }

    /// The first key that only a check may have, for `defaults`.
    pub fn own_key(&self) -> Option<&'static str> {
        let own = [self.name.0.is_some(), self.cookie.0.is_some(), self.depends_on.0.is_some()];
        let own = own.into_iter().zip(OWN_KEYS);
        own.filter_map(|(given, key)| given.then_some(key)).chain(self.given()).next()
    }
}

/// The error that a check has no probe, or more than one.
fn wrong_probes(mut there: impl Iterator<Item = &'static str>) -> Error {
    let all = PROBE_KEYS.join(", ") + SIGNALS;
    match (there.next(), there.next()) {
        (Some(first), Some(second)) => Error::document(
            format!("/{second}"),
            format!("{first} and {second} are two probes; allowed: exactly one of {all}"),
        ),
        _ => Error::document("", format!("has no probe; allowed: exactly one of {all}")),
    }
}
