//! Conversations as data: a connection, perhaps encrypted, and the protocol that is spoken on it.
//!
//! Passwords and private keys are a [`Secret`], which never shows itself. The trap: what a file
//! or the environment holds is not known to a document; a specification is complete only after it
//! was loaded, which is the business of the layers above.

mod dns;
mod pattern;
mod udp;

pub use dns::{DnsSpec, Rcode, Record};
pub use pattern::{Expression, Pattern};
pub use udp::UdpSpec;

use super::Target;
use core::fmt;
use std::sync::Arc;

/// What is connected to, and what is said there.
#[derive(Clone, Debug, PartialEq)]
pub struct TalkSpec {
    /// Where to connect.
    pub target: Target,
    /// Encryption, from the first byte or when the protocol has asked for it.
    pub tls: Option<TlsSpec>,
    /// What is said.
    pub protocol: Protocol,
}

impl TalkSpec {
    /// Every secret, to be loaded.
    pub fn secrets(&mut self) -> Vec<&mut Secret> {
        let tls = self.tls.iter_mut().flat_map(|tls| {
            [&mut tls.authorities, &mut tls.certificate, &mut tls.key].into_iter().flatten()
        });
        tls.chain(self.protocol.secrets()).collect()
    }
}

/// The protocols, each with what it needs to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Protocol {
    /// Nothing but the handshake.
    Tls,
    /// A datagram and the reply to it.
    Udp(UdpSpec),
    /// A question to a name server.
    Dns(DnsSpec),
}

impl Protocol {
    /// The key of the probe in a document.
    pub fn key(&self) -> &'static str {
        match self {
            Protocol::Tls => "tcp",
            Protocol::Udp(_) => "udp",
            Protocol::Dns(_) => "dns",
        }
    }

    /// Whether the protocol itself asks for encryption, after a greeting in the clear.
    pub fn upgrades(&self) -> bool {
        match self {
            Protocol::Tls | Protocol::Udp(_) | Protocol::Dns(_) => false,
        }
    }

    /// Whether it is spoken in datagrams, at first.
    pub fn in_datagrams(&self) -> bool {
        match self {
            Protocol::Udp(_) => true,
            Protocol::Dns(spec) => !spec.over_stream,
            Protocol::Tls => false,
        }
    }

    /// Every secret of the protocol.
    fn secrets(&mut self) -> Vec<&mut Secret> {
        match self {
            // Those of a datagram stand in the document.
            Protocol::Tls | Protocol::Udp(_) | Protocol::Dns(_) => Vec::new(),
        }
    }
}

/// How a connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsSpec {
    /// The name or address that the certificate must be for, and that the server is told.
    pub name: Box<str>,
    /// Whether the certificate is verified.
    pub verify: bool,
    /// Certificates of the authorities that are trusted, in PEM; none for those of the platform.
    pub authorities: Option<Secret>,
    /// The certificate chain of this side, in PEM.
    pub certificate: Option<Secret>,
    /// The private key of this side, in PEM.
    pub key: Option<Secret>,
    /// The protocols that are offered by ALPN, the preferred one first.
    pub alpn: Box<[Box<str>]>,
    /// Whether TLS 1.2 is refused.
    pub only_1_3: bool,
    /// A certificate that expires within this time is a warning, in nanoseconds.
    pub warn_ns: u64,
}

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// It stands in the document.
    Document,
    /// A file of this path holds it.
    File(Box<str>),
    /// A variable of the environment holds it.
    Environment(Box<str>),
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret {
    /// Where it comes from.
    pub source: Source,
    /// The key that it stands under, as a JSON pointer.
    pub key: Box<str>,
    /// The text; empty until it was loaded.
    pub text: Arc<[u8]>,
}

impl Secret {
    /// A secret that is to be loaded.
    pub fn new(source: Source, key: &str) -> Secret {
        Secret { source, key: key.into(), text: Arc::new([]) }
    }

    /// A secret that stands in the document.
    pub fn given(text: impl AsRef<[u8]>, key: &str) -> Secret {
        Secret { source: Source::Document, key: key.into(), text: text.as_ref().into() }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("source", &self.source).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        let text = format!("{:?}", Secret::given("hunter2", "/redis/password"));
        assert!(!text.contains("hunter2") && !text.contains("104, 117"), "{text}");
    }
}
