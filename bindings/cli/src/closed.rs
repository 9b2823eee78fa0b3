//! Whether stdout was closed when the command began, as after `>&-`.
//!
//! The trap: before `main`, Rust opens /dev/null in the place of a standard descriptor that is
//! closed, and then nobody can tell that from output that is thrown away on purpose. So this
//! looks earlier, among what the loader calls first. Where that is not done, nothing is noticed.

use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether it was.
pub fn was_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

// SAFETY: the loader calls what stands in this section, once and before `main`. It passes
// arguments that are not taken, and nothing is used that only `main` has: one system call, one
// atomic.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a section is the only place from which to be called so early")]
#[unsafe(link_section = ".init_array")]
#[used]
static LOOK: extern "C" fn() = {
    extern "C" fn look() {
        let found = rustix::io::fcntl_getfd(rustix::stdio::stdout());
        CLOSED.store(found == Err(rustix::io::Errno::BADF), Ordering::Relaxed);
    }
    look
};
