//! The probe `http`: one request, and what its answer must look like.
//!
//! Headers, the body, the text expected in the answer and userinfo are secret: no error repeats
//! them, nor what follows a colon or an equals sign in a header's name.

use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use http::uri::{Scheme, Uri};
use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::address::{self, Address};
use super::expect::ExpectDoc;
use super::explain::{before_value, push_key, shown};
use super::value::{Given, Object, Text};
use crate::error::Error;
use crate::model::{HttpSpec, ProbeSpec, Target};

/// The most headers of one request.
const HEADERS_LIMIT: usize = 64;

/// The longest names and values of all headers together, in bytes.
const HEADERS_BYTES_LIMIT: usize = 16 << 10;

/// The largest body that is sent, in bytes.
const BODY_LIMIT: usize = 1 << 20;

/// The longest URL, in bytes.
const URL_LIMIT: usize = 8 << 10;

/// Headers that the request writer owns: two of them would make a request that servers and
/// proxies read in different ways.
const OWN_HEADERS: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "expect"];

/// Sends one HTTP/1.1 request on a fresh connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "http", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct HttpDoc<'a> {
    /// What to ask for: "http://host:port/path?query". Userinfo is refused.
    #[serde(borrow)]
    url: Text<'a>,
    /// Where to connect instead of the URL's host: "10.0.0.5:8080", "[::1]:8080",
    /// "db.example:8080" or "unix:/run/x.sock".
    #[serde(default)]
    address: Given<Address<'a>>,
    /// The method. Default: GET.
    #[serde(default)]
    method: Given<Text<'a>>,
    /// Further headers, at most 64 and 16 KiB together; their values are secret.
    #[serde(default)]
    headers: Given<Headers<'a>>,
    /// The body to send, at most 1 MiB; secret.
    #[serde(default)]
    body: Given<Text<'a>>,
    /// The Host header, where it is not the URL's host.
    #[serde(default)]
    host: Given<Text<'a>>,
    /// What the answer must look like.
    #[serde(default)]
    expect: Given<Object<ExpectDoc<'a>>>,
}

impl HttpDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let url = Url::read(&self.url.0)?;
        let target = self.address.read("/http/address")?.unwrap_or(url.target);
        let host = match &self.host.0 {
            Some(Text(text)) => check_host_header(text)?,
            None => url.host,
        };
        let body = self.body.0.as_ref().map_or("", |body| &*body.0);
        if body.len() > BODY_LIMIT {
            let problem = format!("has {} bytes; allowed: at most {BODY_LIMIT}", body.len());
            return Err(Error::document("/http/body", problem));
        }
        Ok(ProbeSpec::Http(Arc::new(HttpSpec {
            target,
            host,
            method: self.method()?,
            path: url.path,
            headers: self.headers.0.as_ref().map_or(Ok(Box::default()), Headers::check)?,
            body: body.into(),
            expect: ExpectDoc::expect(self.expect.0.as_ref().map(|Object(doc)| doc))?,
        })))
    }

    fn method(&self) -> Result<Box<str>, Error> {
        let Some(Text(text)) = &self.method.0 else { return Ok("GET".into()) };
        let method = text.to_ascii_uppercase();
        // CONNECT asks for a tunnel and has a target of another form.
        if method.len() <= 32
            && method != "CONNECT"
            && Method::from_bytes(method.as_bytes()).is_ok()
        {
            return Ok(method.into());
        }
        Err(Error::range(
            "/http/method",
            shown(text),
            "HTTP methods of up to 32 letters but CONNECT, such as GET, HEAD, POST",
        ))
    }
}

/// The parts of a URL.
struct Url {
    target: Target,
    host: Box<str>,
    path: Box<str>,
}

