//! Who logs in: the keys `user` and `database` of probes that speak to databases.

use super::explain::shown;
use super::value::{Given, Text};
use crate::error::Error;
use crate::model::name::has_control;

/// The longest name of a user or database, in bytes.
const LIMIT: usize = 255;

/// The name that stands under `key`.
pub(super) fn name(key: &str, given: &Given<Text<'_>>) -> Result<Option<Box<str>>, Error> {
    let Some(Text(name)) = &given.0 else { return Ok(None) };
    if !matches!(name.len(), 1..=LIMIT) || has_control(name) {
        let allowed = format!("1 to {LIMIT} bytes without control characters");
        return Err(Error::range(key, shown(name), allowed));
    }
    Ok(Some((**name).into()))
}

/// Refuses the first key that means nothing without a user.
pub(super) fn needs_user(given: &[Option<&str>]) -> Result<(), Error> {
    match given.iter().flatten().next() {
        None => Ok(()),
        Some(key) => Err(Error::document(*key, "needs a login; allowed: user beside it")),
    }
}
