//! Subscriptions: poll, the descriptor, wake.

use super::arguments::{output, subscription, write_sized};
use super::guard::{guard, number, put, quiet};
use super::types::{
    meshvitals_code_t, meshvitals_error_t, meshvitals_event_t, meshvitals_monitor_t,
    meshvitals_subscription_t,
};
use crate::error::{Code, Error};
use crate::model::{Event, Kinds};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Subscribes to events. `kinds` is a sum of MESHVITALS_KIND_*; beyond `capacity` events the
/// changes of one check are merged, so that its last status is never lost. A subscription with
/// STATUS begins with one event for each check and then for each group, the whole included: its
/// present status, reason INITIAL, and as text the check's last message or since when it is so.
/// These come on top of `capacity` and are not merged.
/// What changes afterwards follows without a gap. A check that is registered later is told by
/// REGISTERED, to who subscribed to LIFE, and by its first change.
///
/// Subscribing, registering and meshvitals_monitor_start may come in any order: who subscribes
/// first hears everything, who subscribes last begins with what is there. External checks alone
/// want a subscription with DUE before they are due; without one their runs are LOCAL
/// (HOST_NOT_POLLING).
///
/// Returns: OK; NULL; RANGE for a mask or capacity (1 to 1048576); BUSY for a second
/// subscription with DUE; LIMIT without descriptors; FORKED.
/// Threads: any.
/// Ownership: `*out` is the caller's, for meshvitals_subscription_free. It outlives `m`.
/// Since: 0.1.0
///
/// # Safety
///
/// `m` is NULL or a monitor; `out` and `err` are NULL or valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_subscribe(
    m: *mut meshvitals_monitor_t,
    kinds: u32,
    capacity: u32,
    out: *mut *mut meshvitals_subscription_t,
    err: *mut meshvitals_error_t,
) -> meshvitals_code_t {
    // SAFETY: the caller's promises, as the header says.
    unsafe {
        guard(err, || {
            let monitor = super::arguments::monitor(m)?;
            let out = output(out, "out")?;
            let subscription = monitor.subscribe(Kinds(kinds), capacity as usize)?;
            *out = Box::into_raw(Box::new(meshvitals_subscription_t { subscription }));
            Ok(())
        })
    }
}

/// Takes up to `capacity` events. `out` is an array whose elements are `event_size` bytes each:
/// the caller's sizeof(meshvitals_event_t). The elements need not be initialised; struct_size is
/// written too. Waits for the first event up to `timeout_ms`: 0 not at all, negative as long as it
/// takes; in manual mode it never waits.
///
/// Returns: how many were written, 0 after meshvitals_wake or when the time passed; or a
/// negative code: NULL; STRUCT_SIZE; STOPPED when the queue is empty and the monitor is stopped
/// or freed; FORKED.
/// Threads: any; several may poll one subscription.
/// Ownership: the events are copies.
/// Since: 0.1.0
///
/// # Safety
///
/// `s` is NULL or a subscription; `out` has room for `capacity` times `event_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_poll(
    s: *mut meshvitals_subscription_t,
    out: *mut meshvitals_event_t,
    event_size: usize,
    capacity: usize,
    timeout_ms: i32,
) -> i32 {
    let count = number(|| {
        // SAFETY: the caller's promise, as the header says.
        let subscription = unsafe { subscription(s) }?;
        if event_size < size_of::<meshvitals_event_t>() || event_size > 1 << 16 {
            let text = format!("event_size is {event_size}; this library knows 272 or more");
            return Err(Error::refused(Code::StructSize, text));
        }
        if out.is_null() && capacity > 0 {
            return Err(Error::refused(Code::Null, "out is NULL"));
        }
        let patience = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        let limit = capacity.min(i32::MAX as usize);
        let events = subscription.poll(limit, patience)?;
        for (place, event) in events.iter().enumerate() {
            // SAFETY: `place` is below `capacity`, so the element lies within the caller's array.
            unsafe {
                let element = out.cast::<u8>().add(place * event_size);
                write_sized(element.cast::<meshvitals_event_t>(), event_size, &raw(event));
            }
        }
        Ok(events.len() as i64)
    });
    count as i32
}

fn raw(event: &Event) -> meshvitals_event_t {
    let mut raw = meshvitals_event_t {
        struct_size: 0,
        kind: event.kind as i32,
        check: event.check.0,
        cookie: event.cookie,
        sequence: event.sequence,
        at_ns: event.at.0,
        token: event.token,
        deadline_ns: event.deadline.0,
        linger_until_ns: event.linger_until.0,
        previous: event.previous as i32,
        status: event.status as i32,
        reason: event.reason.0,
        merged: event.merged,
        value: event.value,
        outcome: event.outcome.map_or(0, |outcome| outcome as i32),
        detail: event.detail,
        latency_ns: event.latency_ns,
        is_group: event.is_group.into(),
        reserved: [0; 1],
        text: [0; 160],
    };
    put(&mut raw.text, event.text.as_str());
    raw
}

/// The descriptor that is readable while there is something to take, for poll, epoll or select.
/// Only wait for it; do not read, write or close it. With an edge-triggered loop, poll until
/// fewer events than `capacity` come.
///
/// Returns: the descriptor, close-on-exec; or a negative code: NULL, FORKED.
/// Threads: any.
/// Ownership: the subscription's; valid until it is freed.
/// Since: 0.1.0
///
/// # Safety
///
/// `s` is NULL or a subscription.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_event_fd(s: *const meshvitals_subscription_t) -> i32 {
    // SAFETY: the caller's promise, as the header says.
    number(|| Ok(unsafe { subscription(s) }?.fd()?.as_raw_fd().into())) as i32
}

/// Makes a poll that waits, or else the next one, return 0.
///
/// Returns: OK; NULL; FORKED.
/// Threads: any.
/// Ownership: borrows `s` for the call.
/// Since: 0.1.0
///
/// # Safety
///
/// `s` is NULL or a subscription.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_wake(s: *mut meshvitals_subscription_t) -> meshvitals_code_t {
    // SAFETY: the caller's promise, as the header says.
    quiet(|| unsafe { subscription(s) }?.wake())
}

/// Ends a subscription and closes its descriptor; in a forked child, the copy of an inherited one.
///
/// Returns: nothing. NULL is allowed.
/// Threads: any; no other call on `s` may be under way, a waiting poll included, or follow.
/// Ownership: takes `s`.
/// Since: 0.1.0
///
/// # Safety
///
/// `s` is NULL or a subscription that is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn meshvitals_subscription_free(s: *mut meshvitals_subscription_t) {
    if s.is_null() {
        return;
    }
    quiet(|| {
        // SAFETY: made by Box::into_raw in meshvitals_subscribe, and given up by the caller.
        drop(unsafe { Box::from_raw(s) });
        Ok(())
    });
}
