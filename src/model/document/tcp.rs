//! The probe `tcp`: where to connect, and how.

use serde::Deserialize;

use super::address::Address;
use super::tls::TlsDoc;
use super::value::{Given, Object, Value};
use super::word::Word;
use crate::error::Error;
use crate::model::{Connect, ProbeSpec, Protocol, TalkSpec, TcpSpec};
use std::sync::Arc;

/// Connects to a stream socket: reachability, not health, of what listens there.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "tcp", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct TcpDoc<'a> {
    /// Where to connect: "10.0.0.5:5432", "[::1]:5432", "db.example:5432" or
    /// "unix:/run/x.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// "full": a whole handshake, which the application sees; "fast": the reset takes the place
    /// of its last segment, so that only the target's kernel sees it, unless this machine is too busy
    /// to be in time. Default: full.
    #[serde(default)]
    connect: Given<Word<'a, Connect>>,
    /// Encrypts the connection, which is reached when the handshake is done.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
}

impl TcpDoc<'_> {
    #[inline]
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/tcp/address")?;
        let connect = self.connect.read("/tcp/connect")?.unwrap_or_default();
        let Some(tls) = &self.tls.0 else {
            return Ok(ProbeSpec::Tcp(TcpSpec { target, connect }));
        };
        if connect == Connect::Fast {
            let problem = "a handshake needs a whole connection; allowed: full";
            return Err(Error::document("/tcp/connect", problem));
        }
        let tls = Some(tls.0.spec("/tcp/tls", &target)?);
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol: Protocol::Tls })))
    }
}
