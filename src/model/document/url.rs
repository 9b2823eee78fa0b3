//! URLs of `http` and `https`: whom a request is for, and what it asks for.
//!
//! Userinfo is refused, because URLs are shown and passwords are not. The trap: a port that is no
//! number reads as none, so it is looked for in the text.

use http::uri::{Scheme, Uri};

use super::address;
use crate::model::Target;
use crate::model::http::Origin;

/// The longest URL, in bytes.
const LIMIT: usize = 8 << 10;

/// The parts of a URL.
#[derive(Debug)]
pub struct Url {
    /// Whom it names.
    pub origin: Origin,
    /// Where that is.
    pub target: Target,
    /// The Host header, written as in the URL.
    pub host: Box<str>,
    /// Path and query.
    pub path: Box<str>,
}

impl Url {
    /// Takes a URL apart; a fragment is dropped.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<Url, &'static str> {
        if text.len() > LIMIT {
            return Err("has more than 8192 bytes");
        }
        let uri: Uri = text.parse().map_err(|_| "is not a URL")?;
        let Some(authority) = uri.authority() else { return Err("has no host") };
        if authority.as_str().contains('@') {
            return Err("has userinfo");
        }
        let is_secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(_) => return Err("has another scheme"),
            None => return Err("has no scheme"),
        };
        let usual = if is_secure { 443 } else { 80 };
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => usual,
            _ => match authority.port_u16() {
                Some(port) if port != 0 => port,
                _ => return Err("has no port from 1 to 65535"),
            },
        };
        let bare = authority.host().trim_start_matches('[').trim_end_matches(']');
        let target = address::join(bare, port)?;
        if authority.host().starts_with('[') && !matches!(target, Target::V6(_)) {
            return Err("has no IPv6 address between its brackets");
        }
        let host = if port == usual { authority.host() } else { authority.as_str() };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.into() } else { format!("/{path}").into() };
        let origin = Origin { is_secure, host: authority.host().to_ascii_lowercase().into(), port };
        Ok(Url { origin, target, host: host.into(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_the_scheme_is_not_said() {
        for (text, host, origin, port) in [
            ("https://A.test/x?y#z", "A.test", "https://a.test", 443),
            ("https://a.test:80/", "a.test:80", "https://a.test:80", 80),
            ("http://a.test:443", "a.test:443", "http://a.test:443", 443),
            ("http://[::1]:80?y", "[::1]", "http://[::1]", 80),
        ] {
            let url = Url::parse(text).expect(text);
            assert_eq!((&*url.host, url.origin.to_string().as_str()), (host, origin), "{text}");
            assert_eq!(url.origin.port, port, "{text}");
        }
        assert_eq!(&*Url::parse("http://a?y").unwrap().path, "/?y");
        assert_eq!(&*Url::parse("http://a/x?y#z").unwrap().path, "/x?y");
    }
}
