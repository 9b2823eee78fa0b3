//! One question to a name server, and what its answer must be.

use core::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What is asked, and what passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsSpec {
    /// The name in small letters and without the dot at its end; empty is the root.
    pub name: Box<str>,
    /// The type of the records that are asked for.
    pub record: Record,
    /// Whether the system's name server is asked, which becomes the target when this is loaded.
    pub of_system: bool,
    /// Whether no datagram is tried first.
    pub over_stream: bool,
    /// The response codes that pass; what follows concerns the first of them only, NOERROR.
    pub rcodes: Box<[Rcode]>,
    /// What must be among the answers, each as [`Record::normal`] writes it.
    pub expect: Box<[Box<str>]>,
    /// Whether one of them is enough.
    pub any: bool,
    /// How many answers there must be.
    pub min_answers: usize,
}

/// The types of records, by their numbers on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u16)]
pub enum Record {
    /// An IPv4 address.
    #[default]
    A = 1,
    /// A name server of a zone.
    Ns = 2,
    /// The name that this one is an alias of.
    Cname = 5,
    /// The start of a zone.
    Soa = 6,
    /// The name of an address.
    Ptr = 12,
    /// A mail server.
    Mx = 15,
    /// Text.
    Txt = 16,
    /// An IPv6 address.
    Aaaa = 28,
    /// A service.
    Srv = 33,
}

impl Record {
    /// Every type, with its word.
    pub const ALL: &'static [(&'static str, Record)] = &[
        ("A", Record::A),
        ("AAAA", Record::Aaaa),
        ("CNAME", Record::Cname),
        ("MX", Record::Mx),
        ("NS", Record::Ns),
        ("PTR", Record::Ptr),
        ("SOA", Record::Soa),
        ("SRV", Record::Srv),
        ("TXT", Record::Txt),
    ];

    /// An answer of this type in the one way in which answers are compared: names in small
    /// letters and without the dot at their end, fields with one space between them. `None` if
    /// no record of this type says so.
    pub fn normal(self, text: &str) -> Option<String> {
        // How many fields there are, and which of them are numbers.
        let (count, numbers) = match self {
            Record::A => return text.parse::<Ipv4Addr>().ok().map(|ip| ip.to_string()),
            Record::Aaaa => return text.parse::<Ipv6Addr>().ok().map(|ip| ip.to_string()),
            Record::Txt => return Some(text.to_owned()),
            Record::Cname | Record::Ns | Record::Ptr => (1, 0..0),
            Record::Mx => (2, 0..1),
            Record::Srv => (4, 0..3),
            Record::Soa => (7, 2..7),
        };
        let fields: Vec<String> = text
            .split_ascii_whitespace()
            .enumerate()
            .map(|(at, field)| match numbers.contains(&at) {
                true => field.parse::<u32>().ok().map(|number| number.to_string()),
                false => Some(field.trim_end_matches('.').to_ascii_lowercase()),
            })
            .collect::<Option<_>>()?;
        (fields.len() == count).then(|| fields.join(" "))
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Record::ALL.iter().find(|(_, record)| record == self);
        f.write_str(word.map_or("", |(word, _)| word))
    }
}

/// A response code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rcode(pub u16);

impl Rcode {
    /// Nothing is wrong, and there may yet be no answer.
    pub const NOERROR: Rcode = Rcode(0);
    /// There is no such name.
    pub const NXDOMAIN: Rcode = Rcode(3);

    /// Those that have a name (RFC 6895).
    pub const ALL: &'static [(&'static str, Rcode)] = &[
        ("NOERROR", Rcode::NOERROR),
        ("FORMERR", Rcode(1)),
        ("SERVFAIL", Rcode(2)),
        ("NXDOMAIN", Rcode::NXDOMAIN),
        ("NOTIMP", Rcode(4)),
        ("REFUSED", Rcode(5)),
        ("YXDOMAIN", Rcode(6)),
        ("YXRRSET", Rcode(7)),
        ("NXRRSET", Rcode(8)),
        ("NOTAUTH", Rcode(9)),
        ("NOTZONE", Rcode(10)),
        ("BADVERS", Rcode(16)),
    ];
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Rcode::ALL.iter().find(|(_, code)| code == self) {
            Some((word, _)) => f.write_str(word),
            None => write!(f, "response code {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared_in_one_way_of_writing() {
        let table = [
            (Record::A, "10.0.0.1", Some("10.0.0.1")),
            (Record::A, "10.0.0", None),
            (Record::A, "::1", None),
            (Record::Aaaa, "2001:DB8:0::1", Some("2001:db8::1")),
            (Record::Cname, "WWW.Example.", Some("www.example")),
            (Record::Cname, "two names", None),
            (Record::Ns, "", None),
            (Record::Mx, " 010  Mail.example.", Some("10 mail.example")),
            (Record::Mx, "mail.example", None),
            (Record::Srv, "1 2 5060 sip.example.", Some("1 2 5060 sip.example")),
            (Record::Srv, "1 2 sip.example", None),
            (Record::Soa, "ns. Root.ns. 7 1 2 3 4", Some("ns root.ns 7 1 2 3 4")),
            (Record::Soa, "ns. root.ns. 7", None),
            (Record::Txt, "V=spf1  -all", Some("V=spf1  -all")),
        ];
        for (record, text, normal) in table {
            assert_eq!(record.normal(text).as_deref(), normal, "{record} {text}");
        }
    }
}
