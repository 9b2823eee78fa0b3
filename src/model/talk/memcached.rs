//! What the probe `memcached` needs to know.

use super::Login;

/// Asks a Memcached server for its version.
#[derive(Clone, Debug, PartialEq)]
pub struct MemcachedSpec {
    /// Which of the two protocols is spoken.
    pub protocol: MemcachedProtocol,
    /// Who logs in, if anybody.
    pub login: Option<Login>,
}

/// The protocols of Memcached. A server that wants SASL speaks the binary one only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemcachedProtocol {
    /// Lines of text.
    #[default]
    Text,
    /// Frames with a header of 24 bytes.
    Binary,
}
