//! Frames of AMQP 0-9-1: those that are read, bounded, and those that are written.
//!
//! A frame is a head of seven bytes, a payload and an end. Of the server's arguments only those
//! that matter are read, from the front; tables are passed over by their length.

use crate::model::{Login, Reason};
use crate::probe::talk::Failure;

/// Length of the head of a frame.
pub const HEAD: usize = 7;
/// The longest payload that is taken; until it is agreed on, no frame is longer than 4096 bytes.
const LIMIT: usize = 16 * 1024;

const METHOD: u8 = 1;
const HEARTBEAT: u8 = 8;
const END: u8 = 0xce;

/// A class and a method in it.
pub type Method = (u16, u16);

/// The server is there.
pub const START: Method = (10, 10);
const START_OK: Method = (10, 11);
/// The login was accepted.
pub const TUNE: Method = (10, 30);
const TUNE_OK: Method = (10, 31);
const OPEN: Method = (10, 40);
/// The virtual host is open.
pub const OPEN_OK: Method = (10, 41);
/// The other side ends the connection.
pub const CLOSE: Method = (10, 50);
/// The other side has heard that we end it.
pub const CLOSE_OK: Method = (10, 51);

fn malformed(text: &str) -> Failure {
    Failure::fail(Reason::RECEIVE_MALFORMED, text)
}

/// Whether a byte begins a frame that may come before a channel is open.
///
/// # Errors
///
/// That it does not.
pub fn is_frame(first: u8) -> Result<(), Failure> {
    match first {
        METHOD | HEARTBEAT => Ok(()),
        _ => Err(malformed("not of AMQP")),
    }
}

/// The length of the payload behind a head.
///
/// # Errors
///
/// That it is too long.
pub fn length(head: &[u8; HEAD]) -> Result<usize, Failure> {
    let [_, _, _, size @ ..] = head;
    let size = u32::from_be_bytes(*size) as usize;
    if size > LIMIT {
        let text = format!("a frame of {size} bytes");
        return Err(Failure::fail(Reason::RECEIVE_TOO_LARGE, &text));
    }
    Ok(size)
}

/// The method of a frame and its arguments; `None` of a heartbeat. `payload` has the end behind it.
///
/// # Errors
///
/// That the frame breaks the protocol.
pub fn method<'a>(
    head: &[u8; HEAD],
    payload: &'a [u8],
) -> Result<Option<(Method, &'a [u8])>, Failure> {
    let (kind, channel) = (head[0], &head[1..3]);
    match payload {
        [.., END] if kind == HEARTBEAT => Ok(None),
        [a, b, c, d, arguments @ .., END] if kind == METHOD && channel == [0, 0] => {
            let method = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            Ok(Some((method, arguments)))
        }
        _ => Err(malformed("a frame that is none")),
    }
}

/// The first `count` bytes, which are taken away.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Failure> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or_else(|| malformed("cut arguments"))?;
    *bytes = rest;
    Ok(taken)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// The ways to log in that the arguments of [`START`] offer, with spaces between them.
///
/// # Errors
///
/// That the server speaks another version, or that they break the protocol.
pub fn mechanisms(mut arguments: &[u8]) -> Result<&[u8], Failure> {
    let version = take(&mut arguments, 2)?;
    if version != [0, 9] {
        let text = format!("the server speaks AMQP {}-{}", version[0], version[1]);
        return Err(Failure::fail(Reason::MATCH_ANSWER, &text));
    }
    let properties = number(take(&mut arguments, 4)?);
    take(&mut arguments, properties)?;
    let length = number(take(&mut arguments, 4)?);
    take(&mut arguments, length)
}

/// The number and the words in the arguments of [`CLOSE`].
///
/// # Errors
///
/// That they break the protocol.
pub fn reason(mut arguments: &[u8]) -> Result<(u16, &[u8]), Failure> {
    let code = take(&mut arguments, 2)?;
    let length = number(take(&mut arguments, 1)?);
    Ok((u16::from_be_bytes([code[0], code[1]]), take(&mut arguments, length)?))
}

/// Agrees to what the arguments of [`TUNE`] offer, but to no heartbeats.
///
/// # Errors
///
/// That they break the protocol.
pub fn tune_ok(mut arguments: &[u8]) -> Result<Vec<u8>, Failure> {
    let offered = take(&mut arguments, 6)?;
    Ok(written(TUNE_OK, &[offered, &[0, 0]]))
}

