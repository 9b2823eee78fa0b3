//! What the benchmarks need of the operating system, each mechanism in a file.

pub mod epoll;
pub mod eventfd;
pub mod file;
pub mod net;
pub mod process;
pub mod usage;

use std::io;

/// The answer of a libc call: -1 becomes the error it left behind.
fn check(answer: libc::c_int) -> io::Result<libc::c_int> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

/// Raises the number of open files as far as the system lets this process.
pub fn raise_open_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live rlimit that the call fills.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } == 0 {
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: the pointer is to an initialised rlimit. A refusal leaves the old limit.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    }
}
