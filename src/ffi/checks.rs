//! Registering, replacing, removing and finding checks.

use super::arguments::{ids, monitor, output, parse, text};
use super::guard::{guard, number, quiet};
use super::types::{
    meshvitals_callback_t, meshvitals_check_id_t, meshvitals_code_t, meshvitals_drop_t,
    meshvitals_error_t, meshvitals_monitor_t, meshvitals_result_t, meshvitals_run_t,
};
use crate::engine::{Callback, Run};
use crate::error::{Code, Error};
use crate::model::{CheckId, Outcome, Reason, RunResult};
use core::ffi::{c_char, c_void};

/// Registers a check from its document, a JSON object of at most 64 MiB.
///
/// Returns: OK; NULL, UTF8; DOCUMENT or RANGE with the place in `err`; EXISTS for a name that is
/// taken; MODE for a probe that does not fit; LIMIT; FORKED. Nothing is half registered.
/// Threads: any, callbacks and event consumers included.
/// Ownership: the text is only read. `out_id` may be NULL.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; texts end in NUL; outputs are NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_register(
    m: *mut meshvitals_monitor_t,
    check_json: *const c_char,
    out_id: *mut meshvitals_check_id_t,
    err: *mut meshvitals_error_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    unsafe {
        guard(err, || {
            let id = monitor(m)?.register(text(check_json, "check_json")?)?;
            give(out_id, id);
            Ok(())
        })
    }
}

/// Registers the checks of a JSON array of at most 64 MiB, all or none; more checks are registered
/// in parts. The ids are written in order, at most `capacity`; `*out_count` is how many were
/// registered.
///
/// Returns: as meshvitals_register, with the index in the place (`/3/interval`); RANGE if
/// `out_ids` has room for fewer than the array has (then nothing is registered).
/// Threads: any.
/// Ownership: the text is only read. `out_ids` may be NULL if `capacity` is 0: then no ids are
/// written. `out_count` may be NULL.
/// Since: 0.1.0
///
/// # Safety
///
/// As meshvitals_register; `out_ids` has room for `capacity` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_register_many(
    m: *mut meshvitals_monitor_t,
    checks_json_array: *const c_char,
    out_ids: *mut meshvitals_check_id_t,
    capacity: usize,
    out_count: *mut usize,
    err: *mut meshvitals_error_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    unsafe {
        guard(err, || {
            let monitor = monitor(m)?;
            let documents = text(checks_json_array, "checks_json_array")?;
            if out_ids.is_null() && capacity > 0 {
                return Err(Error::refused(Code::Null, "out_ids is NULL"));
            }
            let room = if out_ids.is_null() { usize::MAX } else { capacity };
            let registered = monitor.register_many_within(documents, room)?;
            if !out_ids.is_null() {
                for (place, id) in registered.iter().enumerate() {
                    out_ids.add(place).write(id.0);
                }
            }
            if let Some(count) = out_count.as_mut() {
                *count = registered.len();
            }
            Ok(())
        })
    }
}

/// Registers a callback check with its function; the document, a JSON object of at most 64 MiB, has
/// the probe `"callback": {}`. The function runs on a small pool of the library, never twice at
/// once for one check. At the deadline the result is a timeout, whatever the function does.
///
/// Returns: as meshvitals_register; NULL also for `run`.
/// Threads: any.
/// Ownership: takes `user` only on success. Then `drop` (may be NULL) is called with it once,
/// after the last return of `run`, on any thread, under no lock of the library.
/// Since: 0.1.0
///
/// # Safety
///
/// As meshvitals_register; `run` and `drop` may be called with `user` from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_register_callback(
    m: *mut meshvitals_monitor_t,
    check_json: *const c_char,
    run: meshvitals_callback_t,
    user: *mut c_void,
    drop: meshvitals_drop_t,
    out_id: *mut meshvitals_check_id_t,
    err: *mut meshvitals_error_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    unsafe {
        guard(err, || {
            let monitor = monitor(m)?;
            let document = text(check_json, "check_json")?;
            let run = run.ok_or_else(|| Error::refused(Code::Null, "run is NULL"))?;
            let make = || Box::new(Foreign { run, user, drop }) as Box<dyn Callback>;
            give(out_id, monitor.register_callback_with(document, make)?);
            Ok(())
        })
    }
}

/// Registers a check, or puts its document, a JSON object of at most 64 MiB, in the place of the
/// check of its name. The same document keeps the id and changes nothing; if only schedule,
/// thresholds, levels, tags or criticality differ, the counts are kept; if something else is
/// measured, the check begins anew, and a run in flight is discarded.
///
/// Returns: as meshvitals_register without EXISTS; MODE for callback checks.
/// Threads: any.
/// Ownership: the text is only read. `out_id` may be NULL.
/// Since: 0.1.0
///
/// # Safety
///
/// As meshvitals_register.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_replace(
    m: *mut meshvitals_monitor_t,
    check_json: *const c_char,
    out_id: *mut meshvitals_check_id_t,
    err: *mut meshvitals_error_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    unsafe {
        guard(err, || {
            let id = monitor(m)?.replace(text(check_json, "check_json")?)?;
            give(out_id, id);
            Ok(())
        })
    }
}

