//! AMQP 0-9-1: greets a server, and with a login opens a virtual host and closes it again.
//!
//! Without a login the first method of the server is all there is, and it suffices. To leave then
//! is to close the connection: the server knows no farewell yet, and takes one for an error. Later
//! the connection is closed by both sides in turn, because a server waits seconds for whoever just
//! goes. The trap: a server that dislikes our version answers with a header in place of a frame.

pub mod frame;

use super::talk::{Failure, Line, shown};
use crate::model::{AmqpSession, AmqpSpec, Login, Reason, RunResult};
use frame::Method;

/// The header of the version that we speak.
const HEADER: &[u8; 8] = b"AMQP\0\0\x09\x01";

/// Greets, logs in where the check says so, opens and closes.
///
/// # Errors
///
/// What the server said instead, or how the conversation broke.
pub async fn speak(spec: &AmqpSpec, line: &mut Line) -> Result<RunResult, Failure> {
    line.step("Start");
    line.send(HEADER).await?;
    if line.need(1).await?[0] == HEADER[0] {
        return Err(other_version(line.need(HEADER.len()).await?));
    }
    let start = expect(line, frame::START, None).await?;
    let mechanisms = frame::mechanisms(&start)?;
    let Some(AmqpSession { login, vhost }) = &spec.session else {
        return Ok(RunResult::pass().with_message("greeted only: the check has no login"));
    };
    if !mechanisms.split(|byte| *byte == b' ').any(|name| name == b"PLAIN") {
        let text = format!("the server takes no PLAIN, but {}", shown(mechanisms, []));
        return Err(Failure::fail(Reason::MATCH_CREDENTIALS, &text));
    }
    line.step("Start-Ok");
    line.send(&frame::start_ok(login)).await?;
    let tune = expect(line, frame::TUNE, Some(login)).await?;
    let tune_ok = frame::tune_ok(&tune)?;
    line.step("Open");
    line.send(&[tune_ok, frame::open(vhost)].concat()).await?;
    expect(line, frame::OPEN_OK, Some(login)).await?;
    line.step("Close");
    line.send(&frame::close()).await?;
    expect(line, frame::CLOSE_OK, Some(login)).await?;
    Ok(RunResult::pass())
}

/// What a header in place of a frame says.
fn other_version(header: &[u8]) -> Failure {
    let [b'A', b'M', b'Q', b'P', protocol, version @ ..] = header else {
        return Failure::fail(Reason::RECEIVE_MALFORMED, "not of AMQP");
    };
    let version: Vec<String> = version.iter().map(u8::to_string).collect();
    let text = format!("the server speaks AMQP {} (protocol {protocol})", version.join("-"));
    Failure::fail(Reason::MATCH_ANSWER, &text)
}

/// Receives a method and answers its arguments.
async fn expect(
    line: &mut Line,
    method: Method,
    login: Option<&Login>,
) -> Result<Vec<u8>, Failure> {
    loop {
        // What is no frame is known by its first byte.
        frame::is_frame(line.need(1).await?[0])?;
        let mut head = [0; frame::HEAD];
        head.copy_from_slice(line.need(frame::HEAD).await?);
        let length = frame::length(&head)?;
        line.take(frame::HEAD);
        let payload = line.exactly(length + 1).await?;
        let Some((found, arguments)) = frame::method(&head, &payload)? else { continue };
        if found == method {
            return Ok(arguments.to_vec());
        }
        if found == frame::CLOSE {
            let failure = closed(arguments, login)?;
            // Whoever does not hear it waits a little longer; the verdict stands.
            let _ = line.send(&frame::close_ok()).await;
            return Err(failure);
        }
        let text = format!("method {}.{} out of turn", found.0, found.1);
        return Err(Failure::fail(Reason::RECEIVE_MALFORMED, &text));
    }
}

/// Why the server closes the connection.
fn closed(arguments: &[u8], login: Option<&Login>) -> Result<Failure, Failure> {
    let (code, text) = frame::reason(arguments)?;
    let reason = match code {
        403 => Reason::MATCH_CREDENTIALS,
        // The connection is forced to end, by an operator or because the server stops.
        320 => Reason::MATCH_NOT_READY,
        _ => Reason::MATCH_ERROR,
    };
    let text = format!("{code}: {}", shown(text, login.map(|login| &login.password)));
    Ok(Failure { detail: code.into(), ..Failure::fail(reason, &text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    #[test]
    fn another_header_says_its_version() {
        let failure = other_version(b"AMQP\0\x01\0\0");
        assert_eq!(failure.reason, Reason::MATCH_ANSWER);
        assert_eq!(failure.text, "the server speaks AMQP 1-0-0 (protocol 0)");
        assert_eq!(other_version(b"ABCDEFGH").reason, Reason::RECEIVE_MALFORMED);
    }

    #[test]
    fn a_server_that_closes_says_why() {
        let why = |code: u16| {
            let arguments = [&code.to_be_bytes()[..], b"\x03why\0\0\0\0"].concat();
            closed(&arguments, None).map(|failure| (failure.reason, failure.detail, failure.text))
        };
        let is = |reason, code, text: &str| Ok((reason, code, text.to_owned()));
        assert_eq!(why(403), is(Reason::MATCH_CREDENTIALS, 403, "403: \"why\""));
        assert_eq!(why(320), is(Reason::MATCH_NOT_READY, 320, "320: \"why\""));
        assert_eq!(why(530), is(Reason::MATCH_ERROR, 530, "530: \"why\""));
        let password = Secret::given("hunter2", "/amqp/password");
        let login = Login { user: "ann".into(), password };
        let echo = closed(b"\x01\x93\x0bno: hunter2\0\0\0\0", Some(&login)).unwrap();
        assert_eq!(echo.text, "403: (not shown)");
    }
}
