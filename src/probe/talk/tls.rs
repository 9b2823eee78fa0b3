//! Encryption: one handshake, verified, and what its certificates say.
//!
//! Every handshake is a full one, because a resumed session shows no certificate. When a
//! certificate expires is read before it is verified, so that one which fails still tells. The
//! ring provider is named explicitly: a process-wide default belongs to the host program.

use super::config::{self, Config};
use super::failure::Failure;
use super::socket::Socket;
use crate::model::{Outcome, Reason};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, Error};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// An encrypted stream.
pub type Tls = tokio_rustls::client::TlsStream<Socket>;

/// Shakes hands. `expires_ms` becomes when the first certificate of the peer expires, as soon as
/// it has shown them.
///
/// # Errors
///
/// What the handshake came to.
pub async fn handshake(
    config: &Config,
    name: &str,
    socket: Socket,
    expires_ms: &mut Option<i64>,
) -> Result<Tls, Failure> {
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| Failure::new(Outcome::Local, Reason::LOCAL_FAILED, "no name to verify"))?;
    let (config, seen) = config::recording(config);
    let ended = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
    *expires_ms = seen.expires_ms();
    ended.map_err(|error| failure(&error))
}

/// What an error of an encrypted stream means.
pub fn failure(error: &io::Error) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(inner) = inner else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => Failure::closed(),
            _ => Failure::fail(Reason::TLS_FAILED, &error.to_string()),
        };
    };
    let reason = match inner {
        Error::InvalidCertificate(problem) => of_certificate(problem),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::NoApplicationProtocol => Reason::TLS_NO_PROTOCOL,
        Error::InvalidMessage(_) => {
            return Failure::fail(Reason::TLS_FAILED, "the answer is no TLS");
        }
        _ => Reason::TLS_FAILED,
    };
    Failure::fail(reason, &inner.to_string())
}

fn of_certificate(problem: &CertificateError) -> Reason {
    use CertificateError as C;
    match problem {
        C::Expired | C::ExpiredContext { .. } => Reason::TLS_EXPIRED,
        C::NotValidYet | C::NotValidYetContext { .. } => Reason::TLS_NOT_YET_VALID,
        C::NotValidForName | C::NotValidForNameContext { .. } => Reason::TLS_WRONG_NAME,
        _ => Reason::TLS_UNTRUSTED,
    }
}

fn of_alert(alert: AlertDescription) -> Reason {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired
        | A::BadCertificate
        | A::UnknownCA
        | A::CertificateUnknown
        | A::CertificateExpired
        | A::CertificateRevoked
        | A::UnsupportedCertificate
        | A::AccessDenied => Reason::TLS_CLIENT_REFUSED,
        A::NoApplicationProtocol => Reason::TLS_NO_PROTOCOL,
        _ => Reason::TLS_FAILED,
    }
}
