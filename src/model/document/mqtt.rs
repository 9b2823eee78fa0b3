//! The probe `mqtt`.

use serde::Deserialize;

use super::address::Address;
use super::explain::shown;
use super::login::login;
use super::tls::TlsDoc;
use super::value::{Count, Given, Object, Text, Value};
use crate::error::Error;
use crate::model::name::has_control;
use crate::model::{MqttSpec, MqttVersion, ProbeSpec, Protocol, TalkSpec};
use std::sync::Arc;

/// The longest name of a session, in bytes.
const CLIENT_ID_LIMIT: usize = 255;

/// Connects to an MQTT server, logs in where the check says so, and has a ping answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "mqtt", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct MqttDoc<'a> {
    /// Where to connect: "10.0.0.5:1883", "[::1]:1883", "mqtt.example:1883" or
    /// "unix:/run/mqtt.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// The version of the protocol as it counts itself: 4 for MQTT 3.1.1, 5 for MQTT 5.
    /// Default: 4.
    #[serde(default)]
    version: Given<Count<4, 5>>,
    /// The name of the session. A session of the same name elsewhere is ended by the server.
    /// Default: "", for which the server makes up one.
    #[serde(default)]
    client_id: Given<Text<'a>>,
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
}

impl MqttDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/mqtt/address")?;
        let tls = self.tls.0.as_ref().map(|tls| tls.0.spec("/mqtt/tls", &target)).transpose()?;
        let version = match self.version.read("/mqtt/version")? {
            Some(5) => MqttVersion::V5,
            _ => MqttVersion::V3_1_1,
        };
        let client_id = self.client_id.0.as_ref().map_or("", |Text(text)| &**text);
        if client_id.len() > CLIENT_ID_LIMIT || has_control(client_id) {
            let allowed = format!("up to {CLIENT_ID_LIMIT} bytes without control characters");
            return Err(Error::range("/mqtt/client_id", shown(client_id), allowed));
        }
        let client_id = client_id.into();
        let password = [&self.password, &self.password_file, &self.password_env];
        let login = login("/mqtt", &self.user, password)?;
        let protocol = Protocol::Mqtt(MqttSpec { version, client_id, login });
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }
}

#[cfg(test)]
mod tests {
    use super::super::login::tests::{probe, problem};
    use super::*;

    #[test]
    fn documents_say_the_version_and_the_session() {
        let spec = |body: &str| match probe("mqtt", body).protocol {
            Protocol::Mqtt(spec) => spec,
            other => panic!("{other:?}"),
        };
        let version = MqttVersion::V3_1_1;
        assert_eq!(spec(""), MqttSpec { version, client_id: "".into(), login: None });
        let given = spec(r#", "version": 5, "client_id": "a", "user": "u", "password": "p""#);
        assert_eq!((given.version, &*given.client_id), (MqttVersion::V5, "a"));
        assert!(given.login.is_some());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let long = format!(r#", "client_id": "{}""#, "x".repeat(256));
        let cases = [
            (r#", "version": 3"#, "/mqtt/version", "from 4 to 5"),
            (r#", "version": "5""#, "/mqtt/version", "a number"),
            (r#", "client_id": "a\u0000""#, "/mqtt/client_id", "up to 255 bytes"),
            (&long, "/mqtt/client_id", "up to 255 bytes"),
            (r#", "user": "u""#, "/mqtt/user", "password_file"),
        ];
        for (body, key, allowed) in cases {
            let text = problem("mqtt", body, key);
            assert!(text.contains(allowed), "{body}: {text}");
        }
    }
}
