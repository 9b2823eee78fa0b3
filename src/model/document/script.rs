//! The key `script` of the probe tcp: what is sent, and what must come back.
//!
//! All texts are secret: errors name the step and never what stands there.

use serde::Deserialize;

use super::hex;
use super::value::{Given, Object, Text};
use super::word::{Word, Words};
use crate::error::Error;
use crate::model::{Pattern, Piece, ScriptSpec, ScriptStep};

/// The most steps of a script.
pub(super) const STEPS_LIMIT: usize = 32;

/// The longest text of one step, in bytes.
const TEXT_LIMIT: usize = 4_096;

/// The keys of a step.
const KEYS: &str = "send, send_hex, expect, expect_hex, expect_regex, starttls, close";

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// Both sides say that they are done.
    Graceful,
}

impl Words for Close {
    const WORDS: &'static [(&'static str, Self)] = &[("graceful", Close::Graceful)];
}

/// One step, which is exactly one of these keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "step", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1, "maxProperties" = 1)))]
pub(super) struct StepDoc<'a> {
    /// Sends a text of 1 to 4096 bytes; secret. ${name} stands for what an earlier expect_regex has
    /// captured under this name, $${ for ${ itself.
    #[serde(borrow)]
    send: Given<Text<'a>>,
    /// Sends bytes, written as pairs of hexadecimal digits; secret.
    send_hex: Given<Text<'a>>,
    /// What comes next must begin with this text of 1 to 4096 bytes; secret. The rest stays for the
    /// next step. To find a text anywhere, use expect_regex.
    expect: Given<Text<'a>>,
    /// The same for bytes, written as pairs of hexadecimal digits; secret.
    expect_hex: Given<Text<'a>>,
    /// What comes next must hold a match of this regular expression (of the Rust crate regex);
    /// secret. ^ is where the step begins, $ the end of the stream. Everything up to the end of the
    /// match is taken. A match that more bytes could lengthen is taken when a byte ends it.
    expect_regex: Given<Text<'a>>,
    /// true: encrypts the connection, as the key tls beside the script says.
    starttls: Given<bool>,
    /// "graceful", as the last step: says that nothing more comes and waits for the other side to
    /// end, instead of a reset. It changes no verdict, and keeps a port of this machine for a
    /// minute.
    close: Given<Word<'a, Close>>,
}

