//! A tunnel through a proxy (RFC 9110, section 9.3.6).

use super::{answer, credentials};
use crate::model::http::HttpTalk;
use crate::model::{HttpSpec, Reason};
use crate::probe::http::request;
use crate::probe::talk::{Failure, Line};

/// Asks the proxy for a connection to the origin; after that the line leads there.
///
/// # Errors
///
/// What is wrong with the line, or that the proxy opens no tunnel.
pub async fn open(talk: &HttpTalk, line: &mut Line) -> Result<(), Failure> {
    let authority = format!("{}:{}", talk.origin.host, talk.origin.port);
    // What the user says to the origin is none of the proxy's business.
    let mut headers = vec![("Connection".into(), "keep-alive".into())];
    if let Some(credentials) = talk.proxy.as_ref().and_then(|proxy| proxy.credentials.as_ref()) {
        headers.push(("Proxy-Authorization".into(), credentials::value(credentials)));
    }
    let request = HttpSpec {
        method: "CONNECT".into(),
        path: authority.as_str().into(),
        host: authority.into(),
        headers: headers.into(),
        body: Box::default(),
        ..HttpSpec::clone(&talk.request)
    };
    let mut bytes = Vec::new();
    request::write(&request, &mut bytes);
    line.send(&bytes).await?;
    // Whatever its head says, an answer that opens a tunnel has no body.
    let status = answer::head(line, "HEAD").await?.status;
    let (reason, text) = match status {
        200..=299 => return Ok(()),
        407 => (Reason::MATCH_CREDENTIALS, "the proxy refuses the credentials or wants some"),
        _ => (Reason::MATCH_STATUS, "the proxy opens no tunnel"),
    };
    let failure = Failure::fail(reason, &format!("status {status}: {text}"));
    Err(Failure { detail: i32::from(status), ..failure })
}
