//! Reads an HTTP/1.1 answer in pieces of any size and stops as soon as the verdict is known.
//!
//! The verdict depends on the bytes alone and never on how they were cut. An answer that comes
//! in one piece is judged where it lies: nothing is copied. A head that comes in parts is
//! collected; of a body only what the search for a text across a cut needs is kept. Framing
//! follows RFC 9112, section 6.3. The trap: nothing of the answer is trusted, and a verdict
//! that is known early hides what is wrong further on, on purpose.

use super::chunked::{Chunked, Piece};
use super::head::{self, HEAD_LIMIT};
use crate::model::{HttpExpect, HttpSpec};
use httparse::Header;
use memchr::{memchr, memmem};

/// The first bytes are looked at as they come; behind them only complete lines are.
const EAGER_BYTES: usize = 16;

/// What an answer amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Pass,
    /// A status code that is not expected.
    Status(u16),
    /// 429, not expected either, but said by somebody who is alive.
    Busy(u16),
    /// The body is complete and lacks the text.
    Body,
    /// Not HTTP, and why.
    Malformed(&'static str),
    /// Beyond a limit, and which.
    TooLarge(&'static str),
    /// The end came too early.
    Closed,
}

/// The memory of a run; taken from a pool while it is in flight.
#[derive(Debug, Default)]
pub struct Buffers {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Buffers {
    /// Forgets the contents; false if the memory is too large to be kept.
    pub fn recycle(&mut self) -> bool {
        self.head.clear();
        self.tail.clear();
        self.head.capacity() + self.tail.capacity() <= 4 * HEAD_LIMIT
    }
}

/// What comes next in an answer.
#[derive(Debug)]
pub enum Stage {
    /// A head.
    Head,
    /// So many bytes of the body are still to come.
    Sized(u64),
    /// A body in chunks.
    Chunked(Chunked),
    /// A body that ends with the connection.
    UntilClose,
}

/// An answer, as far as it has come.
#[derive(Debug)]
pub struct Response {
    stage: Stage,
    buffers: Buffers,
    /// Bytes of interim heads that are done with.
    interim: usize,
    /// Bytes of the body so far.
    body: u64,
}

impl Response {
    /// Before the first byte.
    pub const fn new(buffers: Buffers) -> Response {
        Response { stage: Stage::Head, buffers, interim: 0, body: 0 }
    }

    /// The memory, to be used again.
    pub fn into_buffers(self) -> Buffers {
        self.buffers
    }

    /// Takes the next bytes; `None` while the verdict is open.
    pub fn feed(&mut self, spec: &HttpSpec, bytes: &[u8]) -> Option<Verdict> {
        match self.stage {
            Stage::Head => self.feed_head(spec, bytes),
            _ => self.feed_body(&spec.expect, bytes),
        }
    }

    /// The peer will send nothing more.
    pub fn end(&mut self, spec: &HttpSpec) -> Verdict {
        match self.stage {
            Stage::Head => {
                let head = std::mem::take(&mut self.buffers.head);
                self.parse(spec, &head).0.unwrap_or(Verdict::Closed)
            }
            Stage::Sized(_) | Stage::Chunked(_) => Verdict::Closed,
            Stage::UntilClose => Verdict::Body,
        }
    }

    fn feed_head(&mut self, spec: &HttpSpec, bytes: &[u8]) -> Option<Verdict> {
        let before = self.buffers.head.len();
        if before == 0 {
            let (verdict, used) = self.parse(spec, bytes);
            if verdict.is_some() {
                return verdict;
            }
            let rest = &bytes[used..];
            if !matches!(self.stage, Stage::Head) {
                return self.feed_body(&spec.expect, rest);
            }
            self.buffers.head.extend_from_slice(rest);
            return None;
        }
        // The buffer is moved out so that its end can be searched as the start of the body.
        let mut head = std::mem::take(&mut self.buffers.head);
        head.extend_from_slice(bytes);
        let full = self.interim + head.len() >= HEAD_LIMIT;
        let mut verdict = None;
        if before < EAGER_BYTES || full || memchr(b'\n', bytes).is_some() {
            let used;
            (verdict, used) = self.parse(spec, &head);
            if verdict.is_none() && !matches!(self.stage, Stage::Head) {
                verdict = self.feed_body(&spec.expect, &head[used..]);
                head.clear();
            } else {
                head.drain(..used);
            }
        }
        self.buffers.head = head;
        verdict
    }

    /// Reads as many heads as there are; says how many bytes they took.
    fn parse(&mut self, spec: &HttpSpec, bytes: &[u8]) -> (Option<Verdict>, usize) {
        let mut used = 0;
        loop {
            let rest = &bytes[used..];
            let room = HEAD_LIMIT - self.interim;
            let read = head::read(rest, room, |length, code, headers| {
                used += length;
                self.interim += length;
                (!head::is_interim(code)).then(|| self.judge_head(spec, code, headers))
            });
            match read {
                Ok(Some(Some(verdict))) => return (verdict, used),
                Ok(Some(None)) => {}
                Ok(None) => return (None, used),
                Err(verdict) => return (Some(verdict), used),
            }
        }
    }

    fn judge_head(
        &mut self,
        spec: &HttpSpec,
        code: u16,
        headers: &[Header<'_>],
    ) -> Option<Verdict> {
        self.stage = match head::stage(&spec.method, code, headers) {
            Ok(stage) => stage,
            Err(problem) => return Some(Verdict::Malformed(problem)),
        };
        let expect = &*spec.expect;
        if !expect.status.iter().any(|&(low, high)| (low..=high).contains(&code)) {
            return Some(if code == 429 { Verdict::Busy(code) } else { Verdict::Status(code) });
        }
        match expect.body_contains.as_deref() {
            None | Some("") => Some(Verdict::Pass),
            Some(_) if matches!(self.stage, Stage::Sized(0)) => Some(Verdict::Body),
            Some(_) => None,
        }
    }

    fn feed_body(&mut self, expect: &HttpExpect, bytes: &[u8]) -> Option<Verdict> {
        match &mut self.stage {
            Stage::Head => None,
            Stage::UntilClose => self.search(expect, bytes),
            Stage::Sized(left) => {
                let room = usize::try_from(*left).unwrap_or(usize::MAX);
                let bytes = &bytes[..bytes.len().min(room)];
                *left -= bytes.len() as u64;
                let complete = *left == 0;
                self.search(expect, bytes).or(complete.then_some(Verdict::Body))
            }
            Stage::Chunked(_) => self.feed_chunks(expect, bytes),
        }
    }

    fn feed_chunks(&mut self, expect: &HttpExpect, mut bytes: &[u8]) -> Option<Verdict> {
        loop {
            let Stage::Chunked(decoder) = &mut self.stage else { return None };
            match decoder.next(&mut bytes) {
                Piece::Data(data) => {
                    if let Some(verdict) = self.search(expect, data) {
                        return Some(verdict);
                    }
                }
                Piece::More => return None,
                Piece::End => return Some(Verdict::Body),
                Piece::Malformed(problem) => return Some(Verdict::Malformed(problem)),
            }
        }
    }

    /// Looks for the text in what was kept and the next bytes of the body.
    fn search(&mut self, expect: &HttpExpect, bytes: &[u8]) -> Option<Verdict> {
        let wanted = expect.body_contains.as_deref().unwrap_or_default().as_bytes();
        // Without a text the head has decided already.
        let kept = wanted.len().checked_sub(1)?;
        let room = u64::from(expect.body_limit) - self.body;
        let over = bytes.len() as u64 > room;
        let bytes = if over { &bytes[..room as usize] } else { bytes };
        self.body += bytes.len() as u64;

        let tail = &mut self.buffers.tail;
        let found = if tail.is_empty() {
            let found = memmem::find(bytes, wanted).is_some();
            tail.extend_from_slice(&bytes[bytes.len().saturating_sub(kept)..]);
            found
        } else {
            tail.extend_from_slice(bytes);
            let found = memmem::find(tail, wanted).is_some();
            tail.drain(..tail.len().saturating_sub(kept));
            found
        };
        if found {
            return Some(Verdict::Pass);
        }
        over.then_some(Verdict::TooLarge("the body is longer than its limit"))
    }
}

#[cfg(test)]
mod tests;
