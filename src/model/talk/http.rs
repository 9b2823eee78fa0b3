//! HTTP beyond the plain exchange: encryption, credentials, proxies, redirects and what an answer
//! is matched against.
//!
//! The request itself and the codes that pass are those of the plain exchange. Debug output shows
//! no header, no expected text and no credential.

use super::{Secret, TalkSpec, TlsSpec};
use crate::error::Error;
use crate::model::probe::HttpSpec;
use core::fmt;
use regex::bytes::Regex;
use serde_json::Value;
use std::sync::Arc;

/// A request, the way to its target, and what its answer is matched against.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpTalk {
    /// The request, without credentials.
    pub request: Arc<HttpSpec>,
    /// Whom it is for.
    pub origin: Origin,
    /// What the answer is matched against, beyond the expectations of the request.
    pub rules: Arc<HttpRules>,
    /// Who asks; told to the origin alone.
    pub credentials: Option<Credentials>,
    /// The proxy that the connection leads to.
    pub proxy: Option<Proxy>,
    /// Whether redirects are followed.
    pub redirects: Option<Redirects>,
    /// The version that is spoken.
    pub version: Version,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1.
    #[default]
    One,
    /// HTTP/2; without encryption by prior knowledge.
    Two,
    /// HTTP/2 where the handshake comes to it, HTTP/1.1 elsewhere.
    Auto,
}

impl Version {
    /// What is offered in a handshake.
    pub fn alpn(self) -> &'static [&'static str] {
        match self {
            Version::One => &["http/1.1"],
            Version::Two => &["h2"],
            Version::Auto => &["h2", "http/1.1"],
        }
    }
}

impl HttpTalk {
    /// Whether the encryption is that of a tunnel through a proxy, which is asked for first.
    pub fn has_tunnel(&self) -> bool {
        self.proxy.is_some() && self.origin.is_secure
    }

    /// Every secret.
    pub(super) fn secrets(&mut self) -> Vec<&mut Secret> {
        let later = self.redirects.iter_mut().filter_map(|redirects| redirects.tls.as_mut());
        let credentials = self.credentials.iter_mut();
        let of_proxy = self.proxy.iter_mut().filter_map(|proxy| proxy.credentials.as_mut());
        let credentials = credentials.chain(of_proxy).map(Credentials::secret);
        credentials.chain(later.flat_map(|tls| tls.secrets())).collect()
    }

    /// Whether what was loaded is of use.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.credentials {
            // Anything else would end the header, or mean nothing in it.
            Some(Credentials::Bearer(token))
                if token.text.is_empty() || !token.text.iter().all(u8::is_ascii_graphic) =>
            {
                let problem = "holds no token; allowed: visible ASCII without spaces";
                Err(Error::document(&*token.key, problem))
            }
            _ => Ok(()),
        }
    }
}

/// The part of a URL that decides who is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whether the scheme is https.
    pub is_secure: bool,
    /// The host in lower case; an IPv6 address between brackets.
    pub host: Box<str>,
    /// The port.
    pub port: u16,
}

impl Origin {
    /// The host, and the port where it is not that of the scheme, as the Host header has them.
    pub fn authority(&self) -> String {
        match self.port == if self.is_secure { 443 } else { 80 } {
            true => self.host.to_string(),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_secure { "https" } else { "http" }, self.authority())
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A user and a password.
    Basic(Box<str>, Secret),
    /// A token.
    Bearer(Secret),
}

impl Credentials {
    fn secret(&mut self) -> &mut Secret {
        match self {
            Credentials::Basic(_, secret) | Credentials::Bearer(secret) => secret,
        }
    }
}

/// A proxy; the target of the connection is its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Who asks it.
    pub credentials: Option<Credentials>,
}

/// Which redirects are followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Redirects {
    /// How many in all.
    pub most: u8,
    /// How many of them were followed.
    pub followed: u8,
    /// Whether they must stay on the host.
    pub same_host: bool,
    /// Whether the target stands for this origin alone.
    pub is_pinned: bool,
    /// How connections are encrypted that a redirect asks for, where the first one is not.
    pub tls: Option<Box<TlsSpec>>,
}

/// Inclusive ranges of status codes, and what they mean.
pub type Codes = Box<[(u16, u16, Meaning)]>;

/// Names of headers in lower case, and what they must say.
pub type HeaderRules = Box<[(Box<str>, TextRule)]>;

/// JSON pointers, and what must stand there.
pub type JsonRules = Box<[(Box<str>, ValueRule)]>;

/// What an answer is matched against beyond its passing codes and a text.
#[derive(Clone, Default, PartialEq)]
pub struct HttpRules {
    /// Codes with a meaning of their own: sorted, disjoint, none of them passes.
    pub codes: Codes,
    /// A header whose presence means a warning, in lower case.
    pub degraded_header: Option<Box<str>>,
    /// Headers, in lower case, and what they must say; secret.
    pub headers: HeaderRules,
    /// What the body must match; secret.
    pub body: Option<Pattern>,
    /// Values in the JSON of the body.
    pub json: JsonRules,
}

impl fmt::Debug for HttpRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRules").field("codes", &self.codes).finish_non_exhaustive()
    }
}

/// What a status code means that does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Alive, with a complaint.
    Warn,
    /// A failure.
    Fail,
    /// Alive, and asks to come again.
    Retry,
}

/// What a text must be.
#[derive(Clone, PartialEq)]
pub enum TextRule {
    /// This text.
    Is(Box<str>),
    /// A text that matches.
    Matches(Pattern),
}

/// A regular expression.
#[derive(Clone)]
pub struct Pattern(pub Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// What a value must be.
#[derive(Clone, PartialEq)]
pub enum ValueRule {
    /// One of these.
    Any(Box<[Value]>),
    /// A number from and to these bounds.
    Between(Option<f64>, Option<f64>),
}

impl TalkSpec {
    /// Whether what was loaded is of use.
    ///
    /// # Errors
    ///
    /// Names the key, never what it holds.
    pub fn check(&self) -> Result<(), Error> {
        match &self.protocol {
            super::Protocol::Http(http) => http.check(),
            _ => Ok(()),
        }
    }
}
