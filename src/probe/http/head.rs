//! The head of an answer, and what it says of the body.
//!
//! Framing follows RFC 9112, section 6.3. The trap: some servers and proxies repeat a length, as a
//! list or a second header, which is harmless only while all of them agree.

use super::chunked::Chunked;
use super::response::{Stage, Verdict};
use httparse::{Header, ParserConfig, Status};
use std::mem::MaybeUninit;

/// All heads of an answer (interim ones included) may be this long together, in bytes.
pub const HEAD_LIMIT: usize = 16 * 1024;
/// A head may have this many headers.
pub const HEADER_LIMIT: usize = 64;

/// Reads the head at the front of `bytes`, of which no more than `room` may belong to it, and
/// hands on its length, code and headers. `None` while it is not complete.
///
/// # Errors
///
/// That it is no head, or a too large one.
pub fn read<R>(
    bytes: &[u8],
    room: usize,
    then: impl FnOnce(usize, u16, &[Header<'_>]) -> R,
) -> Result<Option<R>, Verdict> {
    let mut slots = [const { MaybeUninit::<Header<'_>>::uninit() }; HEADER_LIMIT];
    let mut head = httparse::Response::new(&mut []);
    let mut config = ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    let visible = &bytes[..bytes.len().min(room)];
    match config.parse_response_with_uninit_headers(&mut head, visible, &mut slots) {
        Ok(Status::Complete(length)) => {
            Ok(Some(then(length, head.code.unwrap_or(0), head.headers)))
        }
        Ok(Status::Partial) if bytes.len() >= room => {
            Err(Verdict::TooLarge("the head is longer than 16 KiB"))
        }
        Ok(Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(Verdict::TooLarge("more than 64 headers")),
        Err(error) => Err(Verdict::Malformed(problem(error))),
    }
}

/// Whether more heads follow: 101 ends HTTP on its connection, so it is final; the others of its
/// kind announce more.
pub fn is_interim(code: u16) -> bool {
    (100..200).contains(&code) && code != 101
}

/// What follows the head of the answer to a request of this method.
///
/// # Errors
///
/// Why nobody can know.
pub fn stage(method: &str, code: u16, headers: &[Header<'_>]) -> Result<Stage, &'static str> {
    if method == "HEAD" || matches!(code, 101 | 204 | 304) {
        return Ok(Stage::Sized(0));
    }
    framing(headers)
}

fn problem(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::Version => "not HTTP/1",
        httparse::Error::Status => "no status code in the first line",
        httparse::Error::HeaderName | httparse::Error::HeaderValue => "a header is broken",
        _ => "a line of the head is broken",
    }
}

/// How the body of an answer that has one ends.
fn framing(headers: &[Header<'_>]) -> Result<Stage, &'static str> {
    let mut length: Option<u64> = None;
    let mut coding: Option<&[u8]> = None;
    let mut conflict = false;
    for header in headers {
        if header.name.eq_ignore_ascii_case("Transfer-Encoding") {
            // The last coding of the last such header decides.
            coding = header.value.rsplit(|&byte| byte == b',').next();
        } else if header.name.eq_ignore_ascii_case("Content-Length") {
            // Some servers and proxies repeat it, as a list or a second header.
            for item in header.value.split(|&byte| byte == b',') {
                let item = item.trim_ascii();
                let number = std::str::from_utf8(item).ok().and_then(|text| text.parse().ok());
                match number {
                    Some(number) if item[0].is_ascii_digit() => {
                        conflict |= length.is_some_and(|known| known != number);
                        length = Some(number);
                    }
                    _ => conflict = true,
                }
            }
        }
    }
    match (coding, length) {
        (Some(coding), _) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => {
            Ok(Stage::Chunked(Chunked::new()))
        }
        (Some(_), _) => Ok(Stage::UntilClose),
        (None, _) if conflict => Err("the content lengths conflict or are no numbers"),
        (None, Some(length)) => Ok(Stage::Sized(length)),
        (None, None) => Ok(Stage::UntilClose),
    }
}
