//! CPU in a real cgroup with a quota of half a CPU, while the machine may have plenty left.
//!
//! A guest, this test's own program, is started inside cgroups that the test makes and burns what
//! it can get. It needs the right to make cgroups; where that is missing the test says so and
//! ends.

use meshvitals::{Event, Kinds, Monitor, Outcome, Status};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const GUEST: &str = "MESHVITALS_TEST_QUOTA";

/// Cgroups with a quota of half a CPU, removed at the end.
struct Cgroups(Vec<PathBuf>);

impl Cgroups {
    fn new() -> io::Result<Cgroups> {
        let name = format!("meshvitals-quota-{}", std::process::id());
        let base = Path::new("/sys/fs/cgroup");
        let legacy = base.join("cpu/cpu.cfs_quota_us").exists();
        let mut made = Cgroups(Vec::new());
        for controller in if legacy { &["cpu", "cpuacct"][..] } else { &["."][..] } {
            if !legacy {
                fs::write(base.join("cgroup.subtree_control"), "+cpu")?;
            }
            let dir = base.join(controller).join(&name);
            fs::create_dir(&dir)?;
            made.0.push(dir);
        }
        match legacy {
            true => fs::write(made.0[0].join("cpu.cfs_quota_us"), "50000")?,
            false => fs::write(made.0[0].join("cpu.max"), "50000 100000")?,
        }
        Ok(made)
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        for dir in &self.0 {
            let _ = fs::remove_dir(dir);
        }
    }
}

#[test]
fn a_busy_loop_in_half_a_cpu_uses_all_of_it_and_throttling_is_named() {
    if std::env::var_os(GUEST).is_some() {
        return burn();
    }
    let cgroups = match Cgroups::new() {
        Ok(cgroups) => cgroups,
        Err(error) => {
            let note = format!("skipped: no cgroup with a CPU quota can be made here: {error}");
            return writeln!(io::stderr(), "{note}").expect("the reason can be told");
        }
    };
    let test = "a_busy_loop_in_half_a_cpu_uses_all_of_it_and_throttling_is_named";
    let join = "for dir in $DIRS; do echo $$ > $dir/cgroup.procs || exit 1; done; exec \"$@\"";
    let dirs: Vec<&str> = cgroups.0.iter().map(|dir| dir.to_str().expect("a text")).collect();
    let output = Command::new("sh")
        .args(["-c", join, "sh"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("DIRS", dirs.join(" "))
        .env(GUEST, "1")
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    assert!(told.contains("1 passed"), "the guest ran: {told}");
}

fn burn() {
    let over = Arc::new(AtomicBool::new(false));
    let burning = Arc::clone(&over);
    let burner = std::thread::spawn(move || while !burning.load(Ordering::Relaxed) {});
    let monitor = Monitor::new(Some(
        r#"{"system_checks": false, "start_spread": 0, "defaults": {"interval": "200ms",
            "timeout": "1m", "initial_delay": 0, "degraded_threshold": 1, "failure_threshold": 1},
            "checks": [{"name": "cpu", "cpu": {}}, {"name": "use", "cpu_utilisation": {"hold": 0}},
                       {"name": "throttling", "cpu_throttling": {"hold": 0}}]}"#,
    ));
    let monitor = monitor.expect("a monitor");
    let events = monitor.subscribe(Kinds::RESULT, 1024).expect("a subscription");
    monitor.start().expect("a start");
    let wait_for = |name: &str, wanted: &dyn Fn(&Event) -> bool| {
        let id = monitor.find(name).expect("a check");
        // At five runs a second this is five minutes.
        for _ in 0..1_500 {
            let found = events.poll(64, Some(PATIENCE)).expect("events");
            assert!(!found.is_empty(), "no result came");
            for event in found.into_iter().filter(|event| event.check == id) {
                if wanted(&event) {
                    return event;
                }
            }
        }
        panic!("{name} never told what was expected");
    };
    // A busy machine gives the loop less than its half, so any full window will do.
    let full = wait_for("cpu", &|event| {
        event.outcome == Some(Outcome::Fail) && event.text.as_str().contains(", throttled in ")
    });
    assert!(full.text.as_str().contains(" of 0.5 CPUs in use over "), "{full:?}");
    assert!(full.text.as_str().contains("limit of the cgroup /meshvitals-quota-"), "{full:?}");
    let used = wait_for("use", &|event| event.outcome == Some(Outcome::Warn));
    assert!((90.0..150.0).contains(&used.value), "{used:?}");
    let throttled = wait_for("throttling", &|event| event.outcome == Some(Outcome::Warn));
    assert!(throttled.value >= 25.0, "{throttled:?}");
    // What only informs stops at DEGRADED; the seed's check gates.
    let status = |name: &str| monitor.snapshot(monitor.find(name).unwrap()).unwrap().status;
    assert_ne!(status("throttling"), Status::Unhealthy);
    over.store(true, Ordering::Relaxed);
    burner.join().expect("the loop ends");
}
