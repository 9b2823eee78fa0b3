//! A file of /proc or /sys that is opened once and read from its start again and again.
//!
//! Such files are made anew by each read at offset 0, so `pread` on a kept descriptor gives fresh
//! figures for half the price of opening. Opened on first need, close-on-exec, and opened again
//! after an error. The trap: a buffer that is too small cuts the text, possibly inside a number.

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, pread, retry_on_intr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// A path, and the descriptor once it was needed.
#[derive(Debug)]
pub struct KeptFile {
    path: PathBuf,
    fd: Option<OwnedFd>,
}

impl KeptFile {
    /// A file that is not open yet.
    pub fn new(path: impl Into<PathBuf>) -> KeptFile {
        KeptFile { path: path.into(), fd: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The descriptor, if it was needed.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }

    /// Reads the beginning of the file, as much as the buffer takes.
    ///
    /// # Errors
    ///
    /// What opening it, or reading it when freshly opened, answers.
    pub fn read<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], Errno> {
        let kept = self.fd.as_ref().map(|fd| retry_on_intr(|| pread(fd, &mut *buffer, 0)));
        let count = match kept {
            Some(Ok(count)) => count,
            _ => {
                self.fd = None;
                let fd = open(&self.path)?;
                let count = retry_on_intr(|| pread(&fd, &mut *buffer, 0))?;
                self.fd = Some(fd);
                count
            }
        };
        Ok(&buffer[..count])
    }
}

/// Whether a file could be opened now, for those who then let somebody else read it and are not
/// told of failures.
///
/// # Errors
///
/// What opening it answers.
pub fn check(path: impl AsRef<Path>) -> Result<(), Errno> {
    open(path.as_ref()).map(drop)
}

fn open(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    retry_on_intr(|| openat(CWD, path, flags, Mode::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_read_starts_over_on_the_same_descriptor() {
        let mut file = KeptFile::new("/proc/self/stat");
        let mut buffer = [0; 64];
        let own = std::process::id().to_string();
        for _ in 0..3 {
            assert!(file.read(&mut buffer).unwrap().starts_with(own.as_bytes()));
        }
        assert!(file.fd.is_some());
    }

    #[test]
    fn a_descriptor_that_cannot_be_read_is_replaced() {
        let mut file = KeptFile::new("/proc/self/stat");
        // A directory cannot be read.
        file.fd = Some(openat(CWD, "/proc", OFlags::RDONLY, Mode::empty()).unwrap());
        assert!(!file.read(&mut [0; 64]).unwrap().is_empty());
    }

    #[test]
    fn a_missing_file_is_an_error_and_is_tried_again() {
        let mut file = KeptFile::new("/proc/self/no-such-file");
        assert_eq!(file.read(&mut [0; 64]), Err(Errno::NOENT));
        assert_eq!(check("/proc/self/no-such-file"), Err(Errno::NOENT));
        assert_eq!(check("/proc/self/stat"), Ok(()));
        file.path = "/proc/self/stat".into();
        assert!(file.read(&mut [0; 64]).is_ok());
    }
}
