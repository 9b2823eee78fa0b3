//! Names in documents: of checks, of tags, of what a check depends on.

use serde::Deserialize;

use super::value::{Given, List, Text, Value};
use crate::error::Error;
use crate::model::name::{NAME_ALLOWED, OVERALL, is_name};

/// A name as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Name<'a>(#[serde(borrow)] Text<'a>);

impl Value for Name<'_> {
    type Meaning = Box<str>;

    fn read(&self, key: &str) -> Result<Box<str>, Error> {
        let Text(name) = &self.0;
        if !is_name(name) {
            return Err(Error::range(key, name.escape_debug(), NAME_ALLOWED));
        }
        Ok((&**name).into())
    }
}

/// The name of a group as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Tag<'a>(#[serde(borrow)] pub Name<'a>);

impl Value for Tag<'_> {
    type Meaning = Box<str>;

    fn read(&self, key: &str) -> Result<Box<str>, Error> {
        let name = self.0.read(key)?;
        if &*name == OVERALL {
            let problem = "\"overall\" is the group of all checks; allowed: other names";
            return Err(Error::document(key, problem));
        }
        Ok(name)
    }
}

/// Names sorted, without repetition, so that equal sets are equal.
pub(super) fn names<T: Value<Meaning = Box<str>>, const MAX: usize>(
    list: &Given<List<T, MAX>>,
    key: &str,
) -> Result<Option<Box<[Box<str>]>>, Error> {
    let Some(List(list)) = &list.0 else { return Ok(None) };
    let mut names: Vec<Box<str>> = Vec::with_capacity(list.len());
    for (index, name) in list.iter().enumerate() {
        // The key is made on the rare way only.
        names.push(name.read("").map_err(|error| error.below(&format!("{key}/{index}")))?);
    }
    names.sort_unstable();
    names.dedup();
    Ok(Some(names.into()))
}
