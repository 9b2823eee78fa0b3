//! Encrypted peers that do not agree to HTTP/2, and those that are not encrypted at all.

use crate::grpc::{Files, expect, probe};
use crate::grpc_frames as frames;
use meshvitals::model::{Outcome, Reason, RunResult};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

/// Runs a probe against a peer that chooses one of these protocols and gives a good answer, if it
/// is asked over HTTP/2.
#[track_caller]
fn offered(protocols: &[&str], alpn: &[&str]) -> RunResult {
    let files = Files::new(&format!("a{}b{}.test", protocols.len(), alpn.len()));
    let chain = CertificateDer::from_pem_file(files.path("certificate")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(files.path("key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let mut config = builder.with_no_client_auth().with_single_cert(vec![chain], key).expect("it");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (stream, _) = listener.accept().expect("a probe");
            let connection = ServerConnection::new(Arc::new(config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            if frames::heard_question(&mut stream) {
                let _ = stream.write_all(&frames::good_answer());
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            }
        });
        let mut tls = json!({"verify": false, "name": "it", "certificate_warn": 0});
        if !alpn.is_empty() {
            tls["alpn"] = json!(alpn);
        }
        probe("10s", json!({"address": address, "tls": tls}))
    })
}

#[test]
fn only_a_peer_that_chooses_http_2_is_asked() {
    expect(&offered(&["h2", "http/1.1"], &[]), Outcome::Pass, Reason::NONE, 0, "");
    let silent = offered(&[], &[]);
    expect(&silent, Outcome::Fail, Reason::TLS_NO_PROTOCOL, 0, "did not choose h2");
    let other = offered(&["http/1.1"], &["h2", "http/1.1"]);
    expect(&other, Outcome::Fail, Reason::TLS_NO_PROTOCOL, 0, "another protocol than h2");
    let alert = offered(&["http/1.1"], &[]);
    expect(&alert, Outcome::Fail, Reason::TLS_NO_PROTOCOL, 0, "grpc at ");
}

#[test]
fn a_peer_in_the_clear_is_not_asked_over_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let result = thread::scope(|scope| {
        scope.spawn(move || {
            let (mut stream, _) = listener.accept().expect("a probe");
            let _ = stream.write_all(&frames::good_answer());
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        probe("10s", json!({"address": address, "tls": {"verify": false}}))
    });
    expect(&result, Outcome::Fail, Reason::TLS_FAILED, 0, "the answer is no TLS");
}
