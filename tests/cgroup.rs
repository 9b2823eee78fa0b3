//! Memory in a real cgroup with a limit, while the host has plenty left.
//!
//! A guest, this test's own program, is started inside a cgroup that the test makes, fills its
//! memory step by step and asks the library what it thinks of that. It needs the right to make
//! cgroups; where that is missing the test says so and ends.

use meshvitals::{Event, Kinds, Monitor, Outcome, Status, Subscription};
use std::fs;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const MIB: usize = 1 << 20;
const LIMIT: usize = 256 * MIB;
const PATIENCE: Duration = Duration::from_secs(60);
const GUEST: &str = "MESHVITALS_TEST_CGROUP";

/// A cgroup for this test, removed at its end.
struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes one with a limit of memory; in version 1 or in version 2, whichever has memory.
    fn new(name: &str) -> io::Result<Cgroup> {
        let legacy = Path::new("/sys/fs/cgroup/memory");
        let (base, limit) = if legacy.join("memory.limit_in_bytes").exists() {
            (legacy, "memory.limit_in_bytes")
        } else {
            let unified = Path::new("/sys/fs/cgroup");
            fs::write(unified.join("cgroup.subtree_control"), "+memory")?;
            (unified, "memory.max")
        };
        let cgroup = Cgroup(base.join(format!("meshvitals-{name}-{}", std::process::id())));
        fs::create_dir(&cgroup.0)?;
        fs::write(cgroup.0.join(limit), LIMIT.to_string())?;
        Ok(cgroup)
    }

    /// How often the kernel had to kill in it.
    fn kills(&self) -> String {
        let of = |file: &str| fs::read_to_string(self.0.join(file)).ok();
        let text = of("memory.oom_control").or_else(|| of("memory.events")).expect("the events");
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        line.expect("the count of kills").to_owned()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Runs a test of this program once more, as a guest in a cgroup.
#[track_caller]
fn in_a_cgroup(test: &str) {
    in_a_cgroup_with_kills(test, "0");
}

/// The same for a test in which the kernel must kill so often.
#[track_caller]
fn in_a_cgroup_with_kills(test: &str, kills: &str) {
    let cgroup = match Cgroup::new(test) {
        Ok(cgroup) => cgroup,
        Err(error) => {
            let note = format!("skipped: no cgroup of memory can be made here: {error}");
            return writeln!(io::stderr(), "{note}").expect("the reason can be told");
        }
    };
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("sh")
        .args(["-c", "echo $$ > \"$1/cgroup.procs\" && shift && exec \"$@\"", "sh"])
        .args([cgroup.0.as_os_str(), program.as_os_str()])
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(GUEST, &cgroup.0)
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    assert!(told.contains("1 passed"), "the guest ran: {told}");
    assert_eq!(cgroup.kills(), kills);
}

/// The directory of the cgroup, in a guest.
fn guest() -> Option<PathBuf> {
    std::env::var_os(GUEST).map(PathBuf::from)
}

/// A monitor of the memory, and what it tells.
struct Watch {
    monitor: Monitor,
    events: Subscription,
}

impl Watch {
    fn new() -> Watch {
        Watch::of(r#""memory": {"threshold": 0.9}"#)
    }

    /// The interval is longer than the ten milliseconds for which a text of the kernel serves all
    /// checks of a turn, so that each result is of figures of its own.
    fn of(probe: &str) -> Watch {
        let document = format!(
            r#"{{"system_checks": false, "start_spread": 0, "slack": "1ms", "checks": [{{"name": "memory",
                {probe}, "interval": "10ms", "initial_delay": 0,
                "failure_threshold": 1, "success_threshold": 1, "degraded_threshold": 1}}]}}"#
        );
        let monitor = Monitor::new(Some(&document));
        let monitor = monitor.expect("a monitor");
        let events = monitor.subscribe(Kinds::RESULT, 64).expect("a subscription");
        monitor.start().expect("a start");
        Watch { monitor, events }
    }

    /// The first result that begins after now.
    fn result(&self) -> Event {
        let after = self.monitor.now();
        loop {
            let events = self.events.poll(64, Some(PATIENCE)).expect("events");
            assert!(!events.is_empty(), "no result came");
            let found = events.into_iter().find(|event| event.at > after);
            if let Some(event) = found {
                return event;
            }
        }
    }

    /// The first result with this outcome; the hold of a level takes some.
    #[track_caller]
    fn wait(&self, outcome: Outcome) -> Event {
        let mut results = std::iter::repeat_with(|| self.result()).take(2_000);
        let found = results.find(|event| event.outcome == Some(outcome));
        found.unwrap_or_else(|| panic!("it is never {outcome:?}: {:?}", self.result()))
    }

    #[track_caller]
    fn expect(&self, outcome: Outcome) -> Event {
        let event = self.result();
        assert_eq!(event.outcome, Some(outcome), "{event:?}");
        event
    }
}

