//! Pressure is told by the kernel, not only asked for: a check whose interval is an hour runs
//! again when there is pressure, and nothing is left open for a check that is gone. Where the
//! kernel grants this process no triggers the tests say so and end.

use meshvitals::sys::pressure_trigger::{Line, Trigger};
use meshvitals::{
    Callback, CheckId, Event, Kinds, Monitor, Outcome, Run, RunResult, Subscription, probe_once,
};
use rustix::io::Errno;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const NONE: [(i32, PathBuf); 0] = [];
const PATIENCE: Duration = Duration::from_secs(60);

/// Descriptors belong to the whole process, so the tests look at them one after the other.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A monitor without checks, started.
fn started() -> (Monitor, Subscription) {
    let config = r#"{"system_checks": false, "start_spread": 0}"#;
    let monitor = Monitor::new(Some(config)).expect("a monitor");
    let events = monitor.subscribe(Kinds::RESULT, 64).expect("a subscription");
    monitor.start().expect("a start");
    (monitor, events)
}

/// A check of the pressure on this resource that is DEGRADED from so many percent on.
fn pressure(on: &str, enter: u32) -> String {
    named("pressure", on, enter)
}

fn named(name: &str, on: &str, enter: u32) -> String {
    format!(
        r#"{{"name": "{name}", "{on}_pressure": {{"degraded_enter": {enter},
            "degraded_exit": 1}}, "interval": "1h", "initial_delay": 0, "timeout": "1m"}}"#
    )
}

/// The first result of this check from now on, whatever was told before.
#[track_caller]
fn expect_result_of(events: &Subscription, check: CheckId) -> Event {
    loop {
        let event = expect_result(events);
        if event.check == check {
            return event;
        }
    }
}

fn forget(events: &Subscription) {
    while !events.poll(64, Some(Duration::ZERO)).expect("a poll").is_empty() {}
}

#[track_caller]
fn expect_result(events: &Subscription) -> Event {
    let mut found = events.poll(1, Some(PATIENCE)).expect("a poll");
    found.pop().expect("a result before the interval is over")
}

/// The files of pressure on this resource that the process has open, read only or for writing as
/// well.
fn open_files(on: &str, for_writing: bool) -> Vec<(i32, PathBuf)> {
    let numbers = fs::read_dir("/proc/self/fd").expect("the descriptors").flatten();
    let of = |number: &str| {
        let path = fs::read_link(format!("/proc/self/fd/{number}")).ok()?;
        let told = [format!("/proc/pressure/{on}"), format!("/{on}.pressure")];
        told.iter().find(|&end| path.to_string_lossy().ends_with(end))?;
        let text = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok()?;
        let flags = text.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let mode = u32::from_str_radix(flags.trim(), 8).ok()? & 3;
        ((mode != 0) == for_writing).then_some((number.parse().ok()?, path))
    };
    numbers.filter_map(|entry| of(entry.file_name().to_str()?)).collect()
}

/// Why the kernel grants no trigger on the file that was read.
fn refusal(on: &str) -> Option<io::Error> {
    let Some((_, path)) = open_files(on, false).pop() else {
        return Some(io::Error::other("nothing tells of its pressure"));
    };
    let file = OpenOptions::new().read(true).write(true).open(path);
    file.and_then(|mut file| file.write_all(b"some 1000000 2000000\0")).err()
}

/// Says why there are no triggers, if so.
fn is_refused(on: &str, first: &Event) -> bool {
    let Some(error) = refusal(on) else {
        assert_eq!(first.outcome, Some(Outcome::Pass), "{first:?}");
        return false;
    };
    let note = format!("skipped: the kernel grants no triggers of pressure here: {error}");
    writeln!(io::stderr(), "{note}").expect("the reason can be told");
    true
}

/// More loops than CPUs, so that some always wait; they end with it.
struct Load(Arc<AtomicBool>, Vec<JoinHandle<()>>);

impl Load {
    fn new() -> Load {
        let over = Arc::new(AtomicBool::new(false));
        let count = thread::available_parallelism().map_or(4, |count| 2 * count.get());
        let spin = || {
            let over = Arc::clone(&over);
            thread::spawn(move || while !over.load(Ordering::Relaxed) {})
        };
        let loops = (0..count).map(|_| spin()).collect();
        Load(over, loops)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        self.1.drain(..).for_each(|thread| drop(thread.join()));
    }
}

