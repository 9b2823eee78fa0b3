//! A regular expression that reads a stream: what it finds does not depend on the segments.
//!
//! A match is reported when no further byte can change it, a mismatch as soon as no further byte
//! can mend it. That is why an automaton looks at each byte once, and not an expression at all
//! that has come so far: an expression would call the half of a host name a match. `^` stands for
//! where the search began and `$` for the end of the stream. Captures are those of the crate
//! `regex`, over the bytes that the automaton has settled.
//!
//! The trap: a match that may still grow waits for the byte that ends it.

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::{primitives::StateID, start, syntax};
use regex_automata::{Anchored, MatchKind};
use std::fmt;
use std::sync::Arc;

/// What an expression may become, in bytes, in each of its forms.
const SIZE_LIMIT: usize = 1 << 20;

/// An expression. Its text may be a secret and is never shown.
#[derive(Clone)]
pub struct Pattern(Arc<Inner>);

struct Inner {
    text: Box<str>,
    automaton: dense::DFA<Vec<u32>>,
    /// Where every search begins.
    start: StateID,
    /// Whether a match can begin nowhere but at the start.
    is_anchored: bool,
    /// For the captures, if there are some with names.
    captures: Option<Regex>,
}

/// How far a search came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// More bytes are needed.
    More,
    /// A match that ends here.
    Match(usize),
    /// Nothing that comes can be a match.
    Never,
}

impl Pattern {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// What is wrong, in words that do not repeat it.
    pub fn new(text: &str) -> Result<Pattern, &'static str> {
        const TOO_LARGE: &str = "is too large when it is compiled; smaller are fewer repetitions, \
                                 and [0-9A-Za-z_] instead of \\w";
        let regex = RegexBuilder::new(text).size_limit(SIZE_LIMIT).build();
        let regex = regex.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => TOO_LARGE,
            _ => "is no regular expression as the Rust crate regex knows them",
        })?;
        let expressions = thompson::Config::new()
            .utf8(false)
            .nfa_size_limit(Some(SIZE_LIMIT))
            .which_captures(WhichCaptures::None);
        let mut compiler = NFA::compiler();
        let nfa = compiler
            .configure(expressions)
            .syntax(syntax::Config::new().utf8(false))
            .build(text)
            .map_err(|_| TOO_LARGE)?;
        let automata = dense::Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(SIZE_LIMIT))
            .determinize_size_limit(Some(SIZE_LIMIT));
        let automaton = dense::Builder::new().configure(automata).build_from_nfa(&nfa);
        let automaton = automaton.map_err(|error| match error.is_size_limit_exceeded() {
            true => TOO_LARGE,
            false => "looks for the bounds of Unicode words, which needs (?-u:\\b) instead of \\b",
        })?;
        let start = automaton
            .start_state(&start::Config::new().anchored(Anchored::No))
            .map_err(|_| "has no beginning")?;
        let captures = regex.capture_names().flatten().next().is_some().then_some(regex);
        let is_anchored = nfa.is_always_start_anchored();
        let inner = Inner { text: text.into(), automaton, start, is_anchored, captures };
        let pattern = Pattern(Arc::new(inner));
        match pattern.search().feed(b"", true) {
            Found::Match(_) => Err("is content with an answer of no bytes"),
            _ => Ok(pattern),
        }
    }

    /// The names of its captures.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.captures.iter().flat_map(|regex| regex.capture_names().flatten())
    }

    /// A search that begins here.
    pub fn search(&self) -> Search<'_> {
        Search { pattern: &self.0, state: self.0.start, looked: 0, found: None }
    }

    /// The captures with names in bytes whose match is settled; one that took no part is empty.
    pub fn captures<'a, 'b>(&'a self, bytes: &'b [u8]) -> Vec<(&'a str, &'b [u8])> {
        let Some(found) = self.0.captures.as_ref().and_then(|regex| regex.captures(bytes)) else {
            return Vec::new();
        };
        let part = |name| found.name(name).map_or(&[][..], |part| part.as_bytes());
        self.names().map(|name| (name, part(name))).collect()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.text == other.0.text
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pattern").finish_non_exhaustive()
    }
}

/// A search under way.
pub struct Search<'a> {
    pattern: &'a Inner,
    state: StateID,
    /// How many bytes it has looked at.
    looked: usize,
    /// Where the match ends that is the best so far.
    found: Option<usize>,
}

