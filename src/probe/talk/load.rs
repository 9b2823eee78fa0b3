//! Completes a specification with what files and the environment hold.
//!
//! Done once, on the thread of whoever registers the check, so that a mistake is refused at once
//! and the background thread never touches a file. What changes afterwards is seen when the check
//! is replaced.

use super::Config;
use crate::error::{Code, Error};
use crate::model::document::CheckSpec;
use crate::model::{ProbeSpec, Protocol, Secret, Source, TalkSpec};
use crate::probe::dns;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;

/// The largest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// Reads what the probe needs, and tries whether it is of use.
///
/// # Errors
///
/// Names the key and the file or variable; never what it holds.
pub fn load(probe: &mut ProbeSpec) -> Result<(), Error> {
    let ProbeSpec::Talk(spec) = probe else { return Ok(()) };
    let mut complete = TalkSpec::clone(spec);
    for secret in complete.secrets() {
        read(secret)?;
    }
    if let Protocol::Dns(dns) = &complete.protocol
        && dns.of_system
    {
        complete.target = system_server().into();
    }
    complete.check()?;
    if let Some(tls) = &complete.tls {
        Config::new(tls)?;
    }
    if let Some(tls) = complete.protocol.later_tls() {
        // Whether the platform has authorities matters only if it ever comes to that.
        Config::new(tls).map(drop).or_else(|error| match error.code() {
            Code::Unsupported => Ok(()),
            _ => Err(error),
        })?;
    }
    *spec = Arc::new(complete);
    Ok(())
}

/// The same for the checks of an array, whose indices are part of the place.
///
/// # Errors
///
/// As [`load`], for the first of them.
pub fn load_all(checks: &mut [CheckSpec]) -> Result<(), Error> {
    for (index, check) in checks.iter_mut().enumerate() {
        load(&mut check.probe).map_err(|error| error.below(&format!("/{index}")))?;
    }
    Ok(())
}

/// The name server that the system asks first; a file that cannot be read lists none.
fn system_server() -> SocketAddr {
    let mut text = Vec::new();
    let _ = File::open("/etc/resolv.conf").and_then(|file| file.take(LIMIT).read_to_end(&mut text));
    dns::server(&String::from_utf8_lossy(&text))
}

fn read(secret: &mut Secret) -> Result<(), Error> {
    let bytes = match &secret.source {
        Source::Document => return Ok(()),
        Source::File(path) => {
            let mut bytes = Vec::new();
            let read =
                File::open(&**path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
            read.map_err(|error| Error::document(&*secret.key, format!("{path}: {error}")))?;
            if bytes.len() as u64 > LIMIT {
                let problem = format!("{path} is larger than {LIMIT} bytes");
                return Err(Error::document(&*secret.key, problem));
            }
            bytes
        }
        Source::Environment(name) => match std::env::var(&**name) {
            Ok(text) => text.into_bytes(),
            Err(error) => return Err(Error::document(&*secret.key, format!("{name}: {error}"))),
        },
    };
    // An editor or `echo` ends a file with a line end, which belongs to no password.
    secret.text = bytes.trim_ascii_end().into();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Target;
    use crate::model::document::{Defaults, parse_check};

    fn loaded(keys: &str) -> Target {
        let text = format!(r#"{{"name": "x", "dns": {{"name": "x"{keys}}}}}"#);
        let mut check = parse_check(&text, &Defaults::default()).unwrap();
        load(&mut check.probe).unwrap();
        let ProbeSpec::Talk(spec) = check.probe else { panic!("a conversation") };
        spec.target.clone()
    }

    #[test]
    fn the_name_server_of_the_system_takes_its_place_and_only_its_own() {
        let named = SocketAddr::from(([10, 0, 0, 53], 53));
        assert_eq!(loaded(r#", "server": "10.0.0.53:53""#), named.into());
        // Whatever this machine has listed.
        assert_eq!(loaded(""), system_server().into());
        assert!(!system_server().ip().is_unspecified());
    }
}
