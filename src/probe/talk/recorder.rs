//! What a handshake shows: when its certificates expire, and whether ours was asked for.
//!
//! rustls asks a verifier about certificates and a resolver about ours; those of this file note
//! what they are asked and hand the question on. They judge as rustls does, but for a certificate
//! that is itself one of the authorities that the user gave: it needs no issuer, only the right
//! name and dates.
//!
//! The trap: servers send certificates that nobody needs, some of them long expired. Where the
//! chain is trusted, the time that counts is therefore that from which it would not be trusted any
//! more, and not the earliest of all.

use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;

/// Times that are tried to find when a chain stops being trusted: more than any honest chain has.
const TRIES: usize = 8;

/// What was seen in one handshake.
#[derive(Debug, Default)]
pub struct Seen {
    expires_ms: Mutex<Option<i64>>,
    is_asked: AtomicBool,
}

impl Seen {
    /// When the certificates that the peer has shown expire, in milliseconds since 1970; none
    /// before it has shown one that can be read.
    pub fn expires_ms(&self) -> Option<i64> {
        *lock(&self.expires_ms)
    }

    /// Whether the peer asked for a certificate of ours.
    pub fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::Relaxed)
    }
}

/// Who is trusted.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Judges by the authorities.
    pub verifier: Arc<WebPkiServerVerifier>,
    /// The authorities, where the user gave them.
    pub given: Arc<[CertificateDer<'static>]>,
}

impl Trust {
    fn judge(&self, shown: &Shown<'_>, now: UnixTime) -> Result<(), Error> {
        let Shown { leaf, chain, name } = *shown;
        // An authority may not be a leaf by the usual rules, but whoever gives a certificate of
        // one server means that server.
        if self.given.iter().any(|given| given == leaf) {
            verify_dates(leaf, now)?;
            return verify_server_name(&ParsedCertificate::try_from(leaf)?, name);
        }
        self.verifier.verify_server_cert(leaf, chain, name, &[], now).map(|_| ())
    }

    /// When a chain that is trusted now stops being so, in seconds since 1970.
    fn holds_until(&self, shown: &Shown<'_>, now: UnixTime) -> Option<i64> {
        let mut ends: Vec<i64> = shown.ends().collect();
        ends.sort_unstable();
        ends.dedup();
        let last = ends.last().copied();
        let later = ends.into_iter().filter(|&end| end >= now.as_secs() as i64).take(TRIES);
        let ends_trust = |&end: &i64| {
            let after = UnixTime::since_unix_epoch(Duration::from_secs(end as u64 + 1));
            self.judge(shown, after).is_err()
        };
        later.into_iter().find(ends_trust).or(last)
    }
}

/// What a peer has shown, and the name that was asked for.
struct Shown<'a> {
    leaf: &'a CertificateDer<'a>,
    chain: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
}

impl Shown<'_> {
    /// When each certificate that can be read expires, in seconds since 1970.
    fn ends(&self) -> impl Iterator<Item = i64> {
        let all = std::iter::once(self.leaf).chain(self.chain);
        all.filter_map(|certificate| dates(certificate).map(|(_, end)| end))
    }
}

/// From when and until when a certificate is valid, in seconds since 1970.
fn dates(certificate: &CertificateDer<'_>) -> Option<(i64, i64)> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let validity = parsed.validity();
    Some((validity.not_before.timestamp(), validity.not_after.timestamp()))
}

fn verify_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let Some((begin, end)) = dates(certificate) else {
        return Err(CertificateError::BadEncoding.into());
    };
    let now = now.as_secs() as i64;
    match now {
        _ if now < begin => Err(CertificateError::NotValidYet.into()),
        _ if now > end => Err(CertificateError::Expired.into()),
        _ => Ok(()),
    }
}

/// Notes when certificates expire, and judges them.
#[derive(Debug)]
pub struct Recorder {
    /// None where nothing is verified.
    pub trust: Option<Trust>,
    /// Verifies signatures.
    pub provider: Arc<CryptoProvider>,
    /// Where notes are taken.
    pub seen: Arc<Seen>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Shown { leaf, chain, name };
        let verdict = self.trust.as_ref().map_or(Ok(()), |trust| trust.judge(&shown, now));
        let expires = match (&self.trust, &verdict) {
            (Some(trust), Ok(())) => trust.holds_until(&shown, now),
            _ => shown.ends().min(),
        };
        *lock(&self.seen.expires_ms) = expires.and_then(|seconds| seconds.checked_mul(1_000));
        verdict.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Notes that the peer asks for our certificate, and gives it if there is one.
#[derive(Debug)]
pub struct Asked {
    /// What gives it.
    pub inner: Arc<dyn ResolvesClientCert>,
    /// Where notes are taken.
    pub seen: Arc<Seen>,
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen.is_asked.store(true, Ordering::Relaxed);
        self.inner.resolve(hints, schemes)
    }

    fn has_certs(&self) -> bool {
        self.inner.has_certs()
    }
}
