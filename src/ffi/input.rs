//! What the host program says about a check.

use super::arguments::{monitor, result, status};
use super::guard::quiet;
use super::types::{
    meshvitals_check_id_t, meshvitals_code_t, meshvitals_monitor_t, meshvitals_result_t,
    meshvitals_status_t,
};
use crate::error::{Code, Error};
use crate::model::CheckId;
use crate::time::Tick;

/// Reports a heartbeat (token 0), or the result of an external check with the token of its
/// CHECK_DUE event.
///
/// Returns: OK; NULL; STRUCT_SIZE; RANGE for an outcome or time that is none; UTF8; NOT_FOUND;
/// STALE for a removed check, and for a token that is unknown, answered or superseded (then the
/// call has no effect); MODE for a check of another kind; NOT_RUNNING before the start and after
/// a stop; FORKED.
/// Threads: any.
/// Ownership: the result is copied.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; `r` is NULL or points to as many bytes as its struct_size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_report(
    m: *mut meshvitals_monitor_t,
    id: meshvitals_check_id_t,
    r: *const meshvitals_result_t,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promises, as the header says.
        let (monitor, (token, finished_ns, result)) = unsafe { (monitor(m)?, result(r)?) };
        monitor.report(CheckId(id), token, result, Tick(finished_ns))
    })
}

/// Reports the outcomes of the host's own requests. Not built yet.
///
/// Returns: UNSUPPORTED; NULL; NOT_FOUND, STALE; FORKED.
/// Threads: any.
/// Ownership: nothing.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_report_traffic(
    m: *mut meshvitals_monitor_t,
    id: meshvitals_check_id_t,
    good: u32,
    bad: u32,
    latency_ns: u64,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promise, as the header says.
        unsafe { monitor(m) }?.snapshot(CheckId(id))?;
        let text = format!("{good} good, {bad} bad, {latency_ns} ns: not supported yet");
        Err(Error::refused(Code::Unsupported, text))
    })
}

/// Asks for a run now and returns at once; a run in flight answers. The answer is a RESULT event.
///
/// Returns: OK; NULL; NOT_FOUND, STALE; NOT_RUNNING; MODE for a heartbeat or a paused check;
/// FORKED.
/// Threads: any.
/// Ownership: nothing.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_check_now(
    m: *mut meshvitals_monitor_t,
    id: meshvitals_check_id_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promise, as the header says.
    quiet(|| unsafe { monitor(m) }?.check_now(CheckId(id)))
}

/// Pauses a check (`paused` 1) or lets it go on (0). A paused check does not run, reads UNKNOWN
/// and is left out of its groups.
///
/// Returns: OK; NULL; RANGE for another `paused`; NOT_FOUND, STALE; MODE for meshvitals.self;
/// FORKED.
/// Threads: any.
/// Ownership: nothing.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_pause(
    m: *mut meshvitals_monitor_t,
    id: meshvitals_check_id_t,
    paused: i32,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promise, as the header says.
        let monitor = unsafe { monitor(m) }?;
        let paused = match paused {
            0 => false,
            1 => true,
            other => return Err(Error::range("paused", other, "0 or 1")),
        };
        monitor.pause(CheckId(id), paused)
    })
}

/// Publishes this status for `ttl_ms` milliseconds, whatever is measured; UINT64_MAX is for
/// ever, 0 ends an override.
///
/// Returns: OK; NULL; RANGE for a status that is none; NOT_FOUND, STALE; FORKED.
/// Threads: any.
/// Ownership: nothing.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_override(
    m: *mut meshvitals_monitor_t,
    id: meshvitals_check_id_t,
    status: meshvitals_status_t,
    ttl_ms: u64,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promise, as the header says.
        let monitor = unsafe { monitor(m) }?;
        let status = self::status(status)?;
        monitor.override_status(CheckId(id), (ttl_ms > 0).then_some((status, ttl_ms)))
    })
}
