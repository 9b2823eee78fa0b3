//! Certificates that a peer shows: their dates, and until when they are trusted.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshvitals::probe::talk::recorder::{Recorder, Seen, Trust};
use meshvitals_fuzz::{chosen, pieces};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// An authority of our own, valid for a hundred years.
const AUTHORITY: &[u8] = include_bytes!("authority.der");
/// In January 2027.
const NOW: Duration = Duration::from_secs(1_800_000_000);

static VERIFIER: LazyLock<Arc<WebPkiServerVerifier>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(AUTHORITY)).expect("an authority");
    let provider = Arc::new(ring::default_provider());
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    builder.build().expect("a verifier")
});

/// Certificates behind lengths of two bytes.
fn certificates(mut bytes: &[u8]) -> Vec<CertificateDer<'_>> {
    let mut found = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (one, rest) = rest.split_at(rest.len().min(u16::from_be_bytes(*length).into()));
        found.push(CertificateDer::from(one));
        bytes = rest;
    }
    found
}

fuzz_target!(|input: &[u8]| {
    let Some((how, _, bytes)) = chosen(input) else { return };
    let shown = certificates(bytes);
    let Some((leaf, chain)) = shown.split_first() else { return };
    let given: Arc<[CertificateDer<'static>]> = match how % 3 {
        1 => [leaf.clone().into_owned()].into(),
        _ => Arc::default(),
    };
    let trust = (how % 3 < 2).then(|| Trust { verifier: Arc::clone(&VERIFIER), given });
    let seen = Arc::new(Seen::default());
    let provider = Arc::new(ring::default_provider());
    let recorder = Recorder { trust, provider, seen: Arc::clone(&seen) };
    let name = ServerName::try_from("a.test").expect("a name");
    let verdict =
        recorder.verify_server_cert(leaf, chain, &name, &[], UnixTime::since_unix_epoch(NOW));
    // Who trusts it knows until when.
    if verdict.is_ok() && how % 3 < 2 {
        let expires = seen.expires_ms().expect("a date");
        assert!(expires / 1_000 >= NOW.as_secs() as i64, "{expires}");
    }
    // Its bytes cut off are none.
    for piece in pieces(leaf, 64).iter().take(2) {
        let _ = recorder.verify_server_cert(
            &CertificateDer::from(*piece),
            &[],
            &name,
            &[],
            UnixTime::since_unix_epoch(NOW),
        );
    }
});
