//! The texts of `/proc/net` whose lines begin with a protocol: `netstat` and `sockstat`.

use super::super::numbers::{number, words};

/// A counter of `netstat`, where a line of names is followed by one of values.
pub(super) fn counter(text: &[u8], protocol: &[u8], name: &[u8]) -> Option<u64> {
    let mut found = lines(text, protocol);
    let (names, values) = (found.next()?, found.next()?);
    let place = words(names).position(|word| word == name)?;
    number(words(values).nth(place)?)
}

/// A figure of `sockstat`, where each name is followed by its value.
pub(super) fn figure(text: &[u8], protocol: &[u8], name: &[u8]) -> Option<u64> {
    let mut words = words(lines(text, protocol).next()?);
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        if key == name {
            return number(value);
        }
    }
    None
}

/// What follows the protocol in its lines.
fn lines<'a>(text: &'a [u8], protocol: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    text.split(|&byte| byte == b'\n')
        .filter_map(move |line| line.strip_prefix(protocol)?.strip_prefix(b":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_stands_below_its_name() {
        let text = b"TcpExt: A ListenOverflows ListenDrops\nTcpExt: 1 2 3\n\
                     IpExt: A B\nIpExt: 8 18446744073709551616\nMPTcpExt: A\n";
        let cases: [(&[u8], &[u8], Option<u64>); 7] = [
            (b"TcpExt", b"ListenOverflows", Some(2)),
            (b"TcpExt", b"ListenDrops", Some(3)),
            (b"TcpExt", b"Listen", None),
            (b"IpExt", b"A", Some(8)),
            (b"IpExt", b"B", None),
            (b"MPTcpExt", b"A", None),
            (b"Tcp", b"A", None),
        ];
        for (protocol, name, expected) in cases {
            assert_eq!(counter(text, protocol, name), expected, "{}", name.escape_ascii());
        }
        for text in ["", "TcpExt: A", "TcpExt: A\nTcpExt:", "TcpExt: A\nTcpExt: x\n", "TcpExt:"] {
            assert_eq!(counter(text.as_bytes(), b"TcpExt", b"A"), None, "{text:?}");
        }
    }

    #[test]
    fn a_figure_stands_behind_its_name() {
        let text = b"sockets: used 11\nTCP: inuse 1 orphan 0 tw 5 alloc 1 mem 180\nTCP6: inuse 7\n";
        let cases: [(&[u8], &[u8], Option<u64>); 5] = [
            (b"TCP", b"mem", Some(180)),
            (b"TCP", b"tw", Some(5)),
            (b"TCP6", b"inuse", Some(7)),
            (b"TCP", b"used", None),
            (b"UDP", b"inuse", None),
        ];
        for (protocol, name, expected) in cases {
            assert_eq!(figure(text, protocol, name), expected, "{}", name.escape_ascii());
        }
        for text in ["", "TCP:", "TCP: mem", "TCP: mem x", "TCP: mem 99999999999999999999"] {
            assert_eq!(figure(text.as_bytes(), b"TCP", b"mem"), None, "{text:?}");
        }
    }
}
