//! Headers to send, in the order in which they are written.
//!
//! Their values are secret: no error repeats them, nor what follows a colon or an equals sign in a
//! header's name.

use core::fmt;
use std::borrow::Cow;

use http::{HeaderName, HeaderValue};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::explain::{before_value, push_key};
use super::value::Text;
use crate::error::Error;

/// The most headers of one request.
const HEADERS_LIMIT: usize = 64;

/// The longest names and values of all headers together, in bytes.
const HEADERS_BYTES_LIMIT: usize = 16 << 10;

/// Headers that the request writer owns: two of them would make a request that servers and
/// proxies read in different ways.
const OWN_HEADERS: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "expect"];

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

    /// Whether the header of this name is among them.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(Text(given), _)| given.eq_ignore_ascii_case(name))
    }

    /// The headers, once each of them can be sent.
    pub fn check(&self) -> Result<Box<[Header]>, Error> {
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
