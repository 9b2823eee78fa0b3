//! Where to connect, as text: `10.0.0.5:5432`, `[::1]:80`, `db.example:5432`, `unix:/run/x.sock`.
//!
//! The trap is what looks like an address and is none: resolvers take `10.0.1` and `010.0.0.1` for
//! addresses that nobody meant. A name whose last label is a number is refused, whatever follows.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Deserialize;

use super::explain::shown;
use super::value::{Text, Value};
use crate::error::Error;
use crate::model::name::has_control;
use crate::model::{NameTarget, Target};

/// The longest host name, in bytes.
const HOST_LIMIT: usize = 253;

/// The longest path of a unix socket, in bytes: what fits beside its NUL on Linux.
const UNIX_LIMIT: usize = 107;

/// What an address may be, for errors and the schema.
pub(super) const ADDRESS_FORM: &str =
    "\"10.0.0.5:5432\", \"[::1]:5432\", \"db.example:5432\" or \"unix:/run/x.sock\"";

/// An address as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Address<'a>(#[serde(borrow)] Text<'a>);

impl Value for Address<'_> {
    type Meaning = Target;

    fn read(&self, key: &str) -> Result<Target, Error> {
        let Text(text) = &self.0;
        let target = match text.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => Ok(address.into()),
            Ok(_) => Err("has port 0"),
            Err(_) => match text.strip_prefix("unix:") {
                Some(path) => unix(path),
                None => named(text),
            },
        };
        target.map_err(|problem| {
            Error::document(key, format!("{} {problem}; allowed: {ADDRESS_FORM}", shown(text)))
        })
    }
}

/// Joins a host and a port that were split already, as those of a URL are.
///
/// # Errors
///
/// What is wrong with the host.
pub(super) fn join(host: &str, port: u16) -> Result<Target, &'static str> {
    match host.parse() {
        Ok(address) => Ok(SocketAddr::new(address, port).into()),
        Err(_) => {
            check_host(host)?;
            Ok(Target::Name(Arc::new(NameTarget::new(host, port))))
        }
    }
}

fn unix(path: &str) -> Result<Target, &'static str> {
    match path {
        "" => Err("has no path"),
        _ if path.len() > UNIX_LIMIT => Err("has a path of more than 107 bytes"),
        _ if path.contains('\0') => Err("has a path with a NUL"),
        // A relative path would mean another socket after a change of directory.
        _ if !path.starts_with('/') => Err("has a path that does not begin with /"),
        _ => Ok(Target::unix(path)),
    }
}

fn named(text: &str) -> Result<Target, &'static str> {
    if text.contains("://") {
        return Err("is a URL, not an address");
    }
    if text.starts_with('[') {
        return Err(match text.rsplit_once("]:") {
            None => "has no port after its brackets",
            Some((_, port)) if number(port).is_none() => "has no port from 1 to 65535",
            Some(_) => "has no IPv6 address between its brackets",
        });
    }
    let (host, port) = text.rsplit_once(':').ok_or("has no port")?;
    if host.contains(':') {
        return Err("has too many colons; an IPv6 address stands between brackets");
    }
    let port = number(port).ok_or("has no port from 1 to 65535")?;
    check_host(host)?;
    Ok(Target::Name(Arc::new(NameTarget::new(host, port))))
}

fn check_host(host: &str) -> Result<(), &'static str> {
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    if host.is_empty() {
        Err("has no host")
    } else if host.len() > HOST_LIMIT {
        Err("has a host name of more than 253 bytes")
    } else if has_control(host) || host.contains(char::is_whitespace) {
        Err("has a host name with control characters or spaces")
    } else if host.contains(['/', '@', '?', '#', '[', ']', '%', '\\']) {
        Err("has a host name with characters that do not belong there")
    } else if host.starts_with('.') || host.contains("..") {
        Err("has a host name with an empty label")
    } else if last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        Err("has a number where a name ends, and is no IPv4 address of four decimal numbers")
    } else {
        Ok(())
    }
}

/// A port in plain digits; `u16::from_str` would take a sign too.
fn number(port: &str) -> Option<u16> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port != 0)
}