/// The figures of the kernel, read here in a second way.
struct Figures {
    usage: usize,
    idle: usize,
}

impl Figures {
    fn read(cgroup: &Path) -> Figures {
        let number = |text: &str| text.trim().parse::<usize>().expect("a number");
        let either = |first: &str, second: &str| {
            fs::read_to_string(cgroup.join(first))
                .or_else(|_| fs::read_to_string(cgroup.join(second)))
                .expect("a file of the cgroup")
        };
        let stat = either("memory.stat", "memory.stat");
        let of = |key: &str| stat.lines().find_map(|line| line.strip_prefix(key)).map(number);
        Figures {
            usage: number(&either("memory.usage_in_bytes", "memory.current")),
            idle: of("total_inactive_file ").or_else(|| of("inactive_file ")).expect("a figure"),
        }
    }
}

/// Takes memory until the working set is a share of the limit.
fn fill(hoard: &mut Vec<Vec<u8>>, cgroup: &Path, share: f64) {
    let wanted = (share * LIMIT as f64) as usize;
    loop {
        let figures = Figures::read(cgroup);
        if figures.usage - figures.idle >= wanted {
            return;
        }
        // Written to, or the kernel would not give it.
        hoard.push(vec![1; MIB / 4]);
    }
}

#[test]
fn memory_of_its_own_is_told_before_the_kernel_kills() {
    let Some(cgroup) = guest() else {
        return in_a_cgroup("memory_of_its_own_is_told_before_the_kernel_kills");
    };
    let watch = Watch::new();
    watch.expect(Outcome::Pass);
    let mut hoard = Vec::new();
    fill(&mut hoard, &cgroup, 0.92);
    let warned = watch.expect(Outcome::Warn);
    assert_eq!((warned.status, watch.monitor.overall()), (Status::Degraded, Status::Degraded));
    let text = warned.text.as_str();
    assert!(text.starts_with("working set 23") && text.contains(" MiB of 256.0 MiB, "), "{text}");
    assert!(text.contains(" MiB anon; 92.") && text.contains("limit of its cgroup /"), "{text}");
    fill(&mut hoard, &cgroup, 0.993);
    assert_eq!(watch.expect(Outcome::Fail).status, Status::Unhealthy);
    drop(hoard);
    assert_eq!(watch.expect(Outcome::Pass).status, Status::Healthy);
}

