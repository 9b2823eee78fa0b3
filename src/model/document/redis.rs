//! The probe `redis`: a server that speaks the protocol of Redis.

use serde::Deserialize;

use super::address::Address;
use super::login;
use super::secret::secret;
use super::tls::TlsDoc;
use super::value::{Count, Given, Object, Text, Value};
use super::word::{Word, Words};
use crate::error::Error;
use crate::model::{ProbeSpec, Protocol, RedisRole, RedisSpec, TalkSpec};
use std::sync::Arc;

impl Words for RedisRole {
    const WORDS: &'static [(&'static str, Self)] =
        &[("master", RedisRole::Master), ("replica", RedisRole::Replica)];
}

/// Asks a Redis server for a sign of life, and for more where more is said here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "redis", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RedisDoc<'a> {
    /// Where to connect: "10.0.0.5:6379", "[::1]:6379", "cache.example:6379" or
    /// "unix:/run/x.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// The user to log in as, with a password. Default: the default user.
    #[serde(default)]
    user: Given<Text<'a>>,
    /// The password. Without one a server that wants one passes as alive, even while it loads.
    #[serde(default)]
    password: Given<Text<'a>>,
    /// A file that holds the password.
    #[serde(default)]
    password_file: Given<Text<'a>>,
    /// A variable of the environment that holds the password.
    #[serde(default)]
    password_env: Given<Text<'a>>,
    /// The number of a database that must be there.
    #[serde(default)]
    database: Given<Count<0, 65_535>>,
    /// The part that the server must play in replication: "master" or "replica". A replica that
    /// has lost its master is a warning. Default: any.
    #[serde(default)]
    role: Given<Word<'a, RedisRole>>,
    /// Whether the cluster that the server belongs to must be whole. Default: false.
    #[serde(default)]
    cluster: Given<bool>,
}

impl RedisDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/redis/address")?;
        let tls = match &self.tls.0 {
            None => None,
            Some(tls) => Some(tls.0.spec("/redis/tls", &target)?),
        };
        let passwords = [&self.password, &self.password_file, &self.password_env];
        let password = secret("/redis", "password", passwords)?;
        let user = login::name("/redis/user", &self.user)?;
        if user.is_some() && password.is_none() {
            let problem = "has no password; allowed: password, password_file or password_env \
                beside it";
            return Err(Error::document("/redis/user", problem));
        }
        let protocol = Protocol::Redis(RedisSpec {
            user,
            password,
            database: self.database.read("/redis/database")?.map(|number| number as u32),
            role: self.role.read("/redis/role")?,
            cluster: self.cluster.0.unwrap_or(false),
        });
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::document::{Defaults, parse_check};
    use crate::model::{ProbeSpec, Protocol, RedisRole, RedisSpec};

    fn read(redis: &str) -> Result<RedisSpec, String> {
        let text = format!(r#"{{"name": "x", "redis": {redis}}}"#);
        let check = parse_check(&text, &Defaults::default()).map_err(|error| error.to_string())?;
        match &check.probe {
            ProbeSpec::Talk(talk) => match &talk.protocol {
                Protocol::Redis(spec) => Ok(spec.clone()),
                other => Err(format!("{other:?}")),
            },
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn silence_asks_for_life_only() {
        assert_eq!(read(r#"{"address": "a:1"}"#).unwrap(), RedisSpec::default());
    }

    #[test]
    fn every_key_is_read() {
        let spec = read(
            r#"{"address": "unix:/r", "user": "u", "password": "hunter2", "database": 3,
                "role": "replica", "cluster": true}"#,
        );
        let spec = spec.unwrap();
        assert_eq!((spec.user.as_deref(), spec.database), (Some("u"), Some(3)));
        assert_eq!((spec.role, spec.cluster), (Some(RedisRole::Replica), true));
        assert_eq!(&*spec.password.as_ref().unwrap().text, b"hunter2");
        assert!(!format!("{spec:?}").contains("hunter2"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_place() {
        for (document, place) in [
            (r#"{"address": "a"}"#, "/redis/address"),
            (r#"{"address": "a:1", "user": "u"}"#, "/redis/user"),
            (r#"{"address": "a:1", "user": "u\n", "password": "p"}"#, "/redis/user"),
            (r#"{"address": "a:1", "password": ""}"#, "/redis/password"),
            (r#"{"address": "a:1", "password": "p", "password_env": "P"}"#, "/redis/password_env"),
            (r#"{"address": "a:1", "database": -1}"#, "/redis/database"),
            (r#"{"address": "a:1", "role": "slave"}"#, "/redis/role"),
            (r#"{"address": "a:1", "cluster": "yes"}"#, "/redis/cluster"),
            (r#"{"address": "a:1", "port": 1}"#, "/redis"),
            (r#"{"address": "unix:/r", "tls": {}}"#, "/redis/tls/name"),
        ] {
            let error = read(document).unwrap_err();
            assert!(error.contains(place), "{document}: {error}");
        }
    }
}
