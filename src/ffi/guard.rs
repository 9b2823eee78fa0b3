//! The guard at the boundary: no panic crosses it, and every refusal becomes a code and a text.
//!
//! A panic that is stopped here has already been shown to the host's panic hook, which is the
//! process's and not ours to change; without one, Rust's default hook writes it to stderr.

use super::types::{meshvitals_code_t, meshvitals_error_t};
use crate::error::{Code, Error};
use core::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an entry point and returns its code; fills in `err` unless it is NULL.
///
/// # Safety
///
/// `err` is NULL or valid for writes.
pub unsafe fn guard(
    err: *mut meshvitals_error_t,
    body: impl FnOnce() -> Result<(), Error>,
) -> meshvitals_code_t {
    let answer = attempt(body);
    // SAFETY: the caller's promise.
    if let Some(err) = unsafe { err.as_mut() } {
        write_error(err, answer.as_ref().err());
    }
    code(answer)
}

/// The same for calls without an error struct.
pub fn quiet(body: impl FnOnce() -> Result<(), Error>) -> meshvitals_code_t {
    code(attempt(body))
}

/// The same for calls that return a number.
pub fn number(body: impl FnOnce() -> Result<i64, Error>) -> i64 {
    match attempt(body) {
        Ok(number) => number,
        Err(error) => error.code() as i64,
    }
}

/// Runs a body; a panic is the error PANIC.
pub fn attempt<R>(body: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        // Leaked, because dropping a payload may panic again.
        std::mem::forget(panic);
        Err(Error::refused(Code::Panic, ""))
    })
}

fn code(answer: Result<(), Error>) -> meshvitals_code_t {
    answer.map_or_else(|error| error.code() as i32, |()| 0)
}

fn write_error(err: &mut meshvitals_error_t, error: Option<&Error>) {
    err.code = error.map_or(0, |error| error.code() as i32);
    err.reserved = 0;
    put(&mut err.key, error.map_or("", Error::key));
    put(&mut err.message, &error.map(ToString::to_string).unwrap_or_default());
}

/// Writes a text into a field, cut between characters, and fills the rest with zeroes.
pub fn put(field: &mut [c_char], text: &str) {
    let text = crate::error::cut(text, field.len() - 1);
    field.fill(0);
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from as c_char;
    }
}
