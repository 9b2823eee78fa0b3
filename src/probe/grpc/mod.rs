//! The health service of gRPC: asks once, and says what the answer means.
//!
//! A server that answers without a message says why in its headers alone; then there are no
//! trailers. The trap: proxies answer for servers that are gone, often with a page of HTML and
//! the status 200, so nothing is read before the answer says that it is gRPC.

pub mod message;
pub mod status;
mod watch;

use crate::model::{GrpcSpec, Outcome, Reason, RunResult, Secret, TlsSpec};
use crate::probe::http2::{self, Answer};
use crate::probe::talk::{Failure, Line};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, TE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use status::Status;

/// What we call ourselves.
const NAME: &str = concat!("meshvitals/", env!("CARGO_PKG_VERSION"));
/// Asks once.
const CHECK: &str = "/grpc.health.v1.Health/Check";
/// The largest answer: a message of a few bytes, and what later versions may add.
const LIMIT: usize = 4 * 1024;

/// Asks about the service.
///
/// # Errors
///
/// Why the service is not known to serve.
pub async fn speak(
    spec: &GrpcSpec,
    tls: Option<&TlsSpec>,
    line: &mut Line,
) -> Result<RunResult, Failure> {
    if tls.is_some() {
        http2::check_chosen(line)?;
    }
    line.step("Check");
    if line.trace().after(|after| after.is_wanted) {
        return watch::speak(spec, tls, line).await;
    }
    let request = request(spec, tls.is_some(), CHECK)?;
    let body = Bytes::from(message::request(&spec.service));
    let answer = http2::exchange(line, request, body, LIMIT).await?;
    status::serving(told(&answer, &spec.metadata)?)?;
    Ok(RunResult::pass())
}

fn request(
    spec: &GrpcSpec,
    is_encrypted: bool,
    path: &'static str,
) -> Result<Request<()>, Failure> {
    let ours = |_| {
        let text = "the request cannot be written";
        Failure::new(Outcome::Local, Reason::LOCAL_FAILED, text)
    };
    let uri = Uri::builder().scheme(if is_encrypted { "https" } else { "http" });
    let uri = uri.authority(&*spec.authority).path_and_query(path).build().map_err(ours)?;
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(USER_AGENT, HeaderValue::from_static(NAME));
    for (name, secret) in &spec.metadata {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| ours(error.into()))?;
        let value = HeaderValue::from_bytes(&secret.text).map_err(|error| ours(error.into()))?;
        headers.insert(name, HeaderValue::clone(&value));
    }
    Ok(request)
}

/// The serving status that an answer tells.
fn told(answer: &Answer, secrets: &[(Box<str>, Secret)]) -> Result<u64, Failure> {
    check_head(answer.status, &answer.headers)?;
    if !answer.is_whole {
        let text = format!("the answer is longer than {LIMIT} bytes");
        return Err(Failure::fail(Reason::RECEIVE_TOO_LARGE, &text));
    }
    // An answer of headers alone has its status there.
    let is_short = answer.body.is_empty() && answer.trailers.is_empty();
    let status = Status::of(if is_short { &answer.headers } else { &answer.trailers })?;
    if status.code != status::OK {
        return Err(status.failure(secrets));
    }
    let malformed =
        |problem: message::Problem| Failure::fail(Reason::RECEIVE_MALFORMED, &problem.to_string());
    message::response(&answer.body).map_err(malformed)
}

/// Refuses what is no answer of a gRPC server.
fn check_head(code: u16, headers: &HeaderMap) -> Result<(), Failure> {
    if code != 200 {
        let text = format!("HTTP status {code}, expected 200");
        let failure = Failure::fail(Reason::MATCH_STATUS, &text);
        return Err(Failure { detail: code.into(), ..failure });
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_grpc = kind
        .strip_prefix("application/grpc")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']));
    if is_grpc {
        return Ok(());
    }
    Err(Failure::fail(Reason::RECEIVE_MALFORMED, "the content-type is not application/grpc"))
}

#[cfg(test)]
mod tests;
