//! The errors of all network interfaces as one counter, from `/proc/net/dev`.
//!
//! Interfaces come with errors of their past, vanish with theirs, and are reset. So each is
//! compared with itself, and only what grew counts. The loopback has no errors of a network.

use super::super::numbers::{number, words};

/// A name, which the kernel keeps below 16 bytes.
type Name = [u8; 16];

/// The interfaces at the last sample, and the errors since the first.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    known: Vec<(Name, u64)>,
    /// Kept, so that no sample allocates.
    next: Vec<(Name, u64)>,
    errors: u64,
}

impl Interfaces {
    /// Takes a text; the errors since the first one, or none if it is no such text.
    pub(super) fn take(&mut self, text: &[u8]) -> Option<u64> {
        self.next.clear();
        // Two lines of headings.
        let lines = text.split(|&byte| byte == b'\n').skip(2).filter(|line| !line.is_empty());
        for line in lines {
            let (name, errors) = parse(line)?;
            if name != *b"lo\0\0\0\0\0\0\0\0\0\0\0\0\0\0" {
                self.next.push((name, errors));
            }
        }
        text.starts_with(b"Inter-").then_some(())?;
        self.next.sort_unstable();
        for (name, errors) in &self.next {
            if let Ok(place) = self.known.binary_search_by_key(name, |known| known.0) {
                let grown = errors.saturating_sub(self.known[place].1);
                self.errors = self.errors.saturating_add(grown);
            }
        }
        std::mem::swap(&mut self.known, &mut self.next);
        Some(self.errors)
    }
}

/// The name, and the errors of receiving (third number) and of sending (eleventh).
fn parse(line: &[u8]) -> Option<(Name, u64)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let found = line[..colon].trim_ascii();
    let mut name = Name::default();
    name.get_mut(..found.len())?.copy_from_slice(found);
    let mut figures = words(&line[colon + 1..]);
    let received = number(figures.nth(2)?)?;
    let sent = number(figures.nth(7)?)?;
    Some((name, received.saturating_add(sent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dev(interfaces: &[(&str, u64, u64)]) -> String {
        let mut text = "Inter-|   Receive  |  Transmit\n face |bytes packets errs\n".to_owned();
        for (name, received, sent) in interfaces {
            text += &format!("{name:>6}: 7 7 {received} 7 7 7 7 7 7 7 {sent} 7 7 7 7 7\n");
        }
        text
    }

    #[test]
    fn only_what_grew_counts() {
        let mut interfaces = Interfaces::default();
        let mut take = |list: &[(&str, u64, u64)]| interfaces.take(dev(list).as_bytes());
        assert_eq!(take(&[("lo", 0, 0), ("eth0", 100, 100)]), Some(0), "the past is not told");
        assert_eq!(take(&[("lo", 9, 9), ("eth0", 102, 103)]), Some(5), "not of the loopback");
        assert_eq!(take(&[("veth1", 1 << 60, 0), ("eth0", 102, 103)]), Some(5), "one that comes");
        assert_eq!(take(&[("veth1", 1 << 60, 2), ("eth0", 102, 103)]), Some(7));
        assert_eq!(take(&[("eth0", 0, 0)]), Some(7), "one that goes, and one that is reset");
        assert_eq!(take(&[("eth0", 0, 1)]), Some(8));
        assert_eq!(take(&[("eth0", u64::MAX, u64::MAX)]), Some(u64::MAX));
        assert_eq!(take(&[]), Some(u64::MAX));
    }

    #[test]
    fn what_is_no_such_text_is_none() {
        let good = dev(&[("eth0", 1, 2)]);
        let cut = &good[..good.len() - 22];
        let long = dev(&[("a-name-of-17-bytes", 1, 2)]);
        let huge = good.replace(" 1 ", " 18446744073709551616 ");
        for text in ["", "\n\n", "\n\neth0 1 2 3", cut, &long, &huge] {
            assert_eq!(Interfaces::default().take(text.as_bytes()), None, "{text:?}");
        }
        let glued = good.replace(": 7", ":7");
        assert_eq!(Interfaces::default().take(glued.as_bytes()), Some(0));
    }
}
