//! A mount whose server never answers: the look at it hangs in the kernel until the server ends.

use crate::guest::{Guest, Place, skip};
use crate::watch::{PATIENCE, Watch};
use meshvitals::{CheckId, Code, Outcome, Reason, Status};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::{self, File};
use std::time::Duration;

const HUNG: [&str; 2] = ["disk", "disk_space"];
const SOUND: [&str; 2] = ["root", "memory"];

/// How many calls wait for the servers of these mounts, as the kernel counts them. The one by
/// which each introduces itself is the first.
fn waiting(control: &Place, mounts: &[&Place]) -> u64 {
    let table = fs::read_to_string("/proc/self/mountinfo").expect("the mounts");
    let count = |mount: &&Place| {
        let own = |line: &&str| line.split(' ').nth(4) == Some(mount.text());
        let line = table.lines().find(own).expect("its line");
        // A connection has the number of its device.
        let (_, minor) = line.split(' ').nth(2).and_then(|d| d.split_once(':')).expect("a device");
        let text = fs::read_to_string(control.join(minor).join("waiting")).expect("its calls");
        text.trim().parse::<u64>().expect("a number")
    };
    mounts.iter().map(count).sum()
}

/// A directory of such a mount, and its server; nothing where there is none to be had.
fn hung_mount(guest: &Guest, name: &str) -> Option<(Place, File)> {
    let server = match File::options().read(true).write(true).open("/dev/fuse") {
        Ok(server) => server,
        Err(error) => {
            skip(&format!("/dev/fuse cannot be opened here: {error}"));
            return None;
        }
    };
    let path = guest.directory(name);
    let options = "fd=0,rootmode=40000,user_id=0,group_id=0";
    let arguments = ["-i", "-n", "-t", "fuse.x", "-o", options, "none", path.text()];
    guest.run_with("mount", &arguments, server.try_clone().expect("a descriptor").into());
    Some((path, server))
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
    let control = guest.mount("control", &["-t", "fusectl", "none"]);
    let Some((path, server)) = hung_mount(&guest, "hung") else { return };
    let idle = waiting(&control, &[&path]);
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
    assert_eq!(
        waiting(&control, &[&path]),
        idle + 1,
        "one call for both checks, however often due"
    );

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

/// More of them, with more checks of each than there are threads, by several paths; one of these
/// is a link on a sound filesystem, which is none the worse for it.
#[test]
fn many_checks_of_dead_mounts_take_one_thread_a_mount_and_touch_no_other_check() {
    const NAME: &str =
        "hung::many_checks_of_dead_mounts_take_one_thread_a_mount_and_touch_no_other_check";
    let Some(guest) = Guest::of(NAME) else { return };
    let control = guest.mount("control", &["-t", "fusectl", "none"]);
    let links = guest.directory("links");
    let (mut checks, mut servers, mut paths) = (Vec::new(), Vec::new(), Vec::new());
    for mount in 0..3 {
        let Some((path, server)) = hung_mount(&guest, &format!("h{mount}")) else { return };
        servers.push(server);
        let link = links.join(&format!("l{mount}"));
        std::os::unix::fs::symlink(path.text(), &link).expect("a link");
        let link = link.to_str().expect("a path in UTF-8");
        for path in [path.text(), link, &format!("{}/below", path.text()), &format!("{link}/b")] {
            for key in ["disk_space", "disk_inodes", "disk_read_only", "disk_write", "disk"] {
                let name = format!("dead-{mount}-{}", checks.len());
                checks.push(format!(r#"{{"name": "{name}", "{key}": {{"path": "{path}"}}}}"#));
            }
        }
        paths.push(path);
    }
    let mounts: Vec<&Place> = paths.iter().collect();
    let idle = waiting(&control, &mounts);
    let sound = [
        ("root", r#"{"name": "root", "disk": {"path": "/", "threshold": 1.0}}"#.to_owned()),
        ("by", format!(r#"{{"name": "by", "disk_write": {{"path": "{}"}}}}"#, links.text())),
    ];
    checks.extend(sound.iter().map(|(_, check)| check.clone()));
    let watch = Watch::new(&checks.join(", "));
    let ids: Vec<CheckId> = watch.monitor.list().expect("the checks");
    let names: HashMap<CheckId, Box<str>> =
        ids.iter().map(|&id| (id, watch.monitor.name(id).expect("a name"))).collect();
    let (mut silent, mut passed) = (HashMap::<&str, usize>::new(), HashMap::<&str, usize>::new());
    let dead = checks.len() - sound.len();
    while silent.len() < dead
        || silent.values().any(|&count| count < 4)
        || sound.iter().any(|(name, _)| passed.get(name) < Some(&5))
    {
        for event in watch.results() {
            let name = &*names[&event.check];
            let Some(mount) = name.strip_prefix("dead-") else {
                assert_eq!(event.outcome, Some(Outcome::Pass), "{name}: {event:?}");
                // Only what is seen while all the others are known to be dead counts.
                *passed.entry(name).or_default() += usize::from(silent.len() == dead);
                continue;
            };
            assert_eq!(event.outcome, Some(Outcome::Timeout), "{name}: {event:?}");
            let text = event.text.as_str();
            let named =
                text.starts_with("the mount ") && text.contains(&format!("/h{} ", &mount[..1]));
            assert!(named, "{name}: {text}");
            *silent.entry(name).or_default() += 1;
        }
    }
    assert_eq!(waiting(&control, &mounts), idle + 3, "one call for each mount");
    for (name, _) in &sound {
        assert_eq!(watch.status(name), Status::Healthy);
    }
    // Also when it begins anew nobody looks where somebody still does.
    assert!(watch.monitor.stop(Duration::from_millis(1)).is_err(), "the calls hang");
    watch.monitor.start().expect("a start");
    watch.expect("root", Outcome::Pass);
    watch.expect("dead-2-59", Outcome::Timeout);
    assert_eq!(waiting(&control, &mounts), idle + 3, "in the next life as well");
    drop(servers);
    watch.expect("dead-1-20", Outcome::Fail);
    watch.stop();
    assert_eq!(threads(), 0);
}