/// The script of these steps, which stand at `place`.
pub(super) fn spec(
    place: &str,
    steps: &[Object<StepDoc<'_>>],
    has_tls: bool,
) -> Result<ScriptSpec, Error> {
    let mut script = Script { names: Vec::new(), steps: Vec::new(), is_graceful: false, has_tls };
    for (index, Object(step)) in steps.iter().enumerate() {
        script.add(&format!("{place}/{index}"), step)?;
    }
    if script.steps.is_empty() {
        return Err(Error::document(place, "says nothing; allowed: 1 to 32 steps"));
    }
    Ok(ScriptSpec { steps: script.steps.into(), is_graceful: script.is_graceful })
}

/// A script so far.
struct Script {
    /// What was captured, by name.
    names: Vec<Box<str>>,
    steps: Vec<ScriptStep>,
    is_graceful: bool,
    has_tls: bool,
}

impl Script {
    fn add(&mut self, place: &str, doc: &StepDoc<'_>) -> Result<(), Error> {
        let refuse = |problem: &str| Err(Error::document(place, problem));
        if self.is_graceful {
            return refuse("comes after close; allowed: close as the last step");
        }
        let texts = [&doc.send, &doc.send_hex, &doc.expect, &doc.expect_hex, &doc.expect_regex];
        let count = texts.iter().filter(|text| text.0.is_some()).count();
        if count + usize::from(doc.starttls.0.is_some()) + usize::from(doc.close.0.is_some()) != 1 {
            return refuse(&format!("is not one step; allowed: exactly one of {KEYS}"));
        }
        let at = |key: &str| format!("{place}/{key}");
        let step = if let Some(Text(text)) = &doc.send.0 {
            ScriptStep::Send(self.pieces(sized(text, &at("send"))?, &at("send"))?)
        } else if let Some(Text(text)) = &doc.send_hex.0 {
            ScriptStep::Send([Piece::Bytes(hex(text, &at("send_hex"))?)].into())
        } else if let Some(Text(text)) = &doc.expect.0 {
            ScriptStep::Expect(sized(text, &at("expect"))?.as_bytes().into())
        } else if let Some(Text(text)) = &doc.expect_hex.0 {
            ScriptStep::Expect(hex(text, &at("expect_hex"))?)
        } else if let Some(Text(text)) = &doc.expect_regex.0 {
            let key = at("expect_regex");
            let pattern = Pattern::new(sized(text, &key)?);
            let pattern = pattern.map_err(|problem| Error::document(key, problem))?;
            self.names.extend(pattern.names().map(Into::into));
            ScriptStep::Match(pattern)
        } else if let Some(wanted) = doc.starttls.0 {
            self.starttls(wanted, &at("starttls"))?
        } else {
            doc.close.read(&at("close"))?;
            if self.steps.is_empty() {
                return refuse("closes before anything was said; allowed: steps before it");
            }
            self.is_graceful = true;
            return Ok(());
        };
        self.steps.push(step);
        Ok(())
    }

    fn starttls(&self, wanted: bool, key: &str) -> Result<ScriptStep, Error> {
        if !wanted {
            return Err(Error::range(key, "false", "true, or no such step"));
        }
        if !self.has_tls {
            let problem = "needs to know how; allowed: tls beside the script, such as {}";
            return Err(Error::document(key, problem));
        }
        if self.steps.contains(&ScriptStep::StartTls) {
            return Err(Error::document(key, "stands there twice; allowed: one such step"));
        }
        Ok(ScriptStep::StartTls)
    }

    /// The pieces of a text with `${name}` in it.
    fn pieces(&self, text: &str, key: &str) -> Result<Box<[Piece]>, Error> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let before = &rest[..at];
            rest = &rest[at + 2..];
            if let Some(before) = before.strip_suffix('$') {
                plain.push_str(before);
                plain.push_str("${");
                continue;
            }
            plain.push_str(before);
            let known = rest
                .split_once('}')
                .filter(|(name, _)| self.names.iter().any(|known| **known == **name));
            // The name is not repeated: it may be a piece of a password.
            let Some((name, after)) = known else {
                let problem = "has ${ without the name of an earlier capture and }; allowed: the \
                               names of captures (?P<name>...) before it, and $${ for ${ itself";
                return Err(Error::document(key, problem));
            };
            if !plain.is_empty() {
                pieces.push(Piece::Bytes(core::mem::take(&mut plain).into_bytes().into()));
            }
            pieces.push(Piece::Captured(name.into()));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Bytes(plain.into_bytes().into()));
        }
        Ok(pieces.into())
    }
}

/// A text that is neither empty nor too long.
fn sized<'a>(text: &'a str, key: &str) -> Result<&'a str, Error> {
    if matches!(text.len(), 1..=TEXT_LIMIT) {
        return Ok(text);
    }
    let problem = format!("has {} bytes; allowed: 1 to {TEXT_LIMIT}", text.len());
    Err(Error::document(key, problem))
}

