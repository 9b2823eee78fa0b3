//! Memcached's binary protocol, the only one in which a server takes SASL.
//!
//! Frames have a header of 24 bytes and a body whose length the header says; all numbers are big
//! endian. The version is told without a login. An answer is short, and a length that is not is
//! refused before anything is read.

use crate::model::{Login, MemcachedSpec, Reason, RunResult};
use crate::probe::talk::{Failure, Line, shown};

/// Length of a header.
pub const HEADER: usize = 24;
/// The longest body that an answer to our questions has.
const BODY_LIMIT: u32 = 4096;

const VERSION: u8 = 0x0b;
const SASL_AUTH: u8 = 0x21;

const AUTH_ERROR: u16 = 0x20;
/// Another step of SASL is wanted, which PLAIN does not have.
const AUTH_CONTINUE: u16 = 0x21;
const UNKNOWN_COMMAND: u16 = 0x81;

/// What the header of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How it went; 0 is well.
    pub status: u16,
    /// Length of what follows.
    pub body: usize,
}

/// Logs in where the document says so, then asks for the version.
///
/// # Errors
///
/// What the server said instead, or how the conversation broke.
pub async fn speak(spec: &MemcachedSpec, line: &mut Line) -> Result<RunResult, Failure> {
    if let Some(login) = &spec.login {
        line.step("login");
        let value = [b"\0", login.user.as_bytes(), b"\0", &login.password.text].concat();
        match ask(line, SASL_AUTH, b"PLAIN", &value).await? {
            // A server that wants no login does not know the command.
            (0 | UNKNOWN_COMMAND, _) => {}
            (AUTH_ERROR, _) => {
                let text = "user or password refused";
                return Err(Failure::fail(Reason::MATCH_CREDENTIALS, text));
            }
            (AUTH_CONTINUE, _) => {
                let text = "the server does not take PLAIN";
                return Err(Failure::fail(Reason::MATCH_CREDENTIALS, text));
            }
            (status, body) => return Err(error(status, &body, Some(login))),
        }
    }
    line.step("version");
    match ask(line, VERSION, b"", b"").await? {
        (0, _) => Ok(RunResult::pass()),
        (AUTH_ERROR, _) => {
            Err(Failure::fail(Reason::MATCH_CREDENTIALS, "the server wants a login"))
        }
        (status, body) => Err(error(status, &body, spec.login.as_ref())),
    }
}

async fn ask(
    line: &mut Line,
    command: u8,
    key: &[u8],
    value: &[u8],
) -> Result<(u16, Vec<u8>), Failure> {
    line.send(&request(command, key, value)).await?;
    let mut head = [0; HEADER];
    let start = line.need(1).await?;
    if start[0] != 0x81 {
        // A server of text answers with less than a header.
        let text = "not of Memcached's binary protocol";
        return Err(Failure::fail(Reason::RECEIVE_MALFORMED, text));
    }
    head.copy_from_slice(line.need(HEADER).await?);
    let header = header(&head, command)?;
    line.take(HEADER);
    Ok((header.status, line.exactly(header.body).await?))
}

fn request(command: u8, key: &[u8], value: &[u8]) -> Vec<u8> {
    // Lengths are bounded by the grammar and by what is loaded from files.
    let body = (key.len() + value.len()) as u32;
    let mut frame = vec![0x80, command];
    frame.extend_from_slice(&(key.len() as u16).to_be_bytes());
    frame.resize(8, 0);
    frame.extend_from_slice(&body.to_be_bytes());
    frame.resize(HEADER, 0);
    frame.extend_from_slice(key);
    frame.extend_from_slice(value);
    frame
}

/// Reads the header of an answer to `command`.
///
/// # Errors
///
/// That it is none, or of an answer that is too long.
pub fn header(bytes: &[u8; HEADER], command: u8) -> Result<Header, Failure> {
    let [0x81, answered, _, _, _, _, status @ .., _, _, _, _, _, _, _, _, _, _, _, _] = bytes
    else {
        return Err(Failure::fail(Reason::RECEIVE_MALFORMED, ""));
    };
    let [high, low, a, b, c, d] = *status;
    let body = u32::from_be_bytes([a, b, c, d]);
    if *answered != command {
        let text = "the answer belongs to another question";
        return Err(Failure::fail(Reason::RECEIVE_MALFORMED, text));
    }
    if body > BODY_LIMIT {
        let text = format!("an answer of {body} bytes");
        return Err(Failure::fail(Reason::RECEIVE_TOO_LARGE, &text));
    }
    Ok(Header { status: u16::from_be_bytes([high, low]), body: body as usize })
}

fn error(status: u16, body: &[u8], login: Option<&Login>) -> Failure {
    let said = shown(body, login.map(|login| &login.password));
    let text = format!("status {status:#04x}: {said}");
    Failure { detail: status.into(), ..Failure::fail(Reason::MATCH_ERROR, &text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(command: u8, status: u16, body: u32) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        (bytes[0], bytes[1]) = (0x81, command);
        bytes[6..8].copy_from_slice(&status.to_be_bytes());
        bytes[8..12].copy_from_slice(&body.to_be_bytes());
        bytes
    }

    #[test]
    fn a_request_says_its_lengths() {
        let frame = request(SASL_AUTH, b"PLAIN", b"\0ann\0pw");
        assert_eq!(frame[..12], [0x80, 0x21, 0, 5, 0, 0, 0, 0, 0, 0, 0, 12]);
        assert_eq!(frame[HEADER..], *b"PLAIN\0ann\0pw");
    }

    #[test]
    fn a_header_is_of_this_answer_and_of_a_short_one() {
        let read = |bytes: [u8; HEADER]| header(&bytes, VERSION).map_err(|failure| failure.reason);
        assert_eq!(read(answer(VERSION, 0x20, 13)), Ok(Header { status: 0x20, body: 13 }));
        assert_eq!(read(answer(SASL_AUTH, 0, 0)), Err(Reason::RECEIVE_MALFORMED));
        assert_eq!(read(answer(VERSION, 0, u32::MAX)), Err(Reason::RECEIVE_TOO_LARGE));
        assert_eq!(read([b'E'; HEADER]), Err(Reason::RECEIVE_MALFORMED));
    }
}
