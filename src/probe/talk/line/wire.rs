//! A line as a stream of bytes, for protocols that bring framing and buffers of their own.
//!
//! The limit of the line and the times of its trace hold here too. Such protocols turn every error
//! of the stream into one of theirs, so the wire remembers what it was: ask [`Wire::broken`] first.
//! The trap: reading never says that an answer has begun, because the first bytes of such a
//! protocol are a greeting; who sees the answer tells the trace.

use super::{Failure, Line};
use crate::probe::errno;
use crate::probe::talk::trace::Doing;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of the beginning that are kept.
const HEAD: usize = 16;

/// A line while another protocol has it.
#[derive(Debug)]
pub struct Wire<'a> {
    line: &'a mut Line,
    /// The first bytes that came.
    head: Vec<u8>,
    broken: Option<Failure>,
}

impl Wire<'_> {
    /// The line, to be read and written by somebody else.
    pub fn new(line: &mut Line) -> Wire<'_> {
        Wire { line, head: Vec::with_capacity(HEAD), broken: None }
    }

    /// The first bytes that came, up to 16.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// How the stream ended, if it has: broken, at its limit, or closed by the peer.
    pub fn broken(&self) -> Option<&Failure> {
        self.broken.as_ref()
    }

    fn breaks(&mut self, failure: Failure) -> io::Error {
        self.broken.get_or_insert(failure);
        io::ErrorKind::Other.into()
    }

    fn fill(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<Result<usize, Failure>> {
        let line = &mut *self.line;
        if !line.buffer.is_empty() {
            // These were counted when they came.
            let early = line.take(room.len());
            room[..early.len()].copy_from_slice(&early);
            return Poll::Ready(Ok(early.len()));
        }
        let left = line.limit.saturating_sub(line.received);
        if left == 0 {
            return Poll::Ready(Err(line.too_much()));
        }
        let count = room.len().min(left);
        let mut room = ReadBuf::new(&mut room[..count]);
        let Some(stream) = &mut line.stream else { return Poll::Ready(Err(Failure::closed())) };
        let read = ready!(Pin::new(stream).poll_read(cx, &mut room));
        let count = room.filled().len();
        line.received += count;
        Poll::Ready(match read {
            Ok(()) => Ok(count),
            Err(error) => Err(Failure::of_io(&error, errno::of_receive)),
        })
    }
}

impl AsyncRead for Wire<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let filled = ready!(wire.fill(cx, buffer.initialize_unfilled()));
        let count = filled.map_err(|failure| wire.breaks(failure))?;
        if count == 0 {
            wire.broken.get_or_insert_with(Failure::closed);
        }
        let news = &buffer.initialize_unfilled()[..count];
        let kept = count.min(HEAD - wire.head.len());
        wire.head.extend_from_slice(&news[..kept]);
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let Some(stream) = &mut wire.line.stream else {
            return Poll::Ready(Err(wire.breaks(Failure::closed())));
        };
        let Poll::Ready(written) = Pin::new(stream).poll_write(cx, bytes) else {
            wire.line.trace.does(Doing::Sending);
            return Poll::Pending;
        };
        let failed = |error| wire.breaks(Failure::of_io(&error, errno::of_send));
        Poll::Ready(written.map_err(failed))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let Some(stream) = &mut wire.line.stream else {
            return Poll::Ready(Err(wire.breaks(Failure::closed())));
        };
        let flushed = ready!(Pin::new(stream).poll_flush(cx));
        wire.line.trace.does(Doing::Receiving);
        let failed = |error| wire.breaks(Failure::of_io(&error, errno::of_send));
        Poll::Ready(flushed.map_err(failed))
    }

    /// Nothing: how a connection ends is the business of who has made it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
