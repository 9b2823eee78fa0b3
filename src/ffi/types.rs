//! The structs that cross the boundary. Their layouts are frozen: see the assertions below.
//!
//! No struct has padding, and all but the error and the cell begin with `struct_size`, so that
//! an old caller works with a new library and the other way round.

#![expect(non_camel_case_types, reason = "the names of the C contract")]

use crate::engine::publish::Cell;
use crate::engine::{Monitor, Subscription};
use core::ffi::{c_char, c_void};

/// The id of a check or group: `generation << 32 | slot`. Unique over all monitors of the
/// process and never used again; 0 is never an id.
pub type meshvitals_check_id_t = u64;
/// UNKNOWN 0, HEALTHY 1, DEGRADED 2, UNHEALTHY 3; frozen. HEALTHY and DEGRADED are functional:
/// they stay in load-balancing pools.
pub type meshvitals_status_t = i32;
/// 0 is success, errors are negative: MESHVITALS_ERROR_*.
pub type meshvitals_code_t = i32;
/// MESHVITALS_OUTCOME_*; 0 is never an outcome.
pub type meshvitals_outcome_t = i32;

/// A monitor: checks, one background thread, what it publishes. Opaque; every call may be made
/// from any thread. Made by meshvitals_monitor_new, ended by meshvitals_monitor_free.
pub struct meshvitals_monitor_s {
    pub(super) monitor: Monitor,
}
/// See meshvitals_monitor_s.
pub type meshvitals_monitor_t = meshvitals_monitor_s;

/// A subscription to events. Opaque; outlives its monitor: the queue is its own.
pub struct meshvitals_subscription_s {
    pub(super) subscription: Subscription,
}
/// See meshvitals_subscription_s.
pub type meshvitals_subscription_t = meshvitals_subscription_s;

/// Two words that hold a published status: see meshvitals_cell_status.
pub type meshvitals_cell_t = Cell;

/// Why a call was refused. Frozen at 512 bytes; need not be initialised, may be NULL. Written by
/// every call that takes it, also on success (code 0, empty texts). Texts end in NUL and are cut
/// between characters.
#[repr(C)]
pub struct meshvitals_error_t {
    /// The code that the call returned.
    pub code: meshvitals_code_t,
    /// Zero.
    pub reserved: u32,
    /// The place in the document, as a JSON pointer (`/tcp/address`), or the argument.
    pub key: [c_char; 120],
    /// What is wrong and what is allowed. Never contains a secret.
    pub message: [c_char; 384],
}

/// One result of a check. Holds no pointers. To fill one, begin with MESHVITALS_RESULT_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct meshvitals_result_t {
    /// The caller's sizeof(meshvitals_result_t).
    pub struct_size: u32,
    /// MESHVITALS_OUTCOME_*.
    pub outcome: meshvitals_outcome_t,
    /// MESHVITALS_REASON_*, or a number of the host program from 10000 on.
    pub reason: i32,
    /// A number that explains the reason: errno, HTTP status, return value.
    pub detail: i32,
    /// 0 for a heartbeat, else the token of the CHECK_DUE event that is answered.
    pub token: u64,
    /// When it was measured, by meshvitals_now_ns; 0 is now.
    pub finished_ns: u64,
    /// How long it took, in nanoseconds.
    pub latency_ns: u64,
    /// The measured value, any number, so that a struct of zeroes has measured 0; NaN if there is
    /// none, which MESHVITALS_RESULT_INIT sets.
    pub value: f64,
    /// Zero.
    pub reserved: [u64; 4],
    /// One sentence for people, UTF-8, ending in NUL.
    pub message: [c_char; 160],
}

/// One event. Holds no pointers. Fields that a kind does not use are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct meshvitals_event_t {
    /// The `event_size` that was given to meshvitals_poll, which writes it: need not be set.
    pub struct_size: u32,
    /// MESHVITALS_EVENT_*.
    pub kind: i32,
    /// The check or group; 0 where it is about the monitor. Its name is that of its
    /// meshvitals_snapshot; once it is removed that is STALE, and the name is the text of REMOVED.
    /// Who must name checks later keeps the names, or gives them cookies.
    pub check: meshvitals_check_id_t,
    /// The number given in the check's document.
    pub cookie: u64,
    /// Counts the changes of one check, without gaps except by merging.
    pub sequence: u64,
    /// When it happened, by meshvitals_now_ns.
    pub at_ns: u64,
    /// CHECK_DUE and CHECK_CANCEL: the run to answer or to end. RESULT: the number of the run.
    pub token: u64,
    /// CHECK_DUE: when the report must be here.
    pub deadline_ns: u64,
    /// CHECK_DUE: until when a late report is still accepted.
    pub linger_until_ns: u64,
    /// STATUS: the status before.
    pub previous: meshvitals_status_t,
    /// STATUS: the status now. RESULT: the published status after the run.
    pub status: meshvitals_status_t,
    /// MESHVITALS_REASON_*; INITIAL in the events with which a subscription begins.
    pub reason: i32,
    /// How many further events were merged into this one, or lost before it.
    pub merged: u32,
    /// The value of the last result; NaN if there is none.
    pub value: f64,
    /// RESULT: MESHVITALS_OUTCOME_*.
    pub outcome: meshvitals_outcome_t,
    /// RESULT: the number that explains the reason. LOG: the level, 0 error to 3 detail.
    pub detail: i32,
    /// RESULT: how long the run took.
    pub latency_ns: u64,
    /// 1 if `check` is a group, the whole included; 0 if it is a check, which may have the name of
    /// a group.
    pub is_group: u32,
    /// Zero.
    pub reserved: [u32; 1],
    /// STATUS and RESULT: the message, or the cause of a mask; in an INITIAL one of neither, the
    /// status and its age. REGISTERED and REMOVED: the name.
    /// LOG: the line. UTF-8, ending in NUL.
    pub text: [c_char; 160],
}

