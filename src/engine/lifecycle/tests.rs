//! Stopping while something hangs: what stop answers, names and waits for.

use super::*;
use crate::model::NameTarget;
use crate::probe::resolver::Found;
use crate::sync::{AtomicUsize, Mutex};
use crate::sys::resolve::Failure;
use crate::time::SECOND;
use std::sync::mpsc::{Receiver, Sender, channel};

const LONG: Duration = Duration::from_secs(60);
const BARE: &str = r#"{"system_checks": false, "start_spread": "0ms"}"#;

/// A monitor that looks for names in this way.
fn started(lookup: fn(&NameTarget) -> Found) -> Monitor {
    let monitor = Monitor::new(Some(BARE)).unwrap();
    monitor.start().unwrap();
    let driver = lock(&monitor.inner.life).runners[0].driver();
    lock(&driver).net().unwrap().look_up_with(lookup).unwrap();
    monitor
}

fn until(reached: impl Fn() -> bool) {
    while !reached() {
        std::thread::yield_now();
    }
}

/// Every stop must be in vain, and sooner or later only because of this: the background thread
/// may take longer to end than we wait.
fn expect_timeout(monitor: &Monitor, what: &str) {
    until(|| {
        let error = monitor.stop(Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.code(), Code::Timeout);
        error.to_string().ends_with(&format!(": {what}"))
    });
}

/// A callback that says that it was called, and returns when its sender is dropped.
struct Hangs(Sender<()>, Mutex<Receiver<()>>);

impl callback::Callback for Hangs {
    fn run(&self, _: &callback::Run) -> RunResult {
        let _ = self.0.send(());
        let _ = lock(&self.1).recv();
        RunResult::pass()
    }
}

#[test]
fn a_stop_waits_for_the_names_and_says_what_hangs_until_it_has_come_back() {
    static GATE: Mutex<()> = Mutex::new(());
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let closed = lock(&GATE);
    let monitor = started(|_| {
        ASKED.fetch_add(1, Ordering::AcqRel);
        drop(lock(&GATE));
        Err(Failure::NO_ADDRESS)
    });
    let document = r#"{"name": "db", "tcp": {"address": "db.internal:80"}}"#;
    let id = monitor.register(document).unwrap();
    until(|| ASKED.load(Ordering::Acquire) == 1);
    expect_timeout(&monitor, "the resolution of a name");
    expect_timeout(&monitor, "the resolution of a name");

    monitor.unregister(id).unwrap();
    // The next life has threads of its own, and what hangs in the first is not forgotten.
    monitor.start().unwrap();
    let (called, calls) = channel();
    let (release, released) = channel();
    let document = r#"{"name": "hangs", "callback": {}, "timeout": "1h"}"#;
    monitor.register_callback(document, Hangs(called, Mutex::new(released))).unwrap();
    calls.recv_timeout(LONG).unwrap();
    expect_timeout(&monitor, "a callback, the resolution of a name");
    drop(closed);
    expect_timeout(&monitor, "a callback");
    drop(release);
    monitor.stop(LONG).unwrap();
    assert!(lock(&monitor.inner.life).runners.is_empty(), "nothing is left to wait for");
}

#[test]
fn a_stop_does_not_wait_for_those_who_start_and_stop_for_ever() {
    let monitor = Monitor::new(Some(BARE)).unwrap();
    // As others leave it who are always stopping the next life when somebody looks.
    lock(&monitor.inner.life).phase = Phase::Stopping;
    std::thread::scope(|scope| {
        let stop = scope.spawn(|| monitor.stop(LONG));
        until(|| {
            let mut life = lock(&monitor.inner.life);
            life.stops += 1;
            life.changed.notify_all();
            stop.is_finished()
        });
        stop.join().unwrap().unwrap();
    });
    lock(&monitor.inner.life).phase = Phase::Stopped;
}

#[test]
fn the_kernel_hurries_only_a_check_that_may_run() {
    let monitor = Monitor::new(Some(BARE)).unwrap();
    let document = r#"{"name": "pressure", "cpu_pressure": {}, "initial_delay": "1h"}"#;
    let id = monitor.register(document).unwrap();
    let mut core = lock(&monitor.inner.core);
    let now = core.now();
    assert!(!core.hurry(id), "no engine runs");
    core.start(now);
    let in_an_hour = core.plan();
    assert!(in_an_hour > now.after(60 * SECOND));
    core.pause(id, true).unwrap();
    assert!(!core.hurry(id), "it is paused");
    core.pause(id, false).unwrap();
    assert!(core.hurry(id));
    assert!(core.plan() < now.after(60 * SECOND));
    core.unregister(&[id]).unwrap();
    assert!(!core.hurry(id), "it is gone");
}
