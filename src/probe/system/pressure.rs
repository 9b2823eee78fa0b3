//! Pressure stall information: the share of time in which something waited.
//!
//! Promises the figures of the process's own cgroup, or of the machine where the process stands at
//! the root; never the machine's in place of a cgroup's. Percentages as the kernel prints them.
//!
//! The trap: averages are made anew every two seconds only, so two samples may see the same one.
//! Format: the kernel's accounting/psi.rst.

use super::reading::Reading;
use super::{local, unreadable};
use crate::model::signal::Signal;
use crate::model::{Outcome, Reason, RunResult};
use crate::sys::cgroup::{Own, own};
use crate::sys::pressure_trigger::Line;
use crate::sys::turn_file::TurnFile;
use crate::time::{SECOND, Tick};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// Processes are moved; a minute is the age at which nobody minds.
const LOOK_AGAIN_NS: u64 = 60 * SECOND;
/// How often the kernel makes new averages.
const AVERAGED_NS: u64 = 2 * SECOND;
/// What an average must keep of its last value not to be falling, as oomd has it.
const FAST_FALL: f64 = 0.85;

/// What is waited for.
#[derive(Clone, Copy, Debug)]
enum Resource {
    Cpu,
    Memory,
    Io,
}

#[derive(Debug)]
pub(super) struct Sampler {
    root: PathBuf,
    found: Option<Found>,
    looked: Tick,
    /// What was not there when it was looked for last, by resource.
    absent: [bool; 3],
    rising: Rising,
}

/// Where the figures are.
#[derive(Debug)]
struct Found {
    own: Own,
    files: [TurnFile; 3],
}

/// The averages of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pressure {
    some: Averages,
    full: Option<Averages>,
}

/// Percent of the last 10 and of the last 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Averages {
    ten: f64,
    sixty: f64,
}

impl Sampler {
    /// Figures of the files below this directory: `/`, or a recorded tree.
    pub(super) fn new(root: &Path) -> Sampler {
        let rising = Rising::default();
        Sampler { root: root.to_owned(), found: None, looked: Tick(0), absent: [false; 3], rising }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.found.iter().flat_map(|found| &found.files).filter_map(TurnFile::fd)
    }

    /// What a level of DEGRADED is compared with: a line of a file of the kernel's. None before
    /// the first sample, and where nothing tells of the own cgroup.
    pub(super) fn told(&self, signal: Signal) -> Option<(&Path, Line)> {
        let (resource, line) = match signal {
            Signal::CpuPressure => (Resource::Cpu, Line::Some),
            Signal::MemoryPressure | Signal::MemoryPressureRising => (Resource::Memory, Line::Some),
            Signal::IoPressure => (Resource::Io, Line::Full),
            _ => return None,
        };
        let found = self.found.as_ref().filter(|found| found.own != Own::Hidden)?;
        Some((found.files[resource as usize].path(), line))
    }

    pub(super) fn cpu(&mut self, now: Tick) -> RunResult {
        let (host, found) = match self.read(Resource::Cpu, now) {
            Ok(pressure) => (self.is_host(), pressure.some.sixty),
            Err(result) => return result,
        };
        let formula = if host { "host.cpu.pressure" } else { "cgroup.cpu.pressure" };
        let figures = format!("CPU pressure some {found:.1} % over 60 s");
        self.place(Reading::new(formula, found, figures)).result()
    }

    pub(super) fn memory(&mut self, now: Tick) -> RunResult {
        let pressure = match self.read(Resource::Memory, now) {
            Ok(pressure) => pressure,
            Err(result) => return result,
        };
        let some = pressure.some.ten;
        let full = pressure.full.map_or(f64::NAN, |full| full.ten);
        let host = self.is_host();
        let formula = if host { "host.memory.pressure" } else { "cgroup.memory.pressure" };
        let figures = format!("memory pressure some {some:.1} %, full {full:.1} % over 10 s");
        // Others may be to blame for what the machine waits for, so that takes nobody out.
        let own = matches!(&self.found, Some(found) if found.is_own());
        let worst = if own { full } else { f64::NAN };
        self.place(Reading::new(formula, some, figures)).unhealthy_by(worst).result()
    }

    pub(super) fn memory_rising(&mut self, now: Tick) -> RunResult {
        let Averages { ten, sixty } = match self.read(Resource::Memory, now) {
            Ok(pressure) => pressure.some,
            Err(result) => return result,
        };
        let falls = self.rising.falls(ten, now);
        let value = if falls { 0.0 } else { ten.min(sixty) };
        let host = self.is_host();
        let formula =
            if host { "host.memory.pressure_rising" } else { "cgroup.memory.pressure_rising" };
        let how = if falls { ", falling" } else { "" };
        let figures =
            format!("memory pressure some {ten:.1} % over 10 s, {sixty:.1} % over 60 s{how}");
        self.place(Reading::new(formula, value, figures)).result()
    }

    pub(super) fn io(&mut self, now: Tick) -> RunResult {
        let full = match self.read(Resource::Io, now).map(|pressure| pressure.full) {
            Ok(Some(full)) => full.sixty,
            Ok(None) => return broken(Resource::Io),
            Err(result) => return result,
        };
        let formula = if self.is_host() { "host.io.pressure" } else { "cgroup.io.pressure" };
        let figures = format!("I/O pressure full {full:.1} % over 60 s");
        self.place(Reading::new(formula, full, figures)).result()
    }

    /// Percent of the last ten seconds in which something waited for memory, where that is told.
    pub(super) fn memory_some(&mut self, now: Tick) -> Option<f64> {
        self.read(Resource::Memory, now).ok().map(|pressure| pressure.some.ten)
    }

    fn is_host(&self) -> bool {
        matches!(&self.found, Some(Found { own: Own::Host, .. }))
    }

