//! Getting in: encryption on request, the startup message, and the password in four ways.
//!
//! A password in the clear is sent only where nobody listens: through TLS or a unix socket.

use super::scram::{self, Proof};
use super::wire::{self, Frame};
use super::{failure, is_about_name, receive};
use crate::model::{PostgresSpec, Reason, TalkSpec, Target};
use crate::probe::talk::{Failure, Line};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

/// Who asks where nobody is to log in. Servers note that somebody of this name was refused.
const NOBODY: &str = "meshvitals";

/// What a login came to.
#[derive(Debug)]
pub enum Entry {
    /// The server takes queries.
    Inside,
    /// The server is alive and would let others in.
    Alive,
}

/// Asks for encryption.
///
/// # Errors
///
/// That there is none, or what went wrong with it.
pub async fn encrypt(name: &str, line: &mut Line) -> Result<(), Failure> {
    line.step("SSLRequest");
    line.send(wire::SSL_REQUEST).await?;
    match line.need(1).await?[0] {
        b'S' => {
            // Whatever came behind it was sent by somebody between, and is refused.
            line.take(1);
            line.encrypt(name).await
        }
        b'N' => Err(Failure::fail(Reason::TLS_NOT_OFFERED, "")),
        b'E' => Err(receive(line, true, |frame| Some(failure(frame.body))).await?),
        _ => Err(Failure::fail(Reason::RECEIVE_MALFORMED, "")),
    }
}

/// What the server asks of this side, copied out of its message.
#[derive(Debug)]
enum Ask {
    Nothing,
    Clear,
    Md5([u8; 4]),
    Sasl {
        has_scram: bool,
    },
    Continue(Vec<u8>),
    Final(Vec<u8>),
    Other(u32),
    /// The second says whether it is about the name.
    Refused(Failure, bool),
    Ready,
}

/// Reads the messages that matter here; the others say what nobody asked for.
fn ask(frame: Frame<'_>) -> Option<Ask> {
    let body = frame.body;
    match frame.kind {
        b'R' => {
            let Some((number, rest)) = body.split_first_chunk::<4>() else {
                let text = "a request for a password that says nothing";
                return Some(Ask::Refused(Failure::fail(Reason::RECEIVE_MALFORMED, text), false));
            };
            Some(match (u32::from_be_bytes(*number), rest) {
                (0, _) => Ask::Nothing,
                (3, _) => Ask::Clear,
                (5, &[a, b, c, d]) => Ask::Md5([a, b, c, d]),
                (10, names) => Ask::Sasl {
                    has_scram: names.split(|byte| *byte == 0).any(|name| name == b"SCRAM-SHA-256"),
                },
                (11, data) => Ask::Continue(data.to_vec()),
                (12, data) => Ask::Final(data.to_vec()),
                (other, _) => Ask::Other(other),
            })
        }
        b'E' => Some(Ask::Refused(failure(body), is_about_name(wire::error(body).0))),
        b'Z' => Some(Ask::Ready),
        _ => None,
    }
}

/// Logs in, or finds out whether the server would let anybody in.
///
/// # Errors
///
/// What was wrong.
pub async fn enter(
    spec: &PostgresSpec,
    talk: &TalkSpec,
    line: &mut Line,
) -> Result<Entry, Failure> {
    line.step("startup");
    let user = spec.user.as_deref().unwrap_or(NOBODY);
    line.send(&wire::startup(user, spec.database.as_deref())).await?;
    // A server that waits for a password takes the end of the stream for a client that has none,
    // and does not even note it; the message of farewell would break its rules.
    line.set_farewell(b"");
    let first = receive(line, true, ask).await?;
    match (first, &spec.password) {
        (Ask::Refused(_, true), _) if spec.user.is_none() => return Ok(Entry::Alive),
        (Ask::Refused(failure, _), _) => return Err(failure),
        (Ask::Nothing, _) => {}
        (Ask::Continue(_) | Ask::Final(_) | Ask::Ready, _) => return Err(out_of_turn()),
        (_, None) if spec.user.is_none() => return Ok(Entry::Alive),
        (_, None) => return Err(credentials("the server wants a password")),
        (first, Some(password)) => {
            line.step("login");
            let is_private = talk.tls.is_some() || matches!(talk.target, Target::Unix(_));
            prove(first, user, &password.text, is_private, line).await?;
        }
    }
    match (receive(line, true, ask).await?, &spec.user) {
        (Ask::Ready, _) => Ok(Entry::Inside),
        // The database of nobody's name is not there; somebody else's may be.
        (Ask::Refused(_, true), None) => Ok(Entry::Alive),
        (Ask::Refused(failure, _), _) => Err(failure),
        _ => Err(out_of_turn()),
    }
}

