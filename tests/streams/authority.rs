//! Certificates for tests: authorities, and whom they issue some to.
//!
//! Dates are days from now, because no test may become wrong with time.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds of a day.
pub const DAY: f64 = 86_400.0;

/// What a certificate says.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    pub names: &'a [&'a str],
    /// Valid from and until these days from now.
    pub days: (i64, i64),
    /// May issue others.
    pub is_ca: bool,
}

/// A certificate with which nothing is wrong.
pub const USUAL: Wish<'_> =
    Wish { names: &["localhost", "127.0.0.1"], days: (-1, 90), is_ca: false };

/// One that may issue others.
pub const USUAL_CA: Wish<'_> = Wish { names: &[], days: (-1, 900), is_ca: true };

/// Somebody who has a certificate and its key.
pub struct Holder {
    params: CertificateParams,
    key: KeyPair,
    /// What a server sends: the certificate and those above it, but for the root.
    chain: Vec<String>,
    is_root: bool,
}

impl Holder {
    /// A certificate that its holder has signed.
    pub fn self_signed(wish: &Wish<'_>) -> Holder {
        let (params, key) = (params(wish), KeyPair::generate().expect("a key"));
        let certificate = params.self_signed(&key).expect("a certificate");
        Holder { params, key, chain: vec![certificate.pem()], is_root: true }
    }

    /// A certificate that this one issues.
    pub fn issue(&self, wish: &Wish<'_>) -> Holder {
        let (params, key) = (params(wish), KeyPair::generate().expect("a key"));
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let mut chain = vec![certificate.pem()];
        if !self.is_root {
            chain.extend(self.chain.iter().cloned());
        }
        Holder { params, key, chain, is_root: false }
    }

    /// The same subject and key, issued by somebody else, as authorities do for each other.
    pub fn crossed_by(&self, other: &Holder, days: (i64, i64)) -> String {
        let mut params = self.params.clone();
        date(&mut params, days);
        let issuer = Issuer::from_params(&other.params, &other.key);
        params.signed_by(&self.key, &issuer).expect("a certificate").pem()
    }

    /// The chain, in PEM.
    pub fn chain(&self) -> String {
        self.chain.concat()
    }

    /// The certificate alone, in PEM.
    pub fn certificate(&self) -> &str {
        &self.chain[0]
    }

    /// The key, in PEM.
    pub fn key(&self) -> String {
        self.key.serialize_pem()
    }

    /// A file with the certificate, for who trusts it.
    pub fn file(&self) -> Paper {
        Paper::new(self.certificate())
    }

    /// Files with the chain and the key.
    pub fn files(&self) -> (Paper, Paper) {
        (Paper::new(&self.chain()), Paper::new(&self.key()))
    }
}

/// Seconds from 1970 to a day from now.
fn day(days: i64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    Duration::from_secs(now.saturating_add_signed(days * DAY as i64))
}

fn date(params: &mut CertificateParams, (from, until): (i64, i64)) {
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + day(from);
    params.not_after = epoch + day(until);
}

fn params(wish: &Wish<'_>) -> CertificateParams {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let names: Vec<String> = wish.names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    // Each subject is another, so that no chain is found by chance.
    let subject = format!("meshvitals test {}", NUMBER.fetch_add(1, Ordering::Relaxed));
    params.distinguished_name.push(DnType::CommonName, subject);
    date(&mut params, wish.days);
    if wish.is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

/// A file that is gone when this is.
pub struct Paper(PathBuf);

impl Paper {
    /// A file with this text.
    pub fn new(text: &str) -> Paper {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("probes-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, text).expect("the directory for temporary files can be written");
        Paper(path)
    }

    /// Its path.
    pub fn path(&self) -> &str {
        self.0.to_str().expect("paths of tests are UTF-8")
    }
}

impl Drop for Paper {
    fn drop(&mut self) {
        // Whoever cleans up may have been faster.
        let _ = std::fs::remove_file(&self.0);
    }
}
