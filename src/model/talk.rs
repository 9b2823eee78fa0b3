//! Conversations as data: a connection, perhaps encrypted, and the protocol that is spoken on it.
//!
//! Passwords and private keys are a [`Secret`], which never shows itself. The trap: what a file
//! or the environment holds is not known to a document; a specification is complete only after it
//! was loaded, which is the business of the layers above.

mod amqp;
mod dns;
mod grpc;
pub mod http;
mod login;
mod memcached;
mod mqtt;
mod mysql;
mod nats;
mod pattern;
mod postgres;
mod redis;
mod script;
mod smtp;
mod udp;

pub use amqp::{AmqpSession, AmqpSpec};
pub use dns::{DnsSpec, Rcode, Record};
pub use grpc::{GrpcSpec, Metadata};
pub use login::Login;
pub use memcached::{MemcachedProtocol, MemcachedSpec};
pub use mqtt::{MqttSpec, MqttVersion};
pub use mysql::MysqlSpec;
pub use nats::{NatsLogin, NatsSpec};
pub use pattern::{Found, Pattern, Search};
pub use postgres::{PostgresRole, PostgresSpec};
pub use redis::{RedisRole, RedisSpec};
pub use script::{Piece, ScriptSpec, ScriptStep};
pub use smtp::SmtpSpec;
pub use udp::{Expected, UdpSpec};

use super::Target;
use core::fmt;
use http::HttpTalk;
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
        let tls = self.tls.iter_mut().flat_map(TlsSpec::secrets);
        tls.chain(self.protocol.secrets()).collect()
    }
}

/// The protocols, each with what it needs to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Protocol {
    /// Nothing but the handshake.
    Tls,
    /// What a script says.
    Script(ScriptSpec),
    /// Memcached.
    Memcached(MemcachedSpec),
    /// NATS.
    Nats(NatsSpec),
    /// MQTT.
    Mqtt(MqttSpec),
    /// AMQP 0-9-1.
    Amqp(AmqpSpec),
    /// SMTP.
    Smtp(SmtpSpec),
    /// Redis and what speaks like it.
    Redis(RedisSpec),
    /// PostgreSQL and what speaks like it.
    Postgres(PostgresSpec),
    /// MySQL, MariaDB and what speaks like them.
    Mysql(MysqlSpec),
    /// A datagram and the reply to it.
    Udp(UdpSpec),
    /// A question to a name server.
    Dns(DnsSpec),
    /// The health service of gRPC.
    Grpc(GrpcSpec),
    /// HTTP, where it takes more than the plain exchange.
    Http(Box<HttpTalk>),
}

impl Protocol {
    /// The key of the probe in a document.
    pub fn key(&self) -> &'static str {
        match self {
            Protocol::Tls | Protocol::Script(_) => "tcp",
            Protocol::Memcached(_) => "memcached",
            Protocol::Nats(_) => "nats",
            Protocol::Mqtt(_) => "mqtt",
            Protocol::Amqp(_) => "amqp",
            Protocol::Smtp(_) => "smtp",
            Protocol::Redis(_) => "redis",
            Protocol::Postgres(_) => "postgres",
            Protocol::Mysql(_) => "mysql",
            Protocol::Udp(_) => "udp",
            Protocol::Dns(_) => "dns",
            Protocol::Grpc(_) => "grpc",
            Protocol::Http(_) => "http",
        }
    }

    /// Whether the protocol itself asks for encryption, after a greeting in the clear.
    pub fn upgrades(&self) -> bool {
        match self {
            Protocol::Tls | Protocol::Memcached(_) | Protocol::Mqtt(_) | Protocol::Amqp(_) => false,
            Protocol::Redis(_) | Protocol::Grpc(_) => false,
            Protocol::Udp(_) | Protocol::Dns(_) => false,
            Protocol::Http(http) => http.has_tunnel(),
            Protocol::Nats(_) | Protocol::Postgres(_) | Protocol::Mysql(_) => true,
            Protocol::Smtp(spec) => spec.starttls,
            Protocol::Script(script) => script.upgrades(),
        }
    }

    /// How connections are encrypted that the protocol may ask for later, if the first is not.
    pub fn later_tls(&self) -> Option<&TlsSpec> {
        match self {
            Protocol::Http(http) => http.redirects.as_ref()?.tls.as_deref(),
            _ => None,
        }
    }

    /// How many runs a connection serves, where it is kept for more than one.
    pub fn fresh_every(&self) -> Option<u32> {
        match self {
            Protocol::Http(http) => http.fresh_every,
            _ => None,
        }
    }

    /// Whether the target is to tell of changes by itself.
    pub fn watches(&self) -> bool {
        matches!(self, Protocol::Grpc(spec) if spec.watch)
    }

    /// Whether it is spoken in datagrams.
    pub fn in_datagrams(&self) -> bool {
        match self {
            Protocol::Udp(_) => true,
            Protocol::Dns(spec) => !spec.over_stream,
            _ => false,
        }
    }

    /// Every secret of the protocol.
    fn secrets(&mut self) -> Vec<&mut Secret> {
        let login = match self {
            Protocol::Tls | Protocol::Smtp(_) | Protocol::Script(_) => return Vec::new(),
            // What is secret of a datagram stands in the document.
            Protocol::Udp(_) | Protocol::Dns(_) => return Vec::new(),
            Protocol::Grpc(spec) => {
                return spec.metadata.iter_mut().map(|(_, value)| value).collect();
            }
            Protocol::Http(http) => return http.secrets(),
            Protocol::Redis(spec) => return spec.password.iter_mut().collect(),
            Protocol::Mysql(spec) => return spec.password.iter_mut().collect(),
            Protocol::Postgres(spec) => {
                return spec.password.iter_mut().chain(&mut spec.query).collect();
            }
            Protocol::Memcached(spec) => &mut spec.login,
            Protocol::Amqp(spec) => {
                let sessions = spec.session.iter_mut();
                return sessions.map(|session| &mut session.login.password).collect();
            }
            Protocol::Mqtt(spec) => &mut spec.login,
            Protocol::Nats(spec) => match &mut spec.login {
                NatsLogin::Nobody => return Vec::new(),
                NatsLogin::User(login) => return vec![&mut login.password],
                NatsLogin::Token(token) => return vec![token],
            },
        };
        login.iter_mut().map(|login| &mut login.password).collect()
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

impl TlsSpec {
    /// Every secret, to be loaded.
    fn secrets(&mut self) -> impl Iterator<Item = &mut Secret> {
        [&mut self.authorities, &mut self.certificate, &mut self.key].into_iter().flatten()
    }
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
    pub fn given(text: &str, key: &str) -> Secret {
        Secret { source: Source::Document, key: key.into(), text: text.as_bytes().into() }
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
