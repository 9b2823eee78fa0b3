//! The probe `nats`.

use serde::Deserialize;

use super::address::Address;
use super::login::login;
use super::secret::secret;
use super::tls::TlsDoc;
use super::value::{Given, Object, Text, Value};
use crate::error::Error;
use crate::model::{NatsLogin, NatsSpec, ProbeSpec, Protocol, TalkSpec};
use std::sync::Arc;

/// Greets a NATS server, logs in and has a PING answered. A server that wants a login is only
/// greeted where the check has none.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "nats", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct NatsDoc<'a> {
    /// Where to connect: "10.0.0.5:4222", "[::1]:4222", "nats.example:4222" or
    /// "unix:/run/nats.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection after the greeting of the server.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// Who logs in; together with a password.
    #[serde(default)]
    user: Given<Text<'a>>,
    /// The password; secret. Without tls it travels in the clear.
    #[serde(default)]
    password: Given<Text<'a>>,
    /// A file with the password.
    #[serde(default)]
    password_file: Given<Text<'a>>,
    /// A variable of the environment with the password.
    #[serde(default)]
    password_env: Given<Text<'a>>,
    /// A token in place of user and password; secret. Without tls it travels in the clear.
    #[serde(default)]
    token: Given<Text<'a>>,
    /// A file with the token.
    #[serde(default)]
    token_file: Given<Text<'a>>,
    /// A variable of the environment with the token.
    #[serde(default)]
    token_env: Given<Text<'a>>,
}

impl NatsDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/nats/address")?;
        let tls = self.tls.0.as_ref().map(|tls| tls.0.spec("/nats/tls", &target)).transpose()?;
        let password = [&self.password, &self.password_file, &self.password_env];
        let login = login("/nats", &self.user, password)?;
        let token = secret("/nats", "token", [&self.token, &self.token_file, &self.token_env])?;
        let login = match (login, token) {
            (None, None) => NatsLogin::Nobody,
            (Some(login), None) => NatsLogin::User(login),
            (None, Some(token)) => NatsLogin::Token(token),
            (Some(_), Some(token)) => {
                let problem = "a user is there already; allowed: a user or a token";
                return Err(Error::document(&*token.key, problem));
            }
        };
        let protocol = Protocol::Nats(NatsSpec { login });
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }
}

#[cfg(test)]
mod tests {
    use super::super::login::tests::{probe, problem};
    use super::*;

    #[test]
    fn documents_say_who_logs_in() {
        let login = |body: &str| match probe("nats", body).protocol {
            Protocol::Nats(spec) => spec.login,
            other => panic!("{other:?}"),
        };
        assert_eq!(login(""), NatsLogin::Nobody);
        assert!(matches!(login(r#", "user": "a", "password_env": "P""#), NatsLogin::User(_)));
        assert!(matches!(login(r#", "token": "s3cret""#), NatsLogin::Token(_)));
        let mut spec = probe("nats", r#", "token_file": "/x", "tls": {"ca_file": "/y"}"#);
        assert_eq!(spec.secrets().len(), 2);
        assert!(spec.protocol.upgrades());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases = [
            (r#", "token": "s3cret", "user": "a", "password": "b""#, "/nats/token", "a user or"),
            (r#", "token": "s3cret", "token_env": "T""#, "/nats/token_env", "token_file"),
            (r#", "token": 77712"#, "/nats/token", "a text"),
            (r#", "token": "s3cret\u0000""#, "/nats/token", "without NUL"),
            (r#", "password_env": "P""#, "/nats/password_env", "user beside it"),
        ];
        for (body, key, allowed) in cases {
            let text = problem("nats", body, key);
            assert!(text.contains(allowed), "{body}: {text}");
            assert!(!text.contains("s3cret") && !text.contains("777"), "{body}: {text}");
        }
    }
}
