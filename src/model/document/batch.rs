//! Many checks in one array, all or nothing.
//!
//! Each document becomes its spec as soon as it is read, so that a large batch is in memory once,
//! in its final form.

use core::cell::Cell;
use core::fmt;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use super::check::CheckDoc;
use super::value::Object;
use super::{CheckSpec, Defaults, explain};
use crate::error::Error;

/// Reads an array of checks. Keys of errors begin with `/<index>`.
///
/// # Errors
///
/// As [`parse_check`](super::parse_check), and [`Error::Exists`] where a name stands there twice.
pub fn parse_checks(text: &str, defaults: &Defaults) -> Result<Vec<CheckSpec>, Error> {
    let refused = Cell::new(None);
    let checks = explain::parse(text, Batch { defaults, refused: &refused })
        .map_err(|error| refused.take().unwrap_or(error))?;
    match repeated(&checks) {
        None => Ok(checks),
        Some(index) => Err(Error::Exists {
            key: format!("/{index}/name"),
            name: checks[index].name.to_string(),
        }),
    }
}

/// The index of the first check whose name an earlier one has.
fn repeated(checks: &[CheckSpec]) -> Option<usize> {
    // A fixed seed: the set lives for this call, and the order of a set is never seen.
    let mut names = HashSet::with_capacity_and_hasher(checks.len(), FixedState::default());
    checks.iter().position(|check| !names.insert(&*check.name))
}

/// Reads the array. A document that parses but means nothing is left in `refused`.
#[derive(Clone, Copy)]
struct Batch<'d> {
    defaults: &'d Defaults,
    refused: &'d Cell<Option<Error>>,
}

impl<'de> DeserializeSeed<'de> for Batch<'_> {
    type Value = Vec<CheckSpec>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Batch<'_> {
    type Value = Vec<CheckSpec>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of checks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut checks = Vec::new();
        while let Some(Object(doc)) = seq.next_element::<Object<CheckDoc<'de>>>()? {
            match doc.check(self.defaults) {
                Ok(check) => checks.push(check),
                Err(error) => {
                    self.refused.set(Some(error.below(&format!("/{}", checks.len()))));
                    return Err(A::Error::custom("refused"));
                }
            }
        }
        Ok(checks)
    }
}
