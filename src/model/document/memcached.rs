//! The probe `memcached`.

use serde::Deserialize;

use super::address::Address;
use super::explain::shown;
use super::login::login;
use super::tls::TlsDoc;
use super::value::{Given, Object, Text, Value};
use super::word::{Word, Words};
use crate::error::Error;
use crate::model::{MemcachedProtocol, MemcachedSpec, ProbeSpec, Protocol, TalkSpec};
use std::sync::Arc;

impl Words for MemcachedProtocol {
    const WORDS: &'static [(&'static str, Self)] =
        &[("text", MemcachedProtocol::Text), ("binary", MemcachedProtocol::Binary)];
}

/// Asks a Memcached server for its version.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "memcached", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct MemcachedDoc<'a> {
    /// Where to connect: "10.0.0.5:11211", "[::1]:11211", "cache.example:11211" or
    /// "unix:/run/memcached.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// "text", or "binary" for a server that wants SASL. Default: text.
    #[serde(default)]
    protocol: Given<Word<'a, MemcachedProtocol>>,
    /// Who logs in: as the server's file of users says (text), or by SASL PLAIN (binary); together
    /// with a password.
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
}

impl MemcachedDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/memcached/address")?;
        let tls =
            self.tls.0.as_ref().map(|tls| tls.0.spec("/memcached/tls", &target)).transpose()?;
        let protocol = self.protocol.read("/memcached/protocol")?.unwrap_or_default();
        let password = [&self.password, &self.password_file, &self.password_env];
        let login = login("/memcached", &self.user, password)?;
        if let (Some(login), MemcachedProtocol::Text) = (&login, protocol)
            && login.user.contains(' ')
        {
            // User and password are told apart by the space between them.
            let allowed = "users without a space, or the protocol binary";
            return Err(Error::range("/memcached/user", shown(&login.user), allowed));
        }
        let protocol = Protocol::Memcached(MemcachedSpec { protocol, login });
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }
}

#[cfg(test)]
mod tests {
    use super::super::login::tests::{probe, problem};
    use super::*;

    #[test]
    fn documents_say_the_protocol_and_who_logs_in() {
        let spec = probe("memcached", "");
        let plain = MemcachedSpec { protocol: MemcachedProtocol::Text, login: None };
        assert_eq!(spec.protocol, Protocol::Memcached(plain));
        let login = r#", "protocol": "binary", "user": "ann lee", "password": "x""#;
        let Protocol::Memcached(spec) = probe("memcached", login).protocol else { panic!() };
        assert_eq!(spec.protocol, MemcachedProtocol::Binary);
        assert_eq!(spec.login.unwrap().user, "ann lee".into());
        assert!(probe("memcached", r#", "tls": {}"#).tls.is_some());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases = [
            (r#", "protocol": "ascii""#, "/memcached/protocol", "text, binary"),
            (r#", "user": "ann""#, "/memcached/user", "password_env"),
            (r#", "password": "hunter2""#, "/memcached/password", "user beside it"),
            (r#", "user": "ann", "password": 77712"#, "/memcached/password", "a text"),
            (r#", "user": "", "password": "hunter2""#, "/memcached/user", "1 to 255 bytes"),
            (r#", "user": "a\nb", "password": "hunter2""#, "/memcached/user", "control"),
            (r#", "user": "a b", "password": "hunter2""#, "/memcached/user", "binary"),
            (r#", "vhost": "/""#, "/memcached/vhost", "protocol, user"),
        ];
        for (body, key, allowed) in cases {
            let text = problem("memcached", body, key);
            assert!(text.contains(allowed), "{body}: {text}");
            assert!(!text.contains("hunter2") && !text.contains("777"), "{body}: {text}");
        }
    }
}
