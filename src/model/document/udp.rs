//! The probe `udp`: one datagram, and the reply that there must be.
//!
//! What is sent and what is expected are secret: a community string or a token may stand there.

use serde::Deserialize;

use super::address::Address;
use super::hex;
use super::value::{Given, Text, Value};
use crate::error::Error;
use crate::model::{Expected, Pattern, ProbeSpec, Protocol, Secret, TalkSpec, Target, UdpSpec};
use std::sync::Arc;

/// The largest datagram that is sent, in bytes; a larger one would hardly arrive in one piece.
const SEND_LIMIT: usize = 8_192;

/// The longest text that is looked for, in bytes.
const EXPECT_LIMIT: usize = 4_096;

/// Sends one datagram and waits for the reply: silence is never a pass. A datagram that is lost is
/// not sent again within the run; the failure threshold bears that.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "udp", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct UdpDoc<'a> {
    /// Where to send to: "10.0.0.5:5432", "[::1]:5432" or "db.example:5432".
    #[serde(borrow)]
    address: Address<'a>,
    /// What is sent, 1 to 8192 bytes; secret.
    #[serde(default)]
    send: Given<Text<'a>>,
    /// The same in hexadecimal digits, for bytes that no text can hold. One of the two is given.
    #[serde(default)]
    send_hex: Given<Text<'a>>,
    /// Text of 1 to 4096 bytes that the reply must hold; secret. Default: any reply passes.
    #[serde(default)]
    expect: Given<Text<'a>>,
    /// The same in hexadecimal digits.
    #[serde(default)]
    expect_hex: Given<Text<'a>>,
    /// A regular expression that must match within the reply; secret.
    #[serde(default)]
    expect_regex: Given<Text<'a>>,
}

impl UdpDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/udp/address")?;
        if matches!(target, Target::Unix(_)) {
            let problem = "a unix socket takes no datagrams here; allowed: a host and a port";
            return Err(Error::document("/udp/address", problem));
        }
        let protocol = Protocol::Udp(UdpSpec { send: self.send()?, expect: self.expect()? });
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls: None, protocol })))
    }

    fn send(&self) -> Result<Secret, Error> {
        let given = [("send", &self.send), ("send_hex", &self.send_hex)];
        let Some((name, text)) = only(&given)? else {
            return Err(Error::document("/udp/send", "is missing; allowed: send or send_hex"));
        };
        secret(name, text, SEND_LIMIT)
    }

    fn expect(&self) -> Result<Option<Expected>, Error> {
        let given = [
            ("expect", &self.expect),
            ("expect_hex", &self.expect_hex),
            ("expect_regex", &self.expect_regex),
        ];
        let Some((name, text)) = only(&given)? else { return Ok(None) };
        if name != "expect_regex" {
            return secret(name, text, EXPECT_LIMIT).map(|text| Some(Expected::Contains(text)));
        }
        let key = "/udp/expect_regex";
        if text.len() > EXPECT_LIMIT {
            let problem = format!("has {} bytes; allowed: 1 to {EXPECT_LIMIT}", text.len());
            return Err(Error::document(key, problem));
        }
        match Pattern::new(text) {
            Ok(pattern) => Ok(Some(Expected::Matches(pattern))),
            Err(problem) => Err(Error::document(key, problem)),
        }
    }
}

