//! A check as it is written, and what it means.
//!
//! The same keys, without the name, the relations and the probes, are what a monitor's `defaults`
//! may give; one struct serves both.

use serde::Deserialize;

use super::CheckSpec;
use super::amqp::AmqpDoc;
use super::defaults::Defaults;
use super::dns::DnsDoc;
use super::exec::ExecDoc;
use super::grpc::GrpcDoc;
use super::host::{DiskDoc, HeartbeatDoc, LevelDoc, NothingDoc};
use super::http::HttpDoc;
use super::keys::{OWN_KEYS, PROBE_KEYS, SIGNALS};
use super::memcached::MemcachedDoc;
use super::mqtt::MqttDoc;
use super::mysql::MysqlDoc;
use super::name::{Name, Tag, names};
use super::nats::NatsDoc;
use super::postgres::PostgresDoc;
use super::redis::RedisDoc;
use super::signal::SignalDoc;
use super::smtp::SmtpDoc;
use super::span::{HOUR, Span};
use super::tcp::TcpDoc;
use super::udp::UdpDoc;
use super::value::{Count, Given, List, Object, Share};
use super::word::Word;
use crate::error::Error;
use crate::model::name::{NAME_RESERVED, is_reserved};
use crate::model::signal::{Signal, TABLE};
use crate::model::{Addresses, FirstResult, PolicyKind, ProbeSpec, Role, Target};
use crate::time::MILLISECOND;
use std::sync::Arc;

/// The document of a probe that needs no defaults.
trait ProbeDoc {
    fn probe(&self) -> Result<ProbeSpec, Error>;
}

macro_rules! probe_docs {
    ($($doc:ident),+) => {
        $(impl ProbeDoc for $doc<'_> {
            fn probe(&self) -> Result<ProbeSpec, Error> {
                self.probe()
            }
        })+
    };
}

probe_docs!(
    HttpDoc,
    GrpcDoc,
    UdpDoc,
    DnsDoc,
    ExecDoc,
    MemcachedDoc,
    NatsDoc,
    MqttDoc,
    AmqpDoc,
    SmtpDoc,
    RedisDoc,
    PostgresDoc,
    MysqlDoc
);

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
    /// Asks the health service of a gRPC server.
    pub grpc: Given<Box<Object<GrpcDoc<'a>>>>,
    /// Sends one datagram and waits for the reply.
    pub udp: Given<Box<Object<UdpDoc<'a>>>>,
    /// Asks a name server.
    pub dns: Given<Box<Object<DnsDoc<'a>>>>,
    /// Runs a program.
    pub exec: Given<Box<Object<ExecDoc<'a>>>>,
    /// Asks a Memcached server for its version.
    pub memcached: Given<Box<Object<MemcachedDoc<'a>>>>,
    /// Greets a NATS server, logs in and has a PING answered.
    pub nats: Given<Box<Object<NatsDoc<'a>>>>,
    /// Connects to an MQTT server and has a ping answered.
    pub mqtt: Given<Box<Object<MqttDoc<'a>>>>,
    /// Greets an AMQP 0-9-1 server; with a user it logs in and opens a virtual host.
    pub amqp: Given<Box<Object<AmqpDoc<'a>>>>,
    /// Greets a mail server.
    pub smtp: Given<Box<Object<SmtpDoc<'a>>>>,
    /// Asks a Redis server for a sign of life.
    pub redis: Given<Box<Object<RedisDoc<'a>>>>,
    /// Asks a PostgreSQL server whether it would talk, or logs in.
    pub postgres: Given<Box<Object<PostgresDoc<'a>>>>,
    /// Asks a MySQL or MariaDB server whether it would talk, or logs in.
    pub mysql: Given<Box<Object<MysqlDoc<'a>>>>,
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
    /// What the addresses of a name must come to: "any": one is alive; "all": all are; "each": all
    /// are, and some dead ones are a warning. Default: any.
    pub addresses: Given<Word<'a, Addresses>>,
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
        let mut probe = self.probe(defaults)?;
        if let Some(rule) = self.addresses.read("/addresses")? {
            set_rule(&mut probe, rule)?;
        }
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

    /// The probes whose documents are large and seldom.
    fn others(&self) -> [(&'static str, Option<&dyn ProbeDoc>); 13] {
        fn doc<T: ProbeDoc>(given: &Given<Box<Object<T>>>) -> Option<&dyn ProbeDoc> {
            given.0.as_ref().map(|doc| &doc.0 as &dyn ProbeDoc)
        }
        [
            ("http", doc(&self.http)),
            ("grpc", doc(&self.grpc)),
            ("udp", doc(&self.udp)),
            ("dns", doc(&self.dns)),
            ("exec", doc(&self.exec)),
            ("memcached", doc(&self.memcached)),
            ("nats", doc(&self.nats)),
            ("mqtt", doc(&self.mqtt)),
            ("amqp", doc(&self.amqp)),
            ("smtp", doc(&self.smtp)),
            ("redis", doc(&self.redis)),
            ("postgres", doc(&self.postgres)),
            ("mysql", doc(&self.mysql)),
        ]
    }

    /// The probe keys that are there.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let plain = [
            ("tcp", self.tcp.0.is_some()),
            ("cpu", self.cpu.0.is_some()),
            ("memory", self.memory.0.is_some()),
            ("disk", self.disk.0.is_some()),
            ("heartbeat", self.heartbeat.0.is_some()),
            ("callback", self.callback.0.is_some()),
            ("external", self.external.0.is_some()),
        ];
        let others = self.others().map(|(key, given)| (key, given.is_some()));
        let signals = self.signals().map(|(signal, given)| (signal.row().key, given.0.is_some()));
        plain
            .into_iter()
            .chain(others)
            .chain(signals)
            .filter_map(|(key, given)| given.then_some(key))
    }

    fn probe(&self, defaults: &Defaults) -> Result<ProbeSpec, Error> {
        let mut given = self.given();
        let (Some(_), None) = (given.next(), given.next()) else {
            return Err(wrong_probes(self.given()));
        };
        if let Some(Object(tcp)) = &self.tcp.0 {
            tcp.probe()
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
            let mut others = self.others().into_iter();
            if let Some(doc) = others.find_map(|(_, given)| given) {
                return doc.probe();
            }
            let found = self
                .signals()
                .into_iter()
                .find_map(|(signal, key)| key.0.as_deref().map(|Object(doc)| doc.probe(signal)));
            found.unwrap_or_else(|| Err(wrong_probes(std::iter::empty())))
        }
    }

    /// The first key that only a check may have, for `defaults`.
    pub fn own_key(&self) -> Option<&'static str> {
        let own = [
            self.name.0.is_some(),
            self.cookie.0.is_some(),
            self.depends_on.0.is_some(),
            self.addresses.0.is_some(),
        ];
        let own = own.into_iter().zip(OWN_KEYS);
        own.filter_map(|(given, key)| given.then_some(key)).chain(self.given()).next()
    }
}

/// Says what the addresses of the probe's name must come to.
fn set_rule(probe: &mut ProbeSpec, rule: Addresses) -> Result<(), Error> {
    match probe.target_mut() {
        Some(Target::Name(name)) => {
            Arc::make_mut(name).rule = rule;
            Ok(())
        }
        _ => {
            let problem = "says how several addresses are judged, and there is one only; allowed: \
                           probes that connect to a name";
            Err(Error::document("/addresses", problem))
        }
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
