//! What the probe `mqtt` needs to know.

use super::Login;

/// Connects to an MQTT server and has a ping answered.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttSpec {
    /// Which version of the protocol is spoken.
    pub version: MqttVersion,
    /// The name of the session, empty for one that the server makes up.
    pub client_id: Box<str>,
    /// Who logs in, if anybody.
    pub login: Option<Login>,
}

/// The versions of MQTT; the numbers are those of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum MqttVersion {
    /// MQTT 3.1.1.
    #[default]
    V3_1_1 = 4,
    /// MQTT 5.
    V5 = 5,
}
