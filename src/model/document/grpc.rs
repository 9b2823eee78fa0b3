//! The probe `grpc`: a server, and the service that its health service is asked about.
//!
//! Metadata is secret: no error repeats a value, nor what follows a colon or an equals sign in a
//! name.

use http::HeaderName;
use http::uri::Authority;
use serde::Deserialize;

use super::address::Address;
use super::explain::{before_value, push_key, shown};
use super::headers::Headers;
use super::tls::TlsDoc;
use super::value::{Given, Object, Text, Value};
use crate::error::Error;
use crate::model::{GrpcSpec, Metadata, ProbeSpec, Protocol, Secret, TalkSpec, Target, TlsSpec};
use std::sync::Arc;

/// The longest name of a service, in bytes.
const SERVICE_LIMIT: usize = 1_023;

/// The longest authority, in bytes.
const AUTHORITY_LIMIT: usize = 260;

/// The most metadata of one question.
const METADATA_LIMIT: usize = 64;

/// The longest names and values of all metadata together, in bytes. Servers take 8 KiB.
const METADATA_BYTES_LIMIT: usize = 8 << 10;

/// Headers that belong to the protocol; so does everything that begins with `grpc-`.
const OWN_METADATA: [&str; 9] = [
    "host",
    "te",
    "content-type",
    "content-length",
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// The name of HTTP/2 in a handshake.
const H2: &str = "h2";

/// Asks the health service of a gRPC server (grpc.health.v1.Health).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "grpc", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct GrpcDoc<'a> {
    /// Where to connect: "10.0.0.5:50051", "[::1]:50051", "orders.example:50051" or
    /// "unix:/run/x.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection. Unless alpn says otherwise h2 is offered, and it must be chosen.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// The service that is asked about, such as "shop.v1.Orders". Default: "", the server as a
    /// whole.
    #[serde(default)]
    service: Given<Text<'a>>,
    /// What is sent along, at most 64 names and 8 KiB together; the values are secret. Those of
    /// names that end in -bin are base64.
    #[serde(default)]
    metadata: Given<Headers<'a>>,
    /// The name that the server is asked under (:authority). Default: the host and port of the
    /// address, with tls.name in the place of the host; of a unix socket "localhost".
    #[serde(default)]
    authority: Given<Text<'a>>,
    /// Whether a stream is kept on which the server tells of changes (Watch): the check then runs at
    /// once, and not only at its interval. Default: false.
    #[serde(default)]
    watch: Given<bool>,
}

impl GrpcDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/grpc/address")?;
        let mut tls = match &self.tls.0 {
            Some(tls) => Some(tls.0.spec("/grpc/tls", &target)?),
            None => None,
        };
        if let Some(tls) = &mut tls {
            if tls.alpn.is_empty() {
                tls.alpn = [H2.into()].into();
            } else if !tls.alpn.iter().any(|name| **name == *H2) {
                let problem = "lacks h2, which gRPC speaks; allowed: lists with h2";
                return Err(Error::document("/grpc/tls/alpn", problem));
            }
        }
        let spec = GrpcSpec {
            service: self.service()?,
            authority: self.authority(&target, tls.as_ref())?,
            metadata: self.metadata.0.as_ref().map_or(Ok(Box::default()), metadata)?,
            watch: self.watch.0.unwrap_or(false),
        };
        let protocol = Protocol::Grpc(spec);
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }

    fn service(&self) -> Result<Box<str>, Error> {
        let Some(Text(name)) = &self.service.0 else { return Ok("".into()) };
        if name.len() > SERVICE_LIMIT || name.chars().any(char::is_control) {
            let allowed = format!("at most {SERVICE_LIMIT} bytes without control characters");
            return Err(Error::range("/grpc/service", shown(name), allowed));
        }
        Ok((**name).into())
    }

    fn authority(&self, target: &Target, tls: Option<&TlsSpec>) -> Result<Box<str>, Error> {
        let text = match (&self.authority.0, target) {
            (Some(Text(text)), _) => text.to_string(),
            (None, Target::Unix(_)) => tls.map_or("localhost", |tls| &tls.name).to_owned(),
            (None, Target::V4(address)) => joined(tls, &address.ip().to_string(), address.port()),
            (None, Target::V6(address)) => joined(tls, &address.ip().to_string(), address.port()),
            (None, Target::Name(name)) => joined(tls, &name.host, name.port),
        };
        let fits = matches!(text.len(), 1..=AUTHORITY_LIMIT)
            && !text.contains('@')
            && text.parse::<Authority>().is_ok();
        if fits {
            return Ok(text.into());
        }
        let allowed = "a host, or host:port, in ASCII without spaces; the default is made of the \
                       address";
        Err(Error::range("/grpc/authority", shown(&text), allowed))
    }
}

/// The host that is verified, or else the one that is connected to, and the port.
fn joined(tls: Option<&TlsSpec>, host: &str, port: u16) -> String {
    let host = tls.map_or(host, |tls| &tls.name);
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn metadata(given: &Headers<'_>) -> Result<Metadata, Error> {
    let key = "/grpc/metadata";
    let (mut count, mut bytes) = (0, 0);
    for (name, value) in given.pairs() {
        count += 1;
        bytes += name.len() + value.len();
    }
    if count > METADATA_LIMIT || bytes > METADATA_BYTES_LIMIT {
        let problem = format!(
            "{count} names of {bytes} bytes with their values; allowed: at most {METADATA_LIMIT} of \
             {METADATA_BYTES_LIMIT} bytes together"
        );
        return Err(Error::document(key, problem));
    }
    let mut read: Vec<(Box<str>, Secret)> = Vec::with_capacity(count);
    for (name, value) in given.pairs() {
        let mut place = format!("{key}/");
        push_key(&mut place, before_value(name));
        let refuse = |problem: &str| Err(Error::document(&*place, problem));
        let Ok(known) = HeaderName::from_bytes(name.as_bytes()) else {
            return refuse("is not the name of metadata; allowed: letters, digits, - and _");
        };
        let known = known.as_str();
        if OWN_METADATA.contains(&known) || known.starts_with("grpc-") {
            return refuse("belongs to the protocol; allowed: the key authority, and other names");
        }
        if read.iter().any(|(there, _)| **there == *known) {
            return refuse("stands there twice; allowed: each name once");
        }
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return refuse("has a value of other characters; allowed: one line of ASCII");
        }
        read.push((known.into(), Secret::given(value, &place)));
    }
    Ok(read.into())
}

#[cfg(test)]
mod tests;
