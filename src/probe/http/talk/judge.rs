//! What an answer means: its status first, then its headers, then its body.
//!
//! Headers and bodies are matched only where the status passes, because other answers come from
//! somebody else as often as not. Nothing of an answer but its code is repeated, nor what was
//! expected of it but codes, names and JSON pointers.

use super::answer::State;
use super::json;
use crate::model::http::{HttpTalk, Meaning, TextRule};
use crate::model::{Outcome, Reason, RunResult};
use crate::probe::http::{self, Verdict};
use crate::probe::talk::Failure;
use ::http::{HeaderMap, HeaderValue, header};
use memchr::memmem;

/// Codes that send elsewhere.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// What follows from a head.
#[derive(Debug)]
pub enum Head {
    /// The request is to be sent elsewhere.
    Redirects,
    /// The verdict, if the body is as expected; with `false` nothing is expected of it.
    Passes(Result<RunResult, Failure>, bool),
}

/// Judges the head of an answer.
///
/// # Errors
///
/// A verdict that is no pass and asks for no body.
pub fn head(talk: &HttpTalk, status: u16, headers: &HeaderMap) -> Result<Head, Failure> {
    let expect = &*talk.request.expect;
    let rules = &*talk.rules;
    if !expect.status.iter().any(|&(low, high)| (low..=high).contains(&status)) {
        return match other(talk, status, headers) {
            None => Ok(Head::Redirects),
            Some(failure) => Err(failure),
        };
    }
    for (name, rule) in &rules.headers {
        let mut values = headers.get_all(&**name).iter().peekable();
        if values.peek().is_none() {
            return Err(Failure::fail(Reason::MATCH_HEADER, &format!("there is no header {name}")));
        }
        if !values.any(|value| fits(rule, value)) {
            let text = format!("the header {name} is not the expected one");
            return Err(Failure::fail(Reason::MATCH_HEADER, &text));
        }
    }
    let passed = match &rules.degraded_header {
        Some(name) if headers.contains_key(&**name) => {
            let text = format!("the header {name} says that the target is degraded");
            Err(Failure::new(Outcome::Warn, Reason::MATCH_HEADER, &text))
        }
        _ => Ok(RunResult::pass()),
    };
    let has_rules =
        expect.body_contains.is_some() || rules.body.is_some() || !rules.json.is_empty();
    Ok(Head::Passes(passed, has_rules))
}

/// What a status means that does not pass; `None` if it sends elsewhere.
fn other(talk: &HttpTalk, status: u16, headers: &HeaderMap) -> Option<Failure> {
    let detail = i32::from(status);
    let listed = talk.rules.codes.iter().find(|(low, high, _)| (*low..=*high).contains(&status));
    let text = match listed {
        Some((.., Meaning::Warn)) => format!("status {status}: alive, with a complaint"),
        Some((.., Meaning::Retry)) => {
            format!("status {status}: alive, but asks to come again{}", later(headers))
        }
        Some((.., Meaning::Fail)) => return Some(plain(talk, Verdict::Status(status))),
        None if talk.redirects.is_some() && REDIRECTS.contains(&status) => return None,
        None => {
            let who = match status {
                401 if talk.credentials.is_some() => "the target",
                407 if talk.proxy.is_some() => "the proxy",
                429 => return Some(plain(talk, Verdict::Busy(status))),
                _ => return Some(plain(talk, Verdict::Status(status))),
            };
            let text = format!("status {status}: {who} refuses the credentials or wants others");
            return Some(Failure { detail, ..Failure::fail(Reason::MATCH_CREDENTIALS, &text) });
        }
    };
    let warning = Failure::new(Outcome::Warn, Reason::MATCH_STATUS_WARN, &text);
    Some(Failure { detail, ..warning })
}

/// What the plain exchange says of it.
fn plain(talk: &HttpTalk, verdict: Verdict) -> Failure {
    let result = http::result(&talk.request, verdict);
    let failure = Failure::new(result.outcome, result.reason, result.message.as_str());
    Failure { detail: result.detail, ..failure }
}

/// When to come again, if the answer says so in seconds.
fn later(headers: &HeaderMap) -> String {
    let value = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = value.and_then(|text| text.trim().parse::<u32>().ok());
    seconds.map_or_else(String::new, |seconds| format!(" in {seconds} s"))
}

fn fits(rule: &TextRule, value: &HeaderValue) -> bool {
    match rule {
        TextRule::Is(text) => value.as_bytes() == text.as_bytes(),
        TextRule::Matches(pattern) => pattern.0.is_match(value.as_bytes()),
    }
}

/// Looks at a body while it comes.
#[derive(Debug)]
pub struct Bodies<'a> {
    talk: &'a HttpTalk,
    /// The text that is still looked for.
    wanted: Option<&'a [u8]>,
    /// How much of the body it was looked for in.
    searched: usize,
}

impl Bodies<'_> {
    /// Before the first byte.
    pub fn new(talk: &HttpTalk) -> Bodies<'_> {
        let wanted = talk.request.expect.body_contains.as_deref().map(str::as_bytes);
        Bodies { talk, wanted, searched: 0 }
    }

    /// Looks at what has come of it; true once nothing more has to come.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn look(&mut self, body: &[u8], state: State) -> Result<bool, Failure> {
        let rules = &*self.talk.rules;
        if let Some(wanted) = self.wanted {
            // It may lie across the end of what was there before.
            let from = self.searched.saturating_sub(wanted.len().saturating_sub(1));
            if memmem::find(&body[from..], wanted).is_some() {
                self.wanted = None;
            }
            self.searched = body.len();
        }
        if self.wanted.is_none() && rules.body.is_none() && rules.json.is_empty() {
            return Ok(true);
        }
        if state == State::Open {
            return Ok(false);
        }
        let unmatched = |text| match state {
            State::Cut => plain(self.talk, Verdict::TooLarge("the body is longer than its limit")),
            _ => Failure::fail(Reason::MATCH_BODY, text),
        };
        if self.wanted.is_some() {
            return Err(unmatched("the body lacks the expected text"));
        }
        if rules.body.as_ref().is_some_and(|pattern| !pattern.0.is_match(body)) {
            return Err(unmatched("the body does not match the expected pattern"));
        }
        if !rules.json.is_empty() {
            if state == State::Cut {
                return Err(unmatched(""));
            }
            json::check(&rules.json, body)?;
        }
        Ok(true)
    }
}