#[test]
fn a_full_cgroup_of_version_1_is_unhealthy_before_the_kernel_kills() {
    let name = "a_full_cgroup_of_version_1_is_unhealthy_before_the_kernel_kills";
    let Some(cgroup) = guest() else { return in_a_cgroup(name) };
    if !cgroup.join("memory.limit_in_bytes").exists() {
        // Version 2 tells pressure, and this cgroup has none.
        return;
    }
    let watch = Watch::of(r#""memory_working_set": {"hold": "50ms"}"#);
    let mut hoard = Vec::new();
    fill(&mut hoard, &cgroup, 0.92);
    let warned = watch.wait(Outcome::Warn);
    assert!(warned.text.as_str().contains("is at or above 90.0 %"), "{warned:?}");
    fill(&mut hoard, &cgroup, 0.993);
    let failed = watch.wait(Outcome::Fail);
    assert_eq!(failed.status, Status::Unhealthy);
    assert!(failed.text.as_str().contains("is at or above 98.0 %"), "{failed:?}");
    drop(hoard);
    watch.wait(Outcome::Pass);
}

#[test]
fn the_page_cache_alone_is_not_memory_in_use() {
    let Some(cgroup) = guest() else {
        return in_a_cgroup("the_page_cache_alone_is_not_memory_in_use");
    };
    let watch = Watch::new();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cache-{}", std::process::id()));
    let mut file = fs::File::create(&path).expect("a file");
    let written = (0..LIMIT / MIB).try_for_each(|_| file.write_all(&vec![1; MIB]));
    fs::remove_file(&path).expect("its removal");
    written.and_then(|()| file.sync_all()).expect("a whole file");
    let figures = Figures::read(&cgroup);
    assert!(figures.usage > LIMIT / 10 * 8, "the cache fills the cgroup: {}", figures.usage);
    let event = watch.expect(Outcome::Pass);
    assert!(event.value < 0.5, "{event:?}");
}

/// Reads a file again and again until its pages are no idle ones to the kernel; false if it does
/// not say so of pages that are read.
fn keep_in_use(file: &mut fs::File, cgroup: &Path, share: f64) -> bool {
    let mut buffer = vec![0; MIB];
    for _ in 0..16 {
        file.rewind().expect("the beginning");
        while file.read(&mut buffer).expect("a part") > 0 {}
        let figures = Figures::read(cgroup);
        if (figures.usage - figures.idle) as f64 >= share * LIMIT as f64 {
            return true;
        }
    }
    false
}

#[test]
fn files_that_are_read_again_and_again_give_way_before_a_kill() {
    let name = "files_that_are_read_again_and_again_give_way_before_a_kill";
    let Some(cgroup) = guest() else { return in_a_cgroup(name) };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hot-{}", std::process::id()));
    let options = fs::File::options().read(true).write(true).create_new(true).open(&path);
    let mut file = options.expect("a file");
    fs::remove_file(&path).expect("its removal");
    let written = (0..LIMIT / MIB * 95 / 100).try_for_each(|_| file.write_all(&vec![1; MIB]));
    written.and_then(|()| file.sync_all()).expect("a whole file");
    if !keep_in_use(&mut file, &cgroup, 0.92) {
        let note = "skipped: this kernel does not tell that files are in use";
        return writeln!(io::stderr(), "{note}").expect("the reason can be told");
    }
    let share = Watch::new().expect(Outcome::Pass);
    assert!(share.value > 0.9, "as the kubelet reckons: {share:?}");
    assert!(share.text.as_str().contains(" MiB without page cache"), "{share:?}");
    let signal = Watch::of(r#""memory_working_set": {"hold": 0}"#).expect(Outcome::Pass);
    assert!(signal.value > 90.0, "{signal:?}");
    // What was said is true: most of the limit can be had at once, and nobody is killed for it.
    let hoard: Vec<Vec<u8>> = (0..LIMIT / MIB * 7 / 10).map(|_| vec![1; MIB]).collect();
    assert!(hoard.iter().all(|part| part[MIB - 1] == 1));
}

#[test]
fn a_kill_for_want_of_memory_is_counted() {
    let name = "a_kill_for_want_of_memory_is_counted";
    let Some(cgroup) = guest() else { return in_a_cgroup_with_kills(name, "1") };
    // Where there is swap the hungry child would fill that first; not every kernel limits it.
    let _ = fs::write(cgroup.join("memory.swap.max"), "0");
    let _ = fs::write(cgroup.join("memory.memsw.limit_in_bytes"), LIMIT.to_string());
    let watch = Watch::of(r#""oom_kills": {}"#);
    let before = watch.expect(Outcome::Pass);
    assert_eq!(before.value, 0.0);
    // A text without an end of line is kept until there is one.
    let hungry = "echo 1000 > /proc/self/oom_score_adj && exec tail /dev/zero";
    let status = Command::new("sh").args(["-c", hungry]).status().expect("a shell");
    assert!(!status.success(), "the kernel killed it: {status}");
    let after = watch.expect(Outcome::Warn);
    assert_eq!((after.value, after.status), (1.0, Status::Degraded));
    let text = after.text.as_str();
    assert!(text.starts_with("1 killed for want of memory") && text.contains("cgroup /"), "{text}");
}

#[test]
fn hits_of_the_limit_by_the_page_cache_are_counted() {
    let name = "hits_of_the_limit_by_the_page_cache_are_counted";
    if guest().is_none() {
        return in_a_cgroup(name);
    }
    let watch = Watch::of(r#""memory_limit_hits": {}"#);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hits-{}", std::process::id()));
    let mut file = fs::File::create(&path).expect("a file");
    fs::remove_file(&path).expect("its removal");
    let mut highest = 0.0_f64;
    // Each round fills the limit once more with pages that must give way.
    for _ in 0..8 {
        let mut written = (0..LIMIT / MIB * 3 / 2).try_for_each(|_| file.write_all(&vec![1; MIB]));
        written = written.and_then(|()| file.sync_all()).and_then(|()| file.set_len(0));
        written.and_then(|()| file.rewind()).expect("a whole file");
        for event in watch.events.poll(64, Some(PATIENCE)).expect("events") {
            highest = highest.max(event.value);
        }
        if highest > 0.0 {
            return;
        }
    }
    panic!("the limit was never hit");
}
