//! Writes an HTTP/1.1 request from the parts of its check.
//!
//! Nothing is stored per check: the bytes are made anew in a buffer that all runs share, and
//! the same parts always give the same bytes, so that a partial write can go on from its
//! offset. Headers of the user stand in for ours of the same name, whatever the case. The trap:
//! parts are written as they are; that they hold no line breaks is the document's promise.

use crate::model::HttpSpec;

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("meshvitals/", env!("CARGO_PKG_VERSION"));

/// Replaces what `out` holds by the request.
pub fn write(spec: &HttpSpec, out: &mut Vec<u8>) {
    out.clear();
    let mut put = |pieces: [&str; 4]| pieces.iter().for_each(|p| out.extend(p.as_bytes()));
    put([&spec.method, " ", &spec.path, " HTTP/1.1\r\n"]);
    let ours = [
        ("Host", &*spec.host),
        ("User-Agent", USER_AGENT),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ];
    for (name, value) in ours {
        if !is_given(spec, name) {
            put([name, ": ", value, "\r\n"]);
        }
    }
    for (name, value) in &spec.headers {
        put([name, ": ", value, "\r\n"]);
    }
    if needs_length(spec) {
        let mut digits = [0u8; 20];
        put(["Content-Length", ": ", decimal(spec.body.len(), &mut digits), "\r\n"]);
    }
    put(["\r\n", &spec.body, "", ""]);
}

fn is_given(spec: &HttpSpec, name: &str) -> bool {
    spec.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
}

/// A body is measured unless the user frames it; methods that usually have one say that it is
/// empty, because some servers wait for it otherwise.
fn needs_length(spec: &HttpSpec) -> bool {
    (!spec.body.is_empty() || matches!(&*spec.method, "POST" | "PUT" | "PATCH"))
        && !is_given(spec, "Content-Length")
        && !is_given(spec, "Transfer-Encoding")
}

fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[start..]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::http::tests::spec;

    fn text(spec: &HttpSpec) -> String {
        let mut out = b"left over".to_vec();
        write(spec, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_plain_request_asks_to_close_and_says_who_asks() {
        let expected = format!(
            "GET /health?x=1 HTTP/1.1\r\nHost: example.test:8080\r\nUser-Agent: meshvitals/{}\r\n\
             Accept: */*\r\nConnection: close\r\n\r\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(text(&spec()), expected);
    }

    #[test]
    fn headers_of_the_user_replace_ours_whatever_their_case() {
        let mut spec = spec();
        let headers =
            [("hOST", "other"), ("user-agent", "me"), ("ACCEPT", "text/plain"), ("X", "")];
        spec.headers = headers.map(|(name, value)| (name.into(), value.into())).into();
        let expected = "GET /health?x=1 HTTP/1.1\r\nConnection: close\r\nhOST: other\r\n\
                        user-agent: me\r\nACCEPT: text/plain\r\nX: \r\n\r\n";
        assert_eq!(text(&spec), expected);
    }

    #[test]
    fn a_body_is_measured_in_bytes_unless_the_user_frames_it() {
        let mut spec = spec();
        spec.method = "POST".into();
        assert!(text(&spec).ends_with("\r\nContent-Length: 0\r\n\r\n"));
        spec.body = "grüße, zwölf".into();
        assert!(text(&spec).ends_with("\r\nContent-Length: 15\r\n\r\ngrüße, zwölf"));
        spec.headers = [("content-length".into(), "3".into())].into();
        assert_eq!(text(&spec).to_lowercase().matches("content-length").count(), 1);
    }
}