/// Everything known about a check or group.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct meshvitals_snapshot_t {
    /// The caller's sizeof(meshvitals_snapshot_t).
    pub struct_size: u32,
    /// Why the published status is what it is: MESHVITALS_REASON_*.
    pub reason: i32,
    /// The check or group.
    pub check: meshvitals_check_id_t,
    /// The number given in its document.
    pub cookie: u64,
    /// What everybody reads.
    pub status: meshvitals_status_t,
    /// What the detector says, below all masks.
    pub measured: meshvitals_status_t,
    /// What lies over the measured status: MESHVITALS_MASK_*.
    pub mask: u32,
    /// Runs in flight.
    pub in_flight: u32,
    /// Failures in a row.
    pub failures: u32,
    /// Passes in a row.
    pub passes: u32,
    /// Runs that ended since registration; of a group: its members.
    pub runs: u64,
    /// Since when the published status holds, by meshvitals_now_ns.
    pub since_ns: u64,
    /// The same in milliseconds since 1970-01-01 UTC.
    pub since_unix_ms: i64,
    /// The end of the last run; 0 before the first.
    pub last_ns: u64,
    /// The planned start of the next; UINT64_MAX if none is planned.
    pub next_ns: u64,
    /// Until when the status may be believed.
    pub fresh_until_ns: u64,
    /// How long the last run took.
    pub latency_ns: u64,
    /// The value of the last run; NaN if there is none.
    pub value: f64,
    /// The threshold of a resource check; NaN for others.
    pub threshold: f64,
    /// Zero.
    pub reserved: [u64; 6],
    /// The name, UTF-8, ending in NUL.
    pub name: [c_char; 128],
    /// The last message, or the cause of the mask. UTF-8, ending in NUL.
    pub message: [c_char; 160],
}

/// What a run of a callback is told.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct meshvitals_run_t {
    /// The library's sizeof(meshvitals_run_t).
    pub struct_size: u32,
    /// Zero.
    pub reserved0: u32,
    /// The check.
    pub check: meshvitals_check_id_t,
    /// The number given in its document.
    pub cookie: u64,
    /// When the result must be there, by meshvitals_now_ns.
    pub deadline_ns: u64,
    /// Zero.
    pub reserved: [u64; 4],
}

/// Measures once, on a thread of the library. Must not throw or longjmp. `out` arrives with
/// struct_size set, outcome PASS and no value (NaN); both pointers are valid until it returns, even
/// after the deadline, meshvitals_unregister or meshvitals_monitor_free. A return value other than
/// 0 means FAIL, with that number as detail.
pub type meshvitals_callback_t = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        run: *const meshvitals_run_t,
        out: *mut meshvitals_result_t,
    ) -> i32,
>;

/// Releases `user`. Called once, after the last use, on any thread, under no lock of the
/// library; may call the library, except stop and free of the same monitor.
pub type meshvitals_drop_t = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// Takes a line of the log: 0 error, 1 warning, 2 information, 3 detail. Called on any thread,
/// under no lock of the library. `text` is valid during the call.
pub type meshvitals_log_t =
    Option<unsafe extern "C" fn(user: *mut c_void, level: i32, text: *const c_char)>;

const _: () = {
    assert!(size_of::<meshvitals_error_t>() == 512);
    assert!(size_of::<meshvitals_cell_t>() == 16 && align_of::<meshvitals_cell_t>() == 16);
    assert!(size_of::<meshvitals_run_t>() == 64);
    assert!(size_of::<meshvitals_result_t>() == 240);
    assert!(size_of::<meshvitals_event_t>() == 272);
    assert!(size_of::<meshvitals_snapshot_t>() == 456);
};
