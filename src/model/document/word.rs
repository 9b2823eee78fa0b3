//! Keys whose value is one word of a few.

use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer};

use super::explain::shown;
use super::value::{Text, Value};
use crate::error::Error;
use crate::model::{Addresses, Connect, FirstResult, PolicyKind, Role};

/// A set of words and what each means.
pub(super) trait Words: Copy + 'static {
    /// The words, the default first.
    const WORDS: &'static [(&'static str, Self)];
    /// Words that are planned and refused until then.
    const NOT_BUILT: &'static [&'static str] = &[];
}

/// One of the words of `W`.
#[derive(Clone, Debug)]
pub(super) struct Word<'a, W>(Text<'a>, PhantomData<W>);

impl<'de: 'a, 'a, W> Deserialize<'de> for Word<'a, W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|text| Word(text, PhantomData))
    }
}

impl<W: Words> Value for Word<'_, W> {
    type Meaning = W;

    fn read(&self, key: &str) -> Result<W, Error> {
        let text = &*self.0.0;
        if let Some((_, meaning)) = W::WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(*meaning);
        }
        let words: Vec<&str> = W::WORDS.iter().map(|(word, _)| *word).collect();
        let mut allowed = words.join(", ");
        if W::NOT_BUILT.contains(&text) {
            allowed.push_str(&format!(" ({text} is not built yet)"));
        }
        Err(Error::range(key, shown(text), allowed))
    }
}

impl Words for Connect {
    const WORDS: &'static [(&'static str, Self)] =
        &[("full", Connect::Full), ("fast", Connect::Fast)];
}

impl Words for Addresses {
    const WORDS: &'static [(&'static str, Self)] =
        &[("any", Addresses::Any), ("all", Addresses::All), ("each", Addresses::Each)];
}

impl Words for FirstResult {
    const WORDS: &'static [(&'static str, Self)] =
        &[("pass", FirstResult::Pass), ("any", FirstResult::Any), ("none", FirstResult::None)];
}

impl Words for Role {
    const WORDS: &'static [(&'static str, Self)] =
        &[("gate", Role::Gate), ("inform", Role::Inform)];
}

impl Words for PolicyKind {
    const WORDS: &'static [(&'static str, Self)] = &[("thresholds", PolicyKind::Thresholds)];
    const NOT_BUILT: &'static [&'static str] = &["adaptive"];
}

/// Whose clock a monitor follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// That of the system.
    System,
    /// The one that the host program moves by hand.
    Manual,
}

impl Words for Clock {
    const WORDS: &'static [(&'static str, Self)] =
        &[("system", Clock::System), ("manual", Clock::Manual)];
}

/// What it means when every target fails at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AllDown {
    /// Nothing is known: it is usually this machine.
    Unknown,
    /// They are down.
    Unhealthy,
}

impl Words for AllDown {
    const WORDS: &'static [(&'static str, Self)] =
        &[("unknown", AllDown::Unknown), ("unhealthy", AllDown::Unhealthy)];
}
