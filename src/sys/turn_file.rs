//! A file of /proc or /sys that several checks of one turn read once.
//!
//! Promises one `pread` a turn whoever asks, and no allocation once the text has found its size.
//! A text is that of the same turn when it is younger than [`TURN_NS`], because a turn starts all
//! its runs within moments, and no check runs as often as that. The trap: an error is not kept, so
//! each asker of a broken file reads.

use super::kept_file::KeptFile;
use crate::time::{MILLISECOND, Tick};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// How long a text serves.
pub const TURN_NS: u64 = MILLISECOND;
/// Most files are shorter.
const FIRST_BYTES: usize = 1024;
/// No file that is read here is longer; what is would be cut.
const MOST_BYTES: usize = 1 << 20;

/// A file and its text of this turn.
#[derive(Debug)]
pub struct TurnFile {
    file: KeptFile,
    buffer: Vec<u8>,
    length: usize,
    read: Option<Tick>,
}

impl TurnFile {
    /// A file that was not read yet.
    pub fn new(path: impl Into<PathBuf>) -> TurnFile {
        TurnFile { file: KeptFile::new(path), buffer: Vec::new(), length: 0, read: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The descriptor, if it was needed.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.file.fd()
    }

    /// The text at this turn.
    ///
    /// # Errors
    ///
    /// What opening the file, or reading it when freshly opened, answers.
    pub fn text(&mut self, now: Tick) -> Result<&[u8], Errno> {
        if !self.read.is_some_and(|read| now.since(read) < TURN_NS && read <= now) {
            self.read = None;
            self.fill()?;
            self.read = Some(now);
        }
        Ok(&self.buffer[..self.length])
    }

    fn fill(&mut self) -> Result<(), Errno> {
        if self.buffer.is_empty() {
            self.buffer.resize(FIRST_BYTES, 0);
        }
        loop {
            self.length = self.file.read(&mut self.buffer)?.len();
            let size = self.buffer.len();
            if self.length < size || size >= MOST_BYTES {
                return Ok(());
            }
            self.buffer.resize(2 * size, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_reads_once_and_a_long_text_is_whole() {
        let name = format!("meshvitals-turn-file-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let long = "x".repeat(5_000);
        std::fs::write(&path, &long).unwrap();
        let mut file = TurnFile::new(&path);
        assert_eq!(file.text(Tick(0)).unwrap(), long.as_bytes());
        std::fs::write(&path, "short").unwrap();
        assert_eq!(file.text(Tick(TURN_NS - 1)).unwrap(), long.as_bytes());
        assert_eq!(file.text(Tick(TURN_NS)).unwrap(), b"short");
        std::fs::remove_file(&path).unwrap();
        // The kept descriptor still has it; a file that was never there is an error.
        assert_eq!(file.text(Tick(9 * TURN_NS)).unwrap(), b"short");
        assert_eq!(TurnFile::new(&path).text(Tick(0)), Err(Errno::NOENT));
    }
}
