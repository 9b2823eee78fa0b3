//! Answers of Memcached, NATS, MQTT, AMQP and SMTP: by themselves, and whole conversations.
//!
//! A secret that a peer sends back is never shown. The trap: one that it guesses before it was told
//! may be, so that only what stands behind its first line counts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshvitals::model::{Secret, TalkSpec};
use meshvitals::probe::memcached::{self, binary};
use meshvitals::probe::{amqp::frame as amqp, mqtt::packet as mqtt, nats, smtp};
use meshvitals_fuzz::{Came, chosen, converse_both_ways, spec};
use std::sync::{Arc, LazyLock};

const TALKS: &[&str] = &[
    r#""memcached": {"address": "127.0.0.1:1", "user": "u", "password": "hunter2"}"#,
    r#""memcached": {"address": "127.0.0.1:1", "protocol": "binary", "user": "u", "password": "hunter2"}"#,
    r#""nats": {"address": "127.0.0.1:1", "user": "u", "password": "hunter2"}"#,
    r#""nats": {"address": "127.0.0.1:1"}"#,
    r#""mqtt": {"address": "127.0.0.1:1", "version": 5, "user": "u", "password": "hunter2"}"#,
    r#""mqtt": {"address": "127.0.0.1:1"}"#,
    r#""amqp": {"address": "127.0.0.1:1", "user": "u", "password": "hunter2"}"#,
    r#""amqp": {"address": "127.0.0.1:1"}"#,
    r#""smtp": {"address": "127.0.0.1:1", "hello": "probe.example"}"#,
];
/// Those that say a secret behind the first line of the peer.
const IN_LINES: &[usize] = &[0, 2];
static SPECS: LazyLock<Vec<Arc<TalkSpec>>> =
    LazyLock::new(|| TALKS.iter().map(|object| spec(object)).collect());
static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::given("hunter2", ""));

fn hides(text: &str) {
    assert!(!text.contains("hunter2"), "{text}");
}

fn of_memcached(bytes: &[u8]) {
    let _ = memcached::reply(bytes, None);
    if let Some((head, _)) = bytes.split_first_chunk()
        && let Ok(header) = binary::header(head, 0x0b)
    {
        assert!(header.body <= 4096);
    }
}

fn of_mqtt(bytes: &[u8]) {
    if let Ok(Some(header)) = mqtt::header(bytes) {
        assert!((2..=5).contains(&header.length) && header.body <= 16 * 1024);
    }
    let _ = mqtt::accepted(bytes);
    let _ = mqtt::disconnected(bytes);
}

fn of_amqp(bytes: &[u8]) {
    if let Some((head, payload)) = bytes.split_first_chunk()
        && let (Ok(()), Ok(length)) = (amqp::is_frame(head[0]), amqp::length(head))
    {
        assert!(length <= 16 * 1024);
        let _ = amqp::method(head, payload);
    }
    if let Ok(mechanisms) = amqp::mechanisms(bytes) {
        assert!(mechanisms.len() + 10 <= bytes.len());
    }
    if let Ok((_, words)) = amqp::reason(bytes) {
        assert!(words.len() + 3 <= bytes.len());
    }
    if let Ok(answer) = amqp::tune_ok(bytes) {
        assert_eq!(answer.len(), 7 + 4 + 8 + 1);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((parser, cut, bytes)) = chosen(input) else { return };
    match parser {
        0 => of_memcached(bytes),
        1 => {
            if let Err(failure) = nats::read(bytes, Some(&SECRET)) {
                hides(&failure.text);
            }
        }
        2 => of_mqtt(bytes),
        3 => of_amqp(bytes),
        4 => {
            if let Ok(reply) = smtp::reply(bytes) {
                assert!((200..600).contains(&reply.code));
            }
        }
        parser => {
            let place = usize::from(parser) % TALKS.len();
            let came = converse_both_ways(&SPECS[place], bytes, cut);
            // Its first line comes from who was told nothing yet.
            let first = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
            let guesses = bytes[..first].windows(7).any(|word| word == b"hunter2");
            if let (Came::Verdict(.., text), false, true) =
                (came, guesses, IN_LINES.contains(&place))
            {
                hides(&text);
            }
        }
    }
});
