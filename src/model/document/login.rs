//! A user and a password in documents: both or none.

use super::explain::shown;
use super::secret::secret;
use super::value::{Given, Text};
use crate::error::Error;
use crate::model::Login;
use crate::model::name::has_control;

/// The longest name of a user, in bytes.
const USER_LIMIT: usize = 255;

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
            if !matches!(user.len(), 1..=USER_LIMIT) || has_control(user) {
                let allowed = format!("1 to {USER_LIMIT} bytes without control characters");
                return Err(Error::range(key, shown(user), allowed));
            }
            Ok(Some(Login { user: (**user).into(), password }))
        }
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
