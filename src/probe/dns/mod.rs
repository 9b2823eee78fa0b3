//! One question to a name server.
//!
//! Asked in a datagram, and over a stream where the answer does not fit one. A datagram with
//! another id may have been sent by anybody who guesses, so it is not held against the server and
//! the right one is waited for (RFC 5452, 9.1); on a stream nobody else can answer. Ids cannot be
//! foreseen. The trap: NOERROR without an answer looks well and is of no use to anybody, so an
//! answer is wanted unless the document says otherwise.

pub mod message;
mod name;
mod system;

pub use system::server;

use crate::model::{DnsSpec, Protocol, Rcode, Reason, RunResult, TalkSpec};
use crate::probe::talk::{Failure, Line};
use message::Answer;
use std::hash::{BuildHasher, RandomState};

/// Bytes of the longest answer on a stream, with its length.
const STREAM_BYTES: usize = 2 + 65_535;

/// Letters of a message that answers may take.
const SHOWN_LIMIT: usize = 80;

/// Asks, and judges the answer. One that does not fit a datagram has the run go on with the same
/// question on a stream.
pub async fn speak(talk: &TalkSpec, spec: &DnsSpec, line: &mut Line) -> Result<RunResult, Failure> {
    line.step("question");
    // Keyed by the system's randomness, once for each thread.
    let id = RandomState::new().hash_one(&spec.name) as u16;
    let question = message::question(id, &spec.name, spec.record);
    if spec.over_stream {
        line.set_limit(STREAM_BYTES);
        let length = question.len() as u16;
        line.send(&[&length.to_be_bytes()[..], &question].concat()).await?;
    } else {
        line.send(&question).await?;
    }
    line.step("answer");
    let (code, found) = loop {
        let received = match spec.over_stream {
            false => line.datagram().await?,
            true => {
                let length = line.exactly(2).await?;
                line.exactly(usize::from(u16::from_be_bytes([length[0], length[1]]))).await?
            }
        };
        match (message::answer(&received, id, &spec.name, spec.record), spec.over_stream) {
            (Ok(Answer::Whole(code, found)), _) => break (code, found),
            (Ok(Answer::Truncated), false) => {
                let protocol = Protocol::Dns(DnsSpec { over_stream: true, ..spec.clone() });
                line.go_on_at(TalkSpec { protocol, ..talk.clone() });
                return Err(Failure::closed());
            }
            (Ok(Answer::Foreign), false) => line.step("answer, after one of another id"),
            (Ok(Answer::Truncated), true) => return Err(malformed("truncated, on a stream")),
            (Ok(Answer::Foreign), true) => return Err(malformed("the answer has another id")),
            (Err(problem), _) => return Err(malformed(problem)),
        }
    };
    judge(spec, code, &found)
}

fn malformed(problem: &str) -> Failure {
    Failure::fail(Reason::RECEIVE_MALFORMED, problem)
}

fn judge(spec: &DnsSpec, code: Rcode, found: &[String]) -> Result<RunResult, Failure> {
    let asked = match &*spec.name {
        "" => format!("{} of the root", spec.record),
        name => format!("{} of {name}", spec.record),
    };
    if !spec.rcodes.contains(&code) {
        let failure = Failure::fail(Reason::MATCH_RCODE, &format!("{code} for {asked}"));
        return Err(Failure { detail: code.0.into(), ..failure });
    }
    let result = RunResult::pass().with_value(found.len() as f64);
    if code != Rcode::NOERROR {
        return Ok(result);
    }
    let unexpected = |problem: String| Failure::fail(Reason::MATCH_ANSWER, &problem);
    if found.len() < spec.min_answers {
        let wanted = spec.min_answers;
        return Err(unexpected(format!("{} answers for {asked}, not {wanted}", found.len())));
    }
    let is_there = |wanted: &&str| found.iter().any(|answer| answer == wanted);
    let mut wanted = spec.expect.iter().map(|text| &**text);
    let missing = match spec.any {
        false => wanted.find(|wanted| !is_there(wanted)).map(str::to_owned),
        true if spec.expect.is_empty() || wanted.any(|wanted| is_there(&wanted)) => None,
        true => Some("everything that is expected".to_owned()),
    };
    match missing {
        None => Ok(result),
        Some(missing) => {
            let (missing, found) = (shown(&missing), shown(&found.join(", ")));
            Err(unexpected(format!("{missing} is missing for {asked}; found: {found}")))
        }
    }
}

/// Answers for people: printable, and not too much of them.
fn shown(text: &str) -> String {
    let mut shown: String = text.escape_debug().take(SHOWN_LIMIT).collect();
    if shown.is_empty() {
        shown.push_str("nothing");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Record;

    fn spec(expect: &[&str], any: bool) -> DnsSpec {
        DnsSpec {
            name: "x.de".into(),
            record: Record::A,
            of_system: false,
            over_stream: false,
            rcodes: [Rcode::NOERROR, Rcode::NXDOMAIN].into(),
            expect: expect.iter().map(|text| (*text).into()).collect(),
            any,
            min_answers: 1,
        }
    }

    fn words(spec: &DnsSpec, code: Rcode, found: &[&str]) -> Option<(Reason, String)> {
        let found: Vec<String> = found.iter().map(|text| (*text).to_owned()).collect();
        judge(spec, code, &found).err().map(|failure| (failure.reason, failure.text))
    }

    #[test]
    fn all_or_any_of_what_is_expected_must_be_there() {
        let all = spec(&["1.1.1.1", "2.2.2.2"], false);
        assert_eq!(words(&all, Rcode::NOERROR, &["2.2.2.2", "3.3.3.3", "1.1.1.1"]), None);
        let text = "2.2.2.2 is missing for A of x.de; found: 1.1.1.1";
        let missing = Some((Reason::MATCH_ANSWER, text.to_owned()));
        assert_eq!(words(&all, Rcode::NOERROR, &["1.1.1.1"]), missing);
        let any = spec(&["1.1.1.1", "2.2.2.2"], true);
        assert_eq!(words(&any, Rcode::NOERROR, &["2.2.2.2"]), None);
        assert!(words(&any, Rcode::NOERROR, &["3.3.3.3"]).is_some());
        assert_eq!(words(&spec(&[], true), Rcode::NOERROR, &["3.3.3.3"]), None);
    }

    #[test]
    fn no_answer_is_no_pass_and_another_code_that_is_expected_is() {
        let text = "0 answers for A of x.de, not 1".to_owned();
        let none = words(&spec(&[], false), Rcode::NOERROR, &[]);
        assert_eq!(none, Some((Reason::MATCH_ANSWER, text)));
        assert_eq!(words(&spec(&["1.1.1.1"], false), Rcode::NXDOMAIN, &[]), None);
        let refused = judge(&spec(&[], false), Rcode(5), &[]).unwrap_err();
        assert_eq!((refused.reason, refused.detail), (Reason::MATCH_RCODE, 5));
        assert_eq!(refused.text, "REFUSED for A of x.de");
    }

    #[test]
    fn answers_are_shown_in_printable_letters() {
        assert_eq!(shown("a\x1b\n"), "a\\u{1b}\\n");
        assert_eq!((shown("").as_str(), shown(&"x".repeat(99)).len()), ("nothing", SHOWN_LIMIT));
    }
}
