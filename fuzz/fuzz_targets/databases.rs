//! Answers of Redis, PostgreSQL and MySQL: messages by themselves, and whole conversations.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshvitals::model::TalkSpec;
use meshvitals::probe::mysql::wire as mysql;
use meshvitals::probe::postgres::scram::{Proof, Refusal};
use meshvitals::probe::postgres::wire::{self as postgres, Found};
use meshvitals::probe::redis::resp;
use meshvitals_fuzz::{chosen, converse_both_ways, spec};
use std::sync::{Arc, LazyLock};

const TALKS: &[&str] = &[
    r#""redis": {"address": "127.0.0.1:1"}"#,
    r#""redis": {"address": "127.0.0.1:1", "user": "u", "password": "hunter2", "database": 3, "role": "replica", "cluster": true}"#,
    r#""postgres": {"address": "127.0.0.1:1"}"#,
    r#""postgres": {"address": "127.0.0.1:1", "user": "u", "password": "hunter2", "role": "replica", "max_lag": "5s", "read_only": false}"#,
    r#""mysql": {"address": "127.0.0.1:1"}"#,
    r#""mysql": {"address": "127.0.0.1:1", "user": "u", "password": "hunter2", "read_only": false}"#,
];
static SPECS: LazyLock<Vec<Arc<TalkSpec>>> =
    LazyLock::new(|| TALKS.iter().map(|object| spec(object)).collect());

fn of_redis(bytes: &[u8], cut: usize) {
    let whole = resp::answer(bytes);
    if let Ok(Some((items, used))) = &whole {
        assert!(*used <= bytes.len() && !items.is_empty());
        assert_eq!(resp::answer(&bytes[..*used]), whole);
    }
    // What is known early stays so.
    let early = resp::answer(&bytes[..cut.min(bytes.len())]);
    assert!(matches!(early, Ok(None)) || early == whole);
}

fn of_postgres(bytes: &[u8], in_login: bool) {
    if let Found::Frame(frame, used) = postgres::frame(bytes, in_login) {
        assert_eq!(used, frame.body.len() + 5);
        assert!(used <= bytes.len());
    }
    let (code, words) = postgres::error(bytes);
    assert!(code.len() <= bytes.len() && words.len() <= bytes.len());
    if let Some(columns) = postgres::row(bytes) {
        assert!(columns.iter().flatten().map(|column| column.len()).sum::<usize>() < bytes.len());
    }
}

fn of_scram(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (first, last) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match Proof::new("fuzz", b"hunter2", first) {
        Ok(proof) => {
            assert!(proof.message.starts_with("c=biws,r=fuzz"));
            proof.is_mutual(last);
        }
        Err(Refusal::TooMuch(rounds)) => assert!(rounds > 4096),
        Err(Refusal::Malformed(problem)) => assert!(!problem.is_empty()),
    }
}

fn of_mysql(bytes: &[u8]) {
    if let Ok(Some(packet)) = mysql::packet(bytes) {
        assert!(packet.length() <= bytes.len());
        assert_eq!(mysql::write(packet.sequence, packet.body), bytes[..packet.length()]);
    }
    if let Some(greeting) = mysql::greeting(bytes) {
        assert!(greeting.challenge.len() + greeting.plugin.len() < bytes.len());
    }
    if let Some((_, state, words)) = mysql::error(bytes) {
        assert!(state.len() + words.len() < bytes.len());
    }
    let _ = (mysql::switch(bytes), mysql::column(bytes), mysql::is_end(bytes));
}

fuzz_target!(|input: &[u8]| {
    let Some((parser, cut, bytes)) = chosen(input) else { return };
    match parser {
        0 => of_redis(bytes, cut.into()),
        1 => of_postgres(bytes, cut % 2 == 0),
        2 => of_scram(bytes),
        3 => of_mysql(bytes),
        parser => {
            let spec = &SPECS[usize::from(parser) % TALKS.len()];
            converse_both_ways(spec, bytes, cut);
        }
    }
});
