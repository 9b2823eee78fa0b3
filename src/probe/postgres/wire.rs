//! Messages of PostgreSQL, version 3.0 of its protocol: written and read.
//!
//! Every message of the server begins with its kind and its length, but one: a postmaster that
//! cannot start a process says so in plain text behind an E, without a length. Source:
//! <https://www.postgresql.org/docs/current/protocol-message-formats.html>.

/// A message of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// A letter.
    pub kind: u8,
    /// What it holds.
    pub body: &'a [u8],
}

/// What a buffer begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Not enough of it is there yet.
    Incomplete,
    /// A message, and how many bytes it takes.
    Frame(Frame<'a>, usize),
    /// An error in plain text.
    Bare(&'a [u8]),
    /// A message of more bytes than are read.
    TooLarge,
    /// No message.
    Malformed,
}

/// The longest message, in bytes.
pub const LIMIT: usize = 60 * 1024;
/// The longest message before the login is done, in bytes.
const LOGIN_LIMIT: usize = 8 * 1024;

/// Reads one message off the front of `bytes`; before the login is done few kinds of them exist.
pub fn frame(bytes: &[u8], in_login: bool) -> Found<'_> {
    let Some((&kind, rest)) = bytes.split_first() else { return Found::Incomplete };
    let kinds: &[u8] = if in_login { b"RENSKZv" } else { b"TDCEINSZAGHWdc" };
    if !kinds.contains(&kind) {
        return Found::Malformed;
    }
    let Some((length, _)) = rest.split_first_chunk::<4>() else { return Found::Incomplete };
    let length = u32::from_be_bytes(*length) as usize;
    match length {
        0..4 => return Found::Malformed,
        _ if in_login && length > LOGIN_LIMIT && kind == b'E' => {
            let end = memchr::memchr(0, rest);
            return match end {
                Some(end) => Found::Bare(&rest[..end]),
                None if rest.len() > LOGIN_LIMIT => Found::Malformed,
                None => Found::Incomplete,
            };
        }
        _ if in_login && length > LOGIN_LIMIT => return Found::Malformed,
        _ if length > LIMIT => return Found::TooLarge,
        _ => {}
    }
    match rest.get(4..length) {
        Some(body) => Found::Frame(Frame { kind, body }, length + 1),
        None => Found::Incomplete,
    }
}

/// The code and the words of an error; empty where it has none.
pub fn error(mut body: &[u8]) -> (&[u8], &[u8]) {
    let (mut code, mut words): (&[u8], &[u8]) = (b"", b"");
    while let Some((&field, rest)) = body.split_first() {
        let Some(end) = memchr::memchr(0, rest) else { break };
        match field {
            b'C' => code = &rest[..end],
            b'M' => words = &rest[..end],
            _ => {}
        }
        body = &rest[end + 1..];
    }
    (code, words)
}

/// The columns of a row, as text; none for a row that breaks the rules.
pub fn row(body: &[u8]) -> Option<Vec<Option<&[u8]>>> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut columns = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let length = i32::from_be_bytes(*length);
        rest = behind;
        columns.push(match usize::try_from(length) {
            Ok(length) => {
                let column = rest.get(..length)?;
                rest = &rest[length..];
                Some(column)
            }
            Err(_) if length == -1 => None,
            Err(_) => return None,
        });
    }
    rest.is_empty().then_some(columns)
}

/// Asks for encryption.
pub const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The first message: version 3.0 and what is known of this side.
pub fn startup(user: &str, database: Option<&str>) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 0, 0, 3, 0, 0];
    let pairs = [("user", Some(user)), ("database", database)];
    let pairs = pairs.into_iter().filter_map(|(key, value)| Some((key, value?)));
    for (key, value) in pairs.chain([("application_name", "meshvitals")]) {
        for text in [key, value] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        }
    }
    bytes.push(0);
    let length = bytes.len() as u32;
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    bytes
}

/// A message of this kind.
pub fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&(length as u32).to_be_bytes());
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_whole() {
        let bytes = message(b'R', &[&[0, 0, 0, 5], b"salt"]);
        let frame_of = Frame { kind: b'R', body: &bytes[5..] };
        assert_eq!(frame(&bytes, true), Found::Frame(frame_of, 13));
        for end in 0..bytes.len() {
            assert_eq!(frame(&bytes[..end], true), Found::Incomplete, "{end}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused_at_once() {
        for bytes in [&b"HTTP/1.1"[..], b"\0", b"R\0\0\0\x03", b"R\x7f\0\0\0", b"T\0\0\0\x04"] {
            assert_eq!(frame(bytes, true), Found::Malformed, "{bytes:?}");
        }
        assert_eq!(frame(b"D\x7f\xff\xff\xff", false), Found::TooLarge);
        assert_eq!(frame(b"R\0\0\0\x08", false), Found::Malformed);
    }

    #[test]
    fn an_error_may_stand_there_without_a_length() {
        let text = b"Ecould not fork new process for connection: x\n\0";
        assert_eq!(frame(text, true), Found::Bare(&text[1..text.len() - 1]));
        assert_eq!(frame(&text[..20], true), Found::Incomplete);
        assert_eq!(frame(&[b'E'; 2 * LOGIN_LIMIT], true), Found::Malformed);
    }

    #[test]
    fn errors_tell_their_code() {
        assert_eq!(error(b"SFATAL\0C57P03\0Mno\0\0"), (&b"57P03"[..], &b"no"[..]));
        assert_eq!(error(b"C57P03"), (&b""[..], &b""[..]));
        assert_eq!(error(b""), (&b""[..], &b""[..]));
    }

    #[test]
    fn rows_hold_what_they_say() {
        let bytes = b"\0\x02\0\0\0\x01t\xff\xff\xff\xff";
        assert_eq!(row(bytes), Some(vec![Some(&b"t"[..]), None]));
        for bad in [&b"\0"[..], b"\0\x01", b"\0\x01\0\0\0\x05t", b"\xff\xff\0\0\0\0", b"\0\0x"] {
            assert_eq!(row(bad), None, "{bad:?}");
        }
        assert_eq!(row(b"\0\x01\xff\xff\xff\xfe"), None);
    }

    #[test]
    fn the_startup_message_counts_itself() {
        let bytes = startup("u", Some("d"));
        assert_eq!(bytes[..8], [0, 0, 0, bytes.len() as u8, 0, 3, 0, 0]);
        assert!(bytes.ends_with(b"user\0u\0database\0d\0application_name\0meshvitals\0\0"));
    }
}
