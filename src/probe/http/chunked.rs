//! Takes the framing off a chunked body, from pieces of any size.
//!
//! It keeps no bytes: the data is handed on as slices of what it was given. Extensions and
//! trailers are skipped and bounded together. The trap: sizes come from the network, so they
//! are added up with care and never used to reserve memory.

/// Extensions and trailers may be this long together, in bytes.
const SKIPPED_LIMIT: u32 = 16 * 1024;

/// A size may have this many digits: twice what the largest needs.
const DIGITS_LIMIT: u8 = 32;

/// What comes next in a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes of the body.
    Data(&'a [u8]),
    /// The input is used up and the body goes on.
    More,
    /// The body is complete.
    End,
    /// The framing is broken.
    Malformed(&'static str),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first digit of a size.
    #[default]
    Start,
    /// After at least one digit.
    Digits,
    /// Between the size and the end of its line.
    Extension,
    /// After the CR of the size.
    SizeEnd,
    /// Inside the data, so many bytes are left.
    Data,
    /// Before the CR that follows the data.
    DataCr,
    /// Before the LF that follows the data.
    DataLf,
    /// At the start of a line behind the last chunk.
    Trailer,
    /// Inside a trailer.
    TrailerLine,
    /// After the CR of the empty line.
    LastLf,
    Ended,
}

/// The decoder.
#[derive(Debug, Default)]
pub struct Chunked {
    state: State,
    left: u64,
    /// Digits of the current size; zeroes in front of it are bounded, too.
    digits: u8,
    skipped: u32,
}

impl Chunked {
    /// At the start of a body.
    pub const fn new() -> Chunked {
        Chunked { state: State::Start, left: 0, digits: 0, skipped: 0 }
    }

    /// Takes the next piece from the front of `input`. Call until it says anything but data.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Piece<'a> {
        while let Some((&byte, rest)) = input.split_first() {
            if self.state == State::Data {
                let room = usize::try_from(self.left).unwrap_or(usize::MAX);
                let (data, rest) = input.split_at(room.min(input.len()));
                *input = rest;
                self.left -= data.len() as u64;
                if self.left == 0 {
                    self.state = State::DataCr;
                }
                return Piece::Data(data);
            }
            if self.state == State::Ended {
                return Piece::End;
            }
            *input = rest;
            match self.step(byte) {
                Ok(State::Ended) => {
                    self.state = State::Ended;
                    return Piece::End;
                }
                Ok(state) => self.state = state,
                Err(problem) => return Piece::Malformed(problem),
            }
        }
        if self.state == State::Ended { Piece::End } else { Piece::More }
    }

    fn step(&mut self, byte: u8) -> Result<State, &'static str> {
        use State::{
            Data, DataCr, DataLf, Digits, Ended, Extension, LastLf, SizeEnd, Start, Trailer,
            TrailerLine,
        };
        if matches!(self.state, Extension | TrailerLine) {
            self.skipped += 1;
            if self.skipped > SKIPPED_LIMIT {
                return Err("too many extensions or trailers");
            }
        }
        match (self.state, byte) {
            (Start | Digits, _) if byte.is_ascii_hexdigit() => {
                self.digits += 1;
                if self.digits > DIGITS_LIMIT {
                    return Err("a chunk size is out of range");
                }
                let digit = (byte as char).to_digit(16).map_or(0, u64::from);
                self.left = self
                    .left
                    .checked_mul(16)
                    .and_then(|left| left.checked_add(digit))
                    .ok_or("a chunk size is out of range")?;
                Ok(Digits)
            }
            (Digits, b';' | b' ' | b'\t') => Ok(Extension),
            (Digits | Extension, b'\r') => Ok(SizeEnd),
            (Extension, b'\n') => Err("a bare line feed in a chunk size"),
            (Extension, _) => Ok(Extension),
            (SizeEnd, b'\n') if self.left == 0 => Ok(Trailer),
            (SizeEnd, b'\n') => Ok(Data),
            (DataCr, b'\r') => Ok(DataLf),
            (DataLf, b'\n') => {
                self.digits = 0;
                Ok(Start)
            }
            (Trailer, b'\r') => Ok(LastLf),
            (Trailer, b'\n') => Ok(Ended),
            (TrailerLine, b'\n') => Ok(Trailer),
            (Trailer | TrailerLine, _) => Ok(TrailerLine),
            (LastLf, b'\n') => Ok(Ended),
            (Start | Digits | SizeEnd, _) => Err("a chunk size is not a number"),
            (DataCr | DataLf, _) => Err("a chunk is longer than its size"),
            (LastLf | Data | Ended, _) => Err("the end of the chunks is broken"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body and how it ended, from input cut into these parts.
    fn decode(parts: &[&[u8]]) -> (Vec<u8>, String) {
        let mut decoder = Chunked::new();
        let mut body = Vec::new();
        for part in parts {
            let mut input = *part;
            loop {
                match decoder.next(&mut input) {
                    Piece::Data(data) => body.extend_from_slice(data),
                    Piece::More => break,
                    Piece::End => return (body, "end".into()),
                    Piece::Malformed(problem) => return (body, problem.into()),
                }
            }
        }
        (body, "more".into())
    }

    const CASES: &[(&str, &str, &str)] = &[
        ("0\r\n\r\n", "", "end"),
        ("5\r\nhello\r\n0\r\n\r\n", "hello", "end"),
        ("005\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", "hello0123456789", "end"),
        ("5;a=b;c\r\nhello\r\n0;d\r\nX: y\r\nZ: w\r\n\r\nrest", "hello", "end"),
        ("5\r\nhel", "hel", "more"),
        ("5\r\nhello\r\n0\r\nX: y\r\n", "hello", "more"),
        ("\r\nhello", "", "a chunk size is not a number"),
        ("5x\r\nhello", "", "a chunk size is not a number"),
        ("-5\r\nhello", "", "a chunk size is not a number"),
        ("5\nhello", "", "a chunk size is not a number"),
        ("5\r\nhello!\r\n", "hello", "a chunk is longer than its size"),
        ("5\r\nhello\n0\r\n\r\n", "hello", "a chunk is longer than its size"),
        ("10000000000000000\r\n", "", "a chunk size is out of range"),
        ("ffffffffffffffff\r\nabc", "abc", "more"),
        ("00000000000000000000000000000001\r\na\r\n01\r\nb", "ab", "more"),
        ("000000000000000000000000000000001\r\na", "", "a chunk size is out of range"),
        ("1;a\nb", "", "a bare line feed in a chunk size"),
    ];

    #[test]
    fn every_case_is_the_same_wherever_it_is_cut() {
        for (input, body, end) in CASES {
            let expected = (body.as_bytes().to_vec(), (*end).to_owned());
            let input = input.as_bytes();
            for cut in 0..=input.len() {
                let (a, b) = input.split_at(cut);
                assert_eq!(decode(&[a, b]), expected, "{input:?} cut at {cut}");
            }
            let single: Vec<&[u8]> = input.chunks(1).collect();
            assert_eq!(decode(&single), expected, "{input:?} byte by byte");
        }
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        let endless = [b"1;".as_slice(), &vec![b'x'; SKIPPED_LIMIT as usize + 1]].concat();
        assert_eq!(decode(&[&endless]).1, "too many extensions or trailers");
        let trailers = [b"0\r\n".as_slice(), &b"a: b\r\n".repeat(4_000)].concat();
        assert_eq!(decode(&[&trailers]).1, "too many extensions or trailers");
    }
}