#[test]
fn pressure_makes_its_check_run_before_its_interval_is_over() {
    const ON: &str = "cpu";
    let _alone = alone();
    let (monitor, events) = started();
    monitor.register(&pressure(ON, 50)).expect("a check");
    let first = expect_result(&events);
    if is_refused(ON, &first) {
        return;
    }
    let load = Load::new();
    // Not only once: each window in which there is pressure is told of.
    let (second, third) = (expect_result(&events), expect_result(&events));
    drop(load);
    assert!(first.at < second.at && second.at < third.at, "{first:?} {second:?} {third:?}");
    monitor.stop(PATIENCE).expect("a stop");
}

#[test]
fn a_check_that_is_gone_leaves_no_trigger_behind() {
    // On what nobody waits for all the time, however busy the machine is.
    const ON: &str = "memory";
    let _alone = alone();
    let (monitor, events) = started();
    let id = monitor.register(&pressure(ON, 100)).expect("a check");
    if is_refused(ON, &expect_result(&events)) {
        return;
    }
    assert_eq!(open_files(ON, true).len(), 1);
    // Another level does not make a check run earlier, and the next run sets the trigger anew.
    monitor.replace(&pressure(ON, 99)).expect("another level");
    forget(&events);
    monitor.check_now(id).expect("a run");
    expect_result_of(&events, id);
    assert_eq!(open_files(ON, true).len(), 1, "in the place of the first");
    // What is asked for later is done later, so its result tells that the trigger was ended.
    let ended = || {
        let other = r#"{"name": "other", "memory_available": {}, "interval": "1h"}"#;
        let other = monitor.register(other).expect("another check");
        expect_result_of(&events, other);
        monitor.unregister(other).expect("the other check");
        open_files(ON, true)
    };
    let asks = r#"{"name": "pressure", "clock_sync": {}, "interval": "1h", "initial_delay": "1h"}"#;
    monitor.replace(asks).expect("another probe");
    assert_eq!(ended(), NONE);
    forget(&events);
    monitor.replace(&pressure(ON, 100)).expect("pressure again");
    expect_result_of(&events, id);
    assert_eq!(open_files(ON, true).len(), 1);
    monitor.unregister(id).expect("the check");
    assert_eq!(ended(), NONE);
    monitor.register(&pressure(ON, 100)).expect("a check");
    expect_result(&events);
    assert_eq!(open_files(ON, true).len(), 1);
    // What keeps a stop from ending keeps no trigger.
    let (release, released) = channel();
    let hangs = r#"{"name": "hangs", "callback": {}, "timeout": "1h"}"#;
    monitor.register_callback(hangs, Hangs(Mutex::new(released))).expect("a callback");
    HANGS.wait();
    let stuck = || monitor.stop(Duration::from_millis(1)).expect_err("it hangs").to_string();
    while !stuck().ends_with(": a callback") {}
    assert_eq!(open_files(ON, true), NONE);
    drop(release);
    monitor.stop(PATIENCE).expect("a stop");
}

/// Where a callback meets the test when it is called.
static HANGS: Barrier = Barrier::new(2);

/// A callback that returns when its sender is dropped.
struct Hangs(Mutex<Receiver<()>>);

impl Callback for Hangs {
    fn run(&self, _: &Run) -> RunResult {
        HANGS.wait();
        let _ = self.0.lock().map(|released| released.recv());
        RunResult::pass()
    }
}

#[test]
fn what_no_thread_waits_for_is_not_asked_of_the_kernel() {
    let _alone = alone();
    // Nor is there a runtime, which a trigger needs.
    let result = probe_once(None, &pressure("memory", 50)).expect("a result");
    assert!(result.value.is_finite() || result.outcome == Outcome::Local, "{result:?}");
}

#[test]
fn there_are_sixteen_triggers_at_most() {
    let _alone = alone();
    const ON: &str = "memory";
    let (monitor, events) = started();
    for count in 0..18 {
        monitor.register(&named(&format!("pressure-{count}"), ON, 100)).expect("a check");
        let result = expect_result(&events);
        if count == 0 && is_refused(ON, &result) {
            return;
        }
    }
    assert_eq!(open_files(ON, true).len(), 16);
    monitor.stop(PATIENCE).expect("a stop");
}

