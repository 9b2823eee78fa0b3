//! Names on the wire, and a reader that stays within its message.
//!
//! A name may go on somewhere else in the message (RFC 1035, 4.1.4). The trap is one that goes on
//! at itself: here each jump must lead before the piece that it comes from, so that there is an
//! end, and the whole must not be longer than a name can be.

use std::fmt::Write;

/// Bytes of the longest name on the wire, its lengths and its end included.
const NAME_BYTES: usize = 255;

/// A place in a message, moved by what is read there.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(message: &'a [u8]) -> Reader<'a> {
        Reader { message, at: 0 }
    }

    /// The next bytes; `None`, as of every other call, where the message ends before.
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let bytes = self.message.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(bytes)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    pub fn short(&mut self) -> Option<u16> {
        self.bytes(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    pub fn long(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// A reader of the next bytes, which can look at all of the message before their end.
    pub fn part(&mut self, count: usize) -> Option<Reader<'a>> {
        let at = self.at;
        self.bytes(count)?;
        Some(Reader { message: &self.message[..self.at], at })
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.message.len()
    }

    /// A name in small letters and without the dot at its end; `None` also if it is none.
    pub fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut room = NAME_BYTES;
        let mut here = self.clone();
        // Where the present piece begins, and whether it is the first one.
        let (mut start, mut is_first) = (self.at, true);
        loop {
            let length = usize::from(here.byte()?);
            if is_first {
                self.at = here.at;
            }
            match length {
                0 => return Some(name),
                1..=63 => {
                    let label = here.bytes(length)?;
                    // The end of the name takes a byte, too.
                    room = room.checked_sub(length + 1).filter(|room| *room > 0)?;
                    push_label(&mut name, label);
                    if is_first {
                        self.at = here.at;
                    }
                }
                0xc0.. => {
                    let target = (length & 0x3f) << 8 | usize::from(here.byte()?);
                    if is_first {
                        self.at = here.at;
                    }
                    if target >= start {
                        return None;
                    }
                    (here.at, start, is_first) = (target, target, false);
                }
                _ => return None,
            }
        }
    }
}

fn push_label(name: &mut String, label: &[u8]) {
    if !name.is_empty() {
        name.push('.');
    }
    for &byte in label {
        match byte {
            b'.' | b'\\' => name.extend(['\\', char::from(byte)]),
            byte if byte.is_ascii_graphic() => name.push(char::from(byte.to_ascii_lowercase())),
            // As zone files write it; writing into a text does not fail.
            byte => drop(write!(name, "\\{byte:03}")),
        }
    }
}

/// Appends a name that a document may hold.
pub fn push(message: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        message.push(label.len().min(63) as u8);
        message.extend(&label.as_bytes()[..label.len().min(63)]);
    }
    message.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name at this place, and where the reader is then.
    fn name(message: &[u8], at: usize) -> Option<(String, usize)> {
        let mut reader = Reader { message, at };
        reader.name().map(|name| (name, reader.at))
    }

    #[test]
    fn a_name_may_go_on_before_its_own_piece_and_nowhere_else() {
        let message = b"\x03WWW\x02de\x00\x01a\xc0\x04\x01b\xc0\x08\xc0\x0f\xc0\x11\xc0\x0b";
        assert_eq!(name(message, 0), Some(("www.de".into(), 8)));
        assert_eq!(name(message, 8), Some(("a.de".into(), 12)));
        assert_eq!(name(message, 12), Some(("b.a.de".into(), 16)));
        assert_eq!(name(message, 16), None, "into a piece that leads to itself or after it");
        assert_eq!(name(b"\xc0\x00", 0), None, "to itself");
        assert_eq!(name(b"\x01a\xc0\x00", 0), None, "to its own beginning");
        assert_eq!(name(b"\xc0\x02\xc0\x00", 2), None, "in turns");
    }

    #[test]
    fn what_is_no_name_is_none() {
        for wrong in [&b""[..], b"\x03ab", b"\x01a", b"\x40a\x00", b"\x80a\x00", b"\xc0"] {
            assert_eq!(name(wrong, 0), None, "{wrong:?}");
        }
        assert_eq!(name(b"\x00", 0), Some((String::new(), 1)));
        let mut long = Vec::new();
        push(&mut long, &[&*"a".repeat(63); 3].join("."));
        long.pop();
        long.extend([&[61][..], &[b'b'; 61], &[0]].concat());
        assert_eq!(long.len(), 255);
        assert_eq!(name(&long, 0).map(|(name, _)| name.len()), Some(253));
        let longer = [&long[..192], &[62][..], &[b'b'; 62], &[0]].concat();
        assert_eq!(name(&longer, 0), None);
    }

    #[test]
    fn letters_that_mean_something_are_told_from_those_that_do_not() {
        assert_eq!(name(b"\x04a.\\\x07\x00", 0).unwrap().0, "a\\.\\\\\\007");
    }

    #[test]
    fn what_is_written_is_read() {
        for text in ["", "x", "_sip._udp.example"] {
            let mut message = Vec::new();
            push(&mut message, text);
            assert_eq!(name(&message, 0), Some((text.to_owned(), message.len())));
        }
    }
}
