//! The probe `dns`: one question to a name server, and what its answer must be.

use serde::Deserialize;

use super::address::Address;
use super::explain::shown;
use super::tls::TlsDoc;
use super::value::{Count, Given, List, Object, Text, Value};
use super::word::{Word, Words};
use crate::error::Error;
use crate::model::{DnsSpec, ProbeSpec, Protocol, Rcode, Record, TalkSpec, Target};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// The longest name, in bytes, as it is written without the dot at its end (RFC 1035, 2.3.4).
const NAME_LIMIT: usize = 253;

/// The longest label of a name, in bytes.
const LABEL_LIMIT: usize = 63;

/// The longest answer that can be expected, in bytes.
const EXPECT_LIMIT: usize = 4_096;

impl Words for Record {
    const WORDS: &'static [(&'static str, Self)] = Record::ALL;
}

impl Words for Rcode {
    const WORDS: &'static [(&'static str, Self)] = Rcode::ALL;
}

/// How many of the expected answers must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Every one.
    All,
    /// At least one.
    Any,
}

impl Words for Match {
    const WORDS: &'static [(&'static str, Self)] = &[("all", Match::All), ("any", Match::Any)];
}

/// Asks a name server, in a datagram first, and over a stream where the answer does not fit one. A
/// datagram that is lost is not sent again within the run; the failure threshold bears that.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "dns", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct DnsDoc<'a> {
    /// The name to ask for, always taken as a whole one: "www.example.com".
    #[serde(borrow)]
    name: Text<'a>,
    /// The type of the records to ask for. Default: A.
    #[serde(rename = "type", default)]
    record: Given<Word<'a, Record>>,
    /// The name server: "10.0.0.53:53" or "ns.example:53". Default: the first one of
    /// /etc/resolv.conf when the check is registered.
    #[serde(default)]
    server: Given<Address<'a>>,
    /// Asks over a stream at once, without a datagram. Default: false, with tls true.
    #[serde(default)]
    tcp: Given<bool>,
    /// Encrypts the stream (DNS over TLS, usually on port 853).
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// The response codes that pass. Default: ["NOERROR"].
    #[serde(default)]
    rcode: Given<List<Word<'a, Rcode>, 12>>,
    /// What must be among the answers, as zone files write it: "10.0.0.7", "10 mail.example",
    /// "1 2 5060 sip.example". Of TXT the strings of a record are joined.
    #[serde(default)]
    expect: Given<List<Text<'a>, 32>>,
    /// Whether "all" of what is expected must be there or "any" of it. Default: all.
    #[serde(rename = "match", default)]
    matching: Given<Word<'a, Match>>,
    /// How many answers of the type there must be, aliases followed, where the response code is
    /// NOERROR. Default: 1.
    #[serde(default)]
    min_answers: Given<Count<0, 1_000>>,
}

impl DnsDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let server = self.server.read("/dns/server")?;
        let of_system = server.is_none();
        // Where the system's is asked it is put in its place when this is loaded.
        let target =
            server.unwrap_or_else(|| Target::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 53)));
        if matches!(target, Target::Unix(_)) {
            let problem = "a unix socket is no name server; allowed: a host and a port";
            return Err(Error::document("/dns/server", problem));
        }
        let tls = match &self.tls.0 {
            Some(_) if of_system => {
                let problem = "needs to know its name server; allowed: server beside it";
                return Err(Error::document("/dns/tls", problem));
            }
            Some(tls) => Some(tls.0.spec("/dns/tls", &target)?),
            None => None,
        };
        if tls.is_some() && self.tcp.0 == Some(false) {
            return Err(Error::range("/dns/tcp", false, "true with tls"));
        }
        let record = self.record.read("/dns/type")?.unwrap_or_default();
        let rcodes = self.rcodes()?;
        let judges_answers = rcodes.first() == Some(&Rcode::NOERROR);
        for (key, given) in
            [("expect", self.expect.0.is_some()), ("min_answers", self.min_answers.0.is_some())]
        {
            if given && !judges_answers {
                let problem = "needs an answer without an error; allowed: NOERROR in rcode";
                return Err(Error::document(format!("/dns/{key}"), problem));
            }
        }
        let protocol = Protocol::Dns(DnsSpec {
            name: name(&self.name.0)?,
            record,
            of_system,
            over_stream: tls.is_some() || self.tcp.0.unwrap_or(false),
            rcodes,
            expect: self.expected(record)?,
            any: self.matching.read("/dns/match")? == Some(Match::Any),
            min_answers: self.min_answers.read("/dns/min_answers")?.unwrap_or(1) as usize,
        });
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }

    /// Sorted, so that NOERROR is the first.
    fn rcodes(&self) -> Result<Box<[Rcode]>, Error> {
        let Some(List(words)) = &self.rcode.0 else { return Ok([Rcode::NOERROR].into()) };
        let read =
            |(index, word): (usize, &Word<'_, Rcode>)| word.read(&format!("/dns/rcode/{index}"));
        let mut codes: Vec<Rcode> = words.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        if codes.is_empty() {
            return Err(Error::range("/dns/rcode", "[]", "at least one response code"));
        }
        codes.sort_unstable();
        codes.dedup();
        Ok(codes.into())
    }

    fn expected(&self, record: Record) -> Result<Box<[Box<str>]>, Error> {
        let texts = self.expect.0.iter().flat_map(|List(texts)| texts);
        let read = |(index, Text(text)): (usize, &Text<'_>)| {
            let normal = record.normal(text).filter(|_| text.len() <= EXPECT_LIMIT);
            normal.map(Box::from).ok_or_else(|| {
                let allowed = format!("what a record of the type {record} says");
                Error::range(format!("/dns/expect/{index}"), shown(text), allowed)
            })
        };
        texts.enumerate().map(read).collect()
    }
}

