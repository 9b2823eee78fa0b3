//! Real programs: how they end, what they say, what they leave behind and what they are given.
//!
//! Each program is a script of a name of its own, so that the processes which are left of it can
//! be found by that name, dead ones that nobody has waited for included.

use super::ask::expect;
use meshvitals::{Code, Kinds, Monitor, Outcome, Reason, RunResult, probe_once};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LONG: &str = "30s";
const SHORT: &str = "300ms";
const ALLOWED: &str = r#"{"allow_exec": true, "system_checks": false}"#;

/// An empty directory for the programs of this name.
fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probes").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// A script of this name, which is at most 15 bytes long: the system keeps no more of it.
fn script(name: &str, body: &str) -> PathBuf {
    assert!(name.len() <= 15);
    let path = directory(name).join(name);
    write(&path, &format!("#!/bin/sh\n{body}\n"));
    path
}

/// Writes a program by another process: a file that is open for writing cannot be run, and what
/// is started meanwhile by another test would have it open for an instant.
fn write(path: &Path, content: &str) {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(content.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn document(program: &Path, timeout: &str, more: &str) -> String {
    format!(
        r#"{{"name": "x", "timeout": "{timeout}", "interval": "1h", "initial_delay": 0,
            "exec": {{"command": ["{}"]{more}}}}}"#,
        program.display()
    )
}

#[track_caller]
fn run(program: &Path, timeout: &str, more: &str) -> RunResult {
    probe_once(Some(ALLOWED), &document(program, timeout, more)).unwrap()
}

/// The parents of the processes of this script. Dead ones count that nobody but us can wait for;
/// those of others are gone, for what we know.
fn parents(program: &Path) -> Vec<u32> {
    let name = format!("({}) ", program.file_name().unwrap().display());
    let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
    let stats = fs::read_dir("/proc").unwrap().flatten().filter_map(stat);
    // After the name: the state, and the parent.
    let parent = |stat: String| {
        let (state, parent) = stat.split_once(&name)?.1.split_once(' ')?;
        let parent = parent.split(' ').next()?.parse().ok()?;
        (state != "Z" || parent == std::process::id()).then_some(parent)
    };
    stats.filter_map(parent).collect()
}

/// Whether a process of this script is there.
fn is_there(program: &Path) -> bool {
    !parents(program).is_empty()
}

/// Whether one that was started here is there.
fn is_ours(program: &Path) -> bool {
    parents(program).contains(&std::process::id())
}

/// Waits until this is so.
#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn the_status_is_the_verdict_and_the_first_line_the_message() {
    let table = [
        ("echo; echo ' OK - \x1b[1mall fine'; echo more", Outcome::Pass, Reason::NONE, 0),
        ("echo OK - all fine >&2; exit 1", Outcome::Warn, Reason::EXEC_FAILED, 1),
        ("echo OK - all fine; echo no >&2; exit 2", Outcome::Fail, Reason::EXEC_FAILED, 2),
        ("echo OK - all fine; exit 3", Outcome::Fail, Reason::EXEC_FAILED, 3),
        ("echo OK - all fine; kill -9 $$", Outcome::Fail, Reason::EXEC_FAILED, -9),
    ];
    for (index, (body, outcome, reason, detail)) in table.into_iter().enumerate() {
        let program = script(&format!("mv-end-{index}"), body);
        let result = run(&program, LONG, "");
        expect(&result, outcome, reason, &format!("exec {}: OK - ", program.display()));
        assert!(result.message.as_str().ends_with("all fine"), "{:?}", result.message);
        assert_eq!(result.detail, detail);
        assert!(result.latency_ns > 0 && !is_ours(&program));
    }
    let silent = run(&script("mv-silent", "exit 4"), LONG, "");
    expect(&silent, Outcome::Fail, Reason::EXEC_FAILED, "mv-silent: status 4, and not a word");
    assert_eq!(run(&script("mv-silent-0", ""), LONG, "").message.as_str(), "");
}

