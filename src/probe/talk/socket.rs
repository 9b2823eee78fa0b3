//! A connected socket as an asynchronous stream whose readiness somebody else watches.
//!
//! A read or write that finds nothing says "pending" and asks nobody to wake it: the reactor polls
//! the whole conversation at every edge of the socket. The traps: whoever reads without end must
//! let others have their turn; after so many reads in a row the stream says "pending" once and
//! wakes the conversation itself. And a peer that refuses says why, and closes while we are still
//! sending: what it said can be read, so a write that finds the connection broken is no error
//! until everything was read.

use crate::sys::socket::{self, Errno};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads or writes in a row before others get their turn.
const AT_ONCE: u32 = 16;

/// The socket of a conversation; the reactor holds it too.
#[derive(Debug)]
pub struct Socket {
    fd: Arc<OwnedFd>,
    in_a_row: u32,
    /// What a write found; the system tells it once.
    broken: Option<Errno>,
}

impl Socket {
    pub fn new(fd: Arc<OwnedFd>) -> Socket {
        Socket { fd, in_a_row: 0, broken: None }
    }

    /// The error of a connection that broke while we were sending.
    pub fn broken(&self) -> Option<io::Error> {
        self.broken.map(Into::into)
    }

    fn settle<T>(
        &mut self,
        cx: &mut Context<'_>,
        call: impl FnOnce(&OwnedFd) -> Result<T, Errno>,
    ) -> Poll<io::Result<T>> {
        if self.in_a_row == AT_ONCE {
            self.in_a_row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match call(&self.fd) {
            Ok(done) => {
                self.in_a_row += 1;
                Poll::Ready(Ok(done))
            }
            Err(Errno::AGAIN) => {
                self.in_a_row = 0;
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buffer.initialize_unfilled();
        match (self.settle(cx, |fd| socket::receive(fd, room)), self.broken()) {
            (Poll::Ready(Ok(0) | Err(_)), Some(error)) => Poll::Ready(Err(error)),
            (read, _) => read.map_ok(|count| buffer.advance(count)),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.broken.is_some() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let mut broken = None;
        let sent = self.settle(cx, |fd| match socket::send(fd, bytes) {
            Err(error @ (Errno::CONNRESET | Errno::PIPE)) => {
                broken = Some(error);
                Ok(bytes.len())
            }
            sent => sent,
        });
        self.broken = broken;
        sent
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(socket::end(&self.fd).map_err(Into::into))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::socket::Family;
    use rustix::event::{PollFd, PollFlags, poll};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::task::Waker;
    use std::time::Duration;

    #[test]
    fn what_a_peer_said_before_it_broke_off_is_read_before_that_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let fd = Arc::new(socket::stream(Family::of(&address)).unwrap());
        socket::connect(&fd, &address).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        let mut ours = Socket::new(Arc::clone(&fd));
        let mut context = Context::from_waker(Waker::noop());
        let write = |ours: &mut Socket, context: &mut Context<'_>| match Pin::new(ours)
            .poll_write(context, b"hello")
        {
            Poll::Ready(Ok(count)) => count,
            other => panic!("{other:?}"),
        };
        assert_eq!(write(&mut ours, &mut context), 5);
        peer.read_exact(&mut [0; 5]).unwrap();
        peer.write_all(b"no").unwrap();
        rustix::net::sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).unwrap();
        drop(peer);
        poll(&mut [PollFd::new(&fd, PollFlags::empty())], None).unwrap();
        for _ in 0..2 {
            assert_eq!(write(&mut ours, &mut context), 5);
            assert!(ours.broken().is_some());
        }
        let mut bytes = [0; 8];
        let mut read = |ours: &mut Socket| {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = Pin::new(ours).poll_read(&mut context, &mut buffer);
            (read, buffer.filled().to_vec())
        };
        assert!(matches!(read(&mut ours), (Poll::Ready(Ok(())), said) if said == b"no"));
        for _ in 0..2 {
            assert!(matches!(read(&mut ours), (Poll::Ready(Err(_)), _)));
        }
    }
}
