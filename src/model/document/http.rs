//! The probe `http`: one request, and what its answer must look like.
//!
//! A document that asks for nothing more than a plain request is served by the fast path; keys
//! that ask for more make a conversation of it. Headers, the body, the text expected in the answer
//! and userinfo are secret: no error repeats them.

use std::sync::Arc;

use http::Method;
use http::uri::Authority;
use serde::Deserialize;

use super::address::Address;
use super::expect::ExpectDoc;
use super::explain::shown;
use super::headers::Headers;
use super::secret::secret;
use super::tls::TlsDoc;
use super::url::Url;
use super::value::{Count, Given, Object, Text};
use super::word::{Word, Words};
use crate::error::Error;
use crate::model::http::{Credentials, HttpTalk, Proxy, Redirects, Version};
use crate::model::name::has_control;
use crate::model::{HttpSpec, ProbeSpec, Protocol, TalkSpec, Target, TlsSpec};

/// The largest body that is sent, in bytes.
const BODY_LIMIT: usize = 1 << 20;

/// The longest name of a user, in bytes.
const USER_LIMIT: usize = 255;

/// Redirects that are followed where the document does not say how many.
const REDIRECTS: u64 = 5;

/// Sends one HTTP/1.1 request on a fresh connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "http", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct HttpDoc<'a> {
    /// What to ask for: "http://host:port/path?query", or https. Userinfo is refused.
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
    /// How the connection of an https URL is encrypted. The name is the URL's host unless it is
    /// given; the protocol offered (ALPN) is that of the version.
    #[serde(default)]
    tls: Given<Box<Object<TlsDoc<'a>>>>,
    /// A user and a password to send (basic authentication).
    #[serde(default)]
    basic: Given<Box<Object<BasicDoc<'a>>>>,
    /// A token to send (bearer authentication); secret.
    #[serde(default)]
    bearer: Given<Text<'a>>,
    /// A file that holds the token.
    #[serde(default)]
    bearer_file: Given<Text<'a>>,
    /// A variable of the environment that holds the token.
    #[serde(default)]
    bearer_env: Given<Text<'a>>,
    /// Follows redirects. Default: they are answers like any other.
    #[serde(default)]
    redirects: Given<Object<RedirectsDoc>>,
    /// A proxy to ask through: "http://host:port". Those of the environment are never used.
    #[serde(default)]
    proxy: Given<Text<'a>>,
    /// A user and a password for the proxy (basic authentication).
    #[serde(default)]
    proxy_basic: Given<Box<Object<BasicDoc<'a>>>>,
    /// The version: "1.1", "2" (on http URLs by prior knowledge), or "auto": 2 where the handshake
    /// for encryption comes to it. Default: 1.1.
    #[serde(default)]
    version: Given<Word<'a, Version>>,
    /// What the answer must look like.
    #[serde(default)]
    expect: Given<Box<Object<ExpectDoc<'a>>>>,
}

/// A user and a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "basic", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct BasicDoc<'a> {
    /// The user: 1 to 255 bytes without a colon.
    #[serde(borrow)]
    user: Text<'a>,
    /// The password; secret.
    #[serde(default)]
    password: Given<Text<'a>>,
    /// A file that holds the password.
    #[serde(default)]
    password_file: Given<Text<'a>>,
    /// A variable of the environment that holds the password.
    #[serde(default)]
    password_env: Given<Text<'a>>,
}

/// Which redirects are followed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "redirects", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RedirectsDoc {
    /// The most that are followed in one run. Default: 5.
    max: Given<Count<1, 20>>,
    /// Whether they must stay on the URL's host. Default: true.
    same_host: Given<bool>,
}

