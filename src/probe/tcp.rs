//! What a connection that was just made says about its target.
//!
//! A connect probe measures reachability and not health: the kernel accepts on behalf of a
//! process that hangs, as long as its queue has room. That is why the state of the connection
//! is looked at once more after it is made: a reset is a failure, an end is worth a sentence.
//! For addresses the readiness that reported the connection holds all of that already, and no
//! further call is made.

use crate::model::RunResult;
use crate::probe::errno::{self, Class};
use crate::sys::epoll::Ready;
use crate::sys::socket::{self, Errno};
use std::os::fd::AsFd;

/// The result of a connection that was reported in this state, without a pending error.
pub fn judge(ready: Ready) -> RunResult {
    if ready.is_ended() { ended() } else { RunResult::pass() }
}

/// The result of a connection to a unix socket, which is made at once and reported by nobody.
///
/// # Errors
///
/// The error of the connection and what it means.
pub fn look(socket: impl AsFd) -> Result<RunResult, (Class, Errno)> {
    match socket::receive(socket, &mut [0]) {
        Ok(0) => Ok(ended()),
        Ok(_) | Err(Errno::AGAIN) => Ok(RunResult::pass()),
        Err(error) => Err((errno::of_connect_unix(error), error)),
    }
}

/// Somebody accepted: reachable is what was asked.
fn ended() -> RunResult {
    RunResult::pass().with_message("accepted, then closed at once")
}