/// Removes a check. When this returns no call of its function starts; one may still be running.
///
/// Returns: OK; NULL; NOT_FOUND; STALE for an id that was removed before; MODE for
/// meshvitals.self; FORKED.
/// Threads: any, callbacks and event consumers included.
/// Ownership: the id is used up.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_unregister(
    m: *mut meshvitals_monitor_t,
    id: meshvitals_check_id_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promise, as the header says.
    quiet(|| unsafe { monitor(m) }?.unregister(CheckId(id)))
}

/// Removes checks, all or none.
///
/// Returns: as meshvitals_unregister, for the first id that is wrong.
/// Threads: any.
/// Ownership: the ids are only read.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; `ids` points to `count` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_unregister_many(
    m: *mut meshvitals_monitor_t,
    ids: *const meshvitals_check_id_t,
    count: usize,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    quiet(|| unsafe { monitor(m)?.unregister_many(&self::ids(ids, count)?) })
}

/// The id of a check by its name.
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
pub unsafe extern "C" fn meshvitals_find(
    m: *const meshvitals_monitor_t,
    name: *const c_char,
    out_id: *mut meshvitals_check_id_t,
) -> meshvitals_code_t {
    quiet(|| {
        // SAFETY: the caller's promises, as the header says.
        let (monitor, name, out) =
            unsafe { (monitor(m)?, text(name, "name")?, output(out_id, "out_id")?) };
        *out = monitor.find(name)?.0;
        Ok(())
    })
}

/// The ids of all checks, at most `capacity` of them: those that the host program registered, those
/// of the library (`system.cpu`, `system.memory`, `system.disk`, further disks as
/// `system.disk:<path>`) unless the configuration turns them off, and, unless the clock is manual,
/// `meshvitals.self`. Groups are not among them.
///
/// Returns: how many checks there are, which may be more than `capacity`; or a negative code.
/// Threads: any.
/// Ownership: `out_ids` may be NULL if `capacity` is 0.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; `out_ids` has room for `capacity` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_list(
    m: *const meshvitals_monitor_t,
    out_ids: *mut meshvitals_check_id_t,
    capacity: usize,
) -> i64 {
    number(|| {
        // SAFETY: the caller's promise, as the header says.
        let all = unsafe { monitor(m) }?.list()?;
        if capacity > 0 {
            if out_ids.is_null() {
                return Err(Error::refused(Code::Null, "out_ids is NULL"));
            }
            for (place, id) in all.iter().take(capacity).enumerate() {
                // SAFETY: not NULL, `place` is below `capacity`, and the caller's promise.
                unsafe { out_ids.add(place).write(id.0) };
            }
        }
        Ok(all.len() as i64)
    })
}

/// Writes an id where one is wanted.
///
/// # Safety
///
/// `out` is NULL or valid for writes.
unsafe fn give(out: *mut meshvitals_check_id_t, id: CheckId) {
    // SAFETY: the caller's promise.
    if let Some(out) = unsafe { out.as_mut() } {
        *out = id.0;
    }
}

/// A function of the host with what belongs to it.
struct Foreign {
    run:
        unsafe extern "C" fn(*mut c_void, *const meshvitals_run_t, *mut meshvitals_result_t) -> i32,
    user: *mut c_void,
    drop: meshvitals_drop_t,
}

// SAFETY: meshvitals_register_callback demands that function and user may be used from any
// thread; calls of one function never overlap.
unsafe impl Send for Foreign {}
// SAFETY: as above.
unsafe impl Sync for Foreign {}

impl Callback for Foreign {
    fn run(&self, run: &Run) -> RunResult {
        let told = meshvitals_run_t {
            struct_size: size_of::<meshvitals_run_t>() as u32,
            reserved0: 0,
            check: run.check.0,
            cookie: run.cookie,
            deadline_ns: run.deadline.0,
            reserved: [0; 4],
        };
        let mut out = meshvitals_result_t {
            struct_size: size_of::<meshvitals_result_t>() as u32,
            outcome: Outcome::Pass as i32,
            reason: 0,
            detail: 0,
            token: 0,
            finished_ns: 0,
            latency_ns: 0,
            value: f64::NAN,
            reserved: [0; 4],
            message: [0; 160],
        };
        // SAFETY: the function and its user are the caller's of meshvitals_register_callback;
        // both structs live until it returns.
        let answer = unsafe { (self.run)(self.user, &told, &mut out) };
        if answer != 0 {
            let failed = RunResult::new(Outcome::Fail, Reason::CALLBACK_FAILED);
            let message = parse(&meshvitals_result_t { outcome: Outcome::Fail as i32, ..out });
            let message = message.map(|result| result.message).unwrap_or_default();
            return RunResult { message, value: out.value, ..failed.with_detail(answer) };
        }
        parse(&out).unwrap_or_else(|error| {
            RunResult::new(Outcome::Fail, Reason::CALLBACK_FAILED)
                .with_detail(error.code() as i32)
                .with_message(&error.to_string())
        })
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
