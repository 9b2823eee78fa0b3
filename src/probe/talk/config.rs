//! From what a document says of encryption to what rustls wants.
//!
//! Configurations are made once for each set of settings and shared. The authorities of the
//! platform are read once for the process, by whoever registers the first check that needs them
//! and not by the background thread. The trap: a verifier belongs to a configuration, and what it
//! has seen to one handshake, so each handshake gets a copy of the configuration with a recorder
//! of its own; a copy shares all that is large.

use super::recorder::{Asked, Recorder, Seen, Trust};
use crate::error::{Code, Error};
use crate::model::{Secret, TalkSpec, TlsSpec};
use hashbrown::HashMap;
use once_cell::sync::OnceCell;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Configurations kept.
const LIMIT: usize = 256;

/// What every handshake of a specification starts from.
#[derive(Clone, Debug)]
pub struct Config {
    client: Arc<ClientConfig>,
    /// None where nothing is verified.
    trust: Option<Trust>,
}

/// Configurations that were made already.
#[derive(Debug, Default)]
pub struct Configs(HashMap<TlsSpec, Config, foldhash::fast::RandomState>);

impl Configs {
    /// The configuration of a specification, none if nothing is encrypted.
    ///
    /// # Errors
    ///
    /// As [`Config::new`].
    pub fn get(&mut self, spec: &TalkSpec) -> Result<Option<Config>, Error> {
        let Some(tls) = &spec.tls else { return Ok(None) };
        if let Some(config) = self.0.get(tls) {
            return Ok(Some(config.clone()));
        }
        if self.0.len() >= LIMIT {
            self.0.clear();
        }
        // The name is told at the handshake; settings that differ in nothing else are one.
        let config = Config::new(tls)?;
        self.0.insert(tls.clone(), config.clone());
        Ok(Some(config))
    }
}

/// The authorities of the platform.
static PLATFORM: OnceCell<Arc<RootCertStore>> = OnceCell::new();

impl Config {
    /// Makes a configuration.
    ///
    /// # Errors
    ///
    /// Names the key whose text is of no use.
    pub fn new(spec: &TlsSpec) -> Result<Config, Error> {
        let provider = Arc::new(ring::default_provider());
        let versions = if spec.only_1_3 { &[&TLS13][..] } else { &[&TLS12, &TLS13] };
        let refuse = |error: rustls::Error| refused("", &error.to_string());
        let trust = match spec.verify {
            false => None,
            true => {
                let (roots, given) = match &spec.authorities {
                    Some(pem) => authorities(pem)?,
                    None => (platform()?, Arc::default()),
                };
                let builder =
                    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
                let verifier = builder.build().map_err(|error| refused("", &error.to_string()))?;
                Some(Trust { verifier, given })
            }
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).map_err(refuse)?;
        let recorder = Recorder { trust: trust.clone(), provider, seen: Arc::default() };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(recorder));
        let mut client = match (&spec.certificate, &spec.key) {
            (Some(certificate), Some(key)) => {
                let chain = certificates(certificate)?;
                let private = PrivateKeyDer::from_pem_slice(&key.text)
                    .map_err(|_| refused(&key.key, "holds no private key in PEM"))?;
                builder
                    .with_client_auth_cert(chain, private)
                    .map_err(|error| refused(&key.key, &error.to_string()))?
            }
            _ => builder.with_no_client_auth(),
        };
        client.resumption = Resumption::disabled();
        client.alpn_protocols = spec.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Config { client: Arc::new(client), trust })
    }
}

/// A copy of the configuration for one handshake, and what is seen in it.
pub fn recording(config: &Config) -> (ClientConfig, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let mut client = ClientConfig::clone(&config.client);
    let provider = Arc::clone(client.crypto_provider());
    let recorder = Recorder { trust: config.trust.clone(), provider, seen: Arc::clone(&seen) };
    let inner = Arc::clone(&client.client_auth_cert_resolver);
    client.client_auth_cert_resolver = Arc::new(Asked { inner, seen: Arc::clone(&seen) });
    client.dangerous().set_certificate_verifier(Arc::new(recorder));
    (client, seen)
}

fn refused(key: &str, problem: &str) -> Error {
    Error::document(key, problem)
}

fn certificates(pem: &Secret) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem.text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(refused(&pem.key, "holds no certificate in PEM")),
    }
}

/// The authorities as rustls wants them, and as they were given.
fn authorities(
    pem: &Secret,
) -> Result<(Arc<RootCertStore>, Arc<[CertificateDer<'static>]>), Error> {
    let given = certificates(pem)?;
    let mut store = RootCertStore::empty();
    for certificate in &given {
        store.add(certificate.clone()).map_err(|error| {
            refused(&pem.key, &format!("holds a certificate of no use: {error}"))
        })?;
    }
    Ok((Arc::new(store), given.into()))
}

fn platform() -> Result<Arc<RootCertStore>, Error> {
    let found = PLATFORM.get_or_try_init(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        match store.is_empty() {
            true => Err(()),
            false => Ok(Arc::new(store)),
        }
    });
    found.cloned().map_err(|()| {
        let detail = "this system has no certificate authorities; give ca_file";
        Error::refused(Code::Unsupported, detail)
    })
}
