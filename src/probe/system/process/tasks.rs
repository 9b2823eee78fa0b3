//! Processes and threads against the limits of the cgroups, else of the machine, and of the user.
//!
//! Each cgroup counts its own tasks and those below it, so each is held against its own limit and
//! the highest share wins. A task that was refused since the last sample is told even if there is
//! room again.
//!
//! The trap: `pids.events` counts the refusals below a cgroup too since Linux 6.11, so that of a
//! cgroup above tells of strangers; only its `pids.events.local` is about its own limit.
//! Names: the kernel's cgroup-v2.rst, "PID", and cgroup-v1/pids.rst.

mod user;

use super::super::numbers::{number, percent, words};
use super::super::reading::Reading;
use super::super::window::Window;
use super::super::{host_scope, none, unreadable};
use crate::model::RunResult;
use crate::sys::cgroup::{Cgroup, Limit, Lineage, PIDS, Watch, field, limit};
use crate::sys::kept_file::KeptFile;
use crate::sys::turn_file::TurnFile;
use crate::time::{SECOND, Tick};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::Path;
use user::User;

/// Takes each of the files; the longest has a few lines of one number.
const FILE_BYTES: usize = 256;
const LOADAVG: &str = "/proc/loadavg";
/// Refusals are compared over at least so much time, however many ask.
const WINDOW_NS: u64 = SECOND;

/// One cgroup that can be limited, with its files.
#[derive(Debug)]
struct Level {
    cgroup: Cgroup,
    limit: KeptFile,
    current: KeptFile,
    events: KeptFile,
}

/// The cgroup nearest to its limit.
#[derive(Clone, Debug, PartialEq)]
struct Tightest {
    used: u64,
    limit: u64,
    place: String,
}

#[derive(Debug)]
struct Levels {
    levels: Vec<Level>,
    refused: Window<u64>,
    latest: u64,
    /// Whether a task was refused lately.
    grew: bool,
}

#[derive(Debug)]
pub(super) struct Sampler {
    cgroups: Watch<Levels>,
    loadavg: TurnFile,
    threads_max: TurnFile,
    pid_max: TurnFile,
    user: User,
}

impl Sampler {
    pub(super) fn new(root: &Path) -> Sampler {
        Sampler {
            cgroups: Watch::new(root, PIDS),
            loadavg: TurnFile::new(root.join("proc/loadavg")),
            threads_max: TurnFile::new(root.join("proc/sys/kernel/threads-max")),
            pid_max: TurnFile::new(root.join("proc/sys/kernel/pid_max")),
            user: User::new(root),
        }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let levels = self.cgroups.kept().into_iter().flat_map(|kept| &kept.levels);
        let files = levels.flat_map(|level| [&level.limit, &level.current, &level.events]);
        let host = [&self.loadavg, &self.threads_max, &self.pid_max];
        let host = host.into_iter().filter_map(TurnFile::fd).chain(self.user.fd());
        files.filter_map(KeptFile::fd).chain(host)
    }

    pub(super) fn sample(&mut self, now: Tick) -> RunResult {
        let found = self.shared(now);
        let worst = found.measure.as_ref().map(|measure| measure.unhealthy);
        let own = self.user.threads(now);
        match own.filter(|own| worst.is_some_and(|worst| own.share() > worst)) {
            Some(own) => own.result(),
            None => found,
        }
    }

    /// Tasks of the cgroup that is nearest to its limit, else of the machine.
    fn shared(&mut self, now: Tick) -> RunResult {
        match self.cgroups.ask(now, Levels::new, |levels| levels.sample(now)) {
            Err(error) => unreadable("the task files of this process's cgroup", error),
            Ok(Some((Some(found), refused))) => found.result(refused),
            Ok(_) => self.host(now),
        }
    }

