//! Encryption: one handshake, verified, and what its certificates say.
//!
//! Every handshake is a full one, because a resumed session shows no certificate. When a
//! certificate expires is read before it is verified, so that one which fails still tells. The
//! ring provider is named explicitly: a process-wide default belongs to the host program.

use super::config::{self, Config};
use super::failure::Failure;
use super::recorder::Seen;
use super::socket::Socket;
use crate::model::{Outcome, Reason};
use crate::probe::errno;
use crate::sys::socket::Errno;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, Error, ProtocolVersion};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// An encrypted stream.
pub type Tls = tokio_rustls::client::TlsStream<Socket>;

/// Shakes hands. `seen` becomes what was seen there, also where it fails.
///
/// # Errors
///
/// What the handshake came to. A connection that breaks meanwhile is a failure of the handshake:
/// nothing was asked yet.
pub async fn handshake(
    given: &Config,
    name: &str,
    socket: Socket,
    seen: &mut Arc<Seen>,
) -> Result<Tls, Failure> {
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| Failure::new(Outcome::Local, Reason::LOCAL_FAILED, "no name to verify"))?;
    let config;
    (config, *seen) = config::recording(given);
    let ended = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
    ended.map_err(|error| match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::UnexpectedEof, _) => {
            Failure::fail(Reason::TLS_FAILED, "connection closed in the TLS handshake")
        }
        (_, Some(number)) => match errno::of_receive(Errno::from_raw_os_error(number)) {
            (Outcome::Fail, Reason::RECEIVE_RESET) => {
                let text = "connection reset in the TLS handshake";
                Failure { detail: number, ..Failure::fail(Reason::TLS_FAILED, text) }
            }
            (outcome, reason) => Failure { detail: number, ..Failure::new(outcome, reason, "") },
        },
        _ => match failure(&error) {
            // Servers of TLS 1.2 refuse the lack of a certificate without giving that reason
            // (RFC 5246, 7.4.6); about everything else both sides agree by then.
            refusal if seen.is_asked() && is_handshake_failure(&error) => {
                Failure { reason: Reason::TLS_CLIENT_REFUSED, ..refusal }
            }
            failure => failure,
        },
    })
}

/// Whether the peer may still refuse us: in TLS 1.3 it judges our certificate, or the lack of one,
/// after our side of the handshake is done. Its first ticket says that it did not.
pub fn may_refuse(tls: &Tls, seen: &Seen) -> bool {
    let connection = tls.get_ref().1;
    seen.is_asked()
        && connection.protocol_version() == Some(ProtocolVersion::TLSv1_3)
        && connection.tls13_tickets_received() == 0
}

fn of_rustls(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn is_handshake_failure(error: &io::Error) -> bool {
    matches!(of_rustls(error), Some(Error::AlertReceived(AlertDescription::HandshakeFailure)))
}

/// What an error of an encrypted stream means.
pub fn failure(error: &io::Error) -> Failure {
    let Some(inner) = of_rustls(error) else {
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
