//! HTTP as a conversation: what the plain exchange cannot do.
//!
//! The request writer and the reader of heads and chunks are those of the plain exchange; an
//! answer is judged by the same rules and further ones. Credentials are added here and nowhere
//! else, so that they cannot reach a message. The trap: an answer is read only as far as its
//! verdict needs, so nothing may be said of what follows.

mod answer;
mod credentials;
mod first;
mod json;
mod judge;
mod redirect;
mod second;
mod tunnel;

use crate::model::http::{HttpTalk, Version};
use crate::model::{HttpSpec, RunResult, TalkSpec};
use crate::probe::http2;
use crate::probe::talk::{Failure, Line};
use ::http::HeaderMap;

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
    let is_second = match talk.version {
        Version::One => false,
        Version::Two if talk.origin.is_secure => http2::check_chosen(line).map(|()| true)?,
        Version::Two => true,
        Version::Auto => line.protocol() == Some(http2::ALPN.as_bytes()),
    };
    let ended = match is_second {
        true => second::exchange(talk, line).await?,
        false => first::exchange(talk, line).await?,
    };
    match ended {
        Ended::Passes(passed) => passed,
        Ended::Redirects(status, headers) => {
            line.go_on_at(redirect::next(spec, talk, status, &headers)?);
            Ok(RunResult::pass())
        }
    }
}

/// How an exchange ended that is no failure.
#[derive(Debug)]
enum Ended {
    /// The answer is as expected, but may hold a warning.
    Passes(Result<RunResult, Failure>),
    /// The answer sends elsewhere.
    Redirects(u16, HeaderMap),
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
