//! The probe `tcp`: where to connect, and how.

use serde::Deserialize;

use super::address::Address;
use super::script::{self, StepDoc};
use super::tls::TlsDoc;
use super::value::{Given, List, Object, Value};
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
    /// Encrypts the connection, which is reached when the handshake is done: before the script, or
    /// at its step starttls. In TLS 1.3 a server judges our certificate, or the lack of one, after
    /// the handshake: of a server that has asked for one, the first word after it, or its end, is
    /// waited for.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// What is sent and what must come back, one step after the other, at most 32; nothing of it is
    /// repeated in messages. Default: nothing.
    #[serde(default)]
    script: Given<List<Object<StepDoc<'a>>, { script::STEPS_LIMIT }>>,
}

impl TcpDoc<'_> {
    #[inline]
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/tcp/address")?;
        let connect = self.connect.read("/tcp/connect")?.unwrap_or_default();
        if self.tls.0.is_none() && self.script.0.is_none() {
            return Ok(ProbeSpec::Tcp(TcpSpec { target, connect }));
        }
        if connect == Connect::Fast {
            let problem = "tls and script need a whole connection; allowed: full";
            return Err(Error::document("/tcp/connect", problem));
        }
        let tls = match &self.tls.0 {
            None => None,
            Some(tls) => Some(tls.0.spec("/tcp/tls", &target)?),
        };
        let protocol = match &self.script.0 {
            None => Protocol::Tls,
            Some(List(steps)) => {
                Protocol::Script(script::spec("/tcp/script", steps, tls.is_some())?)
            }
        };
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }
}
