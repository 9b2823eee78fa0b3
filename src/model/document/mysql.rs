//! The probe `mysql`: a server that speaks the protocol of MySQL and MariaDB.

use serde::Deserialize;

use super::address::Address;
use super::login;
use super::secret::secret;
use super::tls::TlsDoc;
use super::value::{Given, Object, Text, Value};
use crate::error::Error;
use crate::model::{MysqlSpec, ProbeSpec, Protocol, TalkSpec};
use std::sync::Arc;

/// Asks a MySQL or MariaDB server whether it would talk, and with a user logs in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "mysql", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct MysqlDoc<'a> {
    /// Where to connect: "10.0.0.5:3306", "[::1]:3306", "db.example:3306" or
    /// "unix:/run/mysqld/mysqld.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection, after the greeting has said that the server can.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// The user to log in as, "SELECT 1" included. Without one a user that the server does not
    /// know is refused by it, which passes as alive and which it notes; one without rights and
    /// without a password leaves no note.
    #[serde(default)]
    user: Given<Text<'a>>,
    /// The password of the user. It goes in the clear only through TLS or a unix socket, where
    /// the server wants it so.
    #[serde(default)]
    password: Given<Text<'a>>,
    /// A file that holds the password.
    #[serde(default)]
    password_file: Given<Text<'a>>,
    /// A variable of the environment that holds the password.
    #[serde(default)]
    password_env: Given<Text<'a>>,
    /// The database that is entered. Default: none.
    #[serde(default)]
    database: Given<Text<'a>>,
    /// Whether the server must be read-only, or must not be. Default: any.
    #[serde(default)]
    read_only: Given<bool>,
}

impl MysqlDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/mysql/address")?;
        let tls = match &self.tls.0 {
            None => None,
            Some(tls) => Some(tls.0.spec("/mysql/tls", &target)?),
        };
        let passwords = [&self.password, &self.password_file, &self.password_env];
        let spec = MysqlSpec {
            user: login::name("/mysql/user", &self.user)?,
            password: secret("/mysql", "password", passwords)?,
            database: login::name("/mysql/database", &self.database)?,
            read_only: self.read_only.0,
        };
        if spec.user.is_none() {
            login::needs_user(&[
                spec.password.as_ref().map(|password| &*password.key),
                spec.database.as_ref().map(|_| "/mysql/database"),
                spec.read_only.map(|_| "/mysql/read_only"),
            ])?;
        }
        let protocol = Protocol::Mysql(spec);
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::document::{Defaults, parse_check};
    use crate::model::{MysqlSpec, ProbeSpec, Protocol};

    fn read(mysql: &str) -> Result<MysqlSpec, String> {
        let text = format!(r#"{{"name": "x", "mysql": {mysql}}}"#);
        let check = parse_check(&text, &Defaults::default()).map_err(|error| error.to_string())?;
        match &check.probe {
            ProbeSpec::Talk(talk) => match &talk.protocol {
                Protocol::Mysql(spec) => Ok(spec.clone()),
                other => Err(format!("{other:?}")),
            },
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn silence_asks_for_life_only() {
        assert_eq!(read(r#"{"address": "a:1"}"#).unwrap(), MysqlSpec::default());
    }

    #[test]
    fn every_key_is_read() {
        let spec = read(
            r#"{"address": "a:1", "user": "u", "password": "hunter2", "database": "d",
                "read_only": false}"#,
        );
        let spec = spec.unwrap();
        assert_eq!((spec.user.as_deref(), spec.database.as_deref()), (Some("u"), Some("d")));
        assert_eq!(spec.read_only, Some(false));
        assert_eq!(&*spec.password.as_ref().unwrap().text, b"hunter2");
        assert!(!format!("{spec:?}").contains("hunter2"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_place() {
        for (document, place) in [
            (r#"{"address": "a"}"#, "/mysql/address"),
            (r#"{"address": "a:1", "password": "p"}"#, "/mysql/password"),
            (r#"{"address": "a:1", "database": "d"}"#, "/mysql/database"),
            (r#"{"address": "a:1", "read_only": true}"#, "/mysql/read_only"),
            (r#"{"address": "a:1", "user": "u\u0000"}"#, "/mysql/user"),
            (r#"{"address": "a:1", "user": "u", "read_only": 1}"#, "/mysql/read_only"),
            (r#"{"address": "a:1", "role": "replica"}"#, "/mysql"),
        ] {
            let error = read(document).unwrap_err();
            assert!(error.contains(place), "{document}: {error}");
        }
    }
}
