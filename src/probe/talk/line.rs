//! The line on which a protocol is spoken: sends whole messages and collects answers.
//!
//! Answers accumulate until the protocol has enough of them, whatever the segments were. The bytes
//! of one conversation are bounded. The trap: what came before a handshake must not be believed
//! after it, so there is one buffer, and it must be empty when encryption begins.

mod stream;
mod wire;

use stream::Stream;
pub use wire::Wire;

use super::config::Config;
use super::failure::Failure;
use super::recorder::Seen;
use super::socket::Socket;
use super::tls;
use super::trace::{Doing, Trace};
use crate::model::{Outcome, Reason, TalkSpec};
use crate::probe::errno;
use crate::sys::socket::Errno;
use std::borrow::Cow;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

/// Bytes that one read takes at most.
const READ_BYTES: usize = 4 * 1024;
/// Bytes of the largest datagram.
const DATAGRAM_BYTES: usize = 64 * 1024;
/// Bytes that a conversation may receive, unless its protocol says otherwise.
pub const LIMIT: usize = 64 * 1024;

/// A line, and what was received and not yet taken.
#[derive(Debug)]
pub struct Line {
    /// `None` only while a handshake is made and after one that failed.
    stream: Option<Stream>,
    /// For a handshake.
    config: Option<Config>,
    trace: Arc<Trace>,
    buffer: Vec<u8>,
    received: usize,
    limit: usize,
    /// What is said when the verdict is known, if anything is.
    farewell: Option<&'static [u8]>,
    /// What was seen in the handshake.
    seen: Arc<Seen>,
    /// Whether the peer has answered since the handshake, or at all where there was none.
    is_answered: bool,
    /// The conversation that takes the place of this one.
    next: Option<Box<TalkSpec>>,
    /// Whether the next run of the check may use the connection.
    keeps: bool,
    /// Whether an earlier run has used it.
    is_kept: bool,
}

impl Line {
    /// A line in the clear, and how it would be encrypted.
    pub fn new(socket: Socket, config: Option<Config>, trace: Arc<Trace>) -> Line {
        Line {
            stream: Some(Stream::Plain(socket)),
            config,
            trace,
            buffer: Vec::new(),
            received: 0,
            limit: LIMIT,
            farewell: None,
            seen: Arc::default(),
            is_answered: false,
            next: None,
            keeps: false,
            is_kept: false,
        }
    }

    /// Nothing is left on this line; the next run of the check may use it.
    pub fn keep(&mut self) {
        self.keeps = true;
    }

    /// The line, if the next run may use it.
    pub fn into_kept(self) -> Option<Box<Line>> {
        (self.keeps && self.buffer.is_empty()).then(|| Box::new(self))
    }

    /// Begins another run, whose record this is, on a line that was kept.
    pub fn renew(&mut self, trace: Arc<Trace>) {
        self.trace = trace;
        (self.keeps, self.is_kept) = (false, true);
    }

    /// Whether it was kept; then it is encrypted already, if it is to be.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// The conversation on this line ends without a verdict; it goes on elsewhere.
    pub fn go_on_at(&mut self, next: TalkSpec) {
        self.next = Some(Box::new(next));
    }

    /// The conversation that takes the place of this one, if it has ended without a verdict.
    pub fn take_next(&mut self) -> Option<Box<TalkSpec>> {
        self.next.take()
    }

    /// A line in the clear on a socket that does not block.
    #[cfg(test)]
    pub fn plain(fd: std::os::fd::OwnedFd) -> Line {
        let trace = Trace::new(crate::time::monotonic);
        Line::new(Socket::new(Arc::new(fd)), None, Arc::new(trace))
    }

    /// A step begins; messages name it.
    pub fn step(&self, step: impl Into<Cow<'static, str>>) {
        self.trace.step(step);
    }

    /// When the peer's certificates expire, once it has shown some.
    pub fn expires_ms(&self) -> Option<i64> {
        self.seen.expires_ms()
    }

    /// The application protocol that the handshake has agreed on (ALPN).
    pub fn protocol(&self) -> Option<&[u8]> {
        match self.stream.as_ref()? {
            Stream::Plain(_) => None,
            Stream::Encrypted(tls) => tls.get_ref().1.alpn_protocol(),
        }
    }

