//! One run of one probe, for people and tests: measured here and now, without a monitor.

use super::command::Command;
use super::driver::Driver;
use crate::error::{Code, Error};
use crate::model::document;
use crate::model::signal::{self, Bands, SignalSpec};
use crate::model::{CheckId, Outcome, ProbeSpec, Reason, RunResult};
use crate::probe::net::Done;
use crate::probe::talk;
use crate::time::{self, MILLISECOND, Tick};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::time::Duration;

/// Between the two samples of a figure that needs two.
const SAMPLE_GAP_NS: u64 = 200 * MILLISECOND;
/// How long the end of a program that was killed is waited for.
const KILL_PATIENCE: Duration = Duration::from_secs(1);
/// The tokens of the two runs.
const FIRST: u64 = 1;
const SECOND: u64 = 2;

/// Runs the probe of a check document once and waits for its result, at most for its timeout.
/// A rate such as CPU is sampled twice, 0.2 s apart.
///
/// A name that the system does not answer in that time leaves one thread behind, which ends when
/// the system has answered or given up. While 64 names hang so in a process, those of monitors
/// included, no thread is started for another, and the outcome is LOCAL.
///
/// # Errors
///
/// DOCUMENT or RANGE with the place; MODE for a probe that the library cannot run by itself
/// (callback, external, heartbeat), and for a program unless `config` says `allow_exec`; LIMIT
/// without descriptors.
///
/// # Examples
///
/// ```
/// let result = meshvitals::probe_once(None, r#"{"name": "root", "disk": {"path": "/"}}"#)?;
/// assert!(result.value > 0.0);
/// # Ok::<(), meshvitals::Error>(())
/// ```
pub fn probe_once(config: Option<&str>, check: &str) -> Result<RunResult, Error> {
    let monitor = document::parse_monitor(config)?;
    let mut spec = document::parse_check(check, &monitor.defaults)?;
    talk::load(&mut spec.probe)?;
    document::refuse_exec(&spec.probe, monitor.allow_exec)?;
    if document::allowed_in_manual(&spec.probe) {
        let text = format!("{} is run by the host program, not by the library", spec.probe.key());
        return Err(Error::refused(Code::Mode, text));
    }
    let no_room = |error: std::io::Error| {
        Error::refused(Code::Limit, format!("no descriptors for the probe: {error}"))
    };
    let mut driver = Driver::new(0, Default::default()).map_err(no_room)?;
    let timeout_ns = spec.policy.timeout_ns;
    let mut result = run(&mut driver, FIRST, &spec.probe, timeout_ns).map_err(no_room)?;
    if result.reason == Reason::NO_SAMPLE {
        wait(&driver, time::monotonic().after(SAMPLE_GAP_NS)).map_err(no_room)?;
        result = run(&mut driver, SECOND, &spec.probe, timeout_ns).map_err(no_room)?;
    }
    driver.close();
    // A program that was killed is gone in an instant; one that cannot be killed is left behind.
    driver.helpers().programs.wait_idle(KILL_PATIENCE);
    Ok(match &spec.probe {
        ProbeSpec::Signal(spec) => {
            // A single run cannot hold: it tells what the value means if it stays.
            let mut spec = SignalSpec::clone(spec);
            spec.levels.hold_ns = 0;
            signal::judge(&spec, &mut Bands::default(), result, time::monotonic())
        }
        _ => result,
    })
}

fn run(
    driver: &mut Driver,
    token: u64,
    probe: &ProbeSpec,
    timeout_ns: u64,
) -> std::io::Result<RunResult> {
    let start = time::monotonic();
    let deadline = start.after(timeout_ns);
    let (mut done, mut expired): (Vec<Done>, Vec<Done>) = Default::default();
    let command = Command::Run {
        token,
        check: CheckId(0),
        probe: probe.clone(),
        callback: None,
        cookie: 0,
        deadline,
    };
    driver.carry_out(command, start, &mut done, &mut expired);
    loop {
        // What was killed at its deadline says so, too, soon after.
        if let Some(done) = expired.pop().or_else(|| done.pop()) {
            let mut result = done.result;
            if result.latency_ns == 0 && result.outcome != Outcome::Local {
                result.latency_ns = done.finished.since(start);
            }
            return Ok(result);
        }
        let now = time::monotonic();
        if now >= deadline {
            let command = Command::Expire { token, linger: false };
            driver.carry_out(command, now, &mut done, &mut expired);
            driver.collect(&mut done);
            continue;
        }
        wait(driver, deadline.min(driver.next_at()))?;
        driver.collect(&mut done);
    }
}

/// Waits until something is ready or the time has come.
fn wait(driver: &Driver, until: Tick) -> std::io::Result<()> {
    let fd = driver.waiting_fd()?;
    // Rounded up, so that the loop does not spin through the last millisecond.
    let left = until.since(time::monotonic()) + MILLISECOND;
    let left =
        Timespec { tv_sec: (left / 1_000_000_000) as _, tv_nsec: (left % 1_000_000_000) as _ };
    match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&left)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
