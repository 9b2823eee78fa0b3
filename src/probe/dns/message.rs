//! Questions and answers as bytes (RFC 1035, 4; RFC 6891 for what is larger than 512 of them).
//!
//! Promises: every answer is read to its end in a time that its size bounds, and what it claims
//! about itself is believed only as far as it is there. Records count as answers if they are of
//! the name that was asked for, or of the one that its aliases lead to: a server can put anything
//! else beside them.

use super::name::{self, Reader};
use crate::model::{Rcode, Record};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What a datagram of an answer may hold: it fits every path unbroken.
const DATAGRAM_BYTES: u16 = 1_232;
/// Records of an answer that are looked at.
const RECORD_LIMIT: usize = 4_096;
/// Aliases that are followed.
const ALIAS_LIMIT: usize = 16;

const CLASS_INTERNET: u16 = 1;
const TYPE_OPTIONS: u16 = 41;
const IS_ANSWER: u16 = 1 << 15;
const OPERATION: u16 = 0xf << 11;
const IS_TRUNCATED: u16 = 1 << 9;
const WANTS_RECURSION: u16 = 1 << 8;

/// The question of these, as a message.
pub fn question(id: u16, name: &str, record: Record) -> Vec<u8> {
    let mut message = Vec::with_capacity(name.len() + 32);
    // One question and, beside it, one record: what may come back.
    for short in [id, WANTS_RECURSION, 1, 0, 0, 1] {
        message.extend(short.to_be_bytes());
    }
    name::push(&mut message, name);
    for short in [record as u16, CLASS_INTERNET] {
        message.extend(short.to_be_bytes());
    }
    message.push(0);
    for short in [TYPE_OPTIONS, DATAGRAM_BYTES, 0, 0, 0] {
        message.extend(short.to_be_bytes());
    }
    message
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It belongs to another question, which somebody else may have asked.
    Foreign,
    /// It does not fit a datagram.
    Truncated,
    /// The response code, and the answers as [`Record::normal`] writes them.
    Whole(Rcode, Vec<String>),
}

/// Reads the answer to a question.
///
/// # Errors
///
/// What is wrong with it.
pub fn answer(
    message: &[u8],
    id: u16,
    asked: &str,
    record: Record,
) -> Result<Answer, &'static str> {
    const SHORT: &str = "the answer ends too early";
    let mut reader = Reader::new(message);
    let mut short = || reader.short().ok_or(SHORT);
    let (its_id, flags) = (short()?, short()?);
    let [questions, answers, authorities, others] = [short()?, short()?, short()?, short()?];
    if its_id != id {
        return Ok(Answer::Foreign);
    }
    if flags & IS_ANSWER == 0 || flags & OPERATION != 0 {
        return Err("what came back is no answer");
    }
    let code = flags & 0xf;
    let failed = code != Rcode::NOERROR.0 && code != Rcode::NXDOMAIN.0;
    match questions {
        1 => {
            let name = reader.name().ok_or("the answer repeats no question")?;
            let kind = (reader.short().ok_or(SHORT)?, reader.short().ok_or(SHORT)?);
            if name != asked || kind != (record as u16, CLASS_INTERNET) {
                return Err("the answer is to another question");
            }
        }
        // A server that could not make sense of the question need not repeat it.
        0 if failed => {}
        _ => return Err("the answer does not repeat its one question"),
    }
    if flags & IS_TRUNCATED != 0 {
        return Ok(Answer::Truncated);
    }
    let mut found = Vec::new();
    let mut extended = 0;
    let counts = [answers, authorities, others].map(usize::from);
    if counts.iter().sum::<usize>() > RECORD_LIMIT {
        return Err("the answer claims too many records");
    }
    for (section, count) in counts.into_iter().enumerate() {
        for _ in 0..count {
            let entry = Entry::read(&mut reader).ok_or(SHORT)?;
            if section == 0 && entry.class == CLASS_INTERNET {
                found.push(entry);
            } else if section == 2 && entry.kind == TYPE_OPTIONS {
                // The upper bits of the response code.
                extended = (entry.ttl >> 24) as u16;
            }
        }
    }
    let texts = texts(&found, asked, record)?;
    Ok(Answer::Whole(Rcode(extended << 4 | code), texts))
}

/// A record, its data not read yet.
struct Entry<'a> {
    owner: String,
    kind: u16,
    class: u16,
    ttl: u32,
    data: Reader<'a>,
}

impl<'a> Entry<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Entry<'a>> {
        let owner = reader.name()?;
        let (kind, class, ttl) = (reader.short()?, reader.short()?, reader.long()?);
        let length = reader.short()?;
        let data = reader.part(length.into())?;
        Some(Entry { owner, kind, class, ttl, data })
    }

    fn is(&self, owner: &str, record: Record) -> bool {
        self.kind == record as u16 && self.owner == owner
    }
}

/// The answers for a name, its aliases followed.
fn texts(found: &[Entry<'_>], asked: &str, record: Record) -> Result<Vec<String>, &'static str> {
    const BROKEN: &str = "a record of the answer is broken";
    let mut owner = asked.to_owned();
    if record != Record::Cname {
        let mut aliases = 0;
        while let Some(alias) = found.iter().find(|entry| entry.is(&owner, Record::Cname)) {
            aliases += 1;
            if aliases > ALIAS_LIMIT {
                return Err("the aliases of the answer have no end");
            }
            owner = text(Record::Cname, alias.data.clone()).ok_or(BROKEN)?;
        }
    }
    let wanted = found.iter().filter(|entry| entry.is(&owner, record));
    wanted.map(|entry| text(record, entry.data.clone()).ok_or(BROKEN)).collect()
}

/// The data of a record; `None` if it is not what records of this type hold.
fn text(record: Record, mut data: Reader<'_>) -> Option<String> {
    let text = match record {
        Record::A => {
            let bytes: [u8; 4] = data.bytes(4)?.try_into().ok()?;
            Ipv4Addr::from(bytes).to_string()
        }
        Record::Aaaa => {
            let bytes: [u8; 16] = data.bytes(16)?.try_into().ok()?;
            Ipv6Addr::from(bytes).to_string()
        }
        Record::Cname | Record::Ns | Record::Ptr => data.name()?,
        Record::Mx => format!("{} {}", data.short()?, data.name()?),
        Record::Srv => {
            let [priority, weight, port] = [data.short()?, data.short()?, data.short()?];
            format!("{priority} {weight} {port} {}", data.name()?)
        }
        Record::Soa => {
            let mut text = format!("{} {}", data.name()?, data.name()?);
            for _ in 0..5 {
                text += &format!(" {}", data.long()?);
            }
            text
        }
        Record::Txt => {
            let mut bytes = Vec::new();
            while !data.is_at_end() {
                let length = data.byte()?;
                bytes.extend(data.bytes(length.into())?);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    data.is_at_end().then_some(text)
}

#[cfg(test)]
mod tests;
