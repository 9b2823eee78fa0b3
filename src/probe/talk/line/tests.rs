//! What a line does at the end of a stream.

use super::*;
use crate::time::Tick;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::{Context, Waker};

#[test]
fn whoever_sends_last_learns_that_nobody_is_there() {
    let (ours, peer) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let socket = Socket::new(Arc::new(ours.into()));
    let mut line = Line::new(socket, None, Arc::new(Trace::new(|| Tick(0))));
    assert_eq!(line.whole(), Ok(()));
    drop(peer);
    let sent = pin!(line.send(b"x")).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(sent, Poll::Ready(Ok(())));
    assert_eq!(line.whole().map_err(|failure| failure.reason), Err(Reason::RECEIVE_RESET));
}
