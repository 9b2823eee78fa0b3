//! One run of one probe, and the log.

use super::arguments::{monitor, optional_text, sized, text, write_sized};
use super::guard::{guard, put, quiet};
use super::types::{
    meshvitals_code_t, meshvitals_drop_t, meshvitals_error_t, meshvitals_log_t,
    meshvitals_monitor_t, meshvitals_result_t,
};
use crate::engine::{Sink, probe_once};
use crate::error::Error;
use core::ffi::{c_char, c_void};
use std::ffi::CString;

/// Runs the probe of a check document once (texts of at most 64 MiB), without a monitor, and waits
/// for its result, at most for the check's timeout. `config_json` is the configuration whose
/// defaults apply, or NULL. Set `out->struct_size` before.
///
/// A name that the system does not answer in that time leaves one thread behind, which nothing can
/// end: it ends when the system has answered or given up. While 64 names hang so in a process, those
/// of monitors included, no thread is started for another, and the outcome is LOCAL
/// (LOCAL_RESOLVER).
///
/// Returns: OK, whatever the outcome; NULL, UTF8, DOCUMENT, RANGE; STRUCT_SIZE; MODE for a probe
/// that the host program runs (callback, external, heartbeat); LIMIT without descriptors.
/// Threads: any; blocks.
/// Ownership: the texts are only read.
/// Since: 0.1.0
///
/// # Safety
///
/// Texts end in NUL; `out` points to as many bytes as its struct_size says; `err` is NULL or
/// valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_probe_once(
    config_json: *const c_char,
    check_json: *const c_char,
    out: *mut meshvitals_result_t,
    err: *mut meshvitals_error_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    unsafe {
        guard(err, || {
            let size = sized(out, size_of::<meshvitals_result_t>(), "out")?;
            let config = optional_text(config_json, "config_json")?;
            let result = probe_once(config, text(check_json, "check_json")?)?;
            let mut raw = meshvitals_result_t {
                struct_size: 0,
                outcome: result.outcome as i32,
                reason: result.reason.0,
                detail: result.detail,
                token: 0,
                finished_ns: crate::time::monotonic().0,
                latency_ns: result.latency_ns,
                value: result.value,
                reserved: [0; 4],
                message: [0; 160],
            };
            put(&mut raw.message, result.message.as_str());
            write_sized(out, size, &raw);
            Ok(())
        })
    }
}

/// Sends the lines of the log up to `level` (0 error, 1 warning, 2 information, 3 detail) to a
/// function; NULL ends that. The function is called on any thread, under no lock of the library.
///
/// Returns: OK; NULL; RANGE for another level; FORKED.
/// Threads: any.
/// Ownership: takes `user` only on success. Then `drop` (may be NULL) is called with it once,
/// after the last call of `log`.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; `log` and `drop` may be called with `user` from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_set_log(
    m: *mut meshvitals_monitor_t,
    level: i32,
    log: meshvitals_log_t,
    user: *mut c_void,
    drop: meshvitals_drop_t,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promise, as the header says.
        let monitor = unsafe { monitor(m) }?;
        if !(0..=3).contains(&level) {
            return Err(Error::range("level", level, "0 error to 3 detail"));
        }
        monitor.set_log_with(level, || {
            let foreign = Foreign { log, user, drop };
            log.is_some()
                .then(|| Box::new(move |level, line: &str| foreign.say(level, line)) as Sink)
        })
    })
}

/// A log function of the host with what belongs to it.
struct Foreign {
    log: meshvitals_log_t,
    user: *mut c_void,
    drop: meshvitals_drop_t,
}

// SAFETY: meshvitals_set_log demands that function and user may be used from any thread.
unsafe impl Send for Foreign {}
// SAFETY: as above.
unsafe impl Sync for Foreign {}

impl Foreign {
    fn say(&self, level: i32, line: &str) {
        if let (Some(log), Ok(line)) = (self.log, CString::new(line)) {
            // SAFETY: the function and its user are the caller's of meshvitals_set_log; the text
            // lives during the call.
            unsafe { log(self.user, level, line.as_ptr()) };
        }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: the function's last use is over, and `user` is given back once, here.
            unsafe { drop(self.user) };
        }
    }
}
