//! The probe `amqp`.

use serde::Deserialize;

use super::address::Address;
use super::explain::shown;
use super::login::login;
use super::tls::TlsDoc;
use super::value::{Given, Object, Text, Value};
use crate::error::Error;
use crate::model::name::has_control;
use crate::model::{AmqpSession, AmqpSpec, ProbeSpec, Protocol, TalkSpec};
use std::sync::Arc;

/// The longest name of a virtual host, in bytes.
const VHOST_LIMIT: usize = 255;

/// Greets an AMQP 0-9-1 server such as RabbitMQ. With a user it logs in and opens a virtual host.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "amqp", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct AmqpDoc<'a> {
    /// Where to connect: "10.0.0.5:5672", "[::1]:5672", "mq.example:5672" or
    /// "unix:/run/mq.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// Who logs in; together with a password. Without it the server is only greeted.
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
    /// The virtual host that is opened after the login. Default: "/".
    #[serde(default)]
    vhost: Given<Text<'a>>,
}

impl AmqpDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/amqp/address")?;
        let tls = self.tls.0.as_ref().map(|tls| tls.0.spec("/amqp/tls", &target)).transpose()?;
        let password = [&self.password, &self.password_file, &self.password_env];
        let session = match (login("/amqp", &self.user, password)?, &self.vhost.0) {
            (None, None) => None,
            (None, Some(_)) => {
                let problem = "is opened after a login only; allowed: user and password beside it";
                return Err(Error::document("/amqp/vhost", problem));
            }
            (Some(login), vhost) => {
                let vhost = vhost.as_ref().map_or("/", |Text(text)| &**text);
                if !matches!(vhost.len(), 1..=VHOST_LIMIT) || has_control(vhost) {
                    let allowed = format!("1 to {VHOST_LIMIT} bytes without control characters");
                    return Err(Error::range("/amqp/vhost", shown(vhost), allowed));
                }
                Some(AmqpSession { login, vhost: vhost.into() })
            }
        };
        let protocol = Protocol::Amqp(AmqpSpec { session });
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }
}

#[cfg(test)]
mod tests {
    use super::super::login::tests::{probe, problem};
    use super::*;

    #[test]
    fn documents_say_who_opens_what() {
        let session = |body: &str| match probe("amqp", body).protocol {
            Protocol::Amqp(spec) => spec.session,
            other => panic!("{other:?}"),
        };
        assert_eq!(session(""), None);
        let login = r#", "user": "ann", "password_file": "/x""#;
        assert_eq!(&*session(login).unwrap().vhost, "/");
        let other = session(&format!(r#"{login}, "vhost": "orders""#)).unwrap();
        assert_eq!((&*other.login.user, &*other.vhost), ("ann", "orders"));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let login = r#", "user": "ann", "password": "hunter2""#;
        let long = format!(r#"{login}, "vhost": "{}""#, "x".repeat(256));
        let empty = format!(r#"{login}, "vhost": """#);
        let cases = [
            (r#", "vhost": "/""#, "/amqp/vhost", "user and password"),
            (&long, "/amqp/vhost", "1 to 255 bytes"),
            (&empty, "/amqp/vhost", "1 to 255 bytes"),
            (r#", "password": "hunter2""#, "/amqp/password", "user beside it"),
        ];
        for (body, key, allowed) in cases {
            let text = problem("amqp", body, key);
            assert!(text.contains(allowed) && !text.contains("hunter2"), "{body}: {text}");
        }
    }
}
