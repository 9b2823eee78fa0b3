//! What the network of this machine or namespace runs out of.
//!
//! The trap: `/proc/net` is that of the first thread of the process, `/proc/sys/net` that of the
//! thread that looks. `/proc/thread-self/net` is of the looking thread too, so both speak of the
//! network that this monitor's own connections take. Memory is counted for the whole machine.

mod interfaces;
mod rate;
mod texts;

use super::numbers::{number, numbers, percent};
use super::reading::Reading;
use super::{none, unreadable};
use crate::model::{Outcome, Reason, RunResult};
use crate::sys::turn_file::TurnFile;
use crate::time::Tick;
use interfaces::Interfaces;
use rate::{Events, Rate};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::Path;
use texts::{counter, figure};

const SCOPE: &str = "this network namespace";
const NETSTAT: &str = "/proc/net/netstat";
const SOCKSTAT: &str = "/proc/net/sockstat";
const SOCKSTAT6: &str = "/proc/net/sockstat6";
const DEV: &str = "/proc/net/dev";
const TCP_MEM: &str = "/proc/sys/net/ipv4/tcp_mem";
const RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

#[derive(Debug)]
pub(super) struct Sampler {
    netstat: TurnFile,
    sockstat: TurnFile,
    sockstat6: TurnFile,
    dev: TurnFile,
    tcp_mem: TurnFile,
    range: TurnFile,
    tracked: TurnFile,
    tracked_max: TurnFile,
    interfaces: Interfaces,
    drops: Rate,
    errors: Rate,
}

impl Sampler {
    /// Figures of the files below this directory: `/`, or a recorded tree.
    pub(super) fn new(root: &Path) -> Sampler {
        let net = |name: &str| TurnFile::new(root.join("proc/thread-self/net").join(name));
        let sys = |name: &str| TurnFile::new(root.join("proc/sys/net").join(name));
        Sampler {
            netstat: net("netstat"),
            sockstat: net("sockstat"),
            sockstat6: net("sockstat6"),
            dev: net("dev"),
            tcp_mem: sys("ipv4/tcp_mem"),
            range: sys("ipv4/ip_local_port_range"),
            tracked: sys("netfilter/nf_conntrack_count"),
            tracked_max: sys("netfilter/nf_conntrack_max"),
            interfaces: Interfaces::default(),
            drops: Rate::new(),
            errors: Rate::new(),
        }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let net = [&self.netstat, &self.sockstat, &self.sockstat6, &self.dev];
        let sys = [&self.tcp_mem, &self.range, &self.tracked, &self.tracked_max];
        net.into_iter().chain(sys).filter_map(TurnFile::fd)
    }

    /// How often counters ran backwards.
    pub(super) fn anomalies(&self) -> u64 {
        self.drops.anomalies() + self.errors.anomalies()
    }

    pub(super) fn listen_overflows(&mut self, now: Tick) -> RunResult {
        let text = match self.netstat.text(now) {
            Ok(text) => text,
            Err(error) => return unreadable(NETSTAT, error),
        };
        // Drops contain overflows; kernels and sandboxes may have only one of them.
        let overflows = counter(text, b"TcpExt", b"ListenOverflows");
        let Some(count) = overflows.max(counter(text, b"TcpExt", b"ListenDrops")) else {
            return none("/proc/net/netstat has no ListenOverflows");
        };
        happened("network.listen_drops", self.drops.take(count, now), "connections dropped")
    }