/// Logs in by PLAIN. The capability has a server say that it refuses, not just go.
pub fn start_ok(login: &Login) -> Vec<u8> {
    let says = b"\x1cauthentication_failure_closet\x01";
    let capabilities = [b"\x0ccapabilitiesF", &long(says)[..]].concat();
    let product = [b"\x07productS", &long(b"meshvitals")[..]].concat();
    let response = [b"\0", login.user.as_bytes(), b"\0", &login.password.text].concat();
    let properties = long(&[product, capabilities].concat());
    written(START_OK, &[&properties, b"\x05PLAIN", &long(&response), b"\x05en_US"])
}

/// Opens a virtual host.
pub fn open(vhost: &str) -> Vec<u8> {
    // The grammar lets no name through that is too long for its length.
    written(OPEN, &[&[vhost.len() as u8], vhost.as_bytes(), &[0, 0]])
}

/// Ends the connection, for no reason.
pub fn close() -> Vec<u8> {
    written(CLOSE, &[&200_u16.to_be_bytes(), b"\x02OK", &[0; 4]])
}

/// Has heard that the other side ends it.
pub fn close_ok() -> Vec<u8> {
    written(CLOSE_OK, &[])
}

/// Bytes behind their length. Passwords and what goes with them are bounded when loaded.
fn long(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

fn written((class, method): Method, arguments: &[&[u8]]) -> Vec<u8> {
    let payload = [&class.to_be_bytes(), &method.to_be_bytes(), &*arguments.concat()].concat();
    [&[METHOD, 0, 0], &*long(&payload), &[END]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    fn head(kind: u8, channel: u8, size: u32) -> [u8; HEAD] {
        let [a, b, c, d] = size.to_be_bytes();
        [kind, 0, channel, a, b, c, d]
    }

    #[test]
    fn a_frame_is_short_and_ends() {
        assert_eq!(length(&head(1, 0, 4096)), Ok(4096));
        let too_long = length(&head(1, 0, u32::MAX)).unwrap_err();
        assert_eq!(too_long.reason, Reason::RECEIVE_TOO_LARGE);
        let read = |kind, channel, payload: &'static [u8]| {
            method(&head(kind, channel, 0), payload).map_err(|failure| failure.reason)
        };
        assert_eq!(read(1, 0, b"\0\x0a\0\x1eab\xce"), Ok(Some((TUNE, &b"ab"[..]))));
        assert_eq!(read(8, 0, b"\xce"), Ok(None));
        for (kind, channel, payload) in
            [(1, 0, &b"\0\x0a\0\x1e\0"[..]), (1, 1, b"\0\x0a\0\x1e\xce"), (1, 0, b"\0\x0a\0\xce")]
        {
            assert_eq!(read(kind, channel, payload), Err(Reason::RECEIVE_MALFORMED));
        }
        assert!(is_frame(1).is_ok() && is_frame(b'H').is_err());
    }

    #[test]
    fn arguments_are_read_as_far_as_they_go() {
        let start = b"\0\x09\0\0\0\x03xyz\0\0\0\x0ePLAIN AMQPLAIN\0\0\0\x05en_US";
        assert_eq!(mechanisms(start), Ok(&b"PLAIN AMQPLAIN"[..]));
        for cut in 0..27 {
            let failure = mechanisms(&start[..cut]).unwrap_err();
            assert_eq!(failure.reason, Reason::RECEIVE_MALFORMED, "{cut}");
        }
        assert_eq!(mechanisms(b"\0\x08").unwrap_err().reason, Reason::MATCH_ANSWER);
        let endless = mechanisms(b"\0\x09\xff\xff\xff\xffx").unwrap_err();
        assert_eq!(endless.reason, Reason::RECEIVE_MALFORMED);
        assert_eq!(reason(b"\x02\x12\x02no\0\0\0\0"), Ok((530, &b"no"[..])));
        assert!(reason(b"\x02\x12\x03no").is_err());
        assert!(tune_ok(b"\x07\xff\0\x02\0").is_err());
    }

    #[test]
    fn methods_are_written_as_the_standard_says() {
        assert_eq!(close_ok(), b"\x01\0\0\0\0\0\x04\0\x0a\0\x33\xce");
        assert_eq!(open("/"), b"\x01\0\0\0\0\0\x08\0\x0a\0\x28\x01/\0\0\xce");
        let tuned = tune_ok(b"\x07\xff\0\x02\0\0\0\x3c").unwrap();
        assert_eq!(tuned, b"\x01\0\0\0\0\0\x0c\0\x0a\0\x1f\x07\xff\0\x02\0\0\0\0\xce");
        let password = Secret::given("pw", "/amqp/password");
        let told = start_ok(&Login { user: "ann".into(), password });
        assert!(told.ends_with(b"\x05PLAIN\0\0\0\x07\0ann\0pw\x05en_US\xce"));
    }
}