impl HttpDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let url = url("/http/url", &self.url.0, "\"http://host:port/path?query\", or https")?;
        let proxy = self.proxy(&url)?;
        let address = self.address.read("/http/address")?;
        let is_pinned = address.is_some();
        let target = match (address, &proxy) {
            (Some(_), Some(_)) => {
                let problem = "a proxy connects by the URL alone; allowed: one of address, proxy";
                return Err(Error::document("/http/proxy", problem));
            }
            (Some(address), None) => address,
            (None, Some((target, _))) => target.clone(),
            (None, None) => url.target.clone(),
        };
        let version = self.version.read("/http/version")?.unwrap_or_default();
        if version == Version::Two && proxy.is_some() && !url.origin.is_secure {
            let problem = "2 is not spoken to a proxy; allowed: 1.1, auto, or an https URL";
            return Err(Error::document("/http/version", problem));
        }
        let tls = self.tls(&url, version)?;
        let credentials = self.credentials()?;
        let (expect, rules) = ExpectDoc::expect(self.expect.0.as_ref().map(|doc| &doc.0))?;
        let request = Arc::new(HttpSpec {
            target: target.clone(),
            host: match &self.host.0 {
                Some(Text(text)) => check_host_header(text, version)?,
                None => url.host,
            },
            method: self.method()?,
            path: url.path,
            headers: self.headers.0.as_ref().map_or(Ok(Box::default()), Headers::check)?,
            body: self.body()?,
            expect,
        });
        let is_secure = url.origin.is_secure;
        let (tls, later) = if is_secure { (tls, None) } else { (None, tls) };
        let redirects = match &self.redirects.0 {
            None => None,
            Some(Object(doc)) => Some(doc.redirects(is_pinned, later)?),
        };
        let is_plain = rules.is_none()
            && tls.is_none()
            && credentials.is_none()
            && redirects.is_none()
            && proxy.is_none()
            && version != Version::Two;
        if is_plain {
            return Ok(ProbeSpec::Http(request));
        }
        let protocol = Protocol::Http(Box::new(HttpTalk {
            request,
            origin: url.origin,
            rules: Arc::new(rules.unwrap_or_default()),
            credentials,
            proxy: proxy.map(|(_, proxy)| proxy),
            redirects,
            version,
        }));
        Ok(ProbeSpec::Talk(Arc::new(TalkSpec { target, tls, protocol })))
    }

    /// How connections are encrypted, now or after a redirect.
    fn tls(&self, url: &Url, version: Version) -> Result<Option<TlsSpec>, Error> {
        let usual = TlsDoc::default();
        let doc = match &self.tls.0 {
            Some(doc) if url.origin.is_secure || self.redirects.0.is_some() => &doc.0,
            Some(_) => {
                let problem = "encrypts nothing here; allowed: with an https URL, or redirects";
                return Err(Error::document("/http/tls", problem));
            }
            None if url.origin.is_secure || self.redirects.0.is_some() => &usual,
            None => return Ok(None),
        };
        let mut tls = doc.spec("/http/tls", &url.target)?;
        let offered: Box<[Box<str>]> = version.alpn().iter().map(|&name| name.into()).collect();
        if !tls.alpn.is_empty() && tls.alpn != offered {
            let problem = format!("is said by the key version; allowed: {}", offered.join(", "));
            return Err(Error::document("/http/tls/alpn", problem));
        }
        tls.alpn = offered;
        Ok(Some(tls))
    }

    fn credentials(&self) -> Result<Option<Credentials>, Error> {
        let bearer = [&self.bearer, &self.bearer_file, &self.bearer_env];
        let bearer = secret("/http", "bearer", bearer)?;
        let found = match (&self.basic.0, bearer) {
            (None, bearer) => bearer.map(Credentials::Bearer),
            (Some(doc), None) => Some(doc.0.credentials("/http/basic")?),
            (Some(_), Some(bearer)) => {
                let problem = "basic is there already; allowed: one of basic, bearer";
                return Err(Error::document(&*bearer.key, problem));
            }
        };
        if found.is_some()
            && let Some(headers) = &self.headers.0
            && headers.has("authorization")
        {
            let problem = "is written by basic or bearer, which is there too; allowed: one of them";
            return Err(Error::document("/http/headers/Authorization", problem));
        }
        Ok(found)
    }

    /// The proxy and where it is.
    fn proxy(&self, through: &Url) -> Result<Option<(Target, Proxy)>, Error> {
        let Some(Text(text)) = &self.proxy.0 else {
            return match &self.proxy_basic.0 {
                None => Ok(None),
                Some(_) => Err(Error::document("/http/proxy_basic", "needs the key proxy")),
            };
        };
        let form = "\"http://host:port\"";
        let proxy = url("/http/proxy", text, form)?;
        if proxy.origin.is_secure || &*proxy.path != "/" {
            let problem = "is not the URL of a proxy that is asked in the clear";
            let text = format!("{} {problem}; allowed: {form}", shown(text));
            return Err(Error::document("/http/proxy", text));
        }
        let credentials = match &self.proxy_basic.0 {
            None => None,
            Some(doc) => Some(doc.0.credentials("/http/proxy_basic")?),
        };
        if credentials.is_some()
            && !through.origin.is_secure
            && let Some(headers) = &self.headers.0
            && headers.has("proxy-authorization")
        {
            let problem = "is written by proxy_basic, which is there too; allowed: one of them";
            return Err(Error::document("/http/headers/Proxy-Authorization", problem));
        }
        Ok(Some((proxy.target, Proxy { credentials })))
    }

    fn body(&self) -> Result<Box<str>, Error> {
        let body = self.body.0.as_ref().map_or("", |body| &*body.0);
        if body.len() > BODY_LIMIT {
            let problem = format!("has {} bytes; allowed: at most {BODY_LIMIT}", body.len());
            return Err(Error::document("/http/body", problem));
        }
        Ok(body.into())
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

impl BasicDoc<'_> {
    fn credentials(&self, place: &str) -> Result<Credentials, Error> {
        let Text(user) = &self.user;
        if !matches!(user.len(), 1..=USER_LIMIT) || user.contains(':') || has_control(user) {
            let allowed = format!("1 to {USER_LIMIT} bytes without colon and control characters");
            return Err(Error::range(format!("{place}/user"), shown(user), allowed));
        }
        let password = [&self.password, &self.password_file, &self.password_env];
        let Some(password) = secret(place, "password", password)? else {
            let allowed = "allowed: one of password, password_file, password_env beside the user";
            return Err(Error::document(place, format!("has no password; {allowed}")));
        };
        Ok(Credentials::Basic((**user).into(), password))
    }
}

