//! A program of the system, run for what it says and how it ends.
//!
//! Status 0 is a pass, 1 a warning and any other a failure, as for the plugins of Nagios but that
//! 2 and 3 are one. The end of the program decides, not that of its output; what it has started
//! and left behind is killed with it, unless that has left its group. What it writes is read to
//! the end, so that it is never stuck, and only the beginning is kept.
//!
//! This blocks, on a thread of the pool. It knows of no deadline: whoever does cuts the [`Leash`].
//! The trap: a host program that ignores SIGCHLD or waits for every child takes the end of ours;
//! then nothing is known of it, which is our fault and not the program's. A program that has more
//! rights than its host cannot be killed, and stays stuck; one whose host is killed goes on until
//! it writes something.

mod leash;

pub use leash::{Leash, State};

use super::errno;
use crate::model::{ExecSpec, Outcome, Reason, RunResult};
use crate::sys::process::{self, End, Errno, Program};
use leash::Pipes;
use rustix::event::{PollFd, PollFlags, poll};
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

/// Bytes that are kept of what a program says, and as many of what it complains of.
const KEPT_BYTES: usize = 4 * 1024;
/// Bytes that one read takes.
const READ_BYTES: usize = 16 * 1024;
/// Reads of what is still in a pipe at the end: more than any pipe holds.
const LAST_READS: usize = 256;

/// Runs a program to its end. Blocks as long as it runs.
pub fn run(leash: &Leash) -> RunResult {
    let spec = leash.spec();
    let pipes = match leash.open() {
        Ok(Some(pipes)) => pipes,
        Ok(None) => return RunResult::new(Outcome::Local, Reason::NONE),
        Err(error) => return not_started(spec, error, ""),
    };
    let Pipes { read: [out, err], write } = pipes;
    let started = match start(spec, &write) {
        Ok(pid) => pid,
        Err(error) => {
            leash.release((out, err, write));
            let no_directory = !Path::new(&*spec.directory).is_dir();
            let what = if no_directory { &spec.directory } else { "" };
            return not_started(spec, error, what);
        }
    };
    let watch = leash.take(started, write);
    let mut output = [Output::new(out), Output::new(err)];
    match &watch {
        Ok(Some(watch)) => listen(watch, &mut output),
        Ok(None) => {}
        Err(_) => leash.cut(),
    }
    // Not under the lock of the leash: who is killed may take its time.
    process::await_end(started);
    leash.clear_up();
    for output in &mut output {
        output.read(LAST_READS);
    }
    let line = output.iter().find_map(|output| first_line(&output.kept));
    let unwatched = watch.as_ref().err().copied();
    let end = leash.release((output, watch));
    match unwatched {
        Some(error) => {
            let result = RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED);
            let text = "cannot be watched on this system";
            result.with_detail(error.raw_os_error()).with_message(&titled(spec, text))
        }
        None => judge(spec, end, line.as_deref()),
    }
}

fn start(spec: &ExecSpec, [out, err]: &[Arc<OwnedFd>; 2]) -> Result<process::Pid, Errno> {
    let text = |text: &str| CString::new(text).map_err(|_| Errno::INVAL);
    let arguments =
        spec.command.iter().map(|argument| text(argument)).collect::<Result<Vec<_>, _>>()?;
    let variables = spec.environment.iter().map(|(name, value)| text(&format!("{name}={value}")));
    let program = Program {
        path: &text(spec.program())?,
        arguments: &arguments,
        environment: &variables.collect::<Result<Vec<_>, _>>()?,
        directory: &text(&spec.directory)?,
    };
    process::start(&program, out.as_fd(), err.as_fd())
}

/// Reads until the program has ended, whatever becomes of its output.
fn listen(watch: &OwnedFd, output: &mut [Output; 2]) {
    loop {
        let open = output.iter().filter_map(|output| output.fd.as_ref());
        let mut fds: Vec<PollFd<'_>> = [watch]
            .into_iter()
            .chain(open.map(|fd| &**fd))
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        match poll(&mut fds, None) {
            Err(Errno::INTR) => continue,
            Ok(_) if fds[0].revents().is_empty() => {}
            // An error would come back at once: the end is waited for in another way.
            Ok(_) | Err(_) => return,
        }
        for output in output.iter_mut() {
            output.read(1);
        }
    }
}

