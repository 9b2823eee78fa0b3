//! NATS: the server greets first, then a PING is answered behind a login.
//!
//! The greeting is a line of JSON that says what the server wants. Encryption begins after it; a
//! secret is never sent in the clear to a server that wants encryption. Where the server wants a
//! login or encryption and the check has none, the greeting is all there is, and it suffices:
//! the message says so. A server that is about to stop says it, to those who are there already.

use super::talk::{Failure, Line, shown};
use crate::model::{NatsLogin, NatsSpec, Outcome, Reason, RunResult, Secret, TlsSpec};
use serde::{Deserialize, Serialize};

/// What a server says of itself, as far as it matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Info {
    /// Nothing is answered without a login.
    pub auth_required: bool,
    /// Nothing is answered in the clear.
    pub tls_required: bool,
    /// Encryption is there for who wants it.
    pub tls_available: bool,
    /// The server is about to stop ("lame duck mode").
    pub ldm: bool,
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// What it is and wants; at first, and whenever that changes.
    Info(Info),
    /// It wants to know whether we are there.
    Ping,
    /// It is there.
    Pong,
    /// It did what it was told.
    Ok,
}

/// Who we are.
#[derive(Serialize)]
struct Connect<'a> {
    verbose: bool,
    pedantic: bool,
    tls_required: bool,
    name: &'static str,
    lang: &'static str,
    version: &'static str,
    protocol: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_token: Option<&'a str>,
}

/// Waits for the greeting, encrypts where the check says so, logs in and asks for an answer.
///
/// # Errors
///
/// What the server said instead, or how the conversation broke.
pub async fn speak(
    spec: &NatsSpec,
    tls: Option<&TlsSpec>,
    line: &mut Line,
) -> Result<RunResult, Failure> {
    line.step("INFO");
    let greeting = line.line().await?;
    let Said::Info(info) = read(&greeting, None)? else {
        return Err(Failure::fail(Reason::RECEIVE_MALFORMED, "the first line is no greeting"));
    };
    is_staying(info)?;
    match tls {
        Some(_) if !info.tls_required && !info.tls_available => {
            return Err(Failure::fail(Reason::TLS_NOT_OFFERED, ""));
        }
        Some(tls) => {
            line.step("TLS");
            line.encrypt(&tls.name).await?;
        }
        None if info.tls_required && spec.login == NatsLogin::Nobody => return greeted("TLS"),
        None if info.tls_required => {
            let text = "the server wants TLS, and the check has no tls";
            return Err(Failure::fail(Reason::MATCH_ANSWER, text));
        }
        None => {}
    }
    if info.auth_required && spec.login == NatsLogin::Nobody {
        return greeted("a login");
    }
    line.step("CONNECT");
    let request = connect(&spec.login, tls.is_some())?;
    line.send(&request).await?;
    loop {
        let answer = line.line().await?;
        match read(&answer, spec.login.secret())? {
            Said::Pong => return Ok(RunResult::pass()),
            Said::Ping => line.send(b"PONG\r\n").await?,
            Said::Info(info) => is_staying(info)?,
            Said::Ok => {}
        }
    }
}

fn greeted(wanted: &str) -> Result<RunResult, Failure> {
    let text = format!("greeted only: the server wants {wanted}");
    Ok(RunResult::pass().with_message(&text))
}

fn is_staying(info: Info) -> Result<(), Failure> {
    match info.ldm {
        true => Err(Failure::fail(Reason::MATCH_NOT_READY, "the server is about to stop")),
        false => Ok(()),
    }
}

impl NatsLogin {
    fn secret(&self) -> Option<&Secret> {
        match self {
            NatsLogin::Nobody => None,
            NatsLogin::User(login) => Some(&login.password),
            NatsLogin::Token(token) => Some(token),
        }
    }
}

/// Who we are, and a question that is answered behind the login.
fn connect(login: &NatsLogin, tls_required: bool) -> Result<Vec<u8>, Failure> {
    let local = |text| Failure::new(Outcome::Local, Reason::LOCAL_FAILED, text);
    let secret = login.secret().map(|secret| std::str::from_utf8(&secret.text)).transpose();
    let secret = secret.map_err(|_| local("the password or token is not UTF-8"))?;
    let (user, pass, auth_token) = match login {
        NatsLogin::Nobody => (None, None, None),
        NatsLogin::User(login) => (Some(&*login.user), secret, None),
        NatsLogin::Token(_) => (None, None, secret),
    };
    let told = serde_json::to_string(&Connect {
        verbose: false,
        pedantic: false,
        tls_required,
        name: "meshvitals",
        lang: "rust",
        version: env!("CARGO_PKG_VERSION"),
        protocol: 1,
        user,
        pass,
        auth_token,
    });
    let told = told.map_err(|_| local("the login cannot be written"))?;
    Ok(format!("CONNECT {told}\r\nPING\r\n").into_bytes())
}

