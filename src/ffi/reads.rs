//! Reading statuses, cells and snapshots, and the reports.

use super::arguments::{inherited_monitor, monitor, output, sized, text, write_sized};
use super::guard::{attempt, number, put, quiet};
use super::types::{
    meshvitals_cell_t, meshvitals_check_id_t, meshvitals_code_t, meshvitals_monitor_t,
    meshvitals_snapshot_t, meshvitals_status_t,
};
use crate::error::{Code, Error};
use crate::model::{CheckId, Snapshot};
use core::ffi::c_char;
use std::ptr;

/// The status of a check or group; UNKNOWN for NULL, an unknown or stale id, a status that is
/// too old, and in a forked child. Takes no lock: a few nanoseconds. See also
/// meshvitals_cell_status.
///
/// Returns: MESHVITALS_STATUS_*.
/// Threads: any.
/// Ownership: borrows `m` for the call.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_status(
    m: *const meshvitals_monitor_t,
    id: meshvitals_check_id_t,
) -> meshvitals_status_t {
    // SAFETY: the caller's promise. Reading a cell and a clock cannot panic.
    match unsafe { m.as_ref() } {
        Some(handle) => handle.monitor.status(CheckId(id)) as i32,
        None => 0,
    }
}

/// The status of the whole: the group `overall`.
///
/// Returns: as meshvitals_status.
/// Threads: any.
/// Ownership: borrows `m` for the call.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_overall(m: *const meshvitals_monitor_t) -> meshvitals_status_t {
    // SAFETY: as in meshvitals_status.
    match unsafe { m.as_ref() } {
        Some(handle) => handle.monitor.overall() as i32,
        None => 0,
    }
}

/// The id of a group: a tag of any check, or `readiness`, `liveness`, `startup`, which every
/// monitor has, or `overall`, the group of all checks. Those four live as long as the monitor. The
/// group of another tag ends with the last check that has the tag: then its id is stale, its cell
/// reads UNKNOWN, and a later group of the name has another id.
///
/// Returns: OK; NULL, UTF8; NOT_FOUND; FORKED.
/// Threads: any.
/// Ownership: the text is only read.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; the text ends in NUL; `out_id` is NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_group_find(
    m: *const meshvitals_monitor_t,
    group: *const c_char,
    out_id: *mut meshvitals_check_id_t,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promises, as the header says.
        let (monitor, group, out) =
            unsafe { (monitor(m)?, text(group, "group")?, output(out_id, "out_id")?) };
        *out = monitor.group_find(group)?.0;
        Ok(())
    })
}

/// What a probe of an orchestrator is told about a group. Readiness, the whole and the user's
/// own groups: yes for HEALTHY and DEGRADED, no for UNHEALTHY, the last answer for UNKNOWN (no
/// before the first). Liveness: no only for UNHEALTHY. Startup: yes once each critical member
/// was functional. Of a check: whether it is functional.
///
/// Returns: 1 yes, 0 no; or a negative code: NULL, NOT_FOUND, STALE, FORKED.
/// Threads: any.
/// Ownership: borrows `m` for the call.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_answer(
    m: *const meshvitals_monitor_t,
    id: meshvitals_check_id_t,
) -> i32 {
    // SAFETY: the caller's promise, as the header says.
    number(|| Ok(unsafe { monitor(m) }?.answer(CheckId(id))?.into())) as i32
}

/// The cell of a check or group, for meshvitals_cell_status: the fastest read there is.
///
/// Returns: an address that stays valid for the life of the process, also after the check and
/// the monitor are gone (it then reads UNKNOWN); NULL for an id that never was.
/// Threads: any.
/// Ownership: the library's, for ever.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_cell(
    m: *const meshvitals_monitor_t,
    id: meshvitals_check_id_t,
) -> *const meshvitals_cell_t {
    // SAFETY: the caller's promise, as the header says.
    let cell = attempt(|| Ok(unsafe { inherited_monitor(m) }?.cell(CheckId(id))));
    cell.ok().flatten().map_or(ptr::null(), ptr::from_ref)
}

/// Everything known about a check or group. Set `out->struct_size` before.
///
/// Returns: OK; NULL; STRUCT_SIZE; NOT_FOUND, STALE; FORKED.
/// Threads: any.
/// Ownership: a copy.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; `out` is NULL or points to as many bytes as its struct_size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_snapshot(
    m: *const meshvitals_monitor_t,
    id: meshvitals_check_id_t,
    out: *mut meshvitals_snapshot_t,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promises, as the header says.
        unsafe {
            let monitor = monitor(m)?;
            let size = sized(out, size_of::<meshvitals_snapshot_t>(), "out")?;
            let snapshot = monitor.snapshot(CheckId(id))?;
            write_sized(out, size, &raw(&snapshot));
        }
        Ok(())
    })
}

fn raw(snapshot: &Snapshot) -> meshvitals_snapshot_t {
    let mut raw = meshvitals_snapshot_t {
        struct_size: 0,
        reason: snapshot.reason.0,
        check: snapshot.check.0,
        cookie: snapshot.cookie,
        status: snapshot.status as i32,
        measured: snapshot.measured as i32,
        mask: snapshot.mask.0.into(),
        in_flight: snapshot.in_flight,
        failures: snapshot.failures,
        passes: snapshot.passes,
        runs: snapshot.runs,
        since_ns: snapshot.since.0,
        since_unix_ms: snapshot.since_unix_ms,
        last_ns: snapshot.last.0,
        next_ns: snapshot.next.0,
        fresh_until_ns: snapshot.fresh_until.0,
        latency_ns: snapshot.latency_ns,
        value: snapshot.value,
        threshold: snapshot.threshold,
        reserved: [0; 6],
        name: [0; 128],
        message: [0; 160],
    };
    put(&mut raw.name, &snapshot.name);
    put(&mut raw.message, snapshot.message.as_str());
    raw
}

/// Writes a report of all checks and groups: "json" or "openmetrics".
///
/// Returns: the length of the report without NUL, also when it was cut; or a negative code:
/// NULL, UTF8, RANGE for another format, FORKED.
/// Threads: any.
/// Ownership: `buffer` ends in NUL if `capacity` is above 0; it may be NULL if that is 0.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; the text ends in NUL; `buffer` has room for `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_render(
    m: *const meshvitals_monitor_t,
    format: *const c_char,
    buffer: *mut c_char,
    capacity: usize,
) -> i64 {
    number(|| {
        // SAFETY: the caller's promises, as the header says.
        let report = unsafe { monitor(m)?.render(text(format, "format")?)? };
        if capacity > 0 {
            if buffer.is_null() {
                return Err(Error::refused(Code::Null, "the buffer is NULL"));
            }
            let cut = crate::error::cut(&report, capacity - 1);
            // SAFETY: not NULL, and `capacity` bytes are there, more than the cut text has.
            unsafe {
                ptr::copy_nonoverlapping(cut.as_ptr(), buffer.cast::<u8>(), cut.len());
                buffer.add(cut.len()).write(0);
            }
        }
        Ok(report.len() as i64)
    })
}
