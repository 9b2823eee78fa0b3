//! Speaks a script: sends, and collects what is expected, until a step fails.
//!
//! What comes accumulates until it is what the step expects or cannot become that any more; a step
//! takes what it expects and leaves the rest to the next one. Messages name the step and count the
//! bytes that came, and repeat none of them: only who wrote the script knows what is a secret.

use crate::model::{Found, Pattern, Piece, Reason, RunResult, ScriptSpec, ScriptStep, TlsSpec};
use crate::probe::talk::{Failure, Line};
use std::collections::BTreeMap;

/// What was captured, by name.
type Captured<'a> = BTreeMap<&'a str, Vec<u8>>;

/// Speaks the script.
///
/// # Errors
///
/// What the first step that failed came to.
pub async fn speak(
    script: &ScriptSpec,
    tls: Option<&TlsSpec>,
    line: &mut Line,
) -> Result<RunResult, Failure> {
    let mut captured = Captured::default();
    for (index, step) in script.steps.iter().enumerate() {
        line.step(format!("step {} ({})", index + 1, step.word()));
        match (step, tls) {
            (ScriptStep::Send(pieces), _) => line.send(&joined(pieces, &captured)).await?,
            (ScriptStep::Expect(bytes), _) => expect(bytes, line).await?,
            (ScriptStep::Match(pattern), _) => find(pattern, line, &mut captured).await?,
            (ScriptStep::StartTls, Some(tls)) => line.encrypt(&tls.name).await?,
            // No document says that.
            (ScriptStep::StartTls, None) => return Err(Failure::closed()),
        }
    }
    line.whole()?;
    if script.is_graceful {
        line.set_graceful();
    }
    Ok(RunResult::pass())
}

fn joined(pieces: &[Piece], captured: &Captured<'_>) -> Vec<u8> {
    let bytes = pieces.iter().map(|piece| match piece {
        Piece::Bytes(bytes) => bytes,
        Piece::Captured(name) => captured.get(&**name).map_or(&[][..], |bytes| bytes),
    });
    bytes.collect::<Vec<_>>().concat()
}

async fn expect(bytes: &[u8], line: &mut Line) -> Result<(), Failure> {
    loop {
        let there = line.buffer();
        let common = there.len().min(bytes.len());
        if there[..common] != bytes[..common] {
            return Err(unexpected(there));
        }
        if common == bytes.len() {
            line.take(common);
            return Ok(());
        }
        if !line.more().await? {
            return Err(Failure::closed());
        }
    }
}

async fn find<'a>(
    pattern: &'a Pattern,
    line: &mut Line,
    captured: &mut Captured<'a>,
) -> Result<(), Failure> {
    let mut search = pattern.search();
    let mut is_end = false;
    loop {
        match search.feed(line.buffer(), is_end) {
            Found::Match(end) => {
                let bytes = line.take(end);
                let parts = pattern.captures(&bytes).into_iter();
                captured.extend(parts.map(|(name, part)| (name, part.to_vec())));
                return Ok(());
            }
            Found::Never => return Err(unexpected(line.buffer())),
            Found::More if is_end => return Err(Failure::closed()),
            Found::More => is_end = !line.more().await?,
        }
    }
}

fn unexpected(there: &[u8]) -> Failure {
    let text = format!("{} ({} bytes, not shown)", Reason::MATCH_ANSWER, there.len());
    Failure::fail(Reason::MATCH_ANSWER, &text)
}