    pub(super) fn tcp_memory(&mut self, now: Tick) -> RunResult {
        let used = match self.sockstat.text(now) {
            Ok(text) => figure(text, b"TCP", b"mem"),
            Err(error) => return unreadable(SOCKSTAT, error),
        };
        let Some(used) = used else { return none("/proc/net/sockstat has no TCP mem") };
        match self.tcp_mem.text(now).map(numbers) {
            Err(Errno::NOENT) => {
                none("/proc/sys/net/ipv4/tcp_mem is not there, as in containers; see the host's")
            }
            Err(error) => unreadable(TCP_MEM, error),
            Ok(None) => none("/proc/sys/net/ipv4/tcp_mem has not three numbers"),
            Ok(Some([_, pressure, _])) => {
                let figures = format!("{used} pages of TCP, saving begins at {pressure}");
                let share = percent(used, pressure);
                Reading::new("host.tcp_memory", share, figures).limit(pressure as f64).result()
            }
        }
    }

    pub(super) fn conntrack(&mut self, now: Tick) -> RunResult {
        let count = self.tracked.text(now).map(number);
        let max = self.tracked_max.text(now).map(number);
        match (count, max) {
            (Err(Errno::NOENT), _) | (_, Err(Errno::NOENT)) => {
                // Absent only where its neighbours are not; else nothing was looked at.
                match self.tracked.path().ancestors().nth(2).is_some_and(Path::exists) {
                    true => none("connection tracking is not loaded"),
                    false => unreadable("/proc/sys/net", Errno::NOENT),
                }
            }
            (Err(error), _) | (_, Err(error)) => unreadable("the connection tracking table", error),
            (Ok(Some(_)), Ok(Some(0))) => none("connection tracking has no limit"),
            (Ok(Some(count)), Ok(Some(max))) => {
                let figures = format!("{count} of {max} tracked connections");
                let reading = Reading::new("network.conntrack", percent(count, max), figures);
                reading.of(SCOPE).limit(max as f64).result()
            }
            _ => none("nf_conntrack_count or nf_conntrack_max is no number"),
        }
    }

    pub(super) fn interface_errors(&mut self, now: Tick) -> RunResult {
        match self.dev.text(now).map(|text| self.interfaces.take(text)) {
            Err(error) => unreadable(DEV, error),
            Ok(None) => none("/proc/net/dev has not the figures of each interface"),
            Ok(Some(count)) => {
                happened("network.interface_errors", self.errors.take(count, now), "errors")
            }
        }
    }

    pub(super) fn ports(&mut self, now: Tick) -> RunResult {
        let v4 = match self.sockstat.text(now) {
            Ok(text) => [&b"inuse"[..], b"tw"].map(|name| figure(text, b"TCP", name)),
            Err(error) => return unreadable(SOCKSTAT, error),
        };
        let v6 = match self.sockstat6.text(now) {
            Ok(text) => figure(text, b"TCP6", b"inuse"),
            // A kernel without IPv6 has no sockets of it.
            Err(Errno::NOENT) => Some(0),
            Err(error) => return unreadable(SOCKSTAT6, error),
        };
        let ([Some(open), Some(waiting)], Some(open6)) = (v4, v6) else {
            return none("/proc/net/sockstat or sockstat6 has no TCP inuse or tw");
        };
        let size = match self.range.text(now).map(numbers) {
            Err(error) => return unreadable(RANGE, error),
            Ok(Some([low, high])) if low <= high => (high - low).saturating_add(1),
            Ok(_) => return none("/proc/sys/net/ipv4/ip_local_port_range is no range"),
        };
        let used = open.saturating_add(waiting).saturating_add(open6);
        let figures = format!("{used} TCP sockets, {waiting} of them waiting, of {size} ports");
        let reading = Reading::new("network.ports", percent(used, size), figures);
        reading.of(SCOPE).limit(size as f64).result()
    }
}

/// The result of a rate, once there are two samples.
fn happened(formula: &'static str, events: Option<Events>, what: &str) -> RunResult {
    let Some(events) = events else {
        return RunResult::new(Outcome::Local, Reason::NO_SAMPLE);
    };
    let figures = format!("{} {what} in {:.1} s", events.count, events.over_s);
    Reading::new(formula, events.per_second(), figures).of(SCOPE).result()
}

#[cfg(test)]
mod tests;
