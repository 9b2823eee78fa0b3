//! The probe `smtp`.

use serde::Deserialize;

use super::address::Address;
use super::explain::shown;
use super::tls::TlsDoc;
use super::value::{Given, Object, Text, Value};
use crate::error::Error;
use crate::model::{ProbeSpec, Protocol, SmtpSpec, TalkSpec};
use std::sync::Arc;

/// The longest name to greet with, in bytes.
const HELLO_LIMIT: usize = 255;

/// Greets a mail server. No mail is sent and nobody logs in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "smtp", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct SmtpDoc<'a> {
    /// Where to connect: "10.0.0.5:25", "[::1]:25", "mail.example:587" or "unix:/run/mail.sock".
    #[serde(borrow)]
    address: Address<'a>,
    /// Encrypts the connection from the first byte; with starttls after the greeting.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// Whether encryption is asked for after the greeting, as the key tls says. Default: false.
    #[serde(default)]
    starttls: Given<bool>,
    /// The name that the server is greeted with. Default: "localhost".
    #[serde(default)]
    hello: Given<Text<'a>>,
}

impl SmtpDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let target = self.address.read("/smtp/address")?;
        let starttls = self.starttls.0.unwrap_or(false);
        let tls = match &self.tls.0 {
            Some(tls) => Some(tls.0.spec("/smtp/tls", &target)?),
            None if starttls => Some(TlsDoc::default().spec("/smtp/tls", &target)?),
            None => None,
        };
        let hello = self.hello.0.as_ref().map_or("localhost", |Text(text)| &**text);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        if !matches!(hello.len(), 1..=HELLO_LIMIT) || !hello.bytes().all(fits) {
            let allowed = "a host name, or an address between brackets";
            return Err(Error::range("/smtp/hello", shown(hello), allowed));
        }
        let protocol = Protocol::Smtp(SmtpSpec { hello: hello.into(), starttls });
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }
}

#[cfg(test)]
mod tests {
    use super::super::login::tests::{probe, problem};
    use super::*;

    #[test]
    fn encryption_begins_at_once_or_when_it_is_asked_for() {
        let plain = probe("smtp", "");
        let hello = "localhost".into();
        assert_eq!(plain.protocol, Protocol::Smtp(SmtpSpec { hello, starttls: false }));
        assert_eq!((plain.tls, plain.protocol.upgrades()), (None, false));
        let at_once = probe("smtp", r#", "tls": {}, "hello": "[127.0.0.1]""#);
        assert!(at_once.tls.is_some() && !at_once.protocol.upgrades());
        let asked = probe("smtp", r#", "starttls": true"#);
        assert!(asked.tls.is_some_and(|tls| tls.verify) && asked.protocol.upgrades());
        let settings = probe("smtp", r#", "starttls": true, "tls": {"verify": false}"#);
        assert!(settings.tls.is_some_and(|tls| !tls.verify));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let long = format!(r#", "hello": "{}""#, "x".repeat(256));
        let cases = [
            (r#", "hello": """#, "/smtp/hello", "a host name"),
            (r#", "hello": "a\r\nMAIL FROM:<x>""#, "/smtp/hello", "a host name"),
            (&long, "/smtp/hello", "a host name"),
            (r#", "starttls": 1"#, "/smtp/starttls", "a boolean"),
            (r#", "user": "ann""#, "/smtp/user", "starttls, hello"),
        ];
        for (body, key, allowed) in cases {
            let text = problem("smtp", body, key);
            assert!(text.contains(allowed), "{body}: {text}");
        }
    }
}
