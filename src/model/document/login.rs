//! Who logs in, in documents: a user with a password, a database.

use super::explain::shown;
use super::secret::secret;
use super::value::{Given, Text};
use crate::error::Error;
use crate::model::Login;
use crate::model::name::has_control;

/// The longest name of a user or database, in bytes.
const LIMIT: usize = 255;

/// Who logs in, by the keys `user` and the three of `password` of the probe at `place`.
pub(super) fn login(
    place: &str,
    user: &Given<Text<'_>>,
    password: [&Given<Text<'_>>; 3],
) -> Result<Option<Login>, Error> {
    let key = format!("{place}/user");
    match (&user.0, secret(place, "password", password)?) {
        (None, None) => Ok(None),
        (None, Some(password)) => {
            Err(Error::document(&*password.key, "needs whose it is; allowed: user beside it"))
        }
        (Some(_), None) => {
            let allowed = "allowed: one of password, password_file, password_env beside it";
            Err(Error::document(key, format!("needs a password; {allowed}")))
        }
        (Some(Text(user)), Some(password)) => {
            let user = checked(&key, user)?;
            Ok(Some(Login { user, password }))
        }
    }
}

/// The name that stands under `key`.
pub(super) fn name(key: &str, given: &Given<Text<'_>>) -> Result<Option<Box<str>>, Error> {
    given.0.as_ref().map(|Text(name)| checked(key, name)).transpose()
}

fn checked(key: &str, name: &str) -> Result<Box<str>, Error> {
    if !matches!(name.len(), 1..=LIMIT) || has_control(name) {
        let allowed = format!("1 to {LIMIT} bytes without control characters");
        return Err(Error::range(key, shown(name), allowed));
    }
    Ok(name.into())
}

/// Refuses the first key that means nothing without a user.
pub(super) fn needs_user(given: &[Option<&str>]) -> Result<(), Error> {
    match given.iter().flatten().next() {
        None => Ok(()),
        Some(key) => Err(Error::document(*key, "needs a login; allowed: user beside it")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Defaults, parse_check};
    use crate::model::{ProbeSpec, TalkSpec};

    fn document(key: &str, body: &str) -> String {
        format!(r#"{{"name": "x", "{key}": {{"address": "127.0.0.1:1"{body}}}}}"#)
    }

    /// What a probe with an address and the keys of `body` means.
    #[track_caller]
    pub fn probe(key: &str, body: &str) -> TalkSpec {
        let text = document(key, body);
        match parse_check(&text, &Defaults::default()).expect(&text).probe {
            ProbeSpec::Talk(spec) => TalkSpec::clone(&spec),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// The error of such a document, which names the key `place`.
    #[track_caller]
    pub fn problem(key: &str, body: &str, place: &str) -> String {
        let text = document(key, body);
        let error = parse_check(&text, &Defaults::default()).expect_err(&text);
        assert_eq!(error.key(), place, "{text}: {error}");
        error.to_string()
    }
}
