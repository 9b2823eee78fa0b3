//! Making, starting, stopping and freeing a monitor; the versions and the texts.

use super::arguments::{inherited_monitor, monitor, optional_text, output};
use super::constants::MESHVITALS_VERSION;
use super::guard::{attempt, guard, quiet};
use super::types::{meshvitals_code_t, meshvitals_error_t, meshvitals_monitor_t};
use crate::engine::Monitor;
use crate::error::Code;
use crate::model::Reason;
use crate::sync::Arc;
use crate::time::Tick;
use core::ffi::c_char;
use std::time::Duration;

/// The version of the library: MAJOR << 16 | MINOR << 8 | PATCH, to be compared with
/// MESHVITALS_VERSION, the version of the header.
///
/// Returns: the number.
/// Threads: any.
/// Ownership: nothing.
/// Since: 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn meshvitals_version() -> u32 {
    MESHVITALS_VERSION
}

/// The English text of a code.
///
/// Returns: a text, never NULL; "unknown code" for a number that is none.
/// Threads: any.
/// Ownership: the text is static.
/// Since: 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn meshvitals_code_text(code: meshvitals_code_t) -> *const c_char {
    Code::from_number(code).map_or(c"unknown code", Code::text).as_ptr()
}

/// The English text of a reason.
///
/// Returns: a text, never NULL; "unknown reason" for a number that is none.
/// Threads: any.
/// Ownership: the text is static.
/// Since: 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn meshvitals_reason_text(reason: i32) -> *const c_char {
    Reason(reason).text().as_ptr()
}

/// The clock of every field and argument that ends in _ns: CLOCK_MONOTONIC, or in manual mode
/// the last instant given to meshvitals_monitor_advance.
///
/// Returns: nanoseconds; 0 for NULL.
/// Threads: any.
/// Ownership: borrows `m` for the call.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_now_ns(m: *const meshvitals_monitor_t) -> u64 {
    // SAFETY: the caller's promise, as the header says.
    attempt(|| Ok(unsafe { inherited_monitor(m) }?.now().0)).unwrap_or(0)
}

/// Makes a monitor from a configuration document, a JSON object of at most 64 MiB; NULL is `{}`.
/// Its checks count; more of them are registered in parts. Nothing runs until
/// meshvitals_monitor_start, or in manual mode meshvitals_monitor_advance.
///
/// Returns: OK; NULL, UTF8; DOCUMENT, RANGE or EXISTS with the place in `err`; LIMIT.
/// Threads: any.
/// Ownership: `*out` is the caller's, for meshvitals_monitor_free. The text is only read.
/// Since: 0.1.0
///
/// # Safety
///
/// Texts end in NUL; `out` and `err` are NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_monitor_new(
    config_json: *const c_char,
    out: *mut *mut meshvitals_monitor_t,
    err: *mut meshvitals_error_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    unsafe {
        guard(err, || {
            let out = output(out, "out")?;
            let config = optional_text(config_json, "config_json")?;
            let monitor = Monitor::new(config)?;
            *out = Box::into_raw(Box::new(meshvitals_monitor_t { monitor }));
            Ok(())
        })
    }
}

/// Starts the background thread. A monitor that runs is left as it is; one that was stopped, or
/// whose process was forked, begins anew: registrations stay, statuses are UNKNOWN. In a forked
/// child a manual monitor is started, too: it stays manual, and its time is that of the last
/// advance.
///
/// Returns: OK; NULL; MODE for a manual monitor whose process was not forked since it was made
/// or started; LIMIT without descriptors or threads; BUSY while another thread stops it.
/// Threads: any.
/// Ownership: borrows `m` for the call.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; `err` is NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_monitor_start(
    m: *mut meshvitals_monitor_t,
    err: *mut meshvitals_error_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    unsafe { guard(err, || inherited_monitor(m)?.start()) }
}

/// Stops the background thread and waits for it and its helpers, at most `timeout_ms`.
/// Afterwards nothing runs, every status is UNKNOWN, and polls return what is left and then
/// STOPPED. May be called again: it waits for what the last call has left.
///
/// Returns: OK when no thread of the monitor exists any more; TIMEOUT when one is still in what
/// nobody can end: a callback, drop or log function of the host, a name that the system looks
/// for, a filesystem (no run starts, no status changes, the thread ends when it comes back);
/// DEADLOCK from a callback, drop or log function of this monitor; NULL; FORKED.
/// Threads: any but the monitor's own.
/// Ownership: borrows `m` for the call.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_monitor_stop(
    m: *mut meshvitals_monitor_t,
    timeout_ms: u32,
) -> meshvitals_code_t {
    // SAFETY: the caller's promise, as the header says.
    quiet(|| unsafe { monitor(m) }?.stop(Duration::from_millis(timeout_ms.into())))
}

/// Moves a manual monitor to `now_ns` and does what is due: one turn. Callbacks run in this
/// call. `*out_next_ns` is when the next turn is needed, UINT64_MAX if nothing is planned.
///
/// Returns: OK; NULL; MODE for a monitor with a clock of its own; RANGE for a time before the
/// last; DEADLOCK from a callback of this monitor; FORKED.
/// Threads: any, one at a time.
/// Ownership: borrows `m` for the call. `out_next_ns` may be NULL.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; `out_next_ns` is NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_monitor_advance(
    m: *mut meshvitals_monitor_t,
    now_ns: u64,
    out_next_ns: *mut u64,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promise, as the header says. The reference ends with this line:
        // a callback may free the monitor, whose inner part then lives until the turn is over.
        let inner = Arc::clone(&unsafe { monitor(m) }?.inner);
        let next = inner.advance(Tick(now_ns))?;
        // SAFETY: the caller's promise, as the header says.
        if let Some(out) = unsafe { out_next_ns.as_mut() } {
            *out = next.0;
        }
        Ok(())
    })
}

/// Stops a monitor, waiting at most its `stop_timeout` for what meshvitals_monitor_stop waits
/// for, and releases it with its checks. A thread that has not come back by then ends when it
/// does; a callback is dropped after its last return. Cells stay valid and read UNKNOWN;
/// subscriptions stay and give the rest.
///
/// Returns: nothing. NULL is allowed.
/// Threads: any; no other call on `m` may be under way or follow.
/// Ownership: takes `m`.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor that is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_monitor_free(m: *mut meshvitals_monitor_t) {
    if m.is_null() {
        return;
    }
    quiet(|| {
        // SAFETY: made by Box::into_raw in meshvitals_monitor_new, and given up by the caller.
        drop(unsafe { Box::from_raw(m) });
        Ok(())
    });
}
