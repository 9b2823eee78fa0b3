//! Filesystems that are full, read-only, stacked or dead, and what checks make of them.
//!
//! Each test is started once more as a guest in a mount namespace of its own, where it mounts what
//! it needs over the directory of the tests; with the namespace all that is gone. It needs the
//! right to mount; where that is missing the test says so and ends.

#[path = "mounts/guest.rs"]
mod guest;
#[path = "mounts/hung.rs"]
mod hung;
#[path = "mounts/watch.rs"]
mod watch;

use guest::Guest;
use meshvitals::{Outcome, Reason, Status};
use rustix::io::Errno;
use std::fs;
use std::io::Write;
use watch::Watch;

/// The checks of one path that need no time to hold.
fn checks(path: &str) -> String {
    let signal = |key: &str| {
        let levels = if key == "disk_write" { "" } else { r#", "hold": 0"# };
        format!(r#"{{"name": "{key}", "{key}": {{"path": "{path}"{levels}}}}}"#)
    };
    let keys = ["disk_space", "disk_inodes", "disk_read_only", "disk_write"];
    keys.map(signal).join(", ")
}

#[test]
fn a_filesystem_without_space_takes_no_block_and_says_so() {
    let Some(guest) = Guest::of("a_filesystem_without_space_takes_no_block_and_says_so") else {
        return;
    };
    let path = guest.mount("full", &["-t", "tmpfs", "-o", "size=128m", "tmpfs"]);
    let watch = Watch::new(&checks(path.text()));
    assert_eq!(watch.expect("disk_space", Outcome::Pass).value, 0.0);
    watch.expect("disk_write", Outcome::Pass);
    path.fill();
    let event = watch.expect("disk_space", Outcome::Fail);
    assert_eq!((event.status, event.value), (Status::Unhealthy, 100.0));
    let text = event.text.as_str();
    let figures = "0.0 B of 128.0 MiB available, less than 64.0 MiB is full; 100.0 % is at or ";
    assert!(text.starts_with(figures), "{text}");
    let event = watch.expect("disk_write", Outcome::Fail);
    let told = (event.status, event.reason, event.detail);
    assert_eq!(told, (Status::Unhealthy, Reason::DISK_FAILED, Errno::NOSPC.raw_os_error()));
    assert!(event.text.as_str().starts_with("a file cannot be written to: "), "{event:?}");
    watch.expect("disk_inodes", Outcome::Pass);
    watch.expect("disk_read_only", Outcome::Pass);
    watch.stop();
    assert_eq!(path.names(), ["filler"], "nothing of the tries is left");
}

#[test]
fn a_filesystem_without_inodes_takes_no_file_and_says_so() {
    let Some(guest) = Guest::of("a_filesystem_without_inodes_takes_no_file_and_says_so") else {
        return;
    };
    let options = ["-t", "tmpfs", "-o", "size=128m,nr_inodes=64", "tmpfs"];
    let path = guest.mount("crowded", &options);
    let watch = Watch::new(&checks(path.text()));
    watch.expect("disk_inodes", Outcome::Pass);
    watch.stop();
    let mut count = 0;
    while fs::File::create(path.join(&format!("{count}"))).is_ok() {
        count += 1;
    }
    let watch = Watch::new(&checks(path.text()));
    let event = watch.expect("disk_inodes", Outcome::Fail);
    assert_eq!((event.status, event.value), (Status::Unhealthy, 100.0));
    assert!(event.text.as_str().starts_with("0 of 64 inodes available; "), "{event:?}");
    let event = watch.expect("disk_write", Outcome::Fail);
    assert_eq!((event.status, event.detail), (Status::Unhealthy, Errno::NOSPC.raw_os_error()));
    assert!(event.text.as_str().starts_with("no file can be made: "), "{event:?}");
    watch.expect("disk_space", Outcome::Pass);
    watch.stop();
    assert_eq!(path.names().len(), count);
}

#[test]
fn a_filesystem_that_was_made_read_only_is_told_from_a_full_one() {
    let Some(guest) = Guest::of("a_filesystem_that_was_made_read_only_is_told_from_a_full_one")
    else {
        return;
    };
    let path = guest.mount("quiet", &["-t", "tmpfs", "-o", "size=128m", "tmpfs"]);
    let watch = Watch::new(&checks(path.text()));
    watch.expect("disk_read_only", Outcome::Pass);
    watch.expect("disk_write", Outcome::Pass);
    guest.run("mount", &["-o", "remount,ro", path.text()]);
    let event = watch.expect("disk_read_only", Outcome::Fail);
    assert_eq!((event.status, event.value), (Status::Unhealthy, 1.0));
    let text = event.text.as_str();
    assert!(text.starts_with("read-only by ST_RDONLY of statvfs on "), "{text}");
    let event = watch.expect("disk_write", Outcome::Fail);
    let told = (event.status, event.reason, event.detail);
    assert_eq!(told, (Status::Unhealthy, Reason::DISK_FAILED, Errno::ROFS.raw_os_error()));
    watch.expect("disk_space", Outcome::Pass);
    guest.run("mount", &["-o", "remount,rw", path.text()]);
    watch.expect("disk_read_only", Outcome::Pass);
    watch.expect("disk_write", Outcome::Pass);
    // Now the mount alone, and not what is mounted.
    guest.run("mount", &["--bind", path.text(), path.text()]);
    guest.run("mount", &["-o", "remount,bind,ro", path.text()]);
    assert_eq!(watch.expect("disk_read_only", Outcome::Fail).value, 1.0);
    assert_eq!(watch.expect("disk_write", Outcome::Fail).detail, Errno::ROFS.raw_os_error());
    watch.stop();
}

#[test]
fn an_overlay_is_said_to_be_no_limit_of_the_container() {
    let Some(guest) = Guest::of("an_overlay_is_said_to_be_no_limit_of_the_container") else {
        return;
    };
    let [lower, upper, work] = ["lower", "upper", "work"].map(|name| guest.directory(name));
    let options =
        format!("lowerdir={},upperdir={},workdir={}", lower.text(), upper.text(), work.text());
    let path = guest.mount("o", &["-t", "overlay", "-o", &options, "overlay"]);
    fs::File::create(path.join("a")).and_then(|mut file| file.write_all(b"b")).expect("a file");
    let watch = Watch::new(&checks(path.text()));
    let text = watch.expect("disk_space", Outcome::Pass).text;
    assert!(text.as_str().contains(" (overlay: the disk below it, not a limit"), "{text:?}");
    watch.expect("disk_read_only", Outcome::Pass);
    watch.expect("disk_write", Outcome::Pass);
    watch.stop();
    assert_eq!(path.names(), ["a"]);
}
