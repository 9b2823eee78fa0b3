//! What the end of an HTTP/2 connection or request without an answer means.
//!
//! What the peer said comes first, then how the stream below ended, then what we found wrong with
//! the peer. The trap: whoever does not speak HTTP/2 answers with something, and h2 takes it for
//! a frame of an absurd size; its first bytes tell more.

use crate::model::{Outcome, Reason};
use crate::probe::talk::{Failure, Wire};
use h2::Reason as Code;

/// Where the kind of a frame stands.
const KIND: usize = 3;
/// The kinds of frame that a server begins with: its settings, or that it wants no connection.
const FIRST: [u8; 2] = [4, 7];

/// The errors of a request and of the connection that it was made on.
#[derive(Debug)]
pub struct Broken {
    pub request: Option<h2::Error>,
    pub connection: Option<h2::Error>,
}

impl From<h2::Error> for Broken {
    fn from(error: h2::Error) -> Broken {
        Broken { request: Some(error), connection: None }
    }
}

impl Broken {
    /// The failure, on a stream that ended so.
    pub fn failure(&self, wire: &Wire<'_>) -> Failure {
        if let Some(text) = stranger(wire.head()) {
            return Failure::fail(Reason::RECEIVE_MALFORMED, &text);
        }
        let both = || [&self.request, &self.connection].into_iter().flatten();
        // A request that was not refused by itself knows of the connection's end only that.
        let said = both().find(|error| error.is_remote() && error.reason() != Some(Code::NO_ERROR));
        if let Some(error) = said.or_else(|| both().find(|error| error.is_remote())) {
            return said_by_peer(error);
        }
        let ours = both().find(|error| error.is_library());
        if let Some(error) = ours {
            return found_by_us(error);
        }
        if let Some(failure) = wire.broken() {
            return failure.clone();
        }
        match both().next() {
            Some(error) if !error.is_io() => {
                Failure::new(Outcome::Local, Reason::LOCAL_FAILED, &error.to_string())
            }
            _ => Failure::closed(),
        }
    }
}

/// The peer gave a reason, for this request or for all.
fn said_by_peer(error: &h2::Error) -> Failure {
    let code = error.reason().unwrap_or(Code::NO_ERROR);
    let frame = if error.is_go_away() { "GOAWAY" } else { "RST_STREAM" };
    let (reason, text) = match code {
        Code::NO_ERROR if error.is_go_away() => {
            (Reason::MATCH_NOT_READY, "the target takes no more requests".to_owned())
        }
        Code::NO_ERROR => (Reason::RECEIVE_CLOSED, "the target broke off its answer".to_owned()),
        Code::REFUSED_STREAM => {
            (Reason::MATCH_NOT_READY, "the target refused the request".to_owned())
        }
        Code::ENHANCE_YOUR_CALM => {
            (Reason::MATCH_NOT_READY, "the target asks for fewer requests".to_owned())
        }
        Code::HTTP_1_1_REQUIRED => {
            (Reason::MATCH_ERROR, "the target wants HTTP/1.1 for this".to_owned())
        }
        Code::INADEQUATE_SECURITY => {
            (Reason::TLS_FAILED, "the target finds the encryption too weak".to_owned())
        }
        _ => (Reason::MATCH_ERROR, format!("the target reported {}", named(code))),
    };
    let detail = i32::try_from(u32::from(code)).unwrap_or(i32::MAX);
    Failure { detail, ..Failure::fail(reason, &format!("{text} ({frame})")) }
}

/// The peer broke the protocol, or a limit.
fn found_by_us(error: &h2::Error) -> Failure {
    match error.reason().unwrap_or(Code::PROTOCOL_ERROR) {
        Code::ENHANCE_YOUR_CALM => {
            let text = "more headers or frames than any answer needs";
            Failure::fail(Reason::RECEIVE_TOO_LARGE, text)
        }
        // It does not say which of the two.
        Code::PROTOCOL_ERROR if error.is_reset() => {
            let text = "headers that break HTTP/2 or are larger than 16 KiB";
            Failure::fail(Reason::RECEIVE_MALFORMED, text)
        }
        code => {
            let text = format!("the answer breaks HTTP/2: {}", named(code));
            Failure::fail(Reason::RECEIVE_MALFORMED, &text)
        }
    }
}

/// "INTERNAL_ERROR", or the number of a code that has no name.
fn named(code: Code) -> String {
    match format!("{code:?}") {
        name if name.bytes().all(|byte| byte.is_ascii_uppercase() || b"_1".contains(&byte)) => name,
        _ => format!("code {}", u32::from(code)),
    }
}

/// What the peer speaks, if its first bytes are no HTTP/2.
fn stranger(head: &[u8]) -> Option<String> {
    if head.starts_with(b"HTTP/1") {
        let code = head.get(9..12).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        let tail = code.map_or_else(String::new, |code| format!(", status {code}"));
        return Some(format!("the target speaks HTTP/1 and not HTTP/2{tail}"));
    }
    match head {
        [0x15 | 0x16, 3, ..] => Some("the target wants encryption".to_owned()),
        _ if head.get(KIND).is_some_and(|kind| !FIRST.contains(kind)) => {
            Some("the target does not speak HTTP/2".to_owned())
        }
        _ => None,
    }
}
