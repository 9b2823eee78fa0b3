//! The serialisation protocol of Redis, version 2: requests written, answers read.
//!
//! An answer becomes a flat row of items, nested arrays one after the other, which needs neither
//! recursion nor room by what the peer claims. The trap: the length of an array is only a claim;
//! nothing is allocated for it, and an answer that never delivers is incomplete for ever.
//! Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

/// One piece of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// `+OK`
    Simple(&'a [u8]),
    /// `-ERR no such key`
    Error(&'a [u8]),
    /// `:42`
    Integer(i64),
    /// `$5`, and five bytes.
    Bulk(&'a [u8]),
    /// `*2`; so many items of the array follow.
    Array(u64),
    /// `$-1` or `*-1`
    Nil,
}

/// The longest line that is no bulk, in bytes.
const LINE_LIMIT: usize = 4 * 1024;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// Reads one whole answer off the front of `bytes`: its items and its length, or none while it is
/// not complete.
///
/// # Errors
///
/// What breaks the protocol, as soon as it is there.
pub fn answer(bytes: &[u8]) -> Result<Option<(Vec<Item<'_>>, usize)>, Malformed> {
    let mut items = Vec::new();
    let (mut at, mut missing) = (0, 1_u64);
    while missing > 0 {
        let Some((item, used)) = item(&bytes[at..])? else { return Ok(None) };
        at += used;
        missing -= 1;
        if let Item::Array(count) = item {
            missing = missing.checked_add(count).ok_or(Malformed("an array without end"))?;
        }
        items.push(item);
    }
    Ok(Some((items, at)))
}

fn item(bytes: &[u8]) -> Result<Option<(Item<'_>, usize)>, Malformed> {
    let Some(&kind) = bytes.first() else { return Ok(None) };
    if !b"+-:$*".contains(&kind) {
        return Err(Malformed("an answer of no known kind"));
    }
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        if bytes.len() > LINE_LIMIT {
            return Err(Malformed("a line without end"));
        }
        return Ok(None);
    };
    let Some(line) = bytes[1..end].strip_suffix(b"\r") else {
        return Err(Malformed("a line that does not end as one"));
    };
    let used = end + 1;
    let item = match kind {
        b'+' => Item::Simple(line),
        b'-' => Item::Error(line),
        b':' => Item::Integer(number(line)?),
        _ => match (kind, number(line)?) {
            (_, -1) => Item::Nil,
            (b'*', count @ 0..) => Item::Array(count as u64),
            (b'$', count @ 0..) => return bulk(bytes, used, count as u64),
            _ => return Err(Malformed("a length below nothing")),
        },
    };
    Ok(Some((item, used)))
}

fn bulk(bytes: &[u8], start: usize, count: u64) -> Result<Option<(Item<'_>, usize)>, Malformed> {
    let rest = &bytes[start..];
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    match (rest.get(..count), rest.get(count..count.saturating_add(2))) {
        (Some(text), Some(b"\r\n")) => Ok(Some((Item::Bulk(text), start + count + 2))),
        (Some(_), Some(_)) => Err(Malformed("a text longer than it says")),
        _ => Ok(None),
    }
}

fn number(line: &[u8]) -> Result<i64, Malformed> {
    let text = str::from_utf8(line).ok();
    text.and_then(|text| text.parse().ok()).ok_or(Malformed("a number that is none"))
}

/// A request of these words.
pub fn request(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whole() {
        let table: &[(&[u8], &[Item<'_>])] = &[
            (b"+PONG\r\n", &[Item::Simple(b"PONG")]),
            (b"-LOADING x\r\n", &[Item::Error(b"LOADING x")]),
            (b":-7\r\n", &[Item::Integer(-7)]),
            (b"$4\r\na\r\nb\r\n", &[Item::Bulk(b"a\r\nb")]),
            (b"$-1\r\n", &[Item::Nil]),
            (b"*-1\r\n", &[Item::Nil]),
            (b"*0\r\n", &[Item::Array(0)]),
            (
                b"*2\r\n*1\r\n:1\r\n+x\r\n",
                &[Item::Array(2), Item::Array(1), Item::Integer(1), Item::Simple(b"x")],
            ),
        ];
        for (bytes, items) in table {
            assert_eq!(answer(bytes), Ok(Some((items.to_vec(), bytes.len()))));
            let mut more = bytes.to_vec();
            more.extend_from_slice(b"+next\r\n");
            assert_eq!(answer(&more).unwrap().unwrap().1, bytes.len());
            for end in 0..bytes.len() {
                assert_eq!(answer(&bytes[..end]), Ok(None), "{end} bytes of {bytes:?}");
            }
        }
    }

    #[test]
    fn what_is_no_answer_is_refused_at_once() {
        for bytes in [
            &b"HTTP/1.1 400"[..],
            b"+PONG\n",
            b":x\r\n",
            b":99999999999999999999\r\n",
            b"$-2\r\n",
            b"*-2\r\n",
            b"$1\r\nabc",
            b"*2\r\n?",
            b"\0",
        ] {
            assert!(answer(bytes).is_err(), "{bytes:?}");
        }
        assert!(answer(&[b'+'; LINE_LIMIT + 1]).is_err());
    }

    #[test]
    fn lengths_are_claims() {
        assert_eq!(answer(b"*9223372036854775807\r\n:1\r\n"), Ok(None));
        assert_eq!(answer(b"$9223372036854775807\r\nabc"), Ok(None));
        let nested = b"*9223372036854775807\r\n".repeat(4);
        assert_eq!(answer(&nested), Err(Malformed("an array without end")));
        assert_eq!(answer(&b"*1\r\n".repeat(10_000)), Ok(None));
    }

    #[test]
    fn requests_are_arrays_of_texts() {
        assert_eq!(request(&[b"AUTH", b"a b\r\n"]), b"*2\r\n$4\r\nAUTH\r\n$5\r\na b\r\n\r\n");
    }
}
