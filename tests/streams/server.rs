//! An encrypted server of our own, on rustls.

use super::authority::Holder;
use super::peer::Peer;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// An encrypted connection, seen by the server.
pub type Encrypted = StreamOwned<ServerConnection, TcpStream>;

/// How a server encrypts.
#[derive(Clone, Default)]
pub struct Server {
    /// What it shows, and the key of that.
    pub chain: String,
    pub key: String,
    /// Whom a client's certificate must come from.
    pub clients: Option<String>,
    /// The newest version spoken is 1.2, or 1.3.
    pub only_1_2: bool,
    pub alpn: Vec<Vec<u8>>,
    /// Tickets that are sent after a handshake.
    pub tickets: usize,
}

impl Server {
    /// A server that shows this certificate.
    pub fn of(holder: &Holder) -> Server {
        Server { chain: holder.chain(), key: holder.key(), tickets: 2, ..Server::default() }
    }

    /// One that sends further certificates, in PEM.
    pub fn with(mut self, more: &str) -> Server {
        self.chain.push_str(more);
        self
    }

    /// What rustls wants.
    pub fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let versions = if self.only_1_2 { &[&TLS12][..] } else { &[&TLS12, &TLS13] };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).expect("versions");
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let mut roots = RootCertStore::empty();
                certificates(pem).into_iter().for_each(|root| roots.add(root).expect("a root"));
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key");
        let mut config =
            builder.with_single_cert(certificates(&self.chain), key).expect("a certificate");
        config.alpn_protocols = self.alpn.clone();
        config.send_tls13_tickets = self.tickets;
        Arc::new(config)
    }

    /// Serves what `serve` does once the connection is encrypted.
    pub fn peer(&self, serve: impl Fn(Encrypted) + Send + 'static) -> Peer {
        let config = self.config();
        Peer::new(move |stream| {
            if let Some(stream) = encrypt(&config, stream) {
                serve(stream);
            }
        })
    }

    /// Shakes hands, says nothing, and ends when the other side does.
    pub fn silent(&self) -> Peer {
        self.peer(part)
    }
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    let all = CertificateDer::pem_slice_iter(pem.as_bytes());
    all.map(|certificate| certificate.expect("a certificate")).collect()
}

/// The server's side of a handshake; none if it came to nothing, of which the client is told.
pub fn encrypt(config: &Arc<ServerConfig>, mut stream: TcpStream) -> Option<Encrypted> {
    let mut connection = ServerConnection::new(Arc::clone(config)).expect("a connection");
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).ok()?;
    }
    Some(StreamOwned::new(connection, stream))
}

/// Reads to the end and says that it was understood.
pub fn part(mut stream: Encrypted) {
    let mut bytes = [0; 4096];
    while matches!(stream.read(&mut bytes), Ok(1..)) {}
    stream.conn.send_close_notify();
    // The other side may be gone.
    let _ = stream.flush();
}