#[test]
fn what_cannot_be_started_says_why() {
    let good = script("mv-start", "");
    let no_mode = script("mv-no-mode", "");
    fs::set_permissions(&no_mode, fs::Permissions::from_mode(0o644)).unwrap();
    let no_format = good.with_file_name("mv-no-format");
    write(&no_format, "\0\0\0\0");
    let no_shell = script("mv-no-shell", "");
    write(&no_shell, "#!/nothing/sh\n");
    let table = [
        (Path::new("/nothing/here"), 2, "No such file"),
        (&no_shell, 2, "No such file"),
        (&no_mode, 13, "Permission denied"),
        (Path::new("/tmp"), 13, "Permission denied"),
        (&no_format, 8, "Exec format error"),
    ];
    for (program, errno, words) in table {
        let result = run(program, LONG, "");
        let words = format!("exec {}: cannot be started: {words}", program.display());
        expect(&result, Outcome::Fail, Reason::EXEC_NOT_STARTED, &words);
        assert_eq!(result.detail, errno);
    }
    let nowhere = run(&good, LONG, r#", "directory": "/nothing/there""#);
    let words = "cannot be started: /nothing/there: No such file";
    expect(&nowhere, Outcome::Fail, Reason::EXEC_NOT_STARTED, words);
}

#[test]
fn at_the_deadline_the_whole_group_is_killed_whatever_it_ignores() {
    let body = "trap '' TERM HUP INT\n[ \"$1\" = deep ] || { \"$0\" deep & }\n\
        [ \"$1\" = deep ] && { (trap '' TERM; while :; do sleep 1000; done) & }\n\
        echo started; while :; do sleep 1000; done";
    let program = script("mv-group", body);
    let result = run(&program, SHORT, "");
    expect(&result, Outcome::Timeout, Reason::TIMEOUT, "mv-group: killed at the deadline");
    assert!(!is_ours(&program), "the run has waited for its end");
    until("nothing is left of the group", || !is_there(&program));
}

#[test]
fn the_end_of_the_program_decides_and_what_it_leaves_behind_is_killed() {
    // The child keeps the output open.
    let child = script("mv-left", "while :; do sleep 1000; done");
    let program = script("mv-leaves", &format!("{} & echo done", child.display()));
    expect(&run(&program, LONG, ""), Outcome::Pass, Reason::NONE, ": done");
    until("the child is gone", || !is_there(&child));

    let closes = script(
        "mv-closes",
        "exec >&- 2>&-; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 7",
    );
    let result = run(&closes, LONG, "");
    expect(&result, Outcome::Fail, Reason::EXEC_FAILED, "status 7, and not a word");
    let stays = script("mv-stays", "exec >&- 2>&-; while :; do sleep 1000; done");
    expect(&run(&stays, SHORT, ""), Outcome::Timeout, Reason::TIMEOUT, "killed at the deadline");
    assert!(!is_ours(&closes) && !is_ours(&stays));
    until("nothing is left", || !is_there(&stays));
}

#[test]
fn a_flood_is_read_to_its_end_and_only_its_beginning_is_kept() {
    let body =
        "printf '%05000d\\n' 7; head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 1";
    let result = run(&script("mv-flood", body), LONG, "");
    expect(&result, Outcome::Warn, Reason::EXEC_FAILED, ": 0000");
    let endless = script("mv-endless", "yes | head -n 100000; exec yes");
    let result = run(&endless, SHORT, "");
    expect(&result, Outcome::Timeout, Reason::TIMEOUT, "killed");
    until("nothing is left", || !is_there(&endless));
}

#[test]
fn a_program_is_given_nothing_of_its_host() {
    // What the shell itself adds is left out.
    let body = "env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort | tr '\\n' ' '; pwd | \
        tr '\\n' ' '; readlink /proc/self/fd/0 | tr '\\n' ' '; ls /proc/self/fd | tr '\\n' ' '";
    let program = script("mv-given", body);
    // Open over exec, as a host program may have it.
    let open = rustix::io::dup(std::io::stdin()).unwrap();
    let more = r#", "environment": {"A": "b c", "PATH": "/usr/bin:/bin"}, "directory": "/usr""#;
    let result = run(&program, LONG, more);
    drop(open);
    // The last descriptor is that of the directory that is listed.
    let words = ": A=b c PATH=/usr/bin:/bin /usr /dev/null 0 1 2 3";
    expect(&result, Outcome::Pass, Reason::NONE, words);
    assert!(result.message.as_str().ends_with(words), "{:?}", result.message);

    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let usual = format!("[ \"$PATH\" = {path} ] || exit 8; [ \"$(pwd)\" = / ] || exit 9");
    expect(&run(&script("mv-usual", &usual), LONG, ""), Outcome::Pass, Reason::NONE, "");
    // glibc itself ignores its two signals in what it starts. This test ignores SIGPIPE, and the thread that starts programs blocks every signal.
    let body = "tr -d '\\t' < /proc/self/status | grep '^Sig[BI]' | tr '\\n' ' '";
    let result = run(&script("mv-signals", body), LONG, "");
    expect(&result, Outcome::Pass, Reason::NONE, ": SigBlk:0000000000000000 SigIgn:0000000");
    let (_, ignored) = result.message.as_str().split_once("SigIgn:").unwrap();
    assert_eq!(u64::from_str_radix(ignored, 16).unwrap() & !(3 << 31), 0, "{ignored}");
}

#[test]
fn programs_need_the_permission_of_the_monitor_that_no_check_can_give() {
    let document = document(&script("mv-denied", "echo"), LONG, "");
    let expect_mode = |error: meshvitals::Error, key: &str| {
        assert_eq!((error.code(), error.key()), (Code::Mode, key), "{error}");
        assert!(error.to_string().contains("allow_exec"), "{error}");
    };
    expect_mode(probe_once(None, &document).unwrap_err(), "/exec");
    let monitor = Monitor::new(None).unwrap();
    expect_mode(monitor.register(&document).unwrap_err(), "/exec");
    expect_mode(monitor.replace(&document).unwrap_err(), "/exec");
    expect_mode(monitor.register_many(&format!("[{document}]")).unwrap_err(), "/0/exec");
    let within = format!(r#"{{"checks": [{document}]}}"#);
    expect_mode(Monitor::new(Some(&within)).err().expect("a refusal"), "/checks/0/exec");
    let other = r#"{"name": "x", "heartbeat": {"ttl": "1h"}}"#;
    monitor.register(other).unwrap();
    expect_mode(monitor.replace(&document).unwrap_err(), "/exec");
    Monitor::new(Some(ALLOWED)).unwrap().register(&document).unwrap();
}

/// A monitor that runs this program, once it does.
fn running(program: &Path, timeout: &str) -> (Monitor, meshvitals::CheckId) {
    let monitor = Monitor::new(Some(ALLOWED)).unwrap();
    monitor.start().unwrap();
    let id = monitor.register(&document(program, timeout, "")).unwrap();
    let sign = program.with_file_name("sign");
    until("the program runs", || sign.exists());
    (monitor, id)
}

fn endless(name: &str) -> PathBuf {
    let body = "trap '' TERM; \"$0\" child & : > \"${0%/*}/sign\"; while :; do sleep 1000; done";
    let body = format!("[ \"$1\" = child ] && while :; do sleep 1000; done\n{body}");
    script(name, &body)
}

#[test]
fn a_program_ends_with_its_check_and_with_its_monitor() {
    let program = endless("mv-removed");
    let (monitor, id) = running(&program, LONG);
    monitor.unregister(id).unwrap();
    until("the program went with its check", || !is_there(&program));

    let program = endless("mv-stopped");
    let (monitor, _) = running(&program, LONG);
    monitor.stop(Duration::from_secs(30)).unwrap();
    assert!(!is_ours(&program), "the stop has waited for its end");
    until("the program went with its monitor", || !is_there(&program));

    let program = endless("mv-dropped");
    let (monitor, _) = running(&program, LONG);
    drop(monitor);
    until("the program went with its monitor", || !is_there(&program));
}

#[test]
fn a_check_goes_on_after_its_deadline_with_a_program_that_is_gone() {
    let program = endless("mv-overdue");
    let monitor = Monitor::new(Some(ALLOWED)).unwrap();
    let results = monitor.subscribe(Kinds::RESULT, 64).unwrap();
    monitor.start().unwrap();
    let text = document(&program, "100ms", "").replace("1h", "200ms");
    monitor.register(&text).unwrap();
    let mut timeouts = 0;
    while timeouts < 3 {
        for event in results.poll(64, Some(Duration::from_secs(30))).unwrap() {
            // One that takes long to die, on a machine that is busy, is told apart.
            assert!(matches!(event.reason, Reason::TIMEOUT | Reason::STILL_RUNNING), "{event:?}");
            timeouts += u32::from(event.reason == Reason::TIMEOUT);
        }
    }
    monitor.stop(Duration::from_secs(30)).unwrap();
    assert!(!is_ours(&program));
    until("nothing is left", || !is_there(&program));
}

#[test]
fn four_programs_run_at_once_and_the_others_wait() {
    let program = script("mv-many", ": > \"${0%/*}/sign-$1\"; while :; do sleep 1000; done");
    let monitor = Monitor::new(Some(ALLOWED)).unwrap();
    monitor.start().unwrap();
    for number in 0..6 {
        let text = document(&program, LONG, "")
            .replace("\"x\"", &format!("\"x{number}\""))
            .replace("\"]", &format!("\", \"{number}\"]"));
        monitor.register(&text).unwrap();
    }
    let own = monitor.find("meshvitals.self").unwrap();
    let words = || monitor.snapshot(own).unwrap().message.as_str().to_owned();
    let signs = || (0..6).filter(|n| program.with_file_name(format!("sign-{n}")).exists()).count();
    until("four run and two wait", || signs() == 4 && words().contains(", 2 exec"));
    monitor.stop(Duration::from_secs(30)).unwrap();
    until("nothing is left", || !is_there(&program));
    assert_eq!(signs(), 4);
}
