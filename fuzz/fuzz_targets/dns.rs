//! Answers of name servers, for each type of record that is asked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshvitals::model::{Rcode, Record};
use meshvitals::probe::dns::message::{Answer, answer, question};
use meshvitals_fuzz::chosen;

const NAME: &str = "a.test";

/// The head of an answer with one record, and the question again; the fuzzer goes on.
const HEAD: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x01a\x04test\0\0";

fuzz_target!(|input: &[u8]| {
    let Some((kind, whole, bytes)) = chosen(input) else { return };
    let (_, record) = Record::ALL[usize::from(kind) % Record::ALL.len()];
    let headed = [HEAD, &[record as u8, 0, 1], bytes].concat();
    let message = if whole % 2 == 0 { bytes } else { &headed };
    match answer(message, 0x1234, NAME, record) {
        Ok(Answer::Whole(code, texts)) => {
            // A record takes eleven bytes at least, and a byte of it is shown as four.
            assert!(texts.len() * 11 <= message.len());
            assert!(
                texts.iter().map(String::len).sum::<usize>() <= 2048 * texts.len() + 4 * 65_536
            );
            assert!(code.0 < 1 << 12 && (code != Rcode(0) || message.len() > 11));
        }
        Ok(Answer::Foreign | Answer::Truncated) => {}
        Err(problem) => assert!(!problem.is_empty()),
    }
    assert!(answer(&question(0x1234, NAME, record), 0x1234, NAME, record).is_err());
});