/// Gives the password in the way that the server wants, until it has let this side in.
async fn prove(
    how: Ask,
    user: &str,
    password: &[u8],
    is_private: bool,
    line: &mut Line,
) -> Result<(), Failure> {
    match how {
        Ask::Clear if is_private => line.send(&wire::message(b'p', &[password, b"\0"])).await?,
        Ask::Clear => {
            let text = "the server wants the password in the clear, which is sent through TLS only";
            return Err(credentials(text));
        }
        Ask::Md5(salt) => {
            let inner = format!("{:x}", md5::compute([password, user.as_bytes()].concat()));
            let outer = md5::compute([inner.as_bytes(), &salt].concat());
            line.send(&wire::message(b'p', &[format!("md5{outer:x}\0").as_bytes()])).await?;
        }
        Ask::Sasl { has_scram: true } => scram(password, line).await?,
        Ask::Sasl { has_scram: false } => {
            return Err(credentials("the server offers SASL, but no SCRAM-SHA-256"));
        }
        Ask::Other(number) => {
            let text = format!("the server wants a login of the kind {number}, which is not built");
            return Err(credentials(&text));
        }
        _ => return Err(out_of_turn()),
    }
    match receive(line, true, ask).await? {
        Ask::Nothing => Ok(()),
        Ask::Refused(failure, _) => Err(failure),
        _ => Err(out_of_turn()),
    }
}

async fn scram(password: &[u8], line: &mut Line) -> Result<(), Failure> {
    let mut random = [0; 18];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| Failure::fail(Reason::LOCAL_FAILED, "the system has no random numbers"))?;
    let nonce = BASE64_STANDARD_NO_PAD.encode(random);
    let first = scram::first(&nonce);
    let length = (first.len() as u32).to_be_bytes();
    line.send(&wire::message(b'p', &[b"SCRAM-SHA-256\0", &length, first.as_bytes()])).await?;
    let answer = match receive(line, true, ask).await? {
        Ask::Continue(answer) => answer,
        Ask::Refused(failure, _) => return Err(failure),
        _ => return Err(out_of_turn()),
    };
    let proof = Proof::new(&nonce, password, &answer).map_err(|refusal| match refusal {
        scram::Refusal::Malformed(text) => Failure::fail(Reason::RECEIVE_MALFORMED, text),
        scram::Refusal::TooMuch(rounds) => {
            let text = format!("the server wants {rounds} rounds of hashing, too many for a probe");
            credentials(&text)
        }
    })?;
    line.send(&wire::message(b'p', &[proof.message.as_bytes()])).await?;
    match receive(line, true, ask).await? {
        Ask::Final(last) if proof.is_mutual(&last) => Ok(()),
        Ask::Final(_) => Err(credentials("the server does not know the password itself")),
        Ask::Refused(failure, _) => Err(failure),
        _ => Err(out_of_turn()),
    }
}

fn credentials(text: &str) -> Failure {
    Failure::fail(Reason::MATCH_CREDENTIALS, text)
}

fn out_of_turn() -> Failure {
    Failure::fail(Reason::RECEIVE_MALFORMED, "a message out of turn")
}
