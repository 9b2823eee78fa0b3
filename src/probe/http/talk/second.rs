//! The exchange in HTTP/2.

use super::Ended;
use super::answer::State;
use super::judge::{self, Bodies, Head};
use crate::model::http::HttpTalk;
use crate::model::{HttpSpec, Outcome, Reason};
use crate::probe::http::request::USER_AGENT;
use crate::probe::http2;
use crate::probe::talk::{Failure, Line};
use ::http::{HeaderName, HeaderValue, Request, Uri, header};

/// Headers that belong to a connection of HTTP/1.1 and are refused in HTTP/2 (RFC 9113, 8.2.2).
const OF_CONNECTION: [&str; 3] = ["keep-alive", "proxy-connection", "te"];

/// Sends the request and receives as much of the answer as the verdict needs.
///
/// # Errors
///
/// What is wrong with the connection or the answer.
pub async fn exchange(talk: &HttpTalk, line: &mut Line) -> Result<Ended, Failure> {
    let HttpSpec { body, .. } = &*talk.request;
    let body = body.as_bytes().to_vec().into();
    let request = request(talk)
        .ok_or_else(|| Failure::new(Outcome::Local, Reason::LOCAL_FAILED, "no such request"))?;
    let limit = talk.request.expect.body_limit as usize;
    let mut judged = None;
    let mut bodies = Bodies::new(talk);
    let mut looked = Ok(false);
    let answer = http2::exchange_while(line, request, body, limit, |answer| {
        let head = judged.get_or_insert_with(|| judge::head(talk, answer.status, &answer.headers));
        if !matches!(head, Ok(Head::Passes(_, true))) {
            return false;
        }
        looked = bodies.look(&answer.body, State::Open);
        matches!(looked, Ok(false))
    });
    let answer = answer.await?;
    let judged = judged.unwrap_or_else(|| judge::head(talk, answer.status, &answer.headers));
    let passed = match judged? {
        Head::Redirects => return Ok(Ended::Redirects(answer.status, answer.headers)),
        Head::Passes(passed, false) => return Ok(Ended::Passes(passed)),
        Head::Passes(passed, true) => passed,
    };
    if !looked? {
        let state = if answer.is_whole { State::Complete } else { State::Cut };
        bodies.look(&answer.body, state)?;
    }
    Ok(Ended::Passes(passed))
}

/// The request; `None` if a part of it has no place in HTTP/2, which a document cannot say.
fn request(talk: &HttpTalk) -> Option<Request<()>> {
    let spec = super::outgoing(talk);
    let uri = Uri::builder()
        .scheme(if talk.origin.is_secure { "https" } else { "http" })
        .authority(&*spec.host)
        .path_and_query(&*spec.path)
        .build();
    let mut request = Request::new(());
    *request.uri_mut() = uri.ok()?;
    *request.method_mut() = spec.method.parse().ok()?;
    let headers = request.headers_mut();
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    for (name, value) in &spec.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if !OF_CONNECTION.contains(&name.as_str()) {
            headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
    }
    Some(request)
}