impl Url {
    fn read(text: &str) -> Result<Url, Error> {
        const FORM: &str = "allowed: \"http://host:port/path?query\"";
        let key = "/http/url";
        // A URL's user and password stand before an @, and "(not shown)" takes the place of both.
        let refuse =
            |problem: &str| Error::document(key, format!("{} {problem}; {FORM}", shown(text)));
        if text.len() > URL_LIMIT {
            return Err(refuse("has more than 8192 bytes"));
        }
        let uri: Uri = text.parse().map_err(|_| refuse("is not a URL"))?;
        let Some(authority) = uri.authority() else { return Err(refuse("has no host")) };
        if authority.as_str().contains('@') {
            return Err(Error::document(
                key,
                format!("userinfo is not taken from a URL, use headers; {FORM}"),
            ));
        }
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(scheme) if *scheme == Scheme::HTTPS => {
                return Err(refuse("asks for https, which is not built yet"));
            }
            Some(_) => return Err(refuse("has another scheme")),
            None => return Err(refuse("has no scheme")),
        }
        // The port is what the text says, because a wrong one reads as none.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => 80,
            _ => match authority.port_u16() {
                Some(port) if port != 0 => port,
                _ => return Err(refuse("has no port from 1 to 65535")),
            },
        };
        let bare = authority.host().trim_start_matches('[').trim_end_matches(']');
        let target = address::join(bare, port).map_err(refuse)?;
        if authority.host().starts_with('[') && !matches!(target, Target::V6(_)) {
            return Err(refuse("has no IPv6 address between its brackets"));
        }
        let host = if port == 80 { authority.host() } else { authority.as_str() };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.into() } else { format!("/{path}").into() };
        Ok(Url { target, host: host.into(), path })
    }
}

fn check_host_header(text: &str) -> Result<Box<str>, Error> {
    let fits = matches!(text.len(), 1..=260)
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'@' | b','));
    if fits {
        return Ok(text.into());
    }
    Err(Error::range("/http/host", shown(text), "a host, or host:port, in ASCII without spaces"))
}

/// A header's name and value.
type Header = (Box<str>, Box<str>);

/// Header names and values in the order in which they are written.
#[derive(Clone, Debug)]
pub(super) struct Headers<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Headers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Headers<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of header names and texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut headers = Vec::new();
                while let Some(header) = map.next_entry()? {
                    headers.push(header);
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl Headers<'_> {
    /// The names and values as they are written.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&*name.0, &*value.0))
    }

    fn check(&self) -> Result<Box<[Header]>, Error> {
        let key = "/http/headers";
        let bytes: usize = self.0.iter().map(|(name, value)| name.0.len() + value.0.len()).sum();
        if self.0.len() > HEADERS_LIMIT || bytes > HEADERS_BYTES_LIMIT {
            let problem = format!(
                "{} headers of {bytes} bytes; allowed: at most {HEADERS_LIMIT} of {HEADERS_BYTES_LIMIT} bytes together",
                self.0.len(),
            );
            return Err(Error::document(key, problem));
        }
        let mut seen: Vec<HeaderName> = Vec::with_capacity(self.0.len());
        for (Text(name), Text(value)) in &self.0 {
            let place = || {
                let mut pointer = format!("{key}/");
                push_key(&mut pointer, before_value(name));
                pointer
            };
            let Ok(known) = HeaderName::from_bytes(name.as_bytes()) else {
                let problem = "is not the name of a header; allowed: letters, digits and -";
                return Err(Error::document(place(), problem));
            };
            if OWN_HEADERS.contains(&known.as_str()) {
                let problem = "is written by the library; allowed: the key host, and other headers";
                return Err(Error::document(place(), problem));
            }
            if seen.contains(&known) {
                let problem = "stands there twice; allowed: each header once";
                return Err(Error::document(place(), problem));
            }
            if HeaderValue::from_bytes(value.as_bytes()).is_err() {
                let problem = "has a value with control characters; allowed: one line of text";
                return Err(Error::document(place(), problem));
            }
            seen.push(known);
        }
        let owned = |text: &Cow<'_, str>| -> Box<str> { (&**text).into() };
        Ok(self.0.iter().map(|(name, value)| (owned(&name.0), owned(&value.0))).collect())
    }
}
