//! Reading what others keep open, with nothing around the system calls.

use super::check;
use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

/// Reads the beginning of an open file.
pub fn read_start(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the buffer is as long as said; a number that is no descriptor is an error.
    let count = unsafe { libc::pread(fd, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// Asks for the figures of a filesystem, and forgets them.
pub fn examine(path: &CStr) -> io::Result<()> {
    let mut space = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with NUL and the struct has its size.
    check(unsafe { libc::statvfs(path.as_ptr(), space.as_mut_ptr()) }).map(drop)
}
