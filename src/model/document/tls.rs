//! The key `tls` of probes that encrypt their connection.
//!
//! Files are named here and read when the check is registered. The private key is secret; so is
//! whatever a file that is no certificate may hold.

use rustls::pki_types::ServerName;
use serde::Deserialize;

use super::explain::shown;
use super::span::{HOUR, Span};
use super::value::{Given, List, Text};
use super::word::{Word, Words};
use crate::error::Error;
use crate::model::{Secret, Source, Target, TlsSpec};

/// When a certificate is about to expire, unless the document says otherwise: 14 days.
const WARN_NS: u64 = 14 * 24 * HOUR;

/// The longest path, in bytes.
const PATH_LIMIT: usize = 4_095;

/// The oldest version that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl Words for Version {
    const WORDS: &'static [(&'static str, Self)] =
        &[("1.2", Version::V1_2), ("1.3", Version::V1_3)];
}

/// Encrypts the connection.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "tls", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct TlsDoc<'a> {
    /// The name or address that the certificate must be for, and that the server is told (SNI).
    /// Default: the host of the address.
    #[serde(borrow)]
    name: Given<Text<'a>>,
    /// Whether the certificate is verified. Default: true.
    verify: Given<bool>,
    /// A file with the certificates of the authorities that are trusted, in PEM. Default: those
    /// of the platform.
    ca_file: Given<Text<'a>>,
    /// A file with the certificate chain of this side, in PEM; together with key_file.
    certificate_file: Given<Text<'a>>,
    /// A file with the private key of this side, in PEM.
    key_file: Given<Text<'a>>,
    /// The application protocols that are offered (ALPN), the preferred one first.
    alpn: Given<List<Text<'a>, 8>>,
    /// The oldest version that is spoken: "1.2" or "1.3". Default: 1.2.
    min_version: Given<Word<'a, Version>>,
    /// A certificate that expires within this time is a warning; 0 for none. Default: 336h (14
    /// days).
    certificate_warn: Given<Span<'a, 0, { 24 * 3_660 * HOUR }>>,
}

impl TlsDoc<'_> {
    /// What it says, standing at `place`, of a connection to `target`.
    pub fn spec(&self, place: &str, target: &Target) -> Result<TlsSpec, Error> {
        let at = |key: &str| format!("{place}/{key}");
        let file = |key: &str, given: &Given<Text<'_>>| match &given.0 {
            None => Ok(None),
            Some(Text(path))
                if path.is_empty() || path.len() > PATH_LIMIT || path.contains('\0') =>
            {
                let allowed = format!("paths of 1 to {PATH_LIMIT} bytes without NUL");
                Err(Error::range(at(key), shown(path), allowed))
            }
            Some(Text(path)) => Ok(Some(Secret::new(Source::File((**path).into()), &at(key)))),
        };
        let certificate = file("certificate_file", &self.certificate_file)?;
        let key = file("key_file", &self.key_file)?;
        match (&certificate, &key) {
            (Some(_), None) => {
                let problem = "needs its private key; allowed: key_file beside it";
                return Err(Error::document(at("certificate_file"), problem));
            }
            (None, Some(_)) => {
                let problem = "needs its certificate; allowed: certificate_file beside it";
                return Err(Error::document(at("key_file"), problem));
            }
            _ => {}
        }
        let mut alpn = Vec::new();
        for (index, Text(name)) in self.alpn.0.iter().flat_map(|List(names)| names).enumerate() {
            if !matches!(name.len(), 1..=255) {
                let place = at(&format!("alpn/{index}"));
                return Err(Error::range(place, shown(name), "names of 1 to 255 bytes"));
            }
            alpn.push((**name).into());
        }
        Ok(TlsSpec {
            name: self.server_name(&at("name"), target)?,
            verify: self.verify.0.unwrap_or(true),
            authorities: file("ca_file", &self.ca_file)?,
            certificate,
            key,
            alpn: alpn.into(),
            only_1_3: self.min_version.read(&at("min_version"))? == Some(Version::V1_3),
            warn_ns: self.certificate_warn.read(&at("certificate_warn"))?.unwrap_or(WARN_NS),
        })
    }

    fn server_name(&self, key: &str, target: &Target) -> Result<Box<str>, Error> {
        let allowed = "a host name or an address, without a port";
        let (given, name): (bool, Box<str>) = match (&self.name.0, target) {
            (Some(Text(name)), _) => (true, (**name).into()),
            (None, Target::V4(address)) => (false, address.ip().to_string().into()),
            (None, Target::V6(address)) => (false, address.ip().to_string().into()),
            (None, Target::Name(name)) => (false, name.host.trim_end_matches('.').into()),
            (None, Target::Unix(_)) => {
                let problem = format!("a unix socket has no name to verify; allowed: {allowed}");
                return Err(Error::document(key, problem));
            }
        };
        // What a certificate can be for, and no more.
        match ServerName::try_from(&*name) {
            Ok(_) => Ok(name),
            Err(_) if given => Err(Error::range(key, shown(&name), allowed)),
            Err(_) => {
                let problem = format!(
                    "no certificate can be for the host {}; allowed: {allowed}",
                    shown(&name)
                );
                Err(Error::document(key, problem))
            }
        }
    }
}
