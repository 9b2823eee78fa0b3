//! HTTP as a conversation: what the plain exchange cannot do.
//!
//! The request writer and the reader of heads and chunks are those of the plain exchange; an
//! answer is judged by the same rules and further ones. Credentials are added here and nowhere
//! else, so that they cannot reach a message. The trap: an answer is read only as far as its
//! verdict needs, so nothing may be said of what follows.

mod answer;
mod credentials;
mod json;
mod judge;
mod redirect;
mod tunnel;

use super::request;
use crate::model::http::HttpTalk;
use crate::model::{HttpSpec, Reason, RunResult, TalkSpec};
use crate::probe::talk::{Failure, Line};
use answer::Reader;
use judge::{Bodies, Head};

/// Sends the request and judges the answer; the line may have to go on elsewhere.
///
/// # Errors
///
/// What is wrong with the connection or the answer.
pub async fn speak(
    spec: &TalkSpec,
    talk: &HttpTalk,
    line: &mut Line,
) -> Result<RunResult, Failure> {
    if let (true, Some(tls)) = (talk.has_tunnel(), &spec.tls) {
        line.step("CONNECT");
        tunnel::open(talk, line).await?;
        line.encrypt(&tls.name).await?;
    }
    let is_hop = talk.redirects.as_ref().is_some_and(|redirects| redirects.followed > 0);
    line.step(match (is_hop, talk.proxy.is_some()) {
        (true, _) => "after a redirect",
        (false, true) => "through the proxy",
        (false, false) => "",
    });
    let mut bytes = Vec::new();
    request::write(&outgoing(talk), &mut bytes);
    let sent = line.send(&bytes).await;
    let ended = receive(spec, talk, line).await;
    match (sent, ended) {
        (Ok(()), ended) => ended,
        // A server may answer before it has read everything, and then its answer counts.
        (Err(_), Ok(result)) => Ok(result),
        (Err(_), Err(judged)) if judged.reason.0 >= Reason::MATCH_STATUS.0 => Err(judged),
        (Err(failure), Err(_)) => Err(failure),
    }
}

async fn receive(spec: &TalkSpec, talk: &HttpTalk, line: &mut Line) -> Result<RunResult, Failure> {
    let expect = &talk.request.expect;
    let limit = expect.body_limit as usize;
    line.set_limit(answer::most(limit));
    let head = answer::head(line, &talk.request.method).await?;
    let passed = match judge::head(talk, head.status, &head.headers)? {
        Head::Passes(passed, false) => return passed,
        Head::Passes(passed, true) => passed,
        Head::Redirects => {
            let next = redirect::next(spec, talk, head.status, &head.headers)?;
            line.go_on_at(next);
            return Ok(RunResult::pass());
        }
    };
    let mut reader = Reader::new(head.stage, limit);
    let mut bodies = Bodies::new(talk);
    loop {
        let bytes = line.take(usize::MAX);
        let state = reader.feed(&bytes)?;
        if bodies.look(reader.body(), state)? {
            return passed;
        }
        let is_more = line.more().await?;
        if !is_more {
            let state = reader.end()?;
            bodies.look(reader.body(), state)?;
            return passed;
        }
    }
}

/// The request as it is sent on this connection.
fn outgoing(talk: &HttpTalk) -> HttpSpec {
    let mut request = HttpSpec::clone(&talk.request);
    let mut headers = request.headers.into_vec();
    if let Some(credentials) = &talk.credentials {
        headers.push(("Authorization".into(), credentials::value(credentials)));
    }
    if let (Some(proxy), false) = (&talk.proxy, talk.origin.is_secure) {
        request.path = format!("{}{}", talk.origin, request.path).into();
        if let Some(credentials) = &proxy.credentials {
            headers.push(("Proxy-Authorization".into(), credentials::value(credentials)));
        }
    }
    request.headers = headers.into();
    request
}
