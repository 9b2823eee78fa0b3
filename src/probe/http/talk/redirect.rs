//! Where a redirect leads, and whether it is followed.
//!
//! From https nothing leads back to http. Headers, credentials, a client's certificate and a body
//! are for the origin of the document alone; a redirect to another one carries none of them. A
//! message names no more of the place than its origin, because the rest may hold a secret.

use crate::model::document::Url;
use crate::model::http::{HttpTalk, Origin, Redirects};
use crate::model::{HttpSpec, Protocol, Reason, TalkSpec, TlsSpec};
use crate::probe::talk::Failure;
use ::http::{HeaderMap, header};
use std::sync::Arc;

/// What is to be done after this answer.
///
/// # Errors
///
/// Why it is not followed.
pub fn next(
    spec: &TalkSpec,
    talk: &HttpTalk,
    status: u16,
    headers: &HeaderMap,
) -> Result<TalkSpec, Failure> {
    let refuse = |text: &str| {
        let failure = Failure::fail(Reason::MATCH_REDIRECT, &format!("status {status} {text}"));
        Failure { detail: i32::from(status), ..failure }
    };
    let Some(redirects) = &talk.redirects else { return Err(refuse("is not followed")) };
    if redirects.followed >= redirects.most {
        return Err(refuse(&format!("after {} redirects", redirects.followed)));
    }
    // An empty one would mean this very place, which is not what its writer had in mind.
    let mut locations =
        headers.get_all(header::LOCATION).iter().filter(|location| !location.is_empty());
    let (Some(location), None) = (locations.next(), locations.next()) else {
        return Err(refuse("does not say where to"));
    };
    let text = location.to_str().ok().map(|text| absolute(talk, text));
    let Some(Ok(url)) = text.map(|text| Url::parse(&text)) else {
        return Err(refuse("leads to what is not a URL of http or https"));
    };
    let from = &talk.origin;
    let is_here = url.origin == *from
        // Some servers say their own name whatever they were called.
        || url.origin.is_secure == from.is_secure && url.host.eq_ignore_ascii_case(&talk.request.host);
    let to = url.origin.to_string();
    if from.is_secure && !url.origin.is_secure {
        return Err(refuse(&format!("leads from https to {to}")));
    }
    if redirects.same_host && !is_here && url.origin.host != from.host {
        return Err(refuse(&format!("leads to another host, {to}")));
    }
    if redirects.is_pinned && !is_here {
        let text = format!("leads to {to}, for which the address of the check does not stand");
        return Err(refuse(&text));
    }
    let request = request(talk, status, &url, is_here).map_err(refuse)?;
    let origin = if is_here { from.clone() } else { url.origin.clone() };
    let target = match is_here || talk.proxy.is_some() {
        true => spec.target.clone(),
        false => url.target.clone(),
    };
    let tls = match is_here {
        true => spec.tls.clone(),
        false => origin.is_secure.then(|| tls(spec, redirects, from, &origin)).flatten(),
    };
    if origin.is_secure && tls.is_none() {
        return Err(refuse("leads to https"));
    }
    let redirects = Redirects { followed: redirects.followed + 1, ..redirects.clone() };
    let protocol = Protocol::Http(Box::new(HttpTalk {
        request: Arc::new(HttpSpec { target: target.clone(), ..request }),
        origin,
        rules: Arc::clone(&talk.rules),
        credentials: talk.credentials.clone().filter(|_| is_here),
        proxy: talk.proxy.clone(),
        redirects: Some(redirects),
        version: talk.version,
    }));
    Ok(TalkSpec { target, tls, protocol })
}

/// The request that follows.
fn request(
    talk: &HttpTalk,
    status: u16,
    url: &Url,
    is_here: bool,
) -> Result<HttpSpec, &'static str> {
    let mut request = HttpSpec::clone(&talk.request);
    request.path = url.path.clone();
    // What was posted is not posted again but where the answer asks for it (RFC 9110, 15.4).
    let becomes_get = match status {
        303 => &*request.method != "HEAD",
        301 | 302 => &*request.method == "POST",
        _ => false,
    };
    if becomes_get {
        request.method = "GET".into();
        request.body = Box::default();
        let is_about_body =
            |name: &str| name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
        let headers = request.headers.into_vec().into_iter();
        request.headers = headers.filter(|(name, _)| !is_about_body(name)).collect();
    }
    if !is_here {
        if !request.body.is_empty() {
            return Err("would carry the body to another origin");
        }
        request.host = url.host.clone();
        request.headers = Box::default();
    }
    Ok(request)
}

/// How the connection to another origin is encrypted.
fn tls(spec: &TalkSpec, redirects: &Redirects, from: &Origin, to: &Origin) -> Option<TlsSpec> {
    let mut tls = spec.tls.clone().or_else(|| redirects.tls.as_deref().cloned())?;
    if from.host != to.host {
        tls.name = to.host.trim_matches(['[', ']']).trim_end_matches('.').into();
        tls.certificate = None;
        tls.key = None;
    }
    Some(tls)
}

/// The URL that a reference means where it stands (RFC 3986, section 5.2).
fn absolute(talk: &HttpTalk, reference: &str) -> String {
    let reference = reference.split('#').next().unwrap_or_default();
    let scheme = reference.split([':', '/', '?']).next().unwrap_or_default();
    if reference.as_bytes().get(scheme.len()) == Some(&b':') {
        return reference.to_owned();
    }
    let base = &talk.origin;
    if let Some(rest) = reference.strip_prefix("//") {
        return format!("{}://{rest}", if base.is_secure { "https" } else { "http" });
    }
    let path = talk.request.path.split('?').next().unwrap_or_default();
    match reference.chars().next() {
        None => format!("{base}{}", talk.request.path),
        Some('/') => format!("{base}{reference}"),
        Some('?') => format!("{base}{path}{reference}"),
        Some(_) => {
            let (reference, query) = match reference.split_once('?') {
                Some((path, query)) => (path, format!("?{query}")),
                None => (reference, String::new()),
            };
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{base}{}{query}", without_dots(&format!("{folder}/{reference}")))
        }
    }
}

/// The path without the segments `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => _ = kept.pop(),
            segment => kept.push(segment),
        }
        if is_last && matches!(segment, "." | "..") {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}
