//! HTTP/2 and the health service of gRPC: frames, messages, statuses, whole conversations.

#![no_main]

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use meshvitals::model::TalkSpec;
use meshvitals::probe::grpc::message;
use meshvitals::probe::grpc::status::{self, Status};
use meshvitals_fuzz::{chosen, converse, pieces, spec, with};
use std::sync::{Arc, LazyLock};

/// Empty settings of a server.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// The head of an answer in gRPC, on the first stream.
const HEAD: &[u8] = b"\0\0\x20\x01\x04\0\0\0\x01\x88\0\x0ccontent-type\x10application/grpc";

static GRPC: LazyLock<Arc<TalkSpec>> =
    LazyLock::new(|| spec(r#""grpc": {"address": "127.0.0.1:1", "service": "a.B"}"#));
static WATCH: LazyLock<Arc<TalkSpec>> =
    LazyLock::new(|| spec(r#""grpc": {"address": "127.0.0.1:1", "watch": true}"#));
static HTTP: LazyLock<Arc<TalkSpec>> = LazyLock::new(|| {
    spec(
        r#""http": {"url": "http://h/x", "version": "2", "redirects": {}, "expect": {"body_contains": "ok"}}"#,
    )
});

fn messages(bytes: &[u8]) {
    if let Ok(Some((message, used))) = message::frame(bytes) {
        assert_eq!(used, message::HEAD + message.len());
        assert!(used <= bytes.len());
        // Whoever takes a body of one frame takes this one.
        let whole = message::response(&bytes[..used]);
        assert_eq!(whole, message::serving(message));
    }
    if let Ok(status) = message::serving(bytes) {
        let _ = status::serving(status);
    }
}

fn told(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n').map(HeaderValue::from_bytes);
    let (Some(Ok(code)), Some(Ok(words))) = (parts.next(), parts.next()) else { return };
    let mut fields = HeaderMap::new();
    fields.insert("grpc-status", code);
    fields.insert("grpc-message", words);
    if let Ok(status) = Status::of(&fields) {
        assert!(status.words.chars().count() <= 80 && !status.words.contains(char::is_control));
        assert_eq!(status.failure(&[]).detail, status.code);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((parser, cut, bytes)) = chosen(input) else { return };
    let greeted = [SETTINGS, bytes].concat();
    let answered = [SETTINGS, HEAD, bytes].concat();
    match parser % 6 {
        0 => messages(bytes),
        1 => told(bytes),
        2 => drop(converse(&GRPC, &pieces(&greeted, cut))),
        3 => drop(converse(&GRPC, &pieces(&answered, cut))),
        4 => drop(with(&WATCH, &pieces(&answered, cut), |talk| {
            talk.trace().after(|after| after.is_wanted = true);
        })),
        _ => drop(converse(&HTTP, &pieces(&greeted, cut))),
    }
});
