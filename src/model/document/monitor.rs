//! A monitor's configuration as it is written, and what it means.
//!
//! Its checks are read last, whatever the order of the keys, because they need its defaults.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::address::Address;
use super::check::CheckDoc;
use super::defaults::Defaults;
use super::host::{Threshold, check_path};
use super::keys::own_key_in_defaults;
use super::span::{HOUR, Span};
use super::value::{Count, Given, List, Object, Share, Text};
use super::word::{AllDown, Clock, Word};
use super::{CheckSpec, MonitorSpec, allowed_in_manual, parse_checks};
use crate::error::Error;
use crate::model::name::has_control;
use crate::model::{DiskSpec, Level, PolicyKind, ProbeSpec};
use crate::time::{MICROSECOND, MILLISECOND, SECOND};

/// The longest path in `disk_paths`: with its prefix it is the name of a check.
const DISK_PATH_LIMIT: usize = crate::model::name::NAME_LIMIT - "system.disk:".len();

/// A monitor: its system checks, its limits, its defaults and its checks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "monitor", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct MonitorDoc<'a> {
    /// Whether system.cpu, system.memory and system.disk are watched. Default: true, with a manual
    /// clock false.
    pub system_checks: Given<bool>,
    /// Threshold of system.cpu, as a share of the whole. Default: 0.9.
    pub cpu_threshold: Given<Threshold>,
    /// Threshold of system.memory, as a share of the whole. Default: 0.9.
    pub memory_threshold: Given<Threshold>,
    /// Threshold of system.disk, as a share of the whole. Default: 0.9.
    pub disk_threshold: Given<Threshold>,
    /// Paths on the filesystems that are watched: the first as system.disk, further ones as
    /// system.disk:<path>. Default: ["/"].
    #[serde(borrow)]
    pub disk_paths: Given<List<Text<'a>, 64>>,
    /// The policy of checks that name none. Default: thresholds.
    pub policy: Given<Word<'a, PolicyKind>>,
    /// How far a start may move so that one wake-up serves many runs; more saves CPU and makes
    /// starts less exact. Default: 10ms.
    pub slack: Given<Span<'a, { 100 * MICROSECOND }, SECOND>>,
    /// Runs over the network in flight at once; checks whose last run was silence leave half of
    /// them to the others. More needs more descriptors. Default: 64.
    pub max_runs: Given<Count<1, 65_536>>,
    /// Handshakes in flight at once. Default: 16.
    pub max_handshakes: Given<Count<1, 65_536>>,
    /// The time over which first runs are spread. Default: the smaller of the interval and 10 s.
    pub start_spread: Given<Span<'a, 0, { 24 * HOUR }>>,
    /// Share of the interval by which each round moves, of checks that give none. Default: 0.1.
    pub jitter: Given<Share<false, 500_000>>,
    /// Whether checks may run programs (exec), which is a permission to run any. Not to be given
    /// where documents, or this configuration, come from another machine. Default: false.
    pub allow_exec: Given<bool>,
    /// How long freeing the monitor waits for its threads. Default: 2s.
    pub stop_timeout: Given<Span<'a, 0, HOUR>>,
    /// An address that answers whenever this machine's network works.
    pub anchor: Given<Address<'a>>,
    /// What it means when every target fails at once. Default: unknown.
    pub all_down_means: Given<Word<'a, AllDown>>,
    /// "system": the monitor follows the system's clock; "manual": the host program moves it.
    /// Default: system.
    pub clock: Given<Word<'a, Clock>>,
    /// What checks take where they are silent: any key of a check but its name, its cookie, its
    /// relations and its probe.
    pub defaults: Given<Object<DefaultsDoc<'a>>>,
    /// The first checks.
    pub checks: Given<ChecksDoc<'a>>,
}

/// The keys of a check that a monitor may give for all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct DefaultsDoc<'a>(#[serde(borrow)] pub CheckDoc<'a>);

/// The checks, not read yet.
#[derive(Clone, Debug)]
pub(super) struct ChecksDoc<'a>(&'a RawValue);

impl<'de: 'a, 'a> Deserialize<'de> for ChecksDoc<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(ChecksDoc)
    }
}