impl RedirectsDoc {
    fn redirects(&self, is_pinned: bool, tls: Option<TlsSpec>) -> Result<Redirects, Error> {
        Ok(Redirects {
            most: self.max.read("/http/redirects/max")?.unwrap_or(REDIRECTS) as u8,
            followed: 0,
            same_host: self.same_host.0.unwrap_or(true),
            is_pinned,
            tls: tls.map(Box::new),
        })
    }
}

/// The URL at `key`.
fn url(key: &str, text: &str, form: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|problem| {
        // A URL's user and password stand before an @, and "(not shown)" takes the place of both.
        let problem = match problem {
            "has userinfo" => {
                "userinfo is not taken from a URL, use headers, basic or bearer".to_owned()
            }
            problem => format!("{} {problem}", shown(text)),
        };
        Error::document(key, format!("{problem}; allowed: {form}"))
    })
}

impl Words for Version {
    const WORDS: &'static [(&'static str, Self)] =
        &[("1.1", Version::One), ("2", Version::Two), ("auto", Version::Auto)];
}

fn check_host_header(text: &str, version: Version) -> Result<Box<str>, Error> {
    let fits = matches!(text.len(), 1..=260)
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'@' | b','));
    // Where it becomes a part of a URL it has to be one.
    if fits && (version == Version::One || text.parse::<Authority>().is_ok()) {
        return Ok(text.into());
    }
    Err(Error::range("/http/host", shown(text), "a host, or host:port, in ASCII without spaces"))
}
