//! Writing to stdout, and what ends the command.
//!
//! Promises that a reader who goes away (`| head -1`) ends the command without a word, also while
//! there is nothing to write.

use meshvitals::{Code, Error};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, IsTerminal, Write};

/// The exit code for arguments and documents that are wrong; EX_USAGE of sysexits.h.
pub const USAGE: u8 = 64;
/// The exit code when something of this machine is missing; EX_SOFTWARE of sysexits.h.
pub const INTERNAL: u8 = 70;

/// Why the command ends early.
#[derive(Debug)]
pub enum Failure {
    /// Nobody reads stdout any more.
    Closed,
    /// There is something to say on stderr.
    Told { code: u8, text: String },
}

impl Failure {
    /// Arguments or documents are wrong.
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure::Told { code: USAGE, text: text.into() }
    }

    /// Something that should work does not.
    pub fn internal(text: impl Into<String>) -> Failure {
        Failure::Told { code: INTERNAL, text: text.into() }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::internal(format!("stdout: {error}")),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error.code() {
            Code::Document | Code::Range | Code::Exists | Code::Mode => {
                Failure::usage(error.to_string())
            }
            _ => Failure::internal(error.to_string()),
        }
    }
}

/// Writes a line at once, so that a reader sees it when it happens.
pub fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Writes what is left to say before an exit code, which was asked for whether or not somebody
/// reads to the end.
pub fn last(text: &str) -> io::Result<()> {
    match line(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Whether the reader of stdout went away.
pub fn is_closed() -> bool {
    let stdout = io::stdout();
    let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    // Whatever is asked for, a pipe without a reader reports an error, a socket that it was hung up.
    let gone = PollFlags::ERR | PollFlags::HUP;
    poll(&mut fds, Some(&at_once)).is_ok() && fds[0].revents().intersects(gone)
}

/// Whether colours are wanted and shown.
pub fn colours(refused: bool) -> bool {
    let refused = refused || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && io::stdout().is_terminal()
}
