//! Frames of HTTP/2 as bytes, good and bad, made without a library (RFC 9113, RFC 7541).

use std::io::Read;

pub const RESET: u8 = 3;
pub const PUSH: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The statuses 200 and 500 in the static table.
pub const OK: u8 = 8;
pub const INTERNAL: u8 = 14;

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::to_be_bytes(payload.len() as u32);
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// What a server begins with.
pub fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

/// The end of a connection, for this reason.
pub fn goaway(last: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
}

/// The headers of a gRPC answer.
pub fn head() -> Vec<u8> {
    head_with(OK, "application/grpc")
}

/// Headers of a status and a type.
pub fn head_with(status: u8, kind: &str) -> Vec<u8> {
    let fields = [vec![0x80 | status], field("content-type", kind)].concat();
    frame(HEADERS, END_HEADERS, 1, &fields)
}

/// A part of the body.
pub fn data(body: &[u8]) -> Vec<u8> {
    frame(DATA, 0, 1, body)
}

/// The end of an answer.
pub fn trailers(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields)
}

/// The same frames on another stream, but for those about the connection.
pub fn on(stream: u32, mut frames: Vec<u8>) -> Vec<u8> {
    let mut place = 0;
    while place < frames.len() {
        let (head, payload) = frames[place..].split_at_mut(9);
        if head[5..] != [0; 4] {
            head[5..].copy_from_slice(&stream.to_be_bytes());
        }
        place += 9 + usize::from(head[2]);
        assert!(head[..2] == [0; 2] && usize::from(head[2]) <= payload.len());
    }
    frames
}

/// Says that all is well.
pub fn good_answer() -> Vec<u8> {
    let body = data(&[0, 0, 0, 0, 2, 8, 1]);
    [settings(), head(), body, trailers(&[("grpc-status", "0")])].concat()
}

/// A header of 4 kB that stays in the table, and is named so often again.
pub fn bomb(times: usize) -> Vec<u8> {
    let mut fields = vec![0x80 | OK, 0x40, 1, b'x', 0x7f, 0x81, 0x1e];
    fields.extend_from_slice(&[b'y'; 127 + 0x81 - 0x80 + (0x1e << 7)]);
    // The first of the dynamic table.
    fields.extend_from_slice(&vec![0x80 | 62; times]);
    frame(HEADERS, END_HEADERS, 1, &fields)
}

/// A field without an index or a code.
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// Reads until the end of the question.
pub fn hear_question(stream: &mut impl Read) {
    assert!(heard_question(stream), "the probe asks");
}

/// Reads until the frame that ends the stream of the question; false if the peer goes before.
pub fn heard_question(stream: &mut impl Read) -> bool {
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).is_err() {
        return false;
    }
    assert!(preface.starts_with(b"PRI * HTTP/2.0"));
    heard_more(stream)
}

/// Reads until the end of the next question.
pub fn heard_more(stream: &mut impl Read) -> bool {
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            return false;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if stream.read_exact(&mut payload).is_err() {
            return false;
        }
        if matches!(head[3], DATA | HEADERS) && head[4] & END_STREAM != 0 {
            return true;
        }
    }
}
