//! Plain lines and JSON lines: one an event, for pipes and logs.
//!
//! Each says whether it is about a check or about a group, since both may have the same name: in
//! JSON by `subject`, in a plain line by GROUP before the status, where no name can stand.

use super::session::{News, Session};
use crate::words;
use meshvitals::{Kind, Reason, Status, time};
use serde::Serialize;

/// The first line.
#[derive(Serialize)]
struct Started<'a> {
    kind: &'static str,
    time: String,
    unix_ms: i64,
    version: &'static str,
    checks: Vec<&'a str>,
}

/// A check was registered.
#[derive(Serialize)]
struct Added<'a> {
    kind: &'static str,
    time: String,
    unix_ms: i64,
    subject: &'static str,
    name: &'a str,
}

/// A status changed.
#[derive(Serialize)]
struct Change<'a> {
    kind: &'static str,
    time: String,
    unix_ms: i64,
    subject: &'static str,
    name: &'a str,
    status: String,
    previous: String,
    reason: i32,
    reason_text: String,
    message: &'a str,
    value: Option<f64>,
    merged: u32,
    sequence: u64,
}

/// The first line: what is watched.
pub fn opening(session: &Session, as_json: bool) -> String {
    let checks = session.checks();
    let unix_ms = time::unix_ms();
    if as_json {
        let names: Vec<&str> = checks.iter().map(|check| &*check.name).collect();
        let line = Started {
            kind: "started",
            time: words::date(unix_ms),
            unix_ms,
            version: env!("CARGO_PKG_VERSION"),
            checks: names,
        };
        return serde_json::to_string(&line).unwrap_or_default();
    }
    let names: Vec<String> = checks.iter().map(|check| words::clean(&check.name)).collect();
    format!("{} watching {} checks: {}", words::date(unix_ms), names.len(), names.join(", "))
}

/// One line about an event.
pub fn event(news: &News, as_json: bool) -> String {
    if as_json {
        return object(news);
    }
    let (date, name) = (words::date(news.unix_ms), words::clean(&news.name));
    if news.kind == Kind::Registered {
        return format!("{date} ADDED {name}");
    }
    let merged = match news.merged {
        0 => String::new(),
        count => format!(", {count} changes in between"),
    };
    let why = why(news);
    let why = if why.is_empty() { why } else { format!(": {why}") };
    let group = if news.is_group { "GROUP " } else { "" };
    format!("{date} {group}{} {name} (was {}{merged}){why}", news.status, news.previous)
}

/// Why, for people: the reason and what was said about it.
pub fn why(news: &News) -> String {
    explain(news.reason, &news.text)
}

/// A reason and a message as one text, without saying the same twice.
pub fn explain(reason: Reason, message: &str) -> String {
    // That a member changed is said by the line of the member.
    let silent = [Reason::NONE, Reason::INITIAL, Reason::RESTARTED, Reason::MEMBER];
    let silent = silent.contains(&reason);
    let reason = if silent { String::new() } else { reason.to_string() };
    let message = words::clean(message);
    match (reason.is_empty(), message.is_empty()) {
        (true, _) => message,
        (_, true) => reason,
        _ if message.contains(&reason) => message,
        _ => format!("{reason}: {message}"),
    }
}

fn object(news: &News) -> String {
    let (unix_ms, time, name) = (news.unix_ms, words::date(news.unix_ms), &*news.name);
    let subject = if news.is_group { "group" } else { "check" };
    // Only maps with keys that are no text make these an error.
    if news.kind == Kind::Registered {
        let line = Added { kind: "registered", time, unix_ms, subject, name };
        return serde_json::to_string(&line).unwrap_or_default();
    }
    let line = Change {
        kind: "status",
        time,
        unix_ms,
        subject,
        name,
        status: lower(news.status),
        previous: lower(news.previous),
        reason: news.reason.0,
        reason_text: news.reason.to_string(),
        message: &news.text,
        value: news.value.is_finite().then_some(news.value),
        merged: news.merged,
        sequence: news.sequence,
    };
    serde_json::to_string(&line).unwrap_or_default()
}

fn lower(status: Status) -> String {
    status.word().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn news() -> News {
        News {
            unix_ms: 1_795_467_900_000,
            kind: Kind::Status,
            is_group: false,
            name: "tcp:127.0.0.1:8080".into(),
            status: Status::Unhealthy,
            previous: Status::Healthy,
            reason: Reason::CONNECT_REFUSED,
            text: "connect to 127.0.0.1:8080: no".into(),
            value: f64::NAN,
            merged: 0,
            sequence: 4,
        }
    }

    #[test]
    fn a_line_says_when_what_and_why() {
        assert_eq!(
            event(&news(), false),
            "2026-11-23T21:05:00Z UNHEALTHY tcp:127.0.0.1:8080 (was HEALTHY): \
             connection refused: connect to 127.0.0.1:8080: no"
        );
        let merged = News { merged: 3, text: String::new(), reason: Reason::NONE, ..news() };
        assert_eq!(
            event(&merged, false),
            "2026-11-23T21:05:00Z UNHEALTHY tcp:127.0.0.1:8080 (was HEALTHY, 3 changes in between)"
        );
        let added = News { kind: Kind::Registered, ..news() };
        assert_eq!(event(&added, false), "2026-11-23T21:05:00Z ADDED tcp:127.0.0.1:8080");
    }

    #[test]
    fn a_group_is_not_taken_for_a_check_of_its_name() {
        let check = News { name: "overall".into(), text: String::new(), ..news() };
        let group = News { is_group: true, reason: Reason::MEMBER, ..check.clone() };
        let plain = "2026-11-23T21:05:00Z GROUP UNHEALTHY overall (was HEALTHY)";
        assert_eq!(event(&group, false), plain);
        let fake = News { name: "GROUP UNHEALTHY overall".into(), ..check.clone() };
        assert!(event(&fake, false).starts_with("2026-11-23T21:05:00Z UNHEALTHY GROUP "));
        let subject = |news: &News| {
            let object: serde_json::Value = serde_json::from_str(&event(news, true)).expect("JSON");
            object["subject"].clone()
        };
        assert_eq!((subject(&group), subject(&check)), (json!("group"), json!("check")));
        assert_eq!(subject(&News { kind: Kind::Registered, ..check }), json!("check"));
    }

    #[test]
    fn a_reason_that_the_message_names_is_not_said_twice() {
        assert_eq!(explain(Reason::TIMEOUT, "timed out after 5 s"), "timed out after 5 s");
        assert_eq!(explain(Reason::NONE, ""), "");
        assert_eq!(explain(Reason::NONE, "ok"), "ok");
    }

    #[test]
    fn an_object_has_words_in_lower_case_and_null_for_no_value() {
        let object: serde_json::Value =
            serde_json::from_str(&event(&news(), true)).expect("JSON on one line");
        assert_eq!(
            (&object["status"], &object["previous"]),
            (&json!("unhealthy"), &json!("healthy"))
        );
        assert_eq!((&object["value"], &object["reason"]), (&json!(null), &json!(200)));
    }

    #[test]
    fn a_name_cannot_fake_a_line() {
        let fake = News { name: "a\n2026".into(), ..news() };
        assert_eq!(event(&fake, false).lines().count(), 1);
    }
}
