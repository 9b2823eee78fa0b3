//! One HTTP/2 exchange on a line that is made for it.
//!
//! The connection and the request are driven together inside the conversation, without a task or
//! a runtime. Everything that the peer may make us keep is bounded: the header list, the body, the
//! frames, the bytes altogether; it may push nothing. A GOAWAY without an error spoils no answer
//! that is complete. The trap: when a connection breaks, its requests break with it and tell less
//! about it than the connection itself, so a failure is made of both.

mod failure;

use crate::model::Reason;
use crate::probe::talk::{Failure, Line, Trace, Wire};
use bytes::Bytes;
use failure::Broken;
use h2::client::{Builder, Connection, SendRequest};
use http::{HeaderMap, Request};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

/// The largest list of headers or of trailers, in bytes as HTTP/2 counts them.
const HEADERS_LIMIT: u32 = 16 * 1024;
/// What may come beside the body: headers, trailers, the heads of frames and the talk about the
/// connection.
const OVERHEAD: usize = 64 * 1024;
/// The windows are never smaller: peers may wait for more room before they send a small answer.
const WINDOW: usize = 65_535;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, up to its limit.
    pub body: Vec<u8>,
    /// Whether this is the whole body. Without it there are no trailers either.
    pub is_whole: bool,
    /// The trailers.
    pub trailers: HeaderMap,
}

/// Sends a request and receives the answer to it. The URI of the request has a scheme and an
/// authority. No more than `limit` bytes of the body are read; where that is 0 the answer ends at
/// its headers.
///
/// # Errors
///
/// What became of the connection, or what the peer said instead of an answer.
pub async fn exchange(
    line: &mut Line,
    request: Request<()>,
    body: Bytes,
    limit: usize,
) -> Result<Answer, Failure> {
    exchange_while(line, request, body, limit, |_| true).await
}

/// The same, with a say in how much of the body is read: none, or no more of it, once the caller
/// does not want any. It is asked with the head and after each part of the body.
///
/// # Errors
///
/// As [`exchange`].
pub async fn exchange_while(
    line: &mut Line,
    request: Request<()>,
    body: Bytes,
    limit: usize,
    wants: impl FnMut(&Answer) -> bool,
) -> Result<Answer, Failure> {
    let trace = line.trace();
    over(line, limit, async |sender| ask(sender, &trace, request, body, (limit, wants)).await).await
}

/// Makes a connection and does something on it. Beside what is usual it may bring no more than
/// `limit` bytes.
///
/// # Errors
///
/// As [`exchange`].
pub async fn over<T>(
    line: &mut Line,
    limit: usize,
    work: impl AsyncFnOnce(SendRequest<Bytes>) -> Result<T, h2::Error>,
) -> Result<T, Failure> {
    line.set_limit(limit.saturating_add(OVERHEAD));
    let mut wire = Wire::new(line);
    let ended = converse(&mut wire, limit, work).await;
    ended.map_err(|broken| broken.failure(&wire))
}

async fn converse<T>(
    wire: &mut Wire<'_>,
    limit: usize,
    work: impl AsyncFnOnce(SendRequest<Bytes>) -> Result<T, h2::Error>,
) -> Result<T, Broken> {
    let window = u32::try_from(limit.clamp(WINDOW, 1 << 24)).unwrap_or(1 << 24);
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .max_header_list_size(HEADERS_LIMIT)
        .initial_window_size(window)
        .initial_connection_window_size(window)
        .max_concurrent_streams(0)
        .max_concurrent_reset_streams(1);
    let (sender, mut connection) = builder.handshake(wire).await?;
    drive(&mut connection, work(sender)).await
}

/// Drives the connection until the request has its answer, then says goodbye as far as there is
/// room for it.
async fn drive<T>(
    connection: &mut Connection<&mut Wire<'_>, Bytes>,
    request: impl Future<Output = Result<T, h2::Error>>,
) -> Result<T, Broken> {
    let mut end = None;
    let answered = {
        let mut request = pin!(request);
        poll_fn(|cx| {
            if let Poll::Ready(answered) = request.as_mut().poll(cx) {
                return Poll::Ready(Some(answered));
            }
            if end.is_none()
                && let Poll::Ready(ended) = Pin::new(&mut *connection).poll(cx)
            {
                end = Some(ended.err());
            }
            match (request.as_mut().poll(cx), &end) {
                (Poll::Ready(answered), _) => Poll::Ready(Some(answered)),
                // Without a connection no request goes on.
                (Poll::Pending, Some(_)) => Poll::Ready(None),
                (Poll::Pending, None) => Poll::Pending,
            }
        })
        .await
    };
    if end.is_none() {
        poll_fn(|cx| {
            if let Poll::Ready(ended) = Pin::new(&mut *connection).poll(cx) {
                end = Some(ended.err());
            }
            Poll::Ready(())
        })
        .await;
    }
    match answered {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Err(Broken { request: Some(error), connection: end.flatten() }),
        None => Err(Broken { request: None, connection: end.flatten() }),
    }
}

/// One request on a connection.
///
/// # Errors
///
/// Those of the request; those of the connection say more.
pub async fn ask(
    sender: SendRequest<Bytes>,
    trace: &Trace,
    request: Request<()>,
    body: Bytes,
    (limit, mut wants): (usize, impl FnMut(&Answer) -> bool),
) -> Result<Answer, h2::Error> {
    let mut sender = sender.ready().await?;
    let (response, mut stream) = sender.send_request(request, body.is_empty())?;
    if !body.is_empty() {
        // What finds no room in the windows of the peer waits in the connection.
        stream.send_data(body, true)?;
    }
    let (head, mut stream) = response.await?.into_parts();
    trace.answered();
    let mut answer = Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: Vec::new(),
        is_whole: stream.is_end_stream(),
        trailers: HeaderMap::new(),
    };
    while !answer.is_whole && limit > 0 && wants(&answer) {
        let Some(part) = stream.data().await else {
            answer.trailers = stream.trailers().await?.unwrap_or_default();
            answer.is_whole = true;
            break;
        };
        let part = part?;
        stream.flow_control().release_capacity(part.len())?;
        let room = limit - answer.body.len();
        answer.body.extend_from_slice(&part[..part.len().min(room)]);
        if part.len() > room {
            break;
        }
    }
    Ok(answer)
}

/// The name that the peers of HTTP/2 agree on in a handshake.
pub const ALPN: &str = "h2";

/// Refuses a line that is encrypted and on which the peer did not agree to HTTP/2.
///
/// # Errors
///
/// What the peer chose instead.
pub fn check_chosen(line: &Line) -> Result<(), Failure> {
    match line.protocol() {
        Some(chosen) if chosen == ALPN.as_bytes() => Ok(()),
        Some(_) => {
            Err(Failure::fail(Reason::TLS_NO_PROTOCOL, "the target chose another protocol than h2"))
        }
        None => Err(Failure::fail(Reason::TLS_NO_PROTOCOL, "the target did not choose h2")),
    }
}

#[cfg(test)]
mod tests;
