//! Reading what a caller passes: handles, texts, structs of several sizes.

use super::types::{meshvitals_monitor_t, meshvitals_result_t, meshvitals_subscription_t};
use crate::engine::{Monitor, Subscription};
use crate::error::{Code, Error};
use crate::model::{CheckId, Message, Outcome, Phases, Reason, RunResult, Status};
use core::ffi::{CStr, c_char};
use std::ptr;

/// No struct of any version is larger; a larger size is a field that was never set.
const STRUCT_LIMIT: usize = 1 << 16;

fn null(what: &str) -> Error {
    Error::refused(Code::Null, format!("{what} is NULL"))
}

/// The monitor of a handle; FORKED in a child in which it was not started, before the other
/// arguments are looked at.
///
/// # Safety
///
/// `m` is NULL or a handle that was not freed and is not freed meanwhile.
pub unsafe fn monitor<'a>(m: *const meshvitals_monitor_t) -> Result<&'a Monitor, Error> {
    // SAFETY: the caller's promise.
    let monitor = unsafe { inherited_monitor(m) }?;
    monitor.inner.check_fork()?;
    Ok(monitor)
}

/// The same for the few calls that a child may make.
///
/// # Safety
///
/// As [`monitor`].
pub unsafe fn inherited_monitor<'a>(m: *const meshvitals_monitor_t) -> Result<&'a Monitor, Error> {
    // SAFETY: the caller's promise.
    unsafe { m.as_ref() }.map(|handle| &handle.monitor).ok_or_else(|| null("the monitor"))
}

/// The subscription of a handle; FORKED in a child, before the other arguments are looked at.
///
/// # Safety
///
/// `s` is NULL or a handle that was not freed and is not freed meanwhile.
pub unsafe fn subscription<'a>(
    s: *const meshvitals_subscription_t,
) -> Result<&'a Subscription, Error> {
    // SAFETY: the caller's promise.
    let handle = unsafe { s.as_ref() }.ok_or_else(|| null("the subscription"))?;
    handle.subscription.check_fork()?;
    Ok(&handle.subscription)
}

/// A text that must be there.
///
/// # Safety
///
/// `text` is NULL or ends in NUL and does not change meanwhile.
pub unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise.
    unsafe { optional_text(text, what) }?.ok_or_else(|| null(what))
}

/// A text that may be NULL.
///
/// # Safety
///
/// As [`text`].
pub unsafe fn optional_text<'a>(text: *const c_char, what: &str) -> Result<Option<&'a str>, Error> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, and the caller's promise.
    let bytes = unsafe { CStr::from_ptr(text) };
    let utf8 = bytes.to_str().map_err(|error| {
        let at = error.valid_up_to();
        Error::refused(Code::Utf8, format!("{what} is not UTF-8 from byte {at} on"))
    })?;
    Ok(Some(utf8))
}

/// A place for an output, which must be there.
///
/// # Safety
///
/// `out` is NULL or valid for writes.
pub unsafe fn output<'a, T>(out: *mut T, what: &str) -> Result<&'a mut T, Error> {
    // SAFETY: the caller's promise; `T` is a number or a pointer, of which every bit pattern is
    // a value, so that an uninitialised place may be borrowed to be written.
    unsafe { out.as_mut() }.ok_or_else(|| null(what))
}

/// A list of ids.
///
/// # Safety
///
/// `ids` points to `count` ids, or `count` is 0.
pub unsafe fn ids(ids: *const u64, count: usize) -> Result<Vec<CheckId>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if ids.is_null() {
        return Err(null("ids"));
    }
    // SAFETY: the caller's promise.
    let ids = unsafe { std::slice::from_raw_parts(ids, count) };
    Ok(ids.iter().copied().map(CheckId).collect())
}

/// A status that arrives as a number.
pub fn status(number: i32) -> Result<Status, Error> {
    let allowed = "UNKNOWN 0, HEALTHY 1, DEGRADED 2, UNHEALTHY 3";
    Status::from_number(number).ok_or_else(|| Error::range("status", number, allowed))
}

