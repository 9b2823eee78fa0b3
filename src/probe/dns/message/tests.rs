//! Answers that are right, and ones that are wrong in every place.

use super::*;

const ID: u16 = 0x1234;

/// An answer to "x.de A" with these flags and records (owner, type, data) in its first section.
fn message(flags: u16, records: &[(&[u8], u16, &[u8])]) -> Vec<u8> {
    let mut message = Vec::new();
    for short in [ID, IS_ANSWER | flags, 1, records.len() as u16, 0, 0] {
        message.extend(short.to_be_bytes());
    }
    message.extend(b"\x01x\x02de\x00\x00\x01\x00\x01");
    for (owner, kind, data) in records {
        message.extend(*owner);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0, 9]);
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(*data);
    }
    message
}

/// A name that is the one of the question.
const SAME: &[u8] = b"\xc0\x0c";

fn read(message: &[u8]) -> Result<Answer, &'static str> {
    answer(message, ID, "x.de", Record::A)
}

fn texts_of(record: Record, data: &[u8]) -> Result<Answer, &'static str> {
    let mut message = message(0, &[(SAME, record as u16, data)]);
    message[18..20].copy_from_slice(&(record as u16).to_be_bytes());
    answer(&message, ID, "x.de", record)
}

fn whole(code: u16, texts: &[&str]) -> Result<Answer, &'static str> {
    Ok(Answer::Whole(Rcode(code), texts.iter().map(|text| (*text).to_owned()).collect()))
}

#[test]
fn a_question_is_what_the_protocol_says() {
    let wanted = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x01x\x02de\x00\x00\x1c\x00\x01\
        \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
    assert_eq!(question(ID, "x.de", Record::Aaaa), wanted);
}

#[test]
fn data_of_each_type_is_written_as_in_a_zone_file() {
    let table: [(Record, &[u8], &str); 9] = [
        (Record::A, &[10, 0, 0, 1], "10.0.0.1"),
        (Record::Aaaa, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "2001:db8::1"),
        (Record::Cname, b"\x01Y\xc0\x0e", "y.de"),
        (Record::Ns, b"\x02ns\x00", "ns"),
        (Record::Ptr, b"\xc0\x0c", "x.de"),
        (Record::Mx, b"\x00\x0a\x01m\xc0\x0c", "10 m.x.de"),
        (Record::Srv, b"\x00\x01\x00\x02\x13\xc4\x01s\x00", "1 2 5060 s"),
        (
            Record::Soa,
            b"\x01n\x00\x01r\x00\x00\x00\x00\x07\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04",
            "n r 7 1 2 3 4",
        ),
        (Record::Txt, b"\x02v=\x00\x02ab", "v=ab"),
    ];
    for (record, data, text) in table {
        assert_eq!(texts_of(record, data), whole(0, &[text]), "{record}");
        assert_eq!(record.normal(text).as_deref(), Some(text), "{record}");
        let broken = Err("a record of the answer is broken");
        assert_eq!(texts_of(record, &data[..data.len() - 1]), broken, "{record} cut");
        assert_eq!(texts_of(record, &[data, b"\x09"].concat()), broken, "{record} with more");
    }
}

#[test]
fn aliases_are_followed_and_what_belongs_to_others_is_not_counted() {
    let records: [(&[u8], u16, &[u8]); 5] = [
        (b"\x01z\x00", 1, &[1, 1, 1, 1]),
        (b"\x01y\x00", 1, &[2, 2, 2, 2]),
        (b"\x01o\x00", 1, &[3, 3, 3, 3]),
        (SAME, 5, b"\x01y\x00"),
        (b"\x01Y\x00", 5, b"\x01z\x00"),
    ];
    assert_eq!(read(&message(0, &records)), whole(0, &["1.1.1.1"]));
    let endless = message(0, &[(SAME, 5, b"\x01y\x00"), (b"\x01y\x00", 5, SAME)]);
    assert_eq!(read(&endless), Err("the aliases of the answer have no end"));
}

#[test]
fn the_code_has_upper_bits_beside_the_answer() {
    let mut bad_version = message(0, &[]);
    bad_version[11] = 1;
    bad_version.extend(b"\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x00");
    assert_eq!(read(&bad_version), whole(16, &[]));
    assert_eq!(read(&message(3, &[])), whole(3, &[]));
}

#[test]
fn an_answer_must_be_to_the_question_that_was_asked() {
    let good = message(0, &[(SAME, 1, &[1, 1, 1, 1])]);
    assert_eq!(answer(&good, ID + 1, "x.de", Record::A), Ok(Answer::Foreign));
    let other = Err("the answer is to another question");
    assert_eq!(answer(&good, ID, "y.de", Record::A), other);
    assert_eq!(answer(&good, ID, "x.de", Record::Aaaa), other);
    assert_eq!(read(&question(ID, "x.de", Record::A)), Err("what came back is no answer"));
    // Without the question: only from a server that could not read it.
    let header = |code| [&ID.to_be_bytes()[..], &[0x80, code], &[0; 8]].concat();
    assert_eq!(read(&header(1)), whole(1, &[]));
    let silent = Err("the answer does not repeat its one question");
    assert_eq!((read(&header(0)), read(&header(3))), (silent.clone(), silent));
}

#[test]
fn an_answer_that_is_cut_anywhere_is_told_and_one_that_says_so_asks_for_a_stream() {
    let good = message(0, &[(SAME, 1, &[1, 1, 1, 1]), (SAME, 1, &[2, 2, 2, 2])]);
    assert_eq!(read(&good), whole(0, &["1.1.1.1", "2.2.2.2"]));
    for length in 0..good.len() {
        assert!(read(&good[..length]).is_err(), "{length}");
    }
    assert_eq!(read(&message(IS_TRUNCATED, &[])), Ok(Answer::Truncated));
    let mut many = good;
    many[6..8].fill(0xff);
    assert_eq!(read(&many), Err("the answer claims too many records"));
}

#[test]
fn no_bytes_make_it_panic() {
    let good = message(0, &[(SAME, 5, b"\x01y\xc0\x0e"), (b"\x01y\xc0\x0e", 1, &[1, 1, 1, 1])]);
    for place in 0..good.len() {
        for byte in 0..=255 {
            let mut bad = good.clone();
            bad[place] = byte;
            let _ = read(&bad);
        }
    }
}
