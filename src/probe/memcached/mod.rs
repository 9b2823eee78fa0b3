//! Memcached: asks for the version, which the server answers from its working threads.
//!
//! In the text protocol a login looks like storing a value, and a server that wants none stores
//! it. So the login is sent only to a server that has refused the first question for want of it.

pub mod binary;

use super::talk::{Failure, Line, shown};
use crate::model::{Login, MemcachedProtocol, MemcachedSpec, Reason, RunResult};

/// What ends a session that the server knows.
const FAREWELL: &[u8] = b"quit\r\n";

/// One line of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The version.
    Version,
    /// A login was accepted.
    Stored,
    /// Nothing is answered without a login.
    WantsLogin,
}

/// Asks, and logs in where the server wants it.
///
/// # Errors
///
/// What the server said instead, or how the conversation broke.
pub async fn speak(spec: &MemcachedSpec, line: &mut Line) -> Result<RunResult, Failure> {
    if spec.protocol == MemcachedProtocol::Binary {
        return binary::speak(spec, line).await;
    }
    line.step("version");
    let mut answer = ask(line, b"version\r\n", None).await?;
    if answer == Reply::WantsLogin
        && let Some(login) = &spec.login
    {
        line.step("login");
        let told = ask(line, &of_login(login), Some(login)).await?;
        line.step("version");
        answer = match told {
            Reply::Stored => ask(line, b"version\r\n", Some(login)).await?,
            other => other,
        };
    }
    match answer {
        Reply::Version => {
            line.set_farewell(FAREWELL);
            Ok(RunResult::pass())
        }
        Reply::WantsLogin => {
            Err(Failure::fail(Reason::MATCH_CREDENTIALS, "the server wants a login"))
        }
        Reply::Stored => {
            Err(Failure::fail(Reason::RECEIVE_MALFORMED, "the answer belongs to another question"))
        }
    }
}

async fn ask(line: &mut Line, request: &[u8], login: Option<&Login>) -> Result<Reply, Failure> {
    line.send(request).await?;
    let answer = line.line().await?;
    reply(&answer, login)
}

/// A login as the server's file of users has it: the value of a key that does not matter.
fn of_login(login: &Login) -> Vec<u8> {
    let value = [login.user.as_bytes(), b" ", &login.password.text].concat();
    let mut request = format!("set login 0 0 {}\r\n", value.len()).into_bytes();
    request.extend_from_slice(&value);
    request.extend_from_slice(b"\r\n");
    request
}

/// What a line means; `login` is what the server was told in secret.
///
/// # Errors
///
/// An error of the server, or that it is none of Memcached.
pub fn reply(answer: &[u8], login: Option<&Login>) -> Result<Reply, Failure> {
    let said = || shown(answer, login.map(|login| &login.password));
    let word = answer.split(|byte| *byte == b' ').next().unwrap_or_default();
    match (word, answer) {
        (b"VERSION", _) => Ok(Reply::Version),
        (_, b"STORED") => Ok(Reply::Stored),
        (_, b"CLIENT_ERROR unauthenticated") => Ok(Reply::WantsLogin),
        (_, b"CLIENT_ERROR authentication failure") => {
            Err(Failure::fail(Reason::MATCH_CREDENTIALS, "user or password refused"))
        }
        (b"ERROR" | b"CLIENT_ERROR" | b"SERVER_ERROR", _) => {
            Err(Failure::fail(Reason::MATCH_ERROR, &said()))
        }
        _ => {
            let text = format!("not of Memcached: {}", said());
            Err(Failure::fail(Reason::RECEIVE_MALFORMED, &text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    #[test]
    fn a_line_is_an_answer_an_error_or_something_else() {
        let reason = |line: &str| reply(line.as_bytes(), None).map_err(|failure| failure.reason);
        assert_eq!(reason("VERSION 1.6.18"), Ok(Reply::Version));
        assert_eq!(reason("STORED"), Ok(Reply::Stored));
        assert_eq!(reason("CLIENT_ERROR unauthenticated"), Ok(Reply::WantsLogin));
        let refused = "CLIENT_ERROR authentication failure";
        assert_eq!(reason(refused), Err(Reason::MATCH_CREDENTIALS));
        for line in ["ERROR", "ERROR Too many open connections", "SERVER_ERROR out of memory"] {
            assert_eq!(reason(line), Err(Reason::MATCH_ERROR), "{line}");
        }
        for line in ["", " ", "VERSIONS", "HTTP/1.1 400 Bad Request", "STORED 1"] {
            assert_eq!(reason(line), Err(Reason::RECEIVE_MALFORMED), "{line}");
        }
    }

    #[test]
    fn a_login_is_a_value_and_never_shown() {
        let password = Secret::given("hunter2", "/memcached/password");
        let login = Login { user: "ann".into(), password };
        assert_eq!(of_login(&login), b"set login 0 0 11\r\nann hunter2\r\n");
        let echo = reply(b"ERROR ann hunter2", Some(&login)).unwrap_err();
        assert_eq!(echo.text, "(not shown)");
    }
}
