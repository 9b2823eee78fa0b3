//! The exchange in HTTP/1.1.

use super::Ended;
use super::answer::{self, Reader, State};
use super::judge::{self, Bodies, Head};
use crate::model::Reason;
use crate::model::http::HttpTalk;
use crate::probe::http::request;
use crate::probe::talk::{Failure, Line};
use ::http::{HeaderMap, header};

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
    let has_rules;
    let passed = match judge::head(talk, head.status, &head.headers)? {
        Head::Redirects => return Ok(Ended::Redirects(head.status, head.headers)),
        Head::Passes(passed, rules) => {
            has_rules = rules;
            passed
        }
    };
    // A connection can be kept only if nothing of this answer is left in it.
    let keeps = talk.fresh_every.is_some() && !says_close(&head.headers);
    if !has_rules && !keeps {
        return Ok(Ended::Passes(passed));
    }
    let mut reader = Reader::new(head.stage, limit);
    let mut bodies = Bodies::new(talk);
    let mut is_judged = !has_rules;
    loop {
        let bytes = line.take(usize::MAX);
        let state = reader.feed(&bytes)?;
        is_judged = is_judged || bodies.look(reader.body(), state)?;
        if is_judged && !(keeps && state == State::Open) {
            if keeps && state == State::Complete && !reader.has_surplus() {
                line.keep();
            }
            return Ok(Ended::Passes(passed));
        }
        if !line.more().await? {
            let state = reader.end()?;
            if !is_judged {
                bodies.look(reader.body(), state)?;
            }
            return Ok(Ended::Passes(passed));
        }
    }
}

/// Whether the connection ends with the answer.
fn says_close(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CONNECTION).iter();
    let mut words = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    words.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"))
}
