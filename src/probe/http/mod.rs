//! One HTTP/1.1 exchange on a connection that is made for it.
//!
//! [`Exchange`] writes the request and reads the answer as far as the socket lets it, and says
//! what came of it. It knows nothing of time: the deadline is the business of its caller. The
//! trap: paths are shown in messages without their query, and header values and bodies never
//! are, because they may hold secrets.

pub mod chunked;
mod head;
mod request;
pub mod response;
pub mod talk;

pub use response::Buffers;

use crate::model::{HttpSpec, Outcome, Reason, RunResult};
use crate::probe::errno;
use crate::sys::socket::{self, Errno};
use response::{Response, Verdict};
use std::fmt::Write;
use std::os::fd::BorrowedFd;

/// Reads in a row before others get their turn: a server that sends faster than we read must
/// not keep the reactor to itself.
const READS_AT_ONCE: usize = 16;

/// What became of an exchange.
#[derive(Debug)]
pub enum Progress {
    /// The socket has to be waited for.
    Wait,
    /// There may be more, but it is the turn of others.
    Yield,
    /// The verdict is known. Only the text behind the place is in the message as yet.
    Verdict(RunResult),
    /// The connection failed with this error of sending or receiving.
    Broken(errno::Class, Errno),
}

/// A request on its way, or its answer.
#[derive(Debug)]
pub struct Exchange {
    sent: usize,
    is_sent: bool,
    has_answer: bool,
    response: Response,
}

impl Exchange {
    /// Before the first byte is sent.
    pub const fn new(buffers: Buffers) -> Exchange {
        Exchange { sent: 0, is_sent: false, has_answer: false, response: Response::new(buffers) }
    }

    /// Whether the whole request is sent.
    pub fn is_sent(&self) -> bool {
        self.is_sent
    }

    /// Whether any byte of the answer is here.
    pub fn has_answer(&self) -> bool {
        self.has_answer
    }

    /// The memory, to be used again.
    pub fn into_buffers(self) -> Buffers {
        self.response.into_buffers()
    }

    /// Sends what is left of the request. `scratch` is overwritten.
    ///
    /// # Errors
    ///
    /// The error of the connection.
    pub fn send(
        &mut self,
        socket: BorrowedFd<'_>,
        spec: &HttpSpec,
        scratch: &mut Vec<u8>,
    ) -> Result<(), Errno> {
        request::write(spec, scratch);
        while self.sent < scratch.len() {
            match socket::send(socket, &scratch[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.is_sent = true;
        Ok(())
    }

    /// Receives what is there. A short read empties the socket, so nothing more is read unless
    /// `to_the_end` says that the end, which raises no edge of its own, is known to be there.
    pub fn receive(
        &mut self,
        socket: BorrowedFd<'_>,
        spec: &HttpSpec,
        input: &mut [u8],
        to_the_end: bool,
    ) -> Progress {
        for _ in 0..READS_AT_ONCE {
            match socket::receive(socket, input) {
                Ok(0) => return Progress::Verdict(result(spec, self.response.end(spec))),
                Ok(count) => {
                    self.has_answer = true;
                    if let Some(verdict) = self.response.feed(spec, &input[..count]) {
                        return Progress::Verdict(result(spec, verdict));
                    }
                    if count < input.len() && !to_the_end {
                        return Progress::Wait;
                    }
                }
                Err(Errno::AGAIN) => return Progress::Wait,
                Err(error) => return Progress::Broken(errno::of_receive(error), error),
            }
        }
        Progress::Yield
    }
}

/// The request as messages name it: without its query.
pub fn title(spec: &HttpSpec) -> String {
    let path = spec.path.split(['?', '#']).next().unwrap_or_default();
    format!("{} {path}", spec.method)
}

fn result(spec: &HttpSpec, verdict: Verdict) -> RunResult {
    let (reason, text) = match verdict {
        Verdict::Pass => return RunResult::pass(),
        Verdict::Status(code) => {
            let text = format!("status {code}, expected {}", allowed(&spec.expect.status));
            let result = RunResult::new(Outcome::Fail, Reason::MATCH_STATUS);
            return result.with_detail(i32::from(code)).with_message(&text);
        }
        Verdict::Busy(code) => {
            let text = format!("status {code}: alive, but asks for fewer requests");
            let result = RunResult::new(Outcome::Warn, Reason::MATCH_STATUS_WARN);
            return result.with_detail(i32::from(code)).with_message(&text);
        }
        Verdict::Body => (Reason::MATCH_BODY, "the body lacks the expected text"),
        Verdict::Malformed(problem) => (Reason::RECEIVE_MALFORMED, problem),
        Verdict::TooLarge(limit) => (Reason::RECEIVE_TOO_LARGE, limit),
        Verdict::Closed => {
            (Reason::RECEIVE_CLOSED, "connection closed before the answer was complete")
        }
    };
    RunResult::new(Outcome::Fail, reason).with_message(text)
}

/// "200-299 or 404".
fn allowed(ranges: &[(u16, u16)]) -> String {
    let mut text = String::new();
    for (place, &(low, high)) in ranges.iter().enumerate() {
        let separator = match place {
            0 => "",
            _ if place + 1 == ranges.len() => " or ",
            _ => ", ",
        };
        let _ = write!(text, "{separator}{low}");
        if high != low {
            let _ = write!(text, "-{high}");
        }
    }
    text
}

#[cfg(test)]
pub mod tests {
    //! A specification for the tests of this part, and what messages say.

    use super::*;
    use crate::model::HttpExpect;
    use std::sync::Arc;

    /// GET http://example.test:8080/health?x=1, expecting 200-299.
    pub fn spec() -> HttpSpec {
        HttpSpec {
            target: std::net::SocketAddr::from(([127, 0, 0, 1], 8080)).into(),
            host: "example.test:8080".into(),
            method: "GET".into(),
            path: "/health?x=1".into(),
            headers: Box::default(),
            body: Box::default(),
            expect: Arc::new(HttpExpect {
                status: [(200, 299)].into(),
                body_contains: None,
                body_limit: 16 * 1024,
            }),
        }
    }

    #[test]
    fn a_message_names_the_code_and_what_is_allowed() {
        let mut spec = spec();
        let ranges = [(200, 204), (301, 301), (404, 404)];
        spec.expect = HttpExpect { status: ranges.into(), ..(*spec.expect).clone() }.into();
        let result = result(&spec, Verdict::Status(503));
        assert_eq!(result.message.as_str(), "status 503, expected 200-204, 301 or 404");
        assert_eq!((result.outcome, result.detail), (Outcome::Fail, 503));
    }

    #[test]
    fn a_query_is_never_shown() {
        let mut spec = spec();
        spec.path = "/health?token=secret".into();
        assert_eq!(title(&spec), "GET /health");
    }
}