/// A result of any known or later size: what lies beyond ours must be zero.
///
/// # Safety
///
/// `from` is NULL or points to as many bytes as its `struct_size` says.
pub unsafe fn result(from: *const meshvitals_result_t) -> Result<(u64, u64, RunResult), Error> {
    if from.is_null() {
        return Err(null("the result"));
    }
    let own = size_of::<meshvitals_result_t>();
    // SAFETY: not NULL, and every version of the struct begins with its size.
    let size = unsafe { ptr::addr_of!((*from).struct_size).read() } as usize;
    if size < own || size > STRUCT_LIMIT {
        return Err(struct_size(size, own));
    }
    // SAFETY: the caller's promise: `size` bytes are there, which are more than `own`.
    let beyond = unsafe { std::slice::from_raw_parts(from.cast::<u8>().add(own), size - own) };
    if beyond.iter().any(|&byte| byte != 0) {
        return Err(struct_size(size, own));
    }
    // SAFETY: at least `own` bytes are there; every bit pattern is a value.
    let raw = unsafe { from.read() };
    if raw.reserved != [0; 4] {
        let text = "the reserved fields of a result must be zero";
        return Err(Error::refused(Code::StructSize, text));
    }
    let told = raw.message.map(|byte| byte as u8);
    if CStr::from_bytes_until_nul(&told).is_ok_and(|message| message.to_str().is_err()) {
        return Err(Error::refused(Code::Utf8, "the message is not UTF-8"));
    }
    Ok((raw.token, raw.finished_ns, parse(&raw)?))
}

/// The value of a result struct; the layout was checked already. In a message that is not UTF-8
/// the characters that are none are replaced: what was measured must not be lost for its wording.
pub fn parse(raw: &meshvitals_result_t) -> Result<RunResult, Error> {
    let allowed = "PASS 1, WARN 2, FAIL 3, TIMEOUT 4, LOCAL 5";
    let outcome = Outcome::from_number(raw.outcome)
        .ok_or_else(|| Error::range("outcome", raw.outcome, allowed))?;
    let bytes = raw.message.map(|byte| byte as u8);
    let message = CStr::from_bytes_until_nul(&bytes)
        .map_err(|_| Error::range("message", "a text without NUL", "at most 159 bytes and NUL"))?;
    let message = message.to_string_lossy();
    let known = |number| Reason::ALL.iter().any(|(reason, _)| reason.0 == number);
    if raw.reason < Reason::FIRST_OF_HOST && !known(raw.reason) {
        let allowed = "MESHVITALS_REASON_*, or a number of the host program from 10000 on";
        return Err(Error::range("reason", raw.reason, allowed));
    }
    let reason = match (raw.reason, outcome) {
        (0, Outcome::Pass) => Reason::NONE,
        (0, _) => Reason::REPORTED,
        (number, _) => Reason(number),
    };
    Ok(RunResult {
        outcome,
        reason,
        detail: raw.detail,
        latency_ns: raw.latency_ns,
        value: raw.value,
        phases: Phases::default(),
        message: Message::new(&message),
        measure: None,
    })
}

fn struct_size(size: usize, own: usize) -> Error {
    let text = format!(
        "struct_size is {size}; this library knows {own}, and what lies beyond must be zero"
    );
    Error::refused(Code::StructSize, text)
}

/// Writes a struct for a caller whose version has another size: as much as both know, zeroes
/// for what only the caller has, and the caller's own `struct_size`.
///
/// # Safety
///
/// `out` points to `size` bytes, and `T` has no padding.
pub unsafe fn write_sized<T: Copy>(out: *mut T, size: usize, value: &T) {
    let both = size.min(size_of::<T>());
    // SAFETY: the caller's promise; `size` is at least `both`.
    unsafe {
        ptr::copy_nonoverlapping(ptr::from_ref(value).cast::<u8>(), out.cast::<u8>(), both);
        ptr::write_bytes(out.cast::<u8>().add(both), 0, size - both);
        out.cast::<u32>().write_unaligned(size as u32);
    }
}

/// The size that an output struct says it has.
///
/// # Safety
///
/// `out` is NULL or points to a struct whose first field is its size.
pub unsafe fn sized<T>(out: *const T, least: usize, what: &str) -> Result<usize, Error> {
    if out.is_null() {
        return Err(null(what));
    }
    // SAFETY: not NULL, and the caller's promise.
    let size = unsafe { out.cast::<u32>().read() } as usize;
    if size < least || size > STRUCT_LIMIT {
        return Err(struct_size(size, size_of::<T>()));
    }
    Ok(size)
}
