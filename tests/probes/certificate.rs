//! Certificates for the tests of probes: a good one, and those that are good for nothing.

use crate::rig::Directory;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// A certificate and the authority that issued it, as files.
pub struct Certificate {
    pub authority: String,
    pub chain: String,
    pub key: String,
    /// What a server needs that shows it.
    pub config: Arc<ServerConfig>,
}

impl Certificate {
    /// One for 127.0.0.1.
    pub fn new(directory: &Directory) -> Certificate {
        Certificate::of(directory, params("127.0.0.1"))
    }

    /// One for another name.
    pub fn of_another_name(directory: &Directory) -> Certificate {
        Certificate::of(directory, params("other.example"))
    }

    /// One for 127.0.0.1 that has expired.
    pub fn expired(directory: &Directory) -> Certificate {
        let mut params = params("127.0.0.1");
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
        Certificate::of(directory, params)
    }

    fn of(directory: &Directory, params: CertificateParams) -> Certificate {
        let own = KeyPair::generate().expect("a key");
        let mut above = CertificateParams::new([]).expect("no names");
        // Whose subject is that of its issuer is taken for self-signed.
        above.distinguished_name.push(DnType::CommonName, "authority");
        above.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = above.self_signed(&own).expect("an authority");
        let issuer = Issuer::new(above, own);
        let key = KeyPair::generate().expect("a key");
        let leaf = params.signed_by(&key, &issuer).expect("a certificate");
        Certificate {
            authority: directory.write("ca.pem", &authority.pem()),
            chain: directory.write("chain.pem", &leaf.pem()),
            key: directory.write("key.pem", &key.serialize_pem()),
            config: config(leaf.der().clone(), &key),
        }
    }

    /// The key `tls` of a document.
    pub fn tls(&self) -> String {
        format!(r#""tls": {{"ca_file": "{}"}}"#, self.authority)
    }
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).expect("a name")
}

fn config(leaf: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let config = builder.with_no_client_auth().with_single_cert(vec![leaf], key);
    Arc::new(config.expect("the key fits"))
}
