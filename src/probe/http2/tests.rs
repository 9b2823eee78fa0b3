//! Exchanges with the server of h2: bodies of every size, both ways.

use super::*;
use crate::model::Outcome;
use h2::server;
use http::Response;
use rustix::event::{PollFd, PollFlags, poll};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::task::{Context, Waker};
use std::thread;
use tokio::runtime::Builder as Runtime;

/// Asks a server that reads the whole question and answers with its length and as many bytes as
/// its path says.
fn ask_for(path: &str, body: usize, limit: usize) -> Result<Answer, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let bytes: usize = path.trim_start_matches('/').parse().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || serve(listener, bytes));
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nonblocking(true).unwrap();
        let fd = OwnedFd::from(stream);
        let watched = fd.try_clone().unwrap();
        let mut line = Line::plain(fd);
        let uri = format!("http://example.test{path}");
        let request = Request::post(uri).body(()).unwrap();
        let body = Bytes::from(vec![b'q'; body]);
        let mut exchange = pin!(exchange(&mut line, request, body, limit));
        // Polled again whenever the socket can be read or written, as the reactor would do it.
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(ended) = exchange.as_mut().poll(&mut context) {
                return ended;
            }
            let ready = PollFlags::IN | PollFlags::OUT;
            poll(&mut [PollFd::new(&watched, ready)], None).unwrap();
        }
    })
}

fn serve(listener: TcpListener, bytes: usize) {
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let runtime = Runtime::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        let mut connection = server::handshake(stream).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            // Beside the connection, which has to be driven meanwhile.
            let answer = async move {
                let mut body = request.into_body();
                let mut heard = 0;
                while let Some(part) = body.data().await {
                    let part = part?;
                    heard += part.len();
                    body.flow_control().release_capacity(part.len())?;
                }
                let head = Response::builder().header("heard", heard).body(()).unwrap();
                let mut stream = respond.send_response(head, bytes == 0)?;
                if bytes > 0 {
                    stream.send_data(vec![b'a'; bytes].into(), false)?;
                    stream.send_trailers(HeaderMap::from_iter([(
                        http::header::ETAG,
                        http::HeaderValue::from_static("end"),
                    )]))?;
                }
                Ok::<_, h2::Error>(())
            };
            let mut answer = pin!(answer);
            poll_fn(|cx| {
                let _ = connection.poll_closed(cx);
                answer.as_mut().poll(cx)
            })
            .await
            .unwrap();
        }
    });
}

#[test]
fn a_whole_answer_has_its_headers_body_and_trailers() {
    let answer = ask_for("/5", 0, 16).unwrap();
    assert_eq!((answer.status, &*answer.body, answer.is_whole), (200, &b"aaaaa"[..], true));
    assert_eq!(answer.headers["heard"], "0");
    assert_eq!(answer.trailers["etag"], "end");
    let empty = ask_for("/0", 0, 16).unwrap();
    assert!(empty.body.is_empty() && empty.is_whole && empty.trailers.is_empty());
}

#[test]
fn no_more_of_a_body_is_read_than_was_allowed() {
    let exact = ask_for("/100000", 0, 100_000).unwrap();
    assert!(exact.is_whole && exact.body.len() == 100_000);
    assert_eq!(exact.trailers["etag"], "end");
    let cut = ask_for("/100000", 0, 99_999).unwrap();
    assert!(!cut.is_whole && cut.body.len() == 99_999);
    let none = ask_for("/100000", 0, 0).unwrap();
    assert!(!none.is_whole && none.body.is_empty() && none.status == 200);
    assert!(ask_for("/0", 0, 0).unwrap().is_whole);
}

#[test]
fn a_question_may_be_longer_than_the_windows_of_the_server() {
    let answer = ask_for("/1", 1 << 20, 16).unwrap();
    assert_eq!(answer.headers["heard"], "1048576");
}

#[test]
fn a_request_that_is_none_is_our_own_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut line = Line::plain(stream.into());
    let request = Request::get("http://a/").header("connection", "close").body(()).unwrap();
    let exchange = pin!(exchange(&mut line, request, Bytes::new(), 0));
    let Poll::Ready(ended) = exchange.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits for something");
    };
    let failure = ended.unwrap_err();
    assert_eq!((failure.outcome, failure.reason), (Outcome::Local, Reason::LOCAL_FAILED));
}
