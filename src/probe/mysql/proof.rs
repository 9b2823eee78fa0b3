//! What a password and a challenge make: proofs that do not show the password.
//!
//! Sources: "Native Authentication" and "Caching SHA-2 pluggable authentication" at
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// A way to log in that is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plugin {
    /// SHA-1 of the password, mixed with the challenge.
    Native,
    /// SHA-256 of it, while the server remembers the password; else the password itself.
    CachingSha2,
}

impl Plugin {
    /// The way of this name.
    pub fn of(name: &[u8]) -> Option<Plugin> {
        [Plugin::Native, Plugin::CachingSha2]
            .into_iter()
            .find(|plugin| plugin.name().as_bytes() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Plugin::Native => "mysql_native_password",
            Plugin::CachingSha2 => "caching_sha2_password",
        }
    }

    /// The answer to a challenge.
    pub fn answer(self, password: &[u8], challenge: &[u8]) -> Vec<u8> {
        match self {
            // Nothing stands for no password.
            _ if password.is_empty() => Vec::new(),
            Plugin::Native => native(password, challenge),
            Plugin::CachingSha2 => caching_sha2(password, challenge),
        }
    }
}

fn mix(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

fn native(password: &[u8], challenge: &[u8]) -> Vec<u8> {
    let sha1 = |bytes: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let once = sha1(password);
    let stored = sha1(once.as_ref());
    mix(once.as_ref(), sha1(&[challenge, stored.as_ref()].concat()).as_ref())
}

fn caching_sha2(password: &[u8], challenge: &[u8]) -> Vec<u8> {
    let sha256 = |bytes: &[u8]| digest(&SHA256, bytes);
    let once = sha256(password);
    let stored = sha256(once.as_ref());
    mix(once.as_ref(), sha256(&[stored.as_ref(), challenge].concat()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The numbers come from the formulae of the manual, computed elsewhere.
    #[test]
    fn answers_are_those_of_the_manual() {
        let challenge = b"abcdefghijklmnopqrst";
        let native = Plugin::Native.answer(b"hunter2", challenge);
        assert_eq!(hex(&native), "fb30830c3ec1c2161c75ef8c45977d684a38d8d4");
        let sha2 = Plugin::CachingSha2.answer(b"hunter2", challenge);
        let (start, end) = ("38c32b38723affcda57b368b565bac62", "8d5a852428b402c25c4ae036a4fd904f");
        assert_eq!(hex(&sha2), [start, end].concat());
        for plugin in [Plugin::Native, Plugin::CachingSha2] {
            assert_eq!(plugin.answer(b"", challenge), b"");
            assert_eq!(Plugin::of(plugin.name().as_bytes()), Some(plugin));
        }
        assert_eq!(Plugin::of(b"mysql_clear_password"), None);
    }
}
