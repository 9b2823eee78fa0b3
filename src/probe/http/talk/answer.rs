//! An answer as far as it has come: head and body, collected in bounded memory.

use crate::model::Reason;
use crate::probe::http::chunked::Piece;
use crate::probe::http::head::{self, HEAD_LIMIT};
use crate::probe::http::response::{Stage, Verdict};
use crate::probe::talk::{Failure, Line};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What the framing of one byte of a body may take: a chunk of its own, its size with as many
/// digits as are read.
const FRAMING: usize = 40;

/// How many bytes an answer takes at most whose body has no more than `limit`.
pub fn most(limit: usize) -> usize {
    (4 * HEAD_LIMIT).saturating_add(limit.saturating_mul(FRAMING))
}

/// The head of an answer.
#[derive(Debug)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// What follows it.
    pub stage: Stage,
}

/// Receives and takes the head of the answer to a request of this method.
///
/// # Errors
///
/// Those of the line, and that it is no head.
pub async fn head(line: &mut Line, method: &str) -> Result<Head, Failure> {
    let mut interim = 0;
    loop {
        let read = head::read(line.buffer(), HEAD_LIMIT - interim, |length, status, headers| {
            (length, status, collect(method, status, headers))
        });
        match read.map_err(failure)? {
            Some((length, status, head)) => {
                line.take(length);
                if !head::is_interim(status) {
                    return head.map_err(|problem| failure(Verdict::Malformed(problem)));
                }
                interim += length;
            }
            None if line.more().await? => {}
            None => return Err(Failure::closed()),
        }
    }
}

fn collect(
    method: &str,
    status: u16,
    lines: &[httparse::Header<'_>],
) -> Result<Head, &'static str> {
    let mut headers = HeaderMap::with_capacity(lines.len());
    for line in lines {
        // A value over several lines is one with spaces in it.
        let value: Vec<u8> = line
            .value
            .iter()
            .map(|byte| if b"\r\n".contains(byte) { b' ' } else { *byte })
            .collect();
        let name = HeaderName::from_bytes(line.name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&value)) else {
            return Err("a header is broken");
        };
        headers.append(name, value);
    }
    Ok(Head { status, headers, stage: head::stage(method, status, lines)? })
}

fn failure(verdict: Verdict) -> Failure {
    let (reason, text) = match verdict {
        Verdict::TooLarge(limit) => (Reason::RECEIVE_TOO_LARGE, limit),
        Verdict::Malformed(problem) => (Reason::RECEIVE_MALFORMED, problem),
        _ => return Failure::closed(),
    };
    Failure::fail(reason, text)
}

/// How far a body came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is more of it.
    Open,
    /// It is complete.
    Complete,
    /// It is longer than its limit.
    Cut,
}

/// A body, as far as it has come.
#[derive(Debug)]
pub struct Reader {
    stage: Stage,
    body: Vec<u8>,
    limit: usize,
}

impl Reader {
    /// The body behind a head, of which no more than `limit` bytes are kept.
    pub fn new(stage: Stage, limit: usize) -> Reader {
        Reader { stage, body: Vec::new(), limit }
    }

    /// The body so far.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// That the framing is broken.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<State, Failure> {
        loop {
            let data = match &mut self.stage {
                Stage::Head | Stage::UntilClose => std::mem::take(&mut bytes),
                Stage::Sized(left) => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= count as u64;
                    let (data, _) = bytes.split_at(count);
                    bytes = &[];
                    data
                }
                Stage::Chunked(chunks) => match chunks.next(&mut bytes) {
                    Piece::Data(data) => data,
                    Piece::More => return Ok(State::Open),
                    Piece::End => return Ok(State::Complete),
                    Piece::Malformed(problem) => {
                        return Err(failure(Verdict::Malformed(problem)));
                    }
                },
            };
            let room = self.limit - self.body.len();
            self.body.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return Ok(State::Cut);
            }
            match self.stage {
                Stage::Sized(0) => return Ok(State::Complete),
                Stage::Chunked(_) => {}
                _ => return Ok(State::Open),
            }
        }
    }

    /// The peer will send nothing more.
    ///
    /// # Errors
    ///
    /// That this is too early.
    pub fn end(&self) -> Result<State, Failure> {
        match self.stage {
            Stage::UntilClose => Ok(State::Complete),
            _ => Err(Failure::closed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::http::chunked::Chunked;

    /// What a reader says of these pieces, and the body.
    fn read(stage: Stage, limit: usize, pieces: &[&str]) -> (Option<State>, String) {
        let mut reader = Reader::new(stage, limit);
        let mut state = Some(State::Open);
        for piece in pieces {
            state = reader.feed(piece.as_bytes()).ok();
        }
        (state, String::from_utf8(reader.body().to_vec()).unwrap())
    }

    #[test]
    fn a_body_ends_where_its_framing_says() {
        use State::{Complete, Cut, Open};
        let chunked = || Stage::Chunked(Chunked::new());
        let cases = [
            (Stage::Sized(5), 9, &["he", "llo, you"][..], Some(Complete), "hello"),
            (Stage::Sized(5), 9, &["hell"], Some(Open), "hell"),
            (Stage::Sized(0), 9, &[""], Some(Complete), ""),
            (Stage::Sized(u64::MAX), 3, &["he", "llo"], Some(Cut), "hel"),
            (Stage::UntilClose, 5, &["he", "llo"], Some(Open), "hello"),
            (Stage::UntilClose, 4, &["he", "llo"], Some(Cut), "hell"),
            (chunked(), 9, &["2\r\nhe\r\n3\r\nl", "lo\r\n0\r\n\r\n"], Some(Complete), "hello"),
            (chunked(), 9, &["2\r\nhe\r\n3\r\nllo\r\n"], Some(Open), "hello"),
            (chunked(), 4, &["2\r\nhe\r\n3\r\nllo\r\n"], Some(Cut), "hell"),
            (chunked(), 9, &["2\r\nhello"], None, "he"),
        ];
        for (stage, limit, pieces, state, body) in cases {
            let case = format!("{stage:?} {pieces:?}");
            assert_eq!(read(stage, limit, pieces), (state, body.to_owned()), "{case}");
        }
    }

    #[test]
    fn only_a_body_without_a_length_ends_with_the_connection() {
        assert_eq!(Reader::new(Stage::UntilClose, 9).end(), Ok(State::Complete));
        assert_eq!(Reader::new(Stage::Sized(1), 9).end(), Err(Failure::closed()));
        assert_eq!(Reader::new(Stage::Chunked(Chunked::new()), 9).end(), Err(Failure::closed()));
    }
}