    fn place(&self, reading: Reading) -> Reading {
        match self.found.as_ref().map(|found| &found.own) {
            Some(Own::Cgroup { path, partial: false, .. }) => {
                reading.of(format!("the cgroup {path}"))
            }
            Some(Own::Cgroup { path, partial: true, .. }) => {
                reading.of(format!("the cgroup {path} in place of its own"))
            }
            _ => reading,
        }
    }

    /// Looks for the files again once a minute, and when one has vanished; not each time for one
    /// that this kernel does not have.
    fn read(&mut self, resource: Resource, now: Tick) -> Result<Pressure, RunResult> {
        let young = now.since(self.looked) < LOOK_AGAIN_NS;
        let kept = self.found.as_mut().filter(|_| young);
        match kept.map(|found| found.read(resource, now)) {
            None => {}
            Some(Err(Errno::NOENT | Errno::NODEV)) if !self.absent[resource as usize] => {}
            Some(answer) => return self.judge(resource, answer),
        }
        let own = own(&self.root).map_err(|error| unreadable("/proc/self/cgroup", error))?;
        self.looked = now;
        if self.found.as_ref().is_none_or(|found| found.own != own) {
            self.found = Some(Found::new(&self.root, own));
        }
        let answer = self.found.as_mut().map_or(Err(Errno::NOENT), |f| f.read(resource, now));
        self.absent[resource as usize] = matches!(answer, Err(Errno::NOENT | Errno::NODEV));
        self.judge(resource, answer)
    }

    fn judge(
        &self,
        resource: Resource,
        answer: Result<Option<Pressure>, Errno>,
    ) -> Result<Pressure, RunResult> {
        match answer {
            Ok(Some(pressure)) => Ok(pressure),
            Ok(None) => Err(broken(resource)),
            Err(error) => {
                let own = self.found.as_ref().map_or(&Own::Hidden, |found| &found.own);
                Err(refused(resource, own, error))
            }
        }
    }
}

impl Found {
    fn new(root: &Path, own: Own) -> Found {
        let (dir, tail) = match &own {
            Own::Cgroup { dir, .. } => (dir.clone(), ".pressure"),
            _ => (root.join("proc/pressure"), ""),
        };
        let file = |resource: Resource| TurnFile::new(dir.join(resource.name().to_owned() + tail));
        let files = [Resource::Cpu, Resource::Memory, Resource::Io].map(file);
        Found { own, files }
    }

    fn is_own(&self) -> bool {
        matches!(self.own, Own::Cgroup { partial: false, .. })
    }

    fn read(&mut self, resource: Resource, now: Tick) -> Result<Option<Pressure>, Errno> {
        if self.own == Own::Hidden {
            return Err(Errno::NOENT);
        }
        self.files[resource as usize].text(now).map(parse)
    }
}

impl Resource {
    const fn name(self) -> &'static str {
        ["cpu", "memory", "io"][self as usize]
    }
}

fn unsupported(message: &str) -> RunResult {
    RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED).with_message(message)
}

fn broken(resource: Resource) -> RunResult {
    unsupported(&format!("the file of {} pressure has no such averages", resource.name()))
}

/// Why there are no figures.
fn refused(resource: Resource, own: &Own, error: Errno) -> RunResult {
    let name = resource.name();
    match (error, own) {
        (Errno::OPNOTSUPP, _) => {
            let why = "pressure stall information is off in this kernel (psi=1 turns it on)";
            local(Reason::LOCAL_UNSUPPORTED, error, &format!("no {name} pressure: {why}"))
        }
        (Errno::NOENT | Errno::NODEV, Own::Hidden) => unsupported(&format!(
            "no {name} pressure: cgroups of version 1 tell none, and the host's is not its own"
        )),
        (Errno::NOENT | Errno::NODEV, Own::Cgroup { path, .. }) => {
            // The path last, because it can be long.
            let why = "and the host's is not its own";
            let text = format!("its cgroup has no {name}.pressure, {why}: {path}");
            local(Reason::LOCAL_UNSUPPORTED, error, &text)
        }
        (_, Own::Cgroup { path, .. }) => unreadable(&format!("{name}.pressure of {path}"), error),
        (_, Own::Host | Own::Hidden) => unreadable(&format!("/proc/pressure/{name}"), error),
    }
}

/// Reads a file: a line `some` and one `full`, which old kernels leave out for the CPU.
fn parse(text: &[u8]) -> Option<Pressure> {
    Some(Pressure { some: averages(text, b"some ")?, full: averages(text, b"full ") })
}

fn averages(text: &[u8], kind: &[u8]) -> Option<Averages> {
    let line = text.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(kind))?;
    let line = str::from_utf8(line).ok()?;
    // What stands behind the averages shows that they were not cut.
    let (line, _) = line.split_once(" total=")?;
    let of = |key: &str| {
        let value = line.split(' ').find_map(|word| word.strip_prefix(key))?;
        value.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)
    };
    Some(Averages { ten: of("avg10=")?, sixty: of("avg60=")? })
}

/// Whether pressure falls fast: the rule of oomd's `pressure_rising_beyond`.
#[derive(Debug, Default)]
struct Rising {
    before: Option<(f64, Tick)>,
    falls: bool,
}

impl Rising {
    /// Takes the average of ten seconds. The first is not taken to be falling, because nothing
    /// says so. The same average within the kernel's two seconds is the same sample.
    fn falls(&mut self, ten: f64, now: Tick) -> bool {
        if let Some((before, at)) = self.before {
            if ten == before && now.since(at) < AVERAGED_NS {
                return self.falls;
            }
            self.falls = ten < FAST_FALL * before;
        }
        self.before = Some((ten, now));
        self.falls
    }
}

#[cfg(test)]
mod tests;
