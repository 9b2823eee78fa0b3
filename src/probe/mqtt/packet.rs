//! Packets of an MQTT server, and what the numbers in them mean.
//!
//! A length is written in up to four bytes, the lowest first. Packets that a server never sends to
//! somebody who has only connected are refused at their first byte, so that a peer which speaks
//! something else is known as soon as it speaks.

use crate::model::Reason;
use crate::probe::talk::Failure;

/// The longest packet that is taken, in bytes.
const LIMIT: usize = 16 * 1024;

/// What a server may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answer to a connection.
    ConnAck,
    /// A message.
    Publish,
    /// The answer to a ping.
    PingResp,
    /// The end of the session, in version 5.
    Disconnect,
}

/// The beginning of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: Kind,
    /// Bytes of the beginning itself.
    pub length: usize,
    /// Bytes that follow.
    pub body: usize,
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub body: Vec<u8>,
}

/// Reads the beginning of a packet; `None` while it is incomplete.
///
/// # Errors
///
/// That it is of no packet that may come, or of one that is too long.
pub fn header(bytes: &[u8]) -> Result<Option<Header>, Failure> {
    let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
    let kind = match first {
        0x20 => Kind::ConnAck,
        0x30..=0x3f => Kind::Publish,
        0xd0 => Kind::PingResp,
        0xe0 => Kind::Disconnect,
        _ => return Err(Failure::fail(Reason::RECEIVE_MALFORMED, "not of MQTT")),
    };
    let mut body = 0;
    for (place, byte) in rest.iter().take(4).enumerate() {
        body |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            if body > LIMIT {
                let text = format!("a packet of {body} bytes");
                return Err(Failure::fail(Reason::RECEIVE_TOO_LARGE, &text));
            }
            return Ok(Some(Header { kind, length: place + 2, body }));
        }
    }
    match rest.len() {
        0..4 => Ok(None),
        _ => Err(Failure::fail(Reason::RECEIVE_MALFORMED, "a length without an end")),
    }
}

/// Whether an answer to a connection accepts it.
///
/// # Errors
///
/// Why not.
pub fn accepted(body: &[u8]) -> Result<(), Failure> {
    match body {
        [0 | 1, 0, ..] => Ok(()),
        [0 | 1, code, ..] => Err(refused(*code)),
        _ => Err(Failure::fail(Reason::RECEIVE_MALFORMED, "an answer to CONNECT that is none")),
    }
}

/// Why the server ended the session.
pub fn disconnected(body: &[u8]) -> Failure {
    refused(body.first().copied().unwrap_or(0))
}

/// What a number means. Those of version 5 begin at 128.
fn refused(code: u8) -> Failure {
    let (reason, words) = match code {
        0 => (Reason::MATCH_ERROR, "disconnected"),
        1 | 0x84 => (Reason::MATCH_ERROR, "this version is not spoken"),
        2 | 0x85 => (Reason::MATCH_ERROR, "client identifier not accepted"),
        3 | 0x88 => (Reason::MATCH_NOT_READY, "server unavailable"),
        4 | 0x86 => (Reason::MATCH_CREDENTIALS, "bad user or password"),
        5 | 0x87 => (Reason::MATCH_CREDENTIALS, "not authorised"),
        0x81 => (Reason::MATCH_ERROR, "malformed packet"),
        0x82 => (Reason::MATCH_ERROR, "protocol error"),
        0x89 => (Reason::MATCH_NOT_READY, "server busy"),
        0x8a => (Reason::MATCH_ERROR, "banned"),
        0x8b => (Reason::MATCH_NOT_READY, "server shutting down"),
        0x8c => (Reason::MATCH_CREDENTIALS, "another way to log in is wanted"),
        0x8e => (Reason::MATCH_ERROR, "the session was taken over"),
        0x97 => (Reason::MATCH_ERROR, "quota exceeded"),
        0x9c | 0x9d => (Reason::MATCH_ERROR, "another server is to be used"),
        0x9f => (Reason::MATCH_ERROR, "too many connections in this time"),
        _ => (Reason::MATCH_ERROR, "refused"),
    };
    let text = format!("{words} (code {code})");
    Failure { detail: code.into(), ..Failure::fail(reason, &text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_begins_with_its_kind_and_its_length() {
        let read = |bytes: &[u8]| header(bytes).map_err(|failure| failure.reason);
        let is = |kind, length, body| Ok(Some(Header { kind, length, body }));
        assert_eq!(read(&[0x20, 2, 0, 0]), is(Kind::ConnAck, 2, 2));
        assert_eq!(read(&[0xd0, 0]), is(Kind::PingResp, 2, 0));
        assert_eq!(read(&[0x31, 0x80, 0x01]), is(Kind::Publish, 3, 128));
        assert_eq!(read(&[0xe0, 0x80, 0x80, 0x80, 0x00]), is(Kind::Disconnect, 5, 0));
        for short in [&[][..], &[0x20], &[0x30, 0x80], &[0x30, 0xff, 0xff, 0xff]] {
            assert_eq!(read(short), Ok(None), "{short:?}");
        }
        let too_long = [0x30, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(read(&too_long), Err(Reason::RECEIVE_TOO_LARGE));
        for wrong in [&[0x30, 0xff, 0xff, 0xff, 0xff][..], &[0x21, 2], &[0xd1, 0], b"H"] {
            assert_eq!(read(wrong), Err(Reason::RECEIVE_MALFORMED), "{wrong:?}");
        }
    }

    #[test]
    fn numbers_of_both_versions_say_why() {
        let told = |body: &[u8]| accepted(body).map_err(|failure| (failure.reason, failure.detail));
        assert_eq!(told(&[0, 0]), Ok(()));
        assert_eq!(told(&[1, 0, 3, 0x21, 0, 20]), Ok(()));
        let cases = [
            (Reason::MATCH_ERROR, &[1, 2, 0x81, 0x82, 0x84, 0x85, 0x9d, 0xff][..]),
            (Reason::MATCH_NOT_READY, &[3, 0x88, 0x89, 0x8b]),
            (Reason::MATCH_CREDENTIALS, &[4, 5, 0x86, 0x87, 0x8c]),
        ];
        for (reason, codes) in cases {
            for code in codes {
                assert_eq!(told(&[0, *code]), Err((reason, i32::from(*code))));
                assert_eq!(disconnected(&[*code, 0]).reason, reason);
            }
        }
        for wrong in [&[][..], &[0], &[2, 0], &[0xff; 64]] {
            assert_eq!(told(wrong), Err((Reason::RECEIVE_MALFORMED, 0)), "{wrong:?}");
        }
        assert_eq!(disconnected(&[]).reason, Reason::MATCH_ERROR);
    }
}