/// What a line means; `secret` is what the server was told in secret.
///
/// # Errors
///
/// An error of the server, or that the line is none of NATS.
pub fn read(line: &[u8], secret: Option<&Secret>) -> Result<Said, Failure> {
    let malformed = || {
        // Who repeats our JSON has the secret in another form than we know it.
        let text = match secret {
            Some(_) => "not of NATS".to_owned(),
            None => format!("not of NATS: {}", shown(line, [])),
        };
        Failure::fail(Reason::RECEIVE_MALFORMED, &text)
    };
    let line = line.trim_ascii_end();
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    match &*word.to_ascii_uppercase() {
        b"INFO" => serde_json::from_slice(rest).map(Said::Info).map_err(|_| malformed()),
        b"PING" => Ok(Said::Ping),
        b"PONG" => Ok(Said::Pong),
        b"+OK" => Ok(Said::Ok),
        b"-ERR" => Err(refused(rest.trim_ascii(), secret)),
        _ => Err(malformed()),
    }
}

fn refused(text: &[u8], secret: Option<&Secret>) -> Failure {
    let words = text.to_ascii_lowercase();
    // "Authorization Violation", "Authentication Timeout", "User Authentication Expired" ...
    let is_about = |word: &[u8]| memchr::memmem::find(&words, word).is_some();
    let reason = match is_about(b"authorization") || is_about(b"authentication") {
        true => Reason::MATCH_CREDENTIALS,
        false => Reason::MATCH_ERROR,
    };
    Failure::fail(reason, &shown(text, secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Login;

    #[test]
    fn a_line_is_read_by_its_first_word() {
        let info = Said::Info(Info { auth_required: true, ..Info::default() });
        let line = br#"INFO {"version":"2.9","auth_required":true,"connect_urls":[["[{"]]} "#;
        assert_eq!(read(line, None), Ok(info));
        assert_eq!(read(b"INFO {}", None), Ok(Said::Info(Info::default())));
        assert_eq!(read(b"pong ", None), Ok(Said::Pong));
        assert_eq!(read(b"PING", None), Ok(Said::Ping));
        assert_eq!(read(b"+OK", None), Ok(Said::Ok));
        let reason = |line: &[u8]| read(line, None).map_err(|failure| failure.reason);
        let refused = Err(Reason::MATCH_CREDENTIALS);
        let secret = Secret::given("\"", "/nats/token");
        let echo = read(br#"CONNECT {"auth_token":"\""}"#, Some(&secret)).unwrap_err();
        assert_eq!(echo.text, "not of NATS");
        assert_eq!(reason(b"-ERR 'Authorization Violation'"), refused);
        assert_eq!(reason(b"-ERR 'User Authentication Expired'"), refused);
        assert_eq!(reason(b"-ERR 'maximum connections exceeded'"), Err(Reason::MATCH_ERROR));
        let deep = [b"INFO ".as_slice(), &[b'['; 60_000]].concat();
        let nested = [br#"INFO {"a":"#.as_slice(), &[b'['; 60_000]].concat();
        let lines: [&[u8]; 7] =
            [b"", b"INFO", b"INFO 1", br#"INFO {"ldm":1}"#, b"HTTP/1.1 400", &deep, &nested];
        for line in lines {
            assert_eq!(reason(line), Err(Reason::RECEIVE_MALFORMED), "{line:?}");
        }
    }

    #[test]
    fn a_login_is_json_whatever_the_password_is() {
        let login = |password: &[u8]| {
            let password = Secret { text: password.into(), ..Secret::given("", "/nats/password") };
            NatsLogin::User(Login { user: "ann".into(), password })
        };
        let told = connect(&login(b"a\"\r\nPUB x 0"), false).unwrap();
        let text = String::from_utf8(told).unwrap();
        assert!(text.contains(r#""user":"ann","pass":"a\"\r\nPUB x 0"}"#), "{text}");
        assert_eq!(text.matches("\r\n").count(), 2);
        let not_text = connect(&login(&[0xff]), false).unwrap_err();
        assert_eq!(not_text.outcome, Outcome::Local);
    }
}
