//! An authority and a certificate for servers on 127.0.0.1, as files.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// The files of a server.
pub struct Files {
    /// The authority.
    pub ca: PathBuf,
    /// The certificate of the server.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Makes an authority and a certificate for 127.0.0.1 in a directory.
pub fn make(directory: &Path) -> Files {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Files {
        ca: write("ca.pem", &authority.pem()),
        certificate: write("certificate.pem", &certificate.pem()),
        key: write("key.pem", &key.serialize_pem()),
    }
}