    /// Tasks of the machine against what its kernel gives out.
    fn host(&mut self, now: Tick) -> RunResult {
        let used = match self.loadavg.text(now) {
            Ok(text) => match total(text) {
                Some(used) => used,
                None => return none("/proc/loadavg does not tell the number of tasks"),
            },
            Err(error) => return unreadable(LOADAVG, error),
        };
        let most = [
            ("/proc/sys/kernel/threads-max", &mut self.threads_max),
            ("/proc/sys/kernel/pid_max", &mut self.pid_max),
        ];
        let mut limit = u64::MAX;
        for (path, file) in most {
            match file.text(now).map(number) {
                Ok(Some(found)) => limit = limit.min(found),
                Ok(None) => return none(&format!("{path} is no number")),
                Err(error) => return unreadable(path, error),
            }
        }
        let figures = format!("{used} of {limit} tasks");
        Reading::new("host.tasks", percent(used, limit), figures)
            .of(host_scope(self.cgroups.is_partial()))
            .limit(limit as f64)
            .result()
    }
}

impl Tightest {
    fn share(&self) -> f64 {
        percent(self.used, self.limit)
    }

    fn result(self, refused: bool) -> RunResult {
        let share = self.share();
        let note = if refused { ", and one was refused" } else { "" };
        let figures = format!("{} of {} tasks{note}", self.used, self.limit);
        let reading = Reading::new("cgroup.tasks", share, figures);
        // Who is refused a task is at the limit, even if others have ended since.
        let worst = if refused { share.max(100.0) } else { share };
        reading.of(self.place).limit(self.limit as f64).unhealthy_by(worst).result()
    }
}

impl Levels {
    fn new(lineage: &Lineage) -> Levels {
        let level = |cgroup: &Cgroup| {
            let events = if cgroup.above == 0 { "pids.events" } else { "pids.events.local" };
            Level {
                limit: KeptFile::new(cgroup.dir.join("pids.max")),
                current: KeptFile::new(cgroup.dir.join("pids.current")),
                events: KeptFile::new(cgroup.dir.join(events)),
                cgroup: cgroup.clone(),
            }
        };
        let levels = lineage.cgroups.iter().map(level).collect();
        Levels { levels, refused: Window::new(WINDOW_NS), latest: 0, grew: false }
    }

    /// The cgroup nearest to its limit, and whether a task was refused.
    fn sample(&mut self, now: Tick) -> Result<(Option<Tightest>, bool), Errno> {
        let mut buffer = [0; FILE_BYTES];
        let mut best: Option<(u64, u64, usize)> = None;
        let mut refusals: u64 = 0;
        for (index, level) in self.levels.iter_mut().enumerate() {
            refusals = refusals.saturating_add(level.refusals(&mut buffer));
            let max = limit(level.limit.read(&mut buffer)?, u64::MAX).ok_or(Errno::BADMSG)?;
            let Limit::Amount(limit) = max else { continue };
            let used = number(level.current.read(&mut buffer)?).ok_or(Errno::BADMSG)?;
            if best.is_none_or(|best| percent(used, limit) > percent(best.0, best.1)) {
                best = Some((used, limit, index));
            }
        }
        if refusals < self.latest {
            // A cgroup was made anew under its name.
            self.refused.restart(refusals, now);
        } else if let Some((before, _)) = self.refused.compare(refusals, now) {
            self.grew = refusals > before;
        }
        self.latest = refusals;
        let tightest = best.map(|(used, limit, index)| Tightest {
            used,
            limit,
            place: self.levels[index].cgroup.place(),
        });
        Ok((tightest, self.grew))
    }
}

impl Level {
    /// How often a task was refused; kernels before 4.8 do not count, and others not everywhere.
    fn refusals(&mut self, buffer: &mut [u8]) -> u64 {
        self.events.read(buffer).ok().and_then(|text| field(text, "max")).unwrap_or(0)
    }
}

/// The number of tasks: behind the slash of the fourth word, `2/85`.
fn total(text: &[u8]) -> Option<u64> {
    number(words(text).nth(3)?.splitn(2, |&byte| byte == b'/').nth(1)?)
}

#[cfg(test)]
mod kernel;
#[cfg(test)]
mod tests;