/// The one of these keys that is given, if any is.
fn only<'a>(
    keys: &[(&'static str, &'a Given<Text<'_>>)],
) -> Result<Option<(&'static str, &'a str)>, Error> {
    let mut given = keys.iter().filter_map(|(name, key)| Some((*name, &*key.0.as_ref()?.0)));
    let first = given.next();
    if let (Some((first, _)), Some((second, _))) = (first, given.next()) {
        let names: Vec<&str> = keys.iter().map(|(name, _)| *name).collect();
        let problem = format!("{first} is there already; allowed: one of {}", names.join(", "));
        return Err(Error::document(format!("/udp/{second}"), problem));
    }
    Ok(first)
}

/// The bytes under a key, by its name as text or in digits.
fn secret(name: &str, text: &str, limit: usize) -> Result<Secret, Error> {
    let key = format!("/udp/{name}");
    let is_hex = name.ends_with("_hex");
    let bytes = if is_hex { hex::bytes(text) } else { Some(text.as_bytes().to_vec()) };
    match bytes {
        Some(bytes) if matches!(bytes.len(), 1..) && bytes.len() <= limit => {
            // Equal bytes are equal, however they were written.
            Ok(Secret { text: bytes.into(), ..Secret::given("", "") })
        }
        Some(bytes) => {
            let problem = format!("has {} bytes; allowed: 1 to {limit}", bytes.len());
            Err(Error::document(key, problem))
        }
        None => {
            let allowed = "pairs of hexadecimal digits, such as \"0d 0a\"";
            Err(Error::range(key, "(not shown)", allowed))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::model::document::{CheckSpec, Defaults, parse_check};
    use crate::model::{Expected, ProbeSpec, Protocol, UdpSpec};

    fn read(keys: &str) -> Result<CheckSpec, Error> {
        let text = format!(r#"{{"name": "x", "udp": {{"address": "10.0.0.5:53"{keys}}}}}"#);
        parse_check(&text, &Defaults::default())
    }

    #[track_caller]
    fn spec(keys: &str) -> UdpSpec {
        let ProbeSpec::Talk(spec) = read(keys).unwrap().probe else { panic!("a conversation") };
        let Protocol::Udp(spec) = &spec.protocol else { panic!("a datagram") };
        spec.clone()
    }

    #[track_caller]
    fn expect_refused(keys: &str, place: &str, words: &str) {
        let error = read(keys).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.key(), place, "{text}");
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn bytes_are_given_as_text_or_in_digits() {
        assert_eq!(&*spec(r#", "send": "ping""#).send.text, b"ping");
        assert_eq!(spec(r#", "send": "ping""#), spec(r#", "send_hex": "70 69 6E 67""#));
        assert_eq!(spec(r#", "send": "ping""#).expect, None);
        let text = spec(r#", "send": "x", "expect": "pong""#).expect.unwrap();
        assert!(matches!(&text, Expected::Contains(text) if *text.text == *b"pong"));
        let expression = spec(r#", "send": "x", "expect_regex": "^p.ng$""#).expect.unwrap();
        assert!(expression.is_in(b"pang"));
    }

    #[test]
    fn what_is_wrong_is_named_and_never_what_is_secret() {
        expect_refused("", "/udp/send", "is missing");
        expect_refused(r#", "send": """#, "/udp/send", "has 0 bytes; allowed: 1 to 8192");
        expect_refused(r#", "send_hex": "hunter2""#, "/udp/send_hex", "hexadecimal");
        expect_refused(r#", "send": ["hunter2"]"#, "/udp/send", "expected a text");
        let both = r#", "send": "hunter2", "send_hex": "00""#;
        expect_refused(both, "/udp/send_hex", "send is there already");
        let two = r#", "send": "x", "expect": "hunter2", "expect_regex": "y""#;
        expect_refused(two, "/udp/expect_regex", "one of expect, expect_hex, expect_regex");
        expect_refused(
            r#", "send": "x", "expect_regex": "(hunter2""#,
            "/udp/expect_regex",
            "no regular expression",
        );
        expect_refused(r#", "send": "x", "expect": """#, "/udp/expect", "has 0 bytes");
        expect_refused(r#", "port": 53"#, "/udp/port", "is not a known key");
        let long = format!(r#", "send": "{}""#, "x".repeat(8_193));
        expect_refused(&long, "/udp/send", "has 8193 bytes");
        let unix = r#"{"name": "x", "udp": {"address": "unix:/run/x", "send": "x"}}"#;
        let error = parse_check(unix, &Defaults::default()).unwrap_err();
        assert_eq!(error.key(), "/udp/address");
    }

    #[test]
    fn a_specification_does_not_show_what_is_sent() {
        let text = format!("{:?}", spec(r#", "send": "hunter2", "expect_regex": "hunter2""#));
        assert!(!text.contains("hunter2"), "{text}");
    }
}