/// A name that can be asked for.
fn name(text: &str) -> Result<Box<str>, Error> {
    let bare = text.strip_suffix('.').unwrap_or(text);
    let fits = |label: &str| {
        matches!(label.len(), 1..=LABEL_LIMIT)
            && label.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"@/".contains(&byte))
    };
    let is_root = text == ".";
    if is_root || (bare.len() <= NAME_LIMIT && bare.split('.').all(fits)) {
        return Ok(bare.to_ascii_lowercase().into());
    }
    let allowed = format!(
        "up to {NAME_LIMIT} bytes, in labels of 1 to {LABEL_LIMIT}; other scripts as xn--..."
    );
    Err(Error::range("/dns/name", shown(text), allowed))
}

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::model::document::{CheckSpec, Defaults, parse_check};
    use crate::model::{DnsSpec, ProbeSpec, Protocol, Rcode, Record, TalkSpec};
    use std::sync::Arc;

    fn read(keys: &str) -> Result<CheckSpec, Error> {
        parse_check(&format!(r#"{{"name": "x", "dns": {{{keys}}}}}"#), &Defaults::default())
    }

    #[track_caller]
    fn spec(keys: &str) -> (Arc<TalkSpec>, DnsSpec) {
        let ProbeSpec::Talk(spec) = read(keys).unwrap().probe else { panic!("a conversation") };
        let Protocol::Dns(dns) = &spec.protocol else { panic!("a question") };
        (Arc::clone(&spec), dns.clone())
    }

    #[track_caller]
    fn expect_refused(keys: &str, place: &str, words: &str) {
        let error = read(keys).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.key(), place, "{text}");
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn a_question_needs_no_more_than_a_name() {
        let (talk, dns) = spec(r#""name": "WWW.Example.""#);
        assert_eq!((&*dns.name, dns.record, dns.of_system), ("www.example", Record::A, true));
        assert_eq!((&*dns.rcodes, dns.min_answers), (&[Rcode::NOERROR][..], 1));
        assert!(talk.protocol.in_datagrams() && dns.expect.is_empty() && !dns.any);
        assert_eq!(&*spec(r#""name": ".", "type": "NS""#).1.name, "");
    }

    #[test]
    fn answers_and_codes_are_kept_in_one_way_of_writing() {
        let (_, dns) = spec(
            r#""name": "x", "type": "MX", "expect": ["010 Mail."], "match": "any",
               "rcode": ["NXDOMAIN", "NOERROR", "NXDOMAIN"], "min_answers": 0"#,
        );
        assert_eq!((&*dns.expect, dns.any), (&["10 mail".into()][..], true));
        assert_eq!((&*dns.rcodes, dns.min_answers), (&[Rcode(0), Rcode(3)][..], 0));
    }

    #[test]
    fn a_stream_is_used_at_once_where_that_is_asked_for_or_encrypted() {
        let plain = spec(r#""name": "x", "server": "10.0.0.5:53", "tcp": true"#).0;
        assert!(!plain.protocol.in_datagrams() && plain.tls.is_none());
        let encrypted = spec(r#""name": "x", "server": "ns.example:853", "tls": {}"#).0;
        assert!(!encrypted.protocol.in_datagrams());
        assert_eq!(encrypted.tls.as_ref().map(|tls| &*tls.name), Some("ns.example"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        expect_refused("", "/dns/name", "is missing");
        for wrong in ["", "a..b", ".a", "a b", "ä.example", "a@b", "..", &"a".repeat(64)] {
            expect_refused(&format!(r#""name": "{wrong}""#), "/dns/name", "allowed");
        }
        let long = [&*"a".repeat(63); 4].join(".");
        expect_refused(&format!(r#""name": "{long}""#), "/dns/name", "253");
        expect_refused(r#""name": "x", "type": "a""#, "/dns/type", "A, AAAA, CNAME");
        expect_refused(r#""name": "x", "server": "10.0.0.5""#, "/dns/server", "has no port");
        expect_refused(r#""name": "x", "server": "unix:/x""#, "/dns/server", "no name server");
        expect_refused(r#""name": "x", "tls": {}"#, "/dns/tls", "server beside it");
        let tls = r#""name": "x", "server": "1.1.1.1:853", "tls": {}, "tcp": false"#;
        expect_refused(tls, "/dns/tcp", "true with tls");
        expect_refused(r#""name": "x", "rcode": ["OK"]"#, "/dns/rcode/0", "NOERROR, FORMERR");
        expect_refused(r#""name": "x", "rcode": []"#, "/dns/rcode", "at least one");
        expect_refused(r#""name": "x", "expect": ["::1"]"#, "/dns/expect/0", "the type A");
        let error = r#""name": "x", "rcode": ["NXDOMAIN"], "expect": ["1.2.3.4"]"#;
        expect_refused(error, "/dns/expect", "NOERROR in rcode");
        expect_refused(r#""name": "x", "min_answers": -1"#, "/dns/min_answers", "0 to 1000");
    }
}
