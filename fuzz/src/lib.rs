//! What the targets share: inputs that are cut anywhere, and conversations with a peer that says
//! whatever the fuzzer wants.
//!
//! A conversation runs over a pair of sockets without a reactor. Promises: it ends when the peer
//! has said everything, or the target fails; that nothing waits for a peer that is gone is part
//! of what is tried. The trap: some protocols begin with a number of chance, so that only a
//! parser by itself gets behind it.

use meshvitals::model::document::{Defaults, parse_check};
use meshvitals::model::{Outcome, ProbeSpec, Reason, TalkSpec};
use meshvitals::probe::talk::{Ended, Progress, Talk};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// The most turns of a conversation that finds more to do each time.
const TURNS: usize = 10_000;
/// The most pieces that an input is cut into.
const PIECES: usize = 64;

/// Takes the first two bytes of an input: which parser it is for, and how it is cut.
pub fn chosen(input: &[u8]) -> Option<(u8, u8, &[u8])> {
    let (&[parser, cut], rest) = input.split_first_chunk::<2>()?;
    Some((parser, cut, rest))
}

/// Cuts bytes into pieces of so many, the last of which is longer if there would be too many.
pub fn pieces(bytes: &[u8], size: u8) -> Vec<&[u8]> {
    let size = usize::from(size).max(1);
    let (many, last) = bytes.split_at(bytes.len().min(size * PIECES));
    many.chunks(size).chain([last]).filter(|piece| !piece.is_empty()).collect()
}

/// The probe of a document, given as its key and object.
pub fn probe(object: &str) -> ProbeSpec {
    let text = format!(r#"{{"name": "fuzz", {object}}}"#);
    parse_check(&text, &Defaults::default()).expect("a document").probe
}

/// The conversation that a document describes.
pub fn spec(object: &str) -> Arc<TalkSpec> {
    match probe(object) {
        ProbeSpec::Talk(spec) => spec,
        _ => panic!("no conversation: {object}"),
    }
}

/// What came of a conversation.
#[derive(Debug, PartialEq)]
pub enum Came {
    /// A verdict.
    Verdict(Outcome, Reason, i32, String),
    /// It goes on elsewhere.
    Elsewhere(Box<TalkSpec>),
}

/// A peer that says these bytes, whole and cut, and then no more: both come to the same. Words may
/// differ, because they may count the bytes that were there.
pub fn converse_both_ways(spec: &Arc<TalkSpec>, bytes: &[u8], cut: u8) -> Came {
    let came = converse(spec, &[bytes]);
    match (&came, converse(spec, &pieces(bytes, cut))) {
        (Came::Verdict(a, b, c, text), Came::Verdict(x, y, z, other)) => {
            assert_eq!((a, b, c), (&x, &y, &z), "{text:?} or {other:?}");
        }
        (came, other) => assert_eq!(*came, other),
    }
    came
}

/// A peer that says these pieces and then no more, whatever it hears.
pub fn converse(spec: &Arc<TalkSpec>, pieces: &[&[u8]]) -> Came {
    with(spec, pieces, |_| ())
}

/// The same, where the run is prepared first.
pub fn with(spec: &Arc<TalkSpec>, pieces: &[&[u8]], prepare: impl FnOnce(&Talk)) -> Came {
    let (ours, mut peer) = UnixStream::pair().expect("a pair of sockets");
    ours.set_nonblocking(true).expect("a mode");
    peer.set_nonblocking(true).expect("a mode");
    let mut talk = Talk::new(Arc::clone(spec), None, Arc::new(ours.into()));
    prepare(&talk);
    let mut ended = turn(&mut talk, &mut peer);
    for piece in pieces {
        if ended.is_none() {
            // What the other side has closed hears nothing.
            let _ = peer.write_all(piece);
            ended = turn(&mut talk, &mut peer);
        }
    }
    if ended.is_none() {
        let _ = peer.shutdown(Shutdown::Write);
        ended = turn(&mut talk, &mut peer);
    }
    match ended.expect("a conversation ends with its peer") {
        Ended::Elsewhere(next, _) => Came::Elsewhere(next),
        Ended::Verdict(result, _) => {
            let text = result.message.as_str().to_owned();
            Came::Verdict(result.outcome, result.reason, result.detail, text)
        }
    }
}

/// Lets it go on as far as it gets while the peer listens.
fn turn(talk: &mut Talk, peer: &mut UnixStream) -> Option<Ended> {
    let mut heard = [0; 4096];
    for _ in 0..TURNS {
        match talk.go_on() {
            Progress::Ended(ended) => return Some(ended),
            Progress::Yield => {}
            // It may have waited for room.
            Progress::Wait => match peer.read(&mut heard) {
                Ok(1..) => {}
                _ => return None,
            },
        }
    }
    panic!("a conversation without end");
}
