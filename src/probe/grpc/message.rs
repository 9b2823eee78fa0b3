//! The two messages of the health service, and the frame that a message is sent in.
//!
//! Written by hand after grpc.health.v1 and the encoding of Protocol Buffers: one field each. An
//! unknown field is skipped by its kind, as the encoding asks, and the last of several counts. The
//! trap: a field that is not there has its default, so an empty message is a whole answer.

use std::fmt;

/// The head of a frame: whether it is compressed, and the length of its message.
pub const HEAD: usize = 5;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It ends in the middle of something.
    Cut,
    /// It was compressed, which nobody asked for.
    Compressed,
    /// There is more than the one message.
    Surplus,
    /// A field is written in no way that the encoding knows.
    Field,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Problem::Cut => "the message is cut off",
            Problem::Compressed => "the message is compressed, which was not asked for",
            Problem::Surplus => "there is more than one message",
            Problem::Field => "the message is no HealthCheckResponse",
        })
    }
}

/// HealthCheckRequest about a service, in its frame.
pub fn request(service: &str) -> Vec<u8> {
    let mut message = Vec::with_capacity(service.len() + 4);
    if !service.is_empty() {
        // Field 1, of the kind that has a length.
        message.push(1 << 3 | 2);
        put_varint(service.len() as u64, &mut message);
        message.extend_from_slice(service.as_bytes());
    }
    let mut frame = vec![0];
    frame.extend_from_slice(&(message.len() as u32).to_be_bytes());
    frame.extend_from_slice(&message);
    frame
}

/// The message of the first frame and how long that frame is; none while it is not all there.
///
/// # Errors
///
/// It is compressed.
pub fn frame(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, Problem> {
    let Some((&[compressed, a, b, c, d], rest)) = bytes.split_first_chunk::<HEAD>() else {
        return Ok(None);
    };
    if compressed != 0 {
        return Err(Problem::Compressed);
    }
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    Ok(rest.get(..length).map(|message| (message, HEAD + length)))
}

/// The serving status of the one HealthCheckResponse that a body holds.
///
/// # Errors
///
/// What is wrong with it.
pub fn response(body: &[u8]) -> Result<u64, Problem> {
    let (message, length) = frame(body)?.ok_or(Problem::Cut)?;
    if length < body.len() {
        return Err(Problem::Surplus);
    }
    serving(message)
}

/// The serving status of a HealthCheckResponse.
///
/// # Errors
///
/// It is none.
pub fn serving(mut message: &[u8]) -> Result<u64, Problem> {
    let mut status = 0;
    while !message.is_empty() {
        let tag = take_varint(&mut message)?;
        let (field, kind) = (tag >> 3, tag & 7);
        match (field, kind) {
            (0, _) => return Err(Problem::Field),
            (1, 0) => status = take_varint(&mut message)?,
            // Of another kind it is another message.
            (1, _) => return Err(Problem::Field),
            (_, 0) => {
                take_varint(&mut message)?;
            }
            (_, 1) => skip(8, &mut message)?,
            (_, 2) => {
                let length = take_varint(&mut message)?;
                skip(length, &mut message)?;
            }
            (_, 5) => skip(4, &mut message)?,
            _ => return Err(Problem::Field),
        }
    }
    Ok(status)
}

fn skip(count: u64, bytes: &mut &[u8]) -> Result<(), Problem> {
    let count = usize::try_from(count).map_err(|_| Problem::Cut)?;
    *bytes = bytes.get(count..).ok_or(Problem::Cut)?;
    Ok(())
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Seven bits a byte, the lowest first; at most ten bytes.
fn take_varint(bytes: &mut &[u8]) -> Result<u64, Problem> {
    let mut number = 0u64;
    for place in 0..10 {
        let (&byte, rest) = bytes.split_first().ok_or(Problem::Cut)?;
        *bytes = rest;
        // Only one bit of the tenth byte has room; decoders let go of the others.
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Problem::Field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_the_service_unless_it_is_about_the_whole_server() {
        assert_eq!(request(""), [0, 0, 0, 0, 0]);
        assert_eq!(request("ab"), [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        let long = request(&"s".repeat(300));
        assert_eq!(long[..8], [0, 0, 0, 1, 47, 0x0a, 0xac, 0x02]);
        assert_eq!(long.len(), HEAD + 303);
    }

    #[test]
    fn a_response_is_read_whatever_else_is_in_it() {
        let framed = |message: &[u8]| {
            let mut body = vec![0, 0, 0, 0, message.len() as u8];
            body.extend_from_slice(message);
            response(&body)
        };
        for (message, expected) in [
            (&[][..], Ok(0)),
            (&[8, 1], Ok(1)),
            (&[8, 2, 8, 1], Ok(1)),
            (&[8, 0x81, 0x01], Ok(129)),
            (&[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Ok(u64::MAX)),
            // Fields 2 and 15 of each kind, before and behind.
            (&[0x12, 2, 7, 7, 8, 3, 0x10, 0x80, 1], Ok(3)),
            (&[0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7d, 1, 2, 3, 4, 8, 1], Ok(1)),
            (&[8], Err(Problem::Cut)),
            (&[8, 0x80], Err(Problem::Cut)),
            (&[0x12, 3, 7, 7], Err(Problem::Cut)),
            (&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Err(Problem::Cut)),
            (&[0x79, 1], Err(Problem::Cut)),
            (&[0x0a, 1, 1], Err(Problem::Field)),
            (&[0x13], Err(Problem::Field)),
            (&[0x00, 1], Err(Problem::Field)),
            (&[0x80; 12], Err(Problem::Field)),
        ] {
            assert_eq!(framed(message), expected, "{message:?}");
        }
    }

    #[test]
    fn a_body_holds_one_whole_frame() {
        for (body, problem) in [
            (&[][..], Problem::Cut),
            (&[0, 0, 0, 0], Problem::Cut),
            (&[0, 0, 0, 0, 2, 8], Problem::Cut),
            (&[0, 0xff, 0xff, 0xff, 0xff, 8, 1], Problem::Cut),
            (&[1, 0, 0, 0, 2, 8, 1], Problem::Compressed),
            (&[0, 0, 0, 0, 2, 8, 1, 0], Problem::Surplus),
        ] {
            assert_eq!(response(body), Err(problem), "{body:?}");
        }
    }
}