/// One of the two outputs, until it is closed.
struct Output {
    fd: Option<Arc<OwnedFd>>,
    kept: Vec<u8>,
}

impl Output {
    fn new(fd: Arc<OwnedFd>) -> Output {
        Output { fd: Some(fd), kept: Vec::new() }
    }

    /// Reads so many times, or until nothing is there.
    fn read(&mut self, times: usize) {
        let mut room = [0; READ_BYTES];
        for _ in 0..times {
            let Some(fd) = &self.fd else { return };
            match rustix::io::retry_on_intr(|| rustix::io::read(fd, &mut room)) {
                Err(Errno::AGAIN) => return,
                Ok(0) | Err(_) => self.fd = None,
                Ok(count) => {
                    let count = count.min(KEPT_BYTES - self.kept.len());
                    self.kept.extend(&room[..count]);
                }
            }
        }
    }
}

/// The first line that says something, in printable letters.
fn first_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().filter(|letter| !letter.is_control()).collect())
}

fn titled(spec: &ExecSpec, text: &str) -> String {
    format!("exec {}: {text}", spec.program())
}

fn judge(spec: &ExecSpec, end: End, line: Option<&str>) -> RunResult {
    let (outcome, reason, detail) = match end {
        End::Status(0) => (Outcome::Pass, Reason::NONE, 0),
        End::Status(1) => (Outcome::Warn, Reason::EXEC_FAILED, 1),
        End::Status(status) => (Outcome::Fail, Reason::EXEC_FAILED, status),
        End::Signal(signal) => (Outcome::Fail, Reason::EXEC_FAILED, -signal),
        End::Unknown => {
            let text =
                "its end was taken: the host program ignores SIGCHLD or waits for all children";
            let result = RunResult::new(Outcome::Local, Reason::LOCAL_FAILED);
            return result
                .with_detail(Errno::CHILD.raw_os_error())
                .with_message(&titled(spec, text));
        }
    };
    let bare = match end {
        End::Signal(signal) => format!("ended by signal {signal}"),
        End::Status(status) if status != 0 => format!("status {status}, and not a word"),
        _ => String::new(),
    };
    let result = RunResult::new(outcome, reason).with_detail(detail);
    match line.unwrap_or(&bare) {
        "" => result,
        text => result.with_message(&titled(spec, text)),
    }
}

fn not_started(spec: &ExecSpec, error: Errno, what: &str) -> RunResult {
    let (outcome, reason) = match errno::of_setup(error) {
        // No room for another process.
        _ if error == Errno::AGAIN => (Outcome::Local, Reason::LOCAL_NO_MEMORY),
        // A system that cannot give a program a directory.
        _ if error == Errno::NOSYS => (Outcome::Local, Reason::LOCAL_UNSUPPORTED),
        (outcome, reason @ (Reason::LOCAL_NO_DESCRIPTORS | Reason::LOCAL_NO_MEMORY)) => {
            (outcome, reason)
        }
        _ => (Outcome::Fail, Reason::EXEC_NOT_STARTED),
    };
    let separator = if what.is_empty() { "" } else { ": " };
    let text = format!("cannot be started: {what}{separator}{}", std::io::Error::from(error));
    RunResult::new(outcome, reason)
        .with_detail(error.raw_os_error())
        .with_message(&titled(spec, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_says_something_is_told_in_printable_letters() {
        assert_eq!(
            first_line(b"\n \t\n a\x1b[1m\x00b\xff \nmore").as_deref(),
            Some("a[1mb\u{fffd}")
        );
        assert_eq!(first_line(b"\n \n"), None);
    }

    #[test]
    fn a_run_that_was_cut_before_it_began_starts_nothing() {
        let command = ["/nothing/here".into()].into();
        let spec = ExecSpec { command, directory: "/".into(), environment: [].into() };
        let leash = Leash::new(Arc::new(spec));
        assert_eq!(run(&leash).reason, Reason::EXEC_NOT_STARTED);
        leash.cut();
        assert_eq!((run(&leash).outcome, run(&leash).reason), (Outcome::Local, Reason::NONE));
    }
}