impl Search<'_> {
    /// Goes on with all bytes since the start, of which those that were there before are the same;
    /// `is_end` if no more will come.
    pub fn feed(&mut self, bytes: &[u8], is_end: bool) -> Found {
        let automaton = &self.pattern.automaton;
        for &byte in bytes.get(self.looked..).unwrap_or_default() {
            self.state = automaton.next_state(self.state, byte);
            if automaton.is_dead_state(self.state) {
                return self.found.map_or(Found::Never, Found::Match);
            }
            // The automaton tells of a match one byte later.
            if automaton.is_match_state(self.state) {
                self.found = Some(self.looked);
            }
            self.looked += 1;
        }
        if is_end {
            if automaton.is_match_state(automaton.next_eoi_state(self.state)) {
                return Found::Match(self.looked);
            }
            let is_begun = self.pattern.is_anchored || self.looked == 0;
            return match self.found {
                Some(end) => Found::Match(end),
                // Who may stand anywhere has not been found anywhere.
                None if is_begun => Found::More,
                None => Found::Never,
            };
        }
        match self.found {
            Some(end) if self.is_over(self.state) => Found::Match(end),
            _ if self.is_settled() => Found::Match(self.looked),
            _ => Found::More,
        }
    }

    /// Whether the bytes so far are a match whatever comes.
    fn is_settled(&self) -> bool {
        let automaton = &self.pattern.automaton;
        let mut last = None;
        (0..=u8::MAX).all(|byte| {
            let next = automaton.next_state(self.state, byte);
            // Most bytes lead to the same state.
            let is_known = last.replace(next) == Some(next);
            is_known || automaton.is_match_state(next) && self.is_over(next)
        })
    }

    /// Whether no byte leads on from here.
    fn is_over(&self, state: StateID) -> bool {
        let automaton = &self.pattern.automaton;
        (0..=u8::MAX).all(|byte| automaton.is_dead_state(automaton.next_state(state, byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Found::{Match, More, Never};

    /// What is found when the bytes come in these pieces, and after how many bytes.
    fn found(pattern: &Pattern, bytes: &[u8], cuts: &[usize]) -> (Found, usize) {
        let mut search = pattern.search();
        let cuts = cuts.iter().copied().chain([bytes.len()]);
        for cut in cuts {
            match search.feed(&bytes[..cut], false) {
                More => {}
                found => return (found, cut),
            }
        }
        (search.feed(bytes, true), bytes.len() + 1)
    }

    #[test]
    fn what_is_found_is_settled_at_the_byte_that_settles_it() {
        for (pattern, bytes, expected, after) in [
            (r"^\+PONG\r\n", "+PONG\r\n+OK\r\n", Match(7), 7),
            (r"^\+PONG\r\n", "-ERR no\r\n", Never, 1),
            (r"^\+PONG\r\n", "+PO", More, 4),
            (r"^220 (?P<host>\S+)", "220 mx.example ESMTP", Match(14), 15),
            (r"^220 (?P<host>\S+)", "220 mx.example", Match(14), 15),
            (r"^220 (?P<host>\S+?)", "220 mx.example", Match(5), 5),
            (r"^(250-[^\n]*\n)*250 [^\n]*\n", "250-a\r\n250 b\r\n", Match(14), 14),
            (r"^(250-[^\n]*\n)*250 [^\n]*\n", "250-a\r\n550 b\r\n", Never, 8),
            ("healthy|well", "all is well", Match(11), 11),
            ("healthy", "all is lost", Never, 12),
            ("healthy", "", More, 1),
            ("a(bcd)?", "xabcx", Match(2), 5),
            ("^ab|^abcd", "abcd", Match(2), 2),
            ("^(?:abcd|ab)", "abcx", Match(2), 4),
            ("^OK$", "OK", Match(2), 3),
            ("^OK$", "OKAY", Never, 3),
            ("(?m)^OK$", "no\nOK\n", Match(5), 6),
            (r"(?-u)^[\x00-\x02]\xff", "\x01", More, 2),
        ] {
            let compiled = Pattern::new(pattern).unwrap();
            let each: Vec<usize> = (0..=bytes.len()).collect();
            let (found, at) = found(&compiled, bytes.as_bytes(), &each);
            assert_eq!((found, at), (expected, after), "{pattern} in {bytes:?}");
        }
    }

    #[test]
    fn segments_change_nothing_and_the_match_is_that_of_the_expression() {
        let texts = ["220 mx.example ESMTP\r\n", "a=1;b=22;", "xxabcabcd", "+OK\r\n", "\n\n"];
        let patterns = [
            r"^220 (\S+)",
            r"(\w)=(\d+);b",
            "(abc)+d?",
            "(?:ab|abc)(?:cab)?",
            r"\r\n|\n",
            "x*?a",
            "(?m)P$",
            "(?s)b.{2}",
        ];
        for pattern in patterns {
            let compiled = Pattern::new(pattern).unwrap();
            let regex = regex::bytes::Regex::new(pattern).unwrap();
            for text in texts.map(str::as_bytes) {
                let whole = match regex.find(text) {
                    Some(found) => Match(found.end()),
                    None => found(&compiled, text, &[]).0,
                };
                for cut in 0..=text.len() {
                    let cuts: Vec<usize> = (0..=cut).collect();
                    for cuts in [&cuts[..], &[cut]] {
                        let (found, _) = found(&compiled, text, cuts);
                        assert_eq!(found, whole, "{pattern} in {text:?} cut at {cuts:?}");
                    }
                }
            }
        }
    }

    /// What the expression finds in a stream that ends here.
    fn slowly(regex: &regex::bytes::Regex, text: &[u8]) -> Option<usize> {
        regex.find(text).map(|found| found.end())
    }

    /// Every text of these letters that is no longer than this.
    fn texts(length: usize) -> Vec<Vec<u8>> {
        let mut all = vec![Vec::new()];
        let mut begin = 0;
        for _ in 0..length {
            let end = all.len();
            for place in begin..end {
                let longer = |letter: &u8| [&all[place][..], &[*letter]].concat();
                let longer: Vec<_> = b"ab\n".iter().map(longer).collect();
                all.extend(longer);
            }
            begin = end;
        }
        all
    }

    #[test]
    fn a_verdict_comes_as_soon_as_nothing_can_change_it_and_never_sooner() {
        const LONG: usize = 6;
        let texts = texts(LONG);
        for pattern in [
            "^ab",
            "ab",
            "^a+b",
            "a+",
            "^a+?",
            "(a|ab)(b|\n)",
            "(?:aab|a)",
            "^(?:a\n)*b\n",
            "a$",
            "(?m)^b$",
            r"a(?-u:\b)",
            "[^b]b?",
            "^(?:ab?|b)\n",
            "bb|b\n|\n",
            "(?s-u:^.b)",
        ] {
            let (compiled, regex) = (Pattern::new(pattern).unwrap(), Regex::new(pattern).unwrap());
            for text in &texts {
                let expected = slowly(&regex, text);
                let mut search = compiled.search();
                let mut verdicts = (0..=text.len()).map(|cut| search.feed(&text[..cut], false));
                let verdict = verdicts.find(|found| *found != More);
                let at_end = || match compiled.search().feed(text, true) {
                    Match(end) => Some(end),
                    _ => None,
                };
                match verdict {
                    Some(Match(end)) => assert_eq!(Some(end), expected, "{pattern} {text:?}"),
                    Some(_) => assert_eq!(None, expected, "{pattern} in {text:?}"),
                    None => assert_eq!(at_end(), expected, "{pattern} in {text:?}"),
                }
                if verdict.is_some() || text.len() > LONG / 2 {
                    continue;
                }
                // Two streams that begin like this and differ in what is found.
                let begins = |longer: &&Vec<u8>| longer.starts_with(text);
                let mut ends = texts.iter().filter(begins).map(|longer| slowly(&regex, longer));
                let differs = ends.next().is_some_and(|first| ends.any(|end| end != first));
                assert!(differs, "{pattern} waits in vain after {text:?}");
            }
        }
    }

    #[test]
    fn captures_have_names_and_may_be_empty() {
        let pattern = Pattern::new(r"^220 (?P<host>\S+)(?P<rest> x)?").unwrap();
        assert_eq!(pattern.names().collect::<Vec<_>>(), ["host", "rest"]);
        let found = pattern.captures(b"220 mx.example ESMTP");
        assert_eq!(found, [("host", &b"mx.example"[..]), ("rest", b"")]);
        assert_eq!(Pattern::new("(a)").unwrap().captures(b"a"), []);
    }

    #[test]
    fn expressions_of_no_use_are_refused_without_being_repeated() {
        for (text, words) in [
            ("(secret", "no regular expression"),
            (r"\bsecret", "(?-u:"),
            ("(secret{500}){500}", "too large"),
            ("[ab]*a[ab]{24}secret", "too large"),
            ("", "no bytes"),
            ("(secret)*", "no bytes"),
            ("^$", "no bytes"),
        ] {
            let error = Pattern::new(text).expect_err(text);
            assert!(error.contains(words) && !error.contains("secret"), "{text}: {error}");
        }
        let shown = format!("{:?}", Pattern::new("secret").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