impl MonitorDoc<'_> {
    pub fn monitor(&self) -> Result<MonitorSpec, Error> {
        let manual = self.clock.read("/clock")? == Some(Clock::Manual);
        // Accepted so that documents need not change when the evidence rules that use them arrive.
        self.all_down_means.read("/all_down_means")?;
        self.anchor.read("/anchor")?;
        if manual && self.system_checks.0 == Some(true) {
            let allowed = "false while the clock is manual";
            return Err(Error::range("/system_checks", true, allowed));
        }
        let cpu_threshold = self.cpu_threshold.read("/cpu_threshold")?.unwrap_or(0.9);
        let memory_threshold = self.memory_threshold.read("/memory_threshold")?.unwrap_or(0.9);
        let disk_threshold = self.disk_threshold.read("/disk_threshold")?.unwrap_or(0.9);
        let mut defaults = self.defaults()?;
        defaults.cpu_threshold = cpu_threshold;
        defaults.memory_threshold = memory_threshold;
        defaults.disk_threshold = disk_threshold;
        Ok(MonitorSpec {
            system_checks: self.system_checks.0.unwrap_or(!manual),
            cpu_threshold,
            memory_threshold,
            disk_threshold,
            disk_paths: self.disk_paths()?,
            slack_ns: self.slack.read("/slack")?.unwrap_or(10 * MILLISECOND),
            max_runs: self.max_runs.read("/max_runs")?.unwrap_or(64) as usize,
            max_handshakes: self.max_handshakes.read("/max_handshakes")?.unwrap_or(16) as usize,
            start_spread_ns: self.start_spread.read("/start_spread")?,
            allow_exec: self.allow_exec.0.unwrap_or(false),
            stop_timeout_ns: self.stop_timeout.read("/stop_timeout")?.unwrap_or(2 * SECOND),
            manual,
            checks: self.checks(&defaults, manual)?,
            defaults,
        })
    }

    /// The library's defaults under the monitor's `policy` and `jitter` under its `defaults`.
    fn defaults(&self) -> Result<Defaults, Error> {
        let own = CheckDoc {
            policy: self.policy.clone(),
            jitter: self.jitter.clone(),
            ..CheckDoc::default()
        };
        let defaults = Defaults::default().under(&own, false)?;
        let Some(Object(DefaultsDoc(doc))) = &self.defaults.0 else { return Ok(defaults) };
        if let Some(key) = doc.own_key() {
            return Err(own_key_in_defaults(key));
        }
        defaults.under(doc, false).map_err(|error| error.below("/defaults"))
    }

    fn disk_paths(&self) -> Result<Vec<Box<str>>, Error> {
        let Some(List(texts)) = &self.disk_paths.0 else { return Ok(vec!["/".into()]) };
        let mut paths: Vec<Box<str>> = Vec::with_capacity(texts.len());
        for (index, Text(text)) in texts.iter().enumerate() {
            let key = format!("/disk_paths/{index}");
            let path = check_path(text, DISK_PATH_LIMIT, &key)?;
            if has_control(text) {
                let allowed = "paths without control characters";
                return Err(Error::range(key, text.escape_debug(), allowed));
            }
            if paths.contains(&path) {
                return Err(Error::document(key, "stands there twice; allowed: each path once"));
            }
            paths.push(path);
        }
        Ok(paths)
    }

    fn checks(&self, defaults: &Defaults, manual: bool) -> Result<Vec<CheckSpec>, Error> {
        let Some(ChecksDoc(text)) = &self.checks.0 else { return Ok(Vec::new()) };
        let checks = parse_checks(text.get(), defaults).map_err(|error| error.below("/checks"))?;
        let wrong = checks.iter().position(|check| manual && !allowed_in_manual(&check.probe));
        match wrong {
            None => Ok(checks),
            Some(index) => Err(Error::document(
                format!("/checks/{index}/{}", checks[index].probe.key()),
                "needs the system's clock; allowed while it is manual: heartbeat, callback, external",
            )),
        }
    }
}

/// The checks that the monitor itself brings: `system.cpu`, `system.memory`, `system.disk` for the
/// first path and `system.disk:<path>` for each further one. Empty where they are turned off.
pub fn system_checks(monitor: &MonitorSpec) -> Vec<CheckSpec> {
    if !monitor.system_checks {
        return Vec::new();
    }
    let check = |name: Box<str>, probe| {
        let mut policy = monitor.defaults.clone().policy(&probe);
        // Whoever asks for quick confirmation means targets: these have no document to say else.
        policy.confirm_interval_ns = policy.interval_ns;
        CheckSpec { name, probe, policy, depends_on: Box::default(), cookie: 0 }
    };
    let level = |threshold| Level { threshold };
    let mut checks = vec![
        check("system.cpu".into(), ProbeSpec::Cpu(level(monitor.cpu_threshold))),
        check("system.memory".into(), ProbeSpec::Memory(level(monitor.memory_threshold))),
    ];
    for (index, path) in monitor.disk_paths.iter().enumerate() {
        let name = match index {
            0 => "system.disk".into(),
            _ => format!("system.disk:{path}").into(),
        };
        let disk = DiskSpec { path: path.clone(), level: level(monitor.disk_threshold) };
        checks.push(check(name, ProbeSpec::Disk(disk.into())));
    }
    checks
}
