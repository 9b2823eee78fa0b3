//! The probe `postgres`: a server that speaks the protocol of PostgreSQL.

use serde::Deserialize;

use super::address::Address;
use super::login;
use super::secret::secret;
use super::span::{HOUR, Span};
use super::tls::TlsDoc;
use super::value::{Given, Object, Text, Value};
use super::word::{Word, Words};
use crate::error::Error;
use crate::model::{PostgresRole, PostgresSpec, ProbeSpec, Protocol, Secret, TalkSpec};
use crate::time::MILLISECOND;
use std::sync::Arc;

/// The longest query, in bytes.
const QUERY_LIMIT: usize = 4_095;

impl Words for PostgresRole {
    const WORDS: &'static [(&'static str, Self)] =
        &[("primary", PostgresRole::Primary), ("replica", PostgresRole::Replica)];
}

/// Asks a PostgreSQL server whether it would talk, and with a user logs in and asks for more.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "postgres", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct PostgresDoc<'a> {
    /// Where to connect: "10.0.0.5:5432", "[::1]:5432", "db.example:5432" or
    /// "unix:/run/postgresql/.s.PGSQL.5432".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection, after the server was asked whether it can.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// The user to log in as. Without one nobody logs in, and a server that refuses or wants a
    /// password passes as alive.
    #[serde(default)]
    user: Given<Text<'a>>,
    /// The password of the user. It goes in the clear only through TLS or a unix socket.
    #[serde(default)]
    password: Given<Text<'a>>,
    /// A file that holds the password.
    #[serde(default)]
    password_file: Given<Text<'a>>,
    /// A variable of the environment that holds the password.
    #[serde(default)]
    password_env: Given<Text<'a>>,
    /// The database. Default: that of the user's name.
    #[serde(default)]
    database: Given<Text<'a>>,
    /// What must run without an error and answer with at most 64 KiB; its rows do not matter.
    /// Default: "SELECT 1", unless a key below asks already.
    #[serde(default)]
    query: Given<Text<'a>>,
    /// The part that the server must play in replication: "primary" or "replica". Default: any.
    #[serde(default)]
    role: Given<Word<'a, PostgresRole>>,
    /// Whether new transactions must be read-only, or must not be. Default: any.
    #[serde(default)]
    read_only: Given<bool>,
    /// How far the data of a replica may lie behind. 0 is measured where all that was received is
    /// replayed and a receiver runs; without one it is the age of the last transaction, which
    /// also grows while the primary is idle.
    #[serde(default)]
    max_lag: Given<Span<'a, MILLISECOND, { 24 * HOUR }>>,
}

impl PostgresDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/postgres/address")?;
        let tls = match &self.tls.0 {
            None => None,
            Some(tls) => Some(tls.0.spec("/postgres/tls", &target)?),
        };
        let passwords = [&self.password, &self.password_file, &self.password_env];
        let spec = PostgresSpec {
            user: login::name("/postgres/user", &self.user)?,
            password: secret("/postgres", "password", passwords)?,
            database: login::name("/postgres/database", &self.database)?,
            query: self.query()?,
            role: self.role.read("/postgres/role")?,
            read_only: self.read_only.0,
            max_lag_ns: self.max_lag.read("/postgres/max_lag")?,
        };
        if spec.user.is_none() {
            let password = spec.password.as_ref().map(|password| &*password.key);
            let without = [
                password,
                spec.database.as_ref().map(|_| "/postgres/database"),
                spec.query.as_ref().map(|_| "/postgres/query"),
                spec.role.map(|_| "/postgres/role"),
                spec.read_only.map(|_| "/postgres/read_only"),
                spec.max_lag_ns.map(|_| "/postgres/max_lag"),
            ];
            login::needs_user(&without)?;
        }
        if spec.role == Some(PostgresRole::Primary) && spec.max_lag_ns.is_some() {
            let problem = "a primary lies behind nobody; allowed: with the role replica, or any";
            return Err(Error::document("/postgres/max_lag", problem));
        }
        let protocol = Protocol::Postgres(spec);
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }

    fn query(&self) -> Result<Option<Secret>, Error> {
        let (Some(Text(query)), key) = (&self.query.0, "/postgres/query") else { return Ok(None) };
        if !matches!(query.len(), 1..=QUERY_LIMIT) || query.contains('\0') {
            let allowed = format!("1 to {QUERY_LIMIT} bytes without NUL");
            return Err(Error::range(key, "(not shown)", allowed));
        }
        Ok(Some(Secret::given(query, key)))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::document::{Defaults, parse_check};
    use crate::model::{PostgresRole, PostgresSpec, ProbeSpec, Protocol};

    fn read(postgres: &str) -> Result<PostgresSpec, String> {
        let text = format!(r#"{{"name": "x", "postgres": {postgres}}}"#);
        let check = parse_check(&text, &Defaults::default()).map_err(|error| error.to_string())?;
        match &check.probe {
            ProbeSpec::Talk(talk) => match &talk.protocol {
                Protocol::Postgres(spec) => Ok(spec.clone()),
                other => Err(format!("{other:?}")),
            },
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn silence_asks_for_life_only() {
        assert_eq!(read(r#"{"address": "a:1"}"#).unwrap(), PostgresSpec::default());
    }

    #[test]
    fn every_key_is_read_and_secrets_stay_secret() {
        let spec = read(
            r#"{"address": "a:1", "user": "u", "password": "hunter2", "database": "d",
                "query": "SELECT hunter2", "role": "replica", "read_only": true,
                "max_lag": "10s"}"#,
        );
        let spec = spec.unwrap();
        assert_eq!((spec.user.as_deref(), spec.database.as_deref()), (Some("u"), Some("d")));
        assert_eq!((spec.role, spec.read_only), (Some(PostgresRole::Replica), Some(true)));
        assert_eq!(spec.max_lag_ns, Some(10_000_000_000));
        assert_eq!(&*spec.query.as_ref().unwrap().text, b"SELECT hunter2");
        assert!(!format!("{spec:?}").contains("hunter2"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_place() {
        for (document, place) in [
            (r#"{"address": "a"}"#, "/postgres/address"),
            (r#"{"address": "a:1", "password_env": "P"}"#, "/postgres/password_env"),
            (r#"{"address": "a:1", "database": "d"}"#, "/postgres/database"),
            (r#"{"address": "a:1", "query": "SELECT 1"}"#, "/postgres/query"),
            (r#"{"address": "a:1", "role": "primary"}"#, "/postgres/role"),
            (r#"{"address": "a:1", "read_only": false}"#, "/postgres/read_only"),
            (r#"{"address": "a:1", "max_lag": "1s"}"#, "/postgres/max_lag"),
            (r#"{"address": "a:1", "user": ""}"#, "/postgres/user"),
            (r#"{"address": "a:1", "user": "u", "role": "master"}"#, "/postgres/role"),
            (r#"{"address": "a:1", "user": "u", "max_lag": 0}"#, "/postgres/max_lag"),
            (
                r#"{"address": "a:1", "user": "u", "role": "primary", "max_lag": "1s"}"#,
                "/postgres/max_lag",
            ),
        ] {
            let error = read(document).unwrap_err();
            assert!(error.contains(place), "{document}: {error}");
        }
        let error = read(r#"{"address": "a:1", "user": "u", "query": "hunter2\u0000"}"#);
        assert!(!error.unwrap_err().contains("hunter2"));
    }
}
