//! Patterns over streams: what is found depends neither on the cuts nor on our automaton.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshvitals::model::{Found, Pattern, TalkSpec};
use meshvitals_fuzz::{chosen, converse_both_ways, pieces, spec};
use regex::bytes::Regex;
use std::sync::{Arc, LazyLock};

const PATTERNS: &[&str] = &[
    r"^220 (?P<host>\S+)(?P<rest> .*)?\r\n",
    r"\* OK",
    r"(?P<a>a+)(?P<b>b*?)c?",
    r"^(a|ab)(c|bcd)(d*)",
    r"(?s-u:.)\xff",
    r"a$",
    r"(?m)^x+$",
    r"(?i)ready|read",
    r"[0-9]{2,5}-(?P<n>[0-9]+)",
    r"(?-u:\b)ok(?-u:\b)",
    r"é+|è",
    r"a*?b|a{3}",
    r"(?:ab)+?(?P<end>ab|$)",
];
static COMPILED: LazyLock<Vec<(Pattern, Regex)>> = LazyLock::new(|| {
    let both = |text: &&str| (Pattern::new(text).expect(text), Regex::new(text).expect(text));
    PATTERNS.iter().map(both).collect()
});
static SCRIPT: LazyLock<Arc<TalkSpec>> = LazyLock::new(|| {
    spec(
        r#""tcp": {"address": "127.0.0.1:1", "script": [
            {"expect_regex": "^220 (?P<host>\\S+)(?P<x> .*)?\\r\\n"}, {"send": "EHLO ${host}${x}"},
            {"expect_hex": "32 35 30 0d 0a"}, {"expect": "bye"}, {"expect_regex": "k+$"}]}"#,
    )
});

/// What is found, and where, when the bytes come like this and then end.
fn search<'a>(pattern: &Pattern, pieces: &[&[u8]], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (mut search, mut there) = (pattern.search(), 0);
    for piece in pieces {
        there += piece.len();
        match search.feed(&bytes[..there], false) {
            Found::More => {}
            Found::Match(end) => return Some(&bytes[..end]),
            Found::Never => return None,
        }
    }
    match search.feed(bytes, true) {
        Found::Match(end) => Some(&bytes[..end]),
        Found::More | Found::Never => None,
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((place, cut, bytes)) = chosen(input) else { return };
    let cuts = pieces(bytes, cut);
    let Some((pattern, regex)) = COMPILED.get(usize::from(place)) else {
        converse_both_ways(&SCRIPT, bytes, cut);
        return;
    };
    let found = search(pattern, &[bytes], bytes);
    assert_eq!(found, search(pattern, &cuts, bytes));
    let expected = regex.captures(bytes);
    assert_eq!(found.map(<[u8]>::len), expected.as_ref().map(|found| found.get_match().end()));
    let (Some(found), Some(expected)) = (found, expected) else { return };
    for (name, part) in pattern.captures(found) {
        assert_eq!(part, expected.name(name).map_or(&[][..], |part| part.as_bytes()), "{name}");
    }
});