/// Bytes that are written as pairs of digits; spaces may stand between them.
fn hex(text: &str, key: &str) -> Result<Box<[u8]>, Error> {
    let refuse = || {
        let allowed = format!("1 to {TEXT_LIMIT} pairs of hexadecimal digits, such as \"0d 0a\"");
        Err(Error::document(key, format!("is not hexadecimal, or too long; allowed: {allowed}")))
    };
    match hex::bytes(text) {
        Some(bytes) if matches!(bytes.len(), 1..=TEXT_LIMIT) => Ok(bytes.into()),
        _ => refuse(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::List;
    use super::*;
    use serde_json::{Value, json};

    fn read(script: &Value) -> Result<ScriptSpec, Error> {
        read_with(script, true)
    }

    fn read_with(script: &Value, has_tls: bool) -> Result<ScriptSpec, Error> {
        let text = script.to_string();
        let List(steps): List<Object<StepDoc<'_>>, STEPS_LIMIT> =
            serde_json::from_str(&text).expect("steps");
        spec("/s", &steps, has_tls)
    }

    fn sent(step: &ScriptStep) -> Vec<String> {
        let ScriptStep::Send(pieces) = step else { panic!("{step:?} does not send") };
        let shown = |piece: &Piece| match piece {
            Piece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Piece::Captured(name) => format!("<{name}>"),
        };
        pieces.iter().map(shown).collect()
    }

    #[test]
    fn every_step_arrives_as_it_is_written() {
        let script = read(&json!([
            {"expect_regex": "^220 (?P<host>\\S+)(?P<x> .*)?"},
            {"send": "EHLO ${host}, $${host} $1 ${x}\r\n"},
            {"send": "${host}"},
            {"expect": "250"},
            {"expect_hex": " 00ff 0D0a "},
            {"send_hex": "00"},
            {"starttls": true},
            {"close": "graceful"},
        ]))
        .expect("a good script");
        assert_eq!(sent(&script.steps[1]), ["EHLO ", "<host>", ", ${host} $1 ", "<x>", "\r\n"]);
        assert_eq!(sent(&script.steps[2]), ["<host>"]);
        assert!(script.steps[3] == ScriptStep::Expect(b"250"[..].into()));
        assert!(script.steps[4] == ScriptStep::Expect([0, 255, 13, 10].into()));
        assert_eq!(sent(&script.steps[5]), ["\0"]);
        assert_eq!((script.steps.len(), script.is_graceful, script.upgrades()), (7, true, true));
    }

    #[test]
    fn what_is_no_step_is_refused_and_never_shown() {
        let long = "secret".repeat(800);
        for (script, key, words) in [
            (json!([]), "/s", "1 to 32"),
            (json!([{}]), "/s/0", "exactly one of send, "),
            (json!([{"send": "x"}, {"send": "secret", "expect": "secret"}]), "/s/1", "exactly one"),
            (json!([{"send": ""}]), "/s/0/send", "1 to 4096"),
            (json!([{"send": long}]), "/s/0/send", "has 4800 bytes"),
            (json!([{"expect": long}]), "/s/0/expect", "1 to 4096"),
            (json!([{"expect_regex": long}]), "/s/0/expect_regex", "1 to 4096"),
            (json!([{"expect_regex": "(secret"}]), "/s/0/expect_regex", "no regular expression"),
            (json!([{"expect_regex": "(secret)*"}]), "/s/0/expect_regex", "no bytes"),
            (json!([{"send": "${secret}"}]), "/s/0/send", "earlier capture"),
            (json!([{"send": "${secret"}]), "/s/0/send", "$${"),
            (json!([{"send_hex": "0"}]), "/s/0/send_hex", "pairs"),
            (json!([{"send_hex": "secret"}]), "/s/0/send_hex", "pairs"),
            (json!([{"expect_hex": ""}]), "/s/0/expect_hex", "pairs"),
            (json!([{"expect_hex": "00 f"}]), "/s/0/expect_hex", "pairs"),
            (json!([{"starttls": false}]), "/s/0/starttls", "true"),
            (json!([{"starttls": true}, {"starttls": true}]), "/s/1/starttls", "one such"),
            (json!([{"close": "graceful"}]), "/s/0", "steps before"),
            (json!([{"send": "x"}, {"close": "rude"}]), "/s/1/close", "graceful"),
            (json!([{"send": "x"}, {"close": "graceful"}, {"send": "x"}]), "/s/2", "last step"),
        ] {
            let error = read(&script).expect_err(&script.to_string());
            let text = error.to_string();
            assert_eq!(error.key(), key, "{text}");
            assert!(text.contains(words) && !text.contains("secret"), "{text}");
        }
        let error = read_with(&json!([{"starttls": true}]), false).expect_err("no tls");
        assert!(error.to_string().contains("tls beside the script"), "{error}");
    }

    #[test]
    fn a_script_does_not_show_itself() {
        let script = read(&json!([{"send": "hunter2"}, {"expect": "hunter2"},
            {"expect_regex": "hunter2"}]));
        let text = format!("{:?}", script.expect("a good script"));
        assert!(!text.contains("hunter2") && !text.contains("104"), "{text}");
    }
}