    /// The record of the conversation.
    pub fn trace(&self) -> Arc<Trace> {
        Arc::clone(&self.trace)
    }

    /// What is to be said when the verdict is known; the peer is expected to close then. An empty
    /// farewell only closes this side.
    pub fn set_farewell(&mut self, farewell: &'static [u8]) {
        self.farewell = Some(farewell);
    }

    /// The connection is to end by mutual agreement when the verdict is known.
    pub fn set_graceful(&mut self) {
        self.farewell = Some(b"");
    }

    /// How many bytes the peer may send from here on, where the usual limit does not fit.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = self.received.saturating_add(bytes);
    }

    /// Says the farewell and waits until the peer has closed, so that the reset at the end of the
    /// connection finds nothing to destroy, and the port is free on both sides.
    pub async fn part(&mut self) {
        let said = match (self.farewell, &mut self.stream) {
            (None, _) | (_, None) => return,
            (Some(b""), Some(stream)) => stream.shutdown().await.is_ok(),
            (Some(farewell), _) => self.send(farewell).await.is_ok(),
        };
        if !said {
            return;
        }
        while let Ok(true) = self.more().await {
            self.buffer.clear();
        }
    }

    /// Waits for the word of a peer that may still refuse us, which only one that has asked for a
    /// certificate may. No clock says how long that word takes, so the peer is told that nothing
    /// more comes: it answers then, with an alert or with its own end.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub async fn settle(&mut self) -> Result<(), Failure> {
        let Some(Stream::Encrypted(tls)) = &mut self.stream else { return Ok(()) };
        if self.is_answered || !tls::may_refuse(tls, &self.seen) {
            return Ok(());
        }
        // The alert of a peer that has closed already can still be read.
        let _ = tls.shutdown().await;
        let mut byte = [0];
        let heard = poll_fn(|cx| {
            let read = Pin::new(&mut **tls).poll_read(cx, &mut ReadBuf::new(&mut byte));
            match read {
                Poll::Pending if tls::may_refuse(tls, &self.seen) => Poll::Pending,
                Poll::Pending => Poll::Ready(Ok(())),
                read => read,
            }
        });
        match heard.await {
            // A reset says nothing: some close like that.
            Err(error) if error.raw_os_error().is_none() => match tls::failure(&error) {
                failure if failure.reason == Reason::RECEIVE_CLOSED => Ok(()),
                failure => Err(failure),
            },
            _ => Ok(()),
        }
    }

    /// Encrypts the line from here on.
    ///
    /// # Errors
    ///
    /// What the handshake came to; bytes that came before it break the protocol.
    pub async fn encrypt(&mut self, name: &str) -> Result<(), Failure> {
        if !self.buffer.is_empty() {
            let text = "bytes came before the handshake that belong to neither side of it";
            return Err(Failure::new(Outcome::Fail, Reason::RECEIVE_MALFORMED, text));
        }
        let (Some(Stream::Plain(socket)), Some(config)) = (self.stream.take(), &self.config) else {
            return Err(Failure::closed());
        };
        self.trace.does(Doing::Handshake);
        let tls = tls::handshake(config, name, socket, &mut self.seen).await?;
        self.is_answered = false;
        self.stream = Some(Stream::Encrypted(Box::new(tls)));
        self.trace.does(Doing::Sending);
        Ok(())
    }

    /// Sends all of it.
    ///
    /// # Errors
    ///
    /// The error of the connection.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.trace.does(Doing::Sending);
        let stream = self.stream.as_mut().ok_or_else(Failure::closed)?;
        let sent = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        sent.await.map_err(|error| Failure::of_io(&error, errno::of_send))?;
        self.trace.does(Doing::Receiving);
        Ok(())
    }

    /// That the connection has not broken, for whoever sends and reads nothing after that.
    ///
    /// # Errors
    ///
    /// The error of the connection.
    pub fn whole(&self) -> Result<(), Failure> {
        let socket = match &self.stream {
            Some(Stream::Plain(socket)) => socket,
            Some(Stream::Encrypted(tls)) => tls.get_ref().0,
            None => return Err(Failure::closed()),
        };
        match socket.broken() {
            Some(error) => Err(Failure::of_io(&error, errno::of_send)),
            None => Ok(()),
        }
    }

    /// What was received and not yet taken.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Receives more; false at the end of the stream.
    ///
    /// # Errors
    ///
    /// The error of the connection, or that there is too much.
    pub async fn more(&mut self) -> Result<bool, Failure> {
        self.trace.does(Doing::Receiving);
        let room = READ_BYTES.min(self.limit.saturating_sub(self.received));
        if room == 0 {
            return Err(self.too_much());
        }
        let stream = self.stream.as_mut().ok_or_else(Failure::closed)?;
        let start = self.buffer.len();
        self.buffer.resize(start + room, 0);
        let read = stream.read(&mut self.buffer[start..]).await;
        self.buffer.truncate(start + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(count) => {
                self.received += count;
                self.is_answered |= count > 0;
                if count > 0 {
                    self.trace.answered();
                }
                Ok(count > 0)
            }
            Err(error) => Err(Failure::of_io(&error, errno::of_receive)),
        }
    }

    /// Receives one datagram, whole and past the buffer; an empty one is one, too.
    ///
    /// # Errors
    ///
    /// As [`Line::more`], which must not be used on a socket for datagrams.
    pub async fn datagram(&mut self) -> Result<Vec<u8>, Failure> {
        self.trace.does(Doing::Receiving);
        let Some(Stream::Plain(socket)) = &mut self.stream else { return Err(Failure::closed()) };
        // Not kept while the datagram is waited for: there may be many who wait.
        let received = poll_fn(|cx| {
            let mut room = [0; DATAGRAM_BYTES];
            let mut buffer = ReadBuf::new(&mut room);
            let read = Pin::new(&mut *socket).poll_read(cx, &mut buffer);
            read.map_ok(|()| buffer.filled().to_vec())
        });
        let datagram = received.await.map_err(|error| Failure::of_io(&error, errno::of_receive))?;
        self.trace.answered();
        // Empty ones count, or there could be a flood of them.
        self.received += datagram.len().max(1);
        if self.received > self.limit {
            return Err(self.too_much());
        }
        Ok(datagram)
    }

    fn too_much(&self) -> Failure {
        let text = format!("more than {} bytes", self.limit);
        Failure::fail(Reason::RECEIVE_TOO_LARGE, &text)
    }

    /// Receives until at least `count` bytes are there.
    ///
    /// # Errors
    ///
    /// As [`Line::more`], and that the stream ended before.
    pub async fn need(&mut self, count: usize) -> Result<&[u8], Failure> {
        while self.buffer.len() < count {
            if !self.more().await? {
                return Err(Failure::closed());
            }
        }
        Ok(&self.buffer[..count])
    }

    /// Takes bytes off the front of the buffer.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.buffer.len());
        self.buffer.drain(..count).collect()
    }

    /// Receives and takes exactly `count` bytes.
    ///
    /// # Errors
    ///
    /// As [`Line::need`].
    pub async fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Failure> {
        self.need(count).await?;
        Ok(self.take(count))
    }

    /// Receives and takes one line of text, without its end (LF or CRLF).
    ///
    /// # Errors
    ///
    /// As [`Line::need`].
    pub async fn line(&mut self) -> Result<Vec<u8>, Failure> {
        let mut looked = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[looked..]) {
                let mut line = self.take(looked + end + 1);
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            looked = self.buffer.len();
            if !self.more().await? {
                return Err(Failure::closed());
            }
        }
    }
}

impl Failure {
    /// The failure of an input or output, classified by `class` if it is one of the system.
    fn of_io(error: &io::Error, class: fn(Errno) -> errno::Class) -> Failure {
        if let Some(number) = error.raw_os_error() {
            let (outcome, reason) = class(Errno::from_raw_os_error(number));
            return Failure { detail: number, ..Failure::new(outcome, reason, "") };
        }
        tls::failure(error)
    }
}

#[cfg(test)]
mod tests;
