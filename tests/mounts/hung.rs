//! A mount whose server never answers: the look at it hangs in the kernel until the server ends.

use crate::guest::{Guest, skip};
use crate::watch::{PATIENCE, Watch};
use meshvitals::{CheckId, Code, Outcome, Reason, Status};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::{self, File};
use std::time::Duration;

const HUNG: [&str; 2] = ["disk", "disk_space"];
const SOUND: [&str; 2] = ["root", "memory"];

/// How many calls wait for the server, as the kernel counts them. The one by which it introduces
/// itself is the first.
fn waiting(control: &str) -> u64 {
    let mut connections = fs::read_dir(control).expect("the connections").filter_map(|entry| {
        let text = fs::read_to_string(entry.ok()?.path().join("waiting")).ok()?;
        text.trim().parse::<u64>().ok()
    });
    let count = connections.next().expect("a connection");
    assert_eq!(connections.next(), None, "it is the only one of this machine");
    count
}

/// The threads of this process that the library has started.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("the threads");
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).ok();
    tasks.flatten().filter_map(name).filter(|name| name.starts_with("meshvitals")).count()
}

#[test]
fn a_mount_that_never_answers_holds_up_nobody_else() {
    let Some(guest) = Guest::of("hung::a_mount_that_never_answers_holds_up_nobody_else") else {
        return;
    };
    let server = match File::options().read(true).write(true).open("/dev/fuse") {
        Ok(server) => server,
        Err(error) => return skip(&format!("/dev/fuse cannot be opened here: {error}")),
    };
    let control = guest.mount("control", &["-t", "fusectl", "none"]);
    if !control.names().is_empty() {
        return skip("somebody else serves a FUSE filesystem on this machine");
    }
    let path = guest.directory("hung");
    let options = "fd=0,rootmode=40000,user_id=0,group_id=0";
    let arguments = ["-i", "-n", "-t", "fuse.x", "-o", options, "none", path.text()];
    guest.run_with("mount", &arguments, server.try_clone().expect("a descriptor").into());
    let idle = waiting(control.text());
    let place = path.text();
    let watch = Watch::new(&format!(
        r#"{{"name": "disk", "disk": {{"path": "{place}"}}}},
           {{"name": "disk_space", "disk_space": {{"path": "{place}"}}}},
           {{"name": "root", "disk": {{"path": "/", "threshold": 1.0}}}},
           {{"name": "memory", "memory": {{"threshold": 1.0}}}}"#
    ));
    let names: HashMap<CheckId, &str> = HUNG
        .iter()
        .chain(&SOUND)
        .map(|name| (watch.monitor.find(name).expect("a check"), *name))
        .collect();
    let mut timed_out = Vec::new();
    let (mut still, mut passed) = (HashMap::<&str, usize>::new(), HashMap::<&str, usize>::new());
    // Long enough to see that the sound ones go on while the others are known to hang.
    while HUNG.iter().any(|name| still.get(name) < Some(&5))
        || SOUND.iter().any(|name| passed.get(name) < Some(&5))
    {
        for event in watch.results() {
            let name = names[&event.check];
            match (event.outcome, event.reason) {
                (Some(Outcome::Timeout), Reason::TIMEOUT) => {
                    assert!(!timed_out.contains(&name), "{name} was started twice");
                    timed_out.push(name);
                }
                (Some(Outcome::Timeout), Reason::STILL_RUNNING) => {
                    *still.entry(name).or_default() += 1;
                }
                (outcome, _) => {
                    assert_eq!(outcome, Some(Outcome::Pass), "{name}: {event:?}");
                    // Only what is seen after both were given up counts.
                    if timed_out.len() == HUNG.len() {
                        *passed.entry(name).or_default() += 1;
                    }
                }
            }
        }
    }
    timed_out.sort_unstable();
    assert_eq!(timed_out, HUNG, "each by its own deadline, and never again");
    assert!(still.keys().all(|name| HUNG.contains(name)), "{still:?}");
    assert!(passed.keys().all(|name| SOUND.contains(name)), "{passed:?}");
    assert_eq!(HUNG.map(|name| watch.status(name)), [Status::Unhealthy; 2]);
    assert_eq!(SOUND.map(|name| watch.status(name)), [Status::Healthy; 2]);
    assert_eq!(waiting(control.text()), idle + 2, "one call of each check, however often due");

    let refusal = watch.monitor.stop(Duration::from_millis(1)).expect_err("it cannot stop");
    assert_eq!(refusal.code(), Code::Timeout);
    drop(server);
    watch.monitor.stop(PATIENCE).expect("the calls have come back");
    assert_eq!(threads(), 0);
    // The server is gone for good, which is now an answer.
    watch.monitor.start().expect("a start");
    for name in HUNG {
        let event = watch.expect(name, Outcome::Fail);
        let told = (event.reason, event.detail);
        assert_eq!(told, (Reason::DISK_FAILED, Errno::NOTCONN.raw_os_error()), "{name}");
    }
    watch.stop();
    assert_eq!(threads(), 0);
}