#[test]
fn a_share_that_is_none_is_refused() {
    let _alone = alone();
    const ON: &str = "memory";
    let (monitor, events) = started();
    monitor.register(&pressure(ON, 100)).expect("a check");
    if is_refused(ON, &expect_result(&events)) {
        return;
    }
    let (_, path) = open_files(ON, true).pop().expect("its trigger");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let runtime = runtime.expect("a runtime");
    let _entered = runtime.enter();
    assert!(Trigger::new(&path, Line::Full, 1.0).is_ok());
    // The last but one would be taken for a smaller number of 32 bits.
    for share in [0.0, -0.1, 1.01, f64::NAN, f64::INFINITY, 4_294.967_396, 1e16] {
        let refusal = Trigger::new(&path, Line::Some, share).err();
        assert_eq!(refusal, Some(Errno::INVAL), "{share}");
    }
    monitor.stop(PATIENCE).expect("a stop");
}

#[test]
fn a_forked_child_has_no_copy_of_a_trigger() {
    let _alone = alone();
    const ON: &str = "memory";
    let (monitor, events) = started();
    monitor.register(&pressure(ON, 100)).expect("a check");
    if is_refused(ON, &expect_result(&events)) {
        return;
    }
    let [(number, _)] = open_files(ON, true)[..] else { panic!("one trigger") };
    // SAFETY: asks for the flags of a number, which may be anything.
    let is_open = || unsafe { libc::fcntl(number, libc::F_GETFD) >= 0 };
    assert!(is_open());
    // SAFETY: the child only looks and leaves by `_exit`; the alarm ends it should it hang.
    let status = unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(60);
            libc::_exit(i32::from(is_open()));
        }
        assert!(child > 0, "a child");
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        status
    };
    assert_eq!(status, 0, "it is open in the child");
    assert!(is_open(), "the parent's is another");
    monitor.stop(PATIENCE).expect("a stop");
}

/// A cgroup of version 2 in which this process is until [`Cgroup::leave`].
struct Cgroup {
    before: PathBuf,
    own: PathBuf,
}

impl Cgroup {
    fn enter() -> io::Result<Cgroup> {
        let mounts = fs::read_to_string("/proc/mounts")?;
        let mount = mounts.lines().find_map(|line| {
            let mut words = line.split(' ').skip(1);
            words.next().filter(|_| words.next() == Some("cgroup2"))
        });
        let mount = mount.ok_or_else(|| io::Error::other("there is no such filesystem"))?;
        let cgroups = fs::read_to_string("/proc/self/cgroup")?;
        let now = cgroups.lines().find_map(|line| line.strip_prefix("0::/"));
        let before = Path::new(mount).join(now.unwrap_or_default());
        let own = Path::new(mount).join(format!("meshvitals-triggers-{}", std::process::id()));
        fs::create_dir(&own)?;
        let cgroup = Cgroup { before, own };
        fs::write(cgroup.own.join("cgroup.procs"), std::process::id().to_string())?;
        Ok(cgroup)
    }

    fn leave(&self) -> io::Result<()> {
        fs::write(self.before.join("cgroup.procs"), std::process::id().to_string())?;
        fs::remove_dir(&self.own)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = self.leave();
    }
}

#[test]
fn a_check_finds_its_new_cgroup_when_the_old_one_is_gone() {
    let _alone = alone();
    const ON: &str = "memory";
    let cgroup = match Cgroup::enter() {
        Ok(cgroup) => cgroup,
        Err(error) => {
            let note = format!("skipped: no cgroup of version 2 can be made here: {error}");
            return writeln!(io::stderr(), "{note}").expect("the reason can be told");
        }
    };
    let (monitor, events) = started();
    monitor.register(&pressure(ON, 100)).expect("a check");
    if is_refused(ON, &expect_result(&events)) {
        return;
    }
    let old = open_files(ON, true);
    assert!(old.len() == 1 && old[0].1.starts_with(&cgroup.own), "{old:?}");
    cgroup.leave().expect("a way back");
    expect_result(&events);
    let new = open_files(ON, true);
    assert!(
        new.len() <= 1 && !new.iter().any(|(_, path)| path.starts_with(&cgroup.own)),
        "{new:?}"
    );
    monitor.stop(PATIENCE).expect("a stop");
}
