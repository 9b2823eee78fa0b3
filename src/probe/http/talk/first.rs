//! The exchange in HTTP/1.1.

use super::Ended;
use super::answer::{self, Reader};
use super::judge::{self, Bodies, Head};
use crate::model::Reason;
use crate::model::http::HttpTalk;
use crate::probe::http::request;
use crate::probe::talk::{Failure, Line};

/// Sends the request and receives as much of the answer as the verdict needs.
///
/// # Errors
///
/// What is wrong with the connection or the answer.
pub async fn exchange(talk: &HttpTalk, line: &mut Line) -> Result<Ended, Failure> {
    let mut bytes = Vec::new();
    request::write(&super::outgoing(talk), &mut bytes);
    let sent = line.send(&bytes).await;
    let ended = receive(talk, line).await;
    match (sent, ended) {
        (Ok(()), ended) => ended,
        // A server may answer before it has read everything, and then its answer counts.
        (Err(_), Ok(ended)) => Ok(ended),
        (Err(_), Err(judged)) if judged.reason.0 >= Reason::MATCH_STATUS.0 => Err(judged),
        (Err(failure), Err(_)) => Err(failure),
    }
}

async fn receive(talk: &HttpTalk, line: &mut Line) -> Result<Ended, Failure> {
    let limit = talk.request.expect.body_limit as usize;
    line.set_limit(answer::most(limit));
    let head = answer::head(line, &talk.request.method).await?;
    let passed = match judge::head(talk, head.status, &head.headers)? {
        Head::Redirects => return Ok(Ended::Redirects(head.status, head.headers)),
        Head::Passes(passed, false) => return Ok(Ended::Passes(passed)),
        Head::Passes(passed, true) => passed,
    };
    let mut reader = Reader::new(head.stage, limit);
    let mut bodies = Bodies::new(talk);
    loop {
        let bytes = line.take(usize::MAX);
        let state = reader.feed(&bytes)?;
        if bodies.look(reader.body(), state)? {
            return Ok(Ended::Passes(passed));
        }
        if !line.more().await? {
            bodies.look(reader.body(), reader.end()?)?;
            return Ok(Ended::Passes(passed));
        }
    }
}
