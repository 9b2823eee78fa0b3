//! What a gRPC status and a serving status mean for a check.
//!
//! Codes and their names are those of gRPC (google.rpc.Code); the names of the serving statuses
//! those of grpc.health.v1. The words of the server are cut and shown only where they repeat
//! nothing that was sent in confidence.

use super::Secret;
use crate::model::Reason;
use crate::probe::talk::Failure;
use http::HeaderMap;

/// The status of a call that went well.
pub const OK: i32 = 0;
/// The server knows no such method.
pub const UNIMPLEMENTED: i32 = 12;

/// The names of the codes, by number.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The most characters that are repeated of what a server says.
const WORDS_LIMIT: usize = 80;
/// Shorter parts of a secret prove nothing when they are found in a text.
const PART_LIMIT: usize = 4;

/// How a call ended: its code, and what the server said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its number.
    pub code: i32,
    /// What the server says of it, cut and without control characters.
    pub words: String,
}

impl Status {
    /// The status in trailers, or in headers that are an answer by themselves.
    ///
    /// # Errors
    ///
    /// There is none, or it is no number.
    pub fn of(fields: &HeaderMap) -> Result<Status, Failure> {
        let malformed = |text| Failure::fail(Reason::RECEIVE_MALFORMED, text);
        let code = fields.get("grpc-status").ok_or_else(|| malformed("no grpc-status"))?;
        let code = code.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        let code = code.and_then(|text| text.parse().ok());
        let code = code.ok_or_else(|| malformed("a grpc-status that is no number"))?;
        let words = fields.get("grpc-message").map_or(&b""[..], |words| words.as_bytes());
        Ok(Status { code, words: decoded(words) })
    }

    /// What it means that the call ended with a code other than OK.
    pub fn failure(&self, secrets: &[(Box<str>, Secret)]) -> Failure {
        let reason = match self.code {
            5 => Reason::MATCH_UNKNOWN_SERVICE,
            UNIMPLEMENTED => Reason::MATCH_NO_HEALTH_SERVICE,
            7 | 16 => Reason::MATCH_CREDENTIALS,
            8 | 14 => Reason::MATCH_NOT_READY,
            _ => Reason::MATCH_ERROR,
        };
        let place = usize::try_from(self.code).ok();
        let mut text = match place.and_then(|code| NAMES.get(code)) {
            Some(name) => format!("{reason}: {name}"),
            None => format!("{reason}: code {}", self.code),
        };
        if !self.words.is_empty() && !repeats(&self.words, secrets) {
            text = format!("{text} ({})", self.words);
        }
        Failure { detail: self.code, ..Failure::fail(reason, &text) }
    }
}

/// What a serving status means; nothing if it is SERVING.
///
/// # Errors
///
/// Every other status.
pub fn serving(status: u64) -> Result<(), Failure> {
    let (reason, text) = match status {
        1 => return Ok(()),
        0 => (Reason::MATCH_NOT_SERVING, "the status of the service is UNKNOWN".to_owned()),
        2 => (Reason::MATCH_NOT_SERVING, String::new()),
        3 => (Reason::MATCH_UNKNOWN_SERVICE, String::new()),
        other => (Reason::MATCH_NOT_SERVING, format!("a serving status without a name: {other}")),
    };
    let detail = i32::try_from(status).unwrap_or(i32::MAX);
    Err(Failure { detail, ..Failure::fail(reason, &text) })
}

/// Takes the percent-encoding off, and what people cannot read, and cuts the rest.
fn decoded(words: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut rest = words;
    // Four bytes a character at most.
    while let Some((&first, behind)) = rest.split_first()
        && bytes.len() < 4 * WORDS_LIMIT
    {
        let digit = |place: usize| char::from(*behind.get(place)?).to_digit(16);
        let (byte, left) = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => ((high << 4 | low) as u8, &behind[2..]),
            _ => (first, behind),
        };
        bytes.push(byte);
        rest = left;
    }
    let text = String::from_utf8_lossy(&bytes);
    let shown = text.chars().filter(|letter| !letter.is_control()).take(WORDS_LIMIT);
    shown.collect::<String>().trim().to_owned()
}

/// Whether a text has a part of a secret in it.
fn repeats(text: &str, secrets: &[(Box<str>, Secret)]) -> bool {
    secrets.iter().any(|(_, secret)| {
        let secret = String::from_utf8_lossy(&secret.text);
        let mut parts = secret.split_ascii_whitespace();
        parts.any(|part| part.len() >= PART_LIMIT && text.contains(part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn fields(status: &str, words: &'static [u8]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.insert("grpc-status", HeaderValue::from_str(status).unwrap());
        fields.insert("grpc-message", HeaderValue::from_bytes(words).unwrap());
        fields
    }

    #[test]
    fn each_code_has_its_reason() {
        for (code, reason) in [
            (1, Reason::MATCH_ERROR),
            (4, Reason::MATCH_ERROR),
            (5, Reason::MATCH_UNKNOWN_SERVICE),
            (7, Reason::MATCH_CREDENTIALS),
            (8, Reason::MATCH_NOT_READY),
            (12, Reason::MATCH_NO_HEALTH_SERVICE),
            (14, Reason::MATCH_NOT_READY),
            (16, Reason::MATCH_CREDENTIALS),
            (99, Reason::MATCH_ERROR),
        ] {
            let failure = Status::of(&fields(&code.to_string(), b"")).unwrap().failure(&[]);
            assert_eq!((failure.reason, failure.detail), (reason, code));
        }
    }

    #[test]
    fn a_status_is_a_number_and_is_there() {
        for status in ["", "-1", "+1", "1x", "99999999999"] {
            let failure = Status::of(&fields(status, b"")).unwrap_err();
            assert_eq!(failure.reason, Reason::RECEIVE_MALFORMED, "{status}");
        }
        assert_eq!(Status::of(&HeaderMap::new()).unwrap_err().text, "no grpc-status");
    }

    #[test]
    fn words_are_decoded_and_bounded() {
        for (words, expected) in [
            (&b"too%20many%E2%82%AC"[..], "too many\u{20ac}"),
            (b"100%", "100%"),
            (b"%zz%4", "%zz%4"),
            (b"%ff%00%0a", "\u{fffd}"),
        ] {
            assert_eq!(decoded(words), expected);
        }
        assert_eq!(decoded("%E2%82%AC".repeat(500).as_bytes()).chars().count(), WORDS_LIMIT);
    }

    #[test]
    fn words_that_repeat_a_secret_are_left_out() {
        let status = Status::of(&fields("16", b"no such token: hunter2")).unwrap();
        let secret = |text| [("authorization".into(), Secret::given(text, ""))];
        let shown = "credentials refused or missing: UNAUTHENTICATED (no such token: hunter2)";
        assert_eq!(status.failure(&[]).text, shown);
        assert_eq!(status.failure(&secret("Bearer hunter3")).text, shown);
        let cut = "credentials refused or missing: UNAUTHENTICATED";
        assert_eq!(status.failure(&secret("Bearer hunter2")).text, cut);
    }

    #[test]
    fn only_serving_serves() {
        assert_eq!(serving(1), Ok(()));
        for (status, reason) in [
            (0, Reason::MATCH_NOT_SERVING),
            (2, Reason::MATCH_NOT_SERVING),
            (3, Reason::MATCH_UNKNOWN_SERVICE),
            (u64::MAX, Reason::MATCH_NOT_SERVING),
        ] {
            assert_eq!(serving(status).unwrap_err().reason, reason);
        }
    }
}
