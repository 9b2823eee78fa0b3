//! A question, and beside it a stream on which the server tells of each change.
//!
//! The verdict is that of the question. The stream is opened first, so that no change can fall
//! between the two, and listened to when the verdict is known. Whatever ends it (the server has no
//! Watch, lets go of old connections, sends nonsense) is no failure of the service.

use super::message;
use super::status;
use super::{LIMIT, check_head, request, told};
use crate::model::{GrpcSpec, Reason, RunResult, TlsSpec};
use crate::probe::http2;
use crate::probe::talk::{self, Failure, Line, Trace};
use bytes::Bytes;
use h2::client::ResponseFuture;

/// Tells of each change.
const WATCH: &str = "/grpc.health.v1.Health/Watch";
/// What a stream tells of a service that the server does not know.
const SERVICE_UNKNOWN: u64 = 3;

/// Asks about the service, and goes on listening.
///
/// # Errors
///
/// Why the service is not known to serve, where there is nothing to listen to.
pub async fn speak(
    spec: &GrpcSpec,
    tls: Option<&TlsSpec>,
    line: &mut Line,
) -> Result<RunResult, Failure> {
    let (trace, expires_ms) = (line.trace(), line.expires_ms());
    let question = request(spec, tls.is_some(), super::CHECK)?;
    let watch = request(spec, tls.is_some(), WATCH)?;
    let body = Bytes::from(message::request(&spec.service));
    let ended = http2::over(line, LIMIT, async |sender| {
        let mut ready = sender.clone().ready().await?;
        let (response, mut stream) = ready.send_request(watch, false)?;
        stream.send_data(body.clone(), true)?;
        let answer = http2::ask(sender, &trace, question, body, (LIMIT, |_| true)).await?;
        let (last, ended) = match told(&answer, &spec.metadata) {
            Ok(status) => (status, status::serving(status)),
            Err(failure) if failure.reason == Reason::MATCH_UNKNOWN_SERVICE => {
                (SERVICE_UNKNOWN, Err(failure))
            }
            Err(failure) => return Ok(Err(failure)),
        };
        let ended = ended.map(|()| RunResult::pass());
        trace.decide(talk::complete(ended.clone(), tls, expires_ms, &trace));
        trace.after(|after| after.is_kept = true);
        // How it ends is told by that it ends.
        let _ = listen(response, last, &trace).await;
        Ok(ended)
    });
    ended.await?
}

/// Listens until the stream is over.
async fn listen(response: ResponseFuture, mut last: u64, trace: &Trace) -> Result<(), h2::Error> {
    let (head, mut stream) = response.await?.into_parts();
    if check_head(head.status.as_u16(), &head.headers).is_err() {
        return Ok(());
    }
    let mut buffer = Vec::new();
    while let Some(part) = stream.data().await {
        let part = part?;
        stream.flow_control().release_capacity(part.len())?;
        buffer.extend_from_slice(&part);
        while let Ok(Some((message, length))) = message::frame(&buffer) {
            let Ok(status) = message::serving(message) else { return Ok(()) };
            trace.after(|after| {
                after.has_spoken = true;
                after.has_news |= status != last;
            });
            last = status;
            buffer.drain(..length);
        }
        if buffer.len() > LIMIT || message::frame(&buffer).is_err() {
            break;
        }
    }
    Ok(())
}
