//! The line on which a protocol is spoken: sends whole messages and collects answers.
//!
//! Answers accumulate until the protocol has enough of them, whatever the segments were. The bytes
//! of one conversation are bounded. The trap: what came before a handshake must not be believed
//! after it, so there is one buffer, and it must be empty when encryption begins.

use super::config::Config;
use super::failure::Failure;
use super::socket::Socket;
use super::tls::{self, Tls};
use super::trace::{Doing, Trace};
use crate::model::{Outcome, Reason};
use crate::probe::errno;
use crate::sys::socket::{Errno, Kind};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Bytes that one read takes at most.
const READ_BYTES: usize = 4 * 1024;
/// Bytes of the largest datagram.
const DATAGRAM_BYTES: usize = 64 * 1024;
/// Bytes that a conversation may receive, unless its protocol says otherwise.
pub const LIMIT: usize = 64 * 1024;

/// The stream below, plain or encrypted.
#[derive(Debug)]
pub enum Stream {
    Plain(Socket),
    Encrypted(Box<Tls>),
}

/// A line, and what was received and not yet taken.
#[derive(Debug)]
pub struct Line {
    /// `None` only while a handshake is made and after one that failed.
    stream: Option<Stream>,
    /// For a handshake.
    config: Option<Config>,
    kind: Kind,
    wants_stream: bool,
    trace: Arc<Trace>,
    buffer: Vec<u8>,
    received: usize,
    limit: usize,
    /// What is said when the verdict is known.
    farewell: &'static [u8],
    /// When the first of the peer's certificates expires, in milliseconds since 1970.
    expires_ms: Option<i64>,
}

impl Line {
    /// A line in the clear, and how it would be encrypted.
    pub fn new((socket, kind): (Socket, Kind), config: Option<Config>, trace: Arc<Trace>) -> Line {
        Line {
            stream: Some(Stream::Plain(socket)),
            config,
            kind,
            wants_stream: false,
            trace,
            buffer: Vec::new(),
            received: 0,
            limit: LIMIT,
            farewell: b"",
            expires_ms: None,
        }
    }

    /// Whether each message is a datagram, received with [`Line::datagram`].
    pub fn in_datagrams(&self) -> bool {
        self.kind == Kind::Datagram
    }

    /// Ends this conversation, to have it anew over a stream: no datagram is large enough. What
    /// it answers is to be returned, and nobody sees it.
    pub fn over_stream(&mut self) -> Failure {
        self.wants_stream = true;
        Failure::closed()
    }

    /// Whether the conversation is to be had anew.
    pub fn wants_stream(&self) -> bool {
        self.wants_stream
    }

    /// A step begins; messages name it.
    pub fn step(&self, step: &'static str) {
        self.trace.step(step);
    }

    /// When the first of the peer's certificates expires, once there was a handshake.
    pub fn expires_ms(&self) -> Option<i64> {
        self.expires_ms
    }

    /// What is to be said when the verdict is known; the peer is expected to close then.
    pub fn set_farewell(&mut self, farewell: &'static [u8]) {
        self.farewell = farewell;
    }

    /// How many bytes the peer may send from here on, where the usual limit does not fit.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = self.received.saturating_add(bytes);
    }

    /// Says the farewell and waits until the peer has closed, so that the reset at the end of the
    /// connection finds nothing to destroy, and the port is free on both sides.
    pub async fn part(&mut self) {
        if self.farewell.is_empty() || self.send(self.farewell).await.is_err() {
            return;
        }
        while let Ok(true) = self.more().await {
            self.buffer.clear();
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
        let tls = tls::handshake(config, name, socket, &mut self.expires_ms).await?;
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

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Stream::Encrypted(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Stream::Encrypted(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Stream::Encrypted(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Stream::Encrypted(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
