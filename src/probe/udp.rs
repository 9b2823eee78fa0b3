//! One datagram, and the reply that there must be.
//!
//! The first reply decides; it came from the address that was asked, because the socket is
//! connected. Silence ends at the deadline and is never a pass. The trap: a datagram can be lost
//! on the way, and nothing is sent twice here, because a conversation knows of no time; whoever
//! judges must bear that with more than one failure.

use crate::model::{Reason, RunResult, UdpSpec};
use crate::probe::talk::{Failure, Line};

/// Sends the datagram and judges the reply, which is not repeated: it may hold secrets.
pub async fn speak(spec: &UdpSpec, line: &mut Line) -> Result<RunResult, Failure> {
    line.step("request");
    line.send(&spec.send.text).await?;
    line.step("reply");
    let reply = line.datagram().await?;
    match &spec.expect {
        Some(expected) if !expected.is_in(&reply) => {
            let text = format!("unexpected, of {} bytes", reply.len());
            Err(Failure::fail(Reason::MATCH_ANSWER, &text))
        }
        _ => Ok(RunResult::pass()),
    }
}
