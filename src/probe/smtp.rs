//! SMTP: greets a mail server, encrypts where the check says so, and takes its leave.
//!
//! The server speaks first. Its replies may have several lines, all with the same number. What it
//! offers before encryption is not believed afterwards, so the greeting is repeated then.

use super::talk::{Failure, Line, shown};
use crate::model::{Reason, RunResult, SmtpSpec, TlsSpec};

/// What a server that is still there expects before we go.
const FAREWELL: &[u8] = b"QUIT\r\n";

/// The service ends, and the connection with it.
const NOT_AVAILABLE: u16 = 421;

/// Waits for the greeting, answers it, and encrypts where the check says so.
///
/// # Errors
///
/// What the server said instead, or how the conversation broke.
pub async fn speak(
    spec: &SmtpSpec,
    tls: Option<&TlsSpec>,
    line: &mut Line,
) -> Result<RunResult, Failure> {
    line.step("greeting");
    expect(line, 220).await?;
    let offers = hello(spec, line).await?;
    if let Some(tls) = tls.filter(|_| spec.starttls) {
        line.step("STARTTLS");
        if !offers {
            line.set_farewell(FAREWELL);
            return Err(Failure::fail(Reason::TLS_NOT_OFFERED, ""));
        }
        line.send(b"STARTTLS\r\n").await?;
        expect(line, 220).await?;
        line.encrypt(&tls.name).await?;
        hello(spec, line).await?;
    }
    line.set_farewell(FAREWELL);
    Ok(RunResult::pass())
}

/// Greets the server; whether it offers encryption.
async fn hello(spec: &SmtpSpec, line: &mut Line) -> Result<bool, Failure> {
    line.step("EHLO");
    line.send(format!("EHLO {}\r\n", spec.hello).as_bytes()).await?;
    let lines = expect(line, 250).await?;
    Ok(lines.iter().skip(1).any(|text| text.trim_ascii().eq_ignore_ascii_case(b"STARTTLS")))
}

/// Receives a reply with this number and answers the text of its lines.
async fn expect(line: &mut Line, expected: u16) -> Result<Vec<Vec<u8>>, Failure> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut first = None;
    loop {
        let bytes = line.line().await?;
        let reply = reply(&bytes)?;
        if *first.get_or_insert(reply.code) != reply.code {
            let text = "a reply whose lines have different numbers";
            return Err(Failure::fail(Reason::RECEIVE_MALFORMED, text));
        }
        lines.push(reply.text.to_vec());
        if !reply.is_last {
            continue;
        }
        if reply.code == expected {
            return Ok(lines);
        }
        if reply.code != NOT_AVAILABLE {
            line.set_farewell(FAREWELL);
        }
        return Err(refused(reply.code, &lines[0]));
    }
}

fn refused(code: u16, text: &[u8]) -> Failure {
    let reason = match code {
        NOT_AVAILABLE => Reason::MATCH_NOT_READY,
        400.. => Reason::MATCH_ERROR,
        _ => Reason::MATCH_ANSWER,
    };
    let text = format!("{code}: {}", shown(text, []));
    Failure { detail: code.into(), ..Failure::fail(reason, &text) }
}

/// One line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Its number, from 200 to 599.
    pub code: u16,
    /// Whether no further line follows.
    pub is_last: bool,
    /// What stands behind the number.
    pub text: &'a [u8],
}

/// Reads one line of a reply.
///
/// # Errors
///
/// That it is none.
pub fn reply(line: &[u8]) -> Result<Reply<'_>, Failure> {
    if let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = line {
        let code = [a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(**digit - b'0'));
        match rest {
            [] => return Ok(Reply { code, is_last: true, text: b"" }),
            [b' ', text @ ..] => return Ok(Reply { code, is_last: true, text }),
            [b'-', text @ ..] => return Ok(Reply { code, is_last: false, text }),
            _ => {}
        }
    }
    let text = format!("not of SMTP: {}", shown(line, []));
    Err(Failure::fail(Reason::RECEIVE_MALFORMED, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_number_and_says_whether_another_follows() {
        let is = |code, is_last, text| Ok(Reply { code, is_last, text });
        assert_eq!(reply(b"220 mail ready"), is(220, true, &b"mail ready"[..]));
        assert_eq!(reply(b"250-SIZE 1000"), is(250, false, b"SIZE 1000"));
        assert_eq!(reply(b"599"), is(599, true, b""));
        assert_eq!(reply(b"221 "), is(221, true, b""));
        for line in [&b""[..], b"22", b"120 x", b"600 x", b"25o x", b"2500 x", b"HTTP/1.1 400"] {
            let failure = reply(line).unwrap_err();
            assert_eq!(failure.reason, Reason::RECEIVE_MALFORMED, "{line:?}");
        }
    }

    #[test]
    fn numbers_say_what_is_wrong() {
        let why = |code| (refused(code, b"x").reason, refused(code, b"x").detail);
        assert_eq!(why(421), (Reason::MATCH_NOT_READY, 421));
        assert_eq!(why(450), (Reason::MATCH_ERROR, 450));
        assert_eq!(why(554), (Reason::MATCH_ERROR, 554));
        assert_eq!(why(250), (Reason::MATCH_ANSWER, 250));
        assert_eq!(refused(554, b"no\x07").text, r#"554: "no\u{7}""#);
    }
}
