//! `http` against nginx and HAProxy: statuses, headers, bodies, credentials, versions.

use crate::http_servers::{Web, haproxy, nginx};
use crate::rig::{expect_fail, expect_pass, run};
use meshvitals::{Outcome, Reason, RunResult};

/// What nothing that is told may hold.
const SECRETS: [&str; 4] = ["hidden", "sesame", "letmein", "all is well"];

/// A path, further keys, and the words of the failure.
type Case<'a> = (&'a str, &'a str, Reason, &'a [&'a str]);

#[track_caller]
fn expect_warn(result: &RunResult, reason: Reason, detail: i32, words: &[&str]) {
    let found = (result.outcome, result.reason, result.detail);
    assert_eq!(found, (Outcome::Warn, reason, detail), "{result:?}");
    for word in words {
        assert!(result.message.as_str().contains(word), "{word}: {result:?}");
    }
}

/// Runs these keys in the clear and encrypted, in both versions.
fn each_way(web: &Web, path: &str, keys: &str) -> Vec<RunResult> {
    let keys = if keys.is_empty() { String::new() } else { format!(", {keys}") };
    let versions = ["1.1", "2", "auto"].map(|v| format!(r#", "version": "{v}""#));
    let secure = versions.iter().map(|v| format!("{}{v}{keys}", web.secure_url(path)));
    let plain = [format!("{}{keys}", web.url(path))];
    plain.into_iter().chain(secure).map(|body| run("http", &body)).collect()
}

#[test]
fn every_expectation_holds_over_every_kind_of_connection() {
    let Some(web) = nginx() else { return };
    let good = [
        ("/ok", ""),
        ("/ok", r#""expect": {"body_contains": "is well"}"#),
        ("/ok", r#""expect": {"body_regex": "^all (is|was) well$"}"#),
        (
            "/ok",
            r#""expect": {"headers": {"X-Build": "v12 of today", "Server": {"regex": "nginx"}}}"#,
        ),
        ("/missing", r#""expect": {"status": [404]}"#),
        (
            "/json",
            r#""expect": {"json": {"/status": ["green", "yellow"], "/nodes/0/lag": {"max": 4}}}"#,
        ),
        ("/chunked/ok", r#""expect": {"body_regex": "^two x+$", "body_limit": 30000}"#),
        ("/chunked/ok", r#""expect": {"body_contains": "two x", "body_limit": 10}"#),
        ("/private/ok", r#""basic": {"user": "me", "password": "open sesame"}"#),
        ("/token", r#""bearer": "letmein""#),
        ("/version", r#""host": "svc.test", "expect": {"body_contains": "svc.test GET"}"#),
        ("/ok", r#""method": "HEAD", "expect": {"headers": {"X-Build": "v12 of today"}}"#),
        ("/version", r#""method": "POST", "body": "hidden", "expect": {"body_regex": " POST$"}"#),
    ];
    for (path, keys) in good {
        for result in each_way(&web, path, keys) {
            expect_pass(&result);
        }
    }
    let bad: [Case<'_>; 13] = [
        ("/missing", "", Reason::MATCH_STATUS, &["status 404, expected 200-299"]),
        ("/many", r#""expect": {"fail": [429]}"#, Reason::MATCH_STATUS, &["status 429"]),
        ("/ok", r#""expect": {"body_contains": "hidden"}"#, Reason::MATCH_BODY, &["lacks"]),
        ("/ok", r#""expect": {"body_regex": "^hidden"}"#, Reason::MATCH_BODY, &["not match"]),
        ("/chunked/ok", r#""expect": {"body_regex": "y"}"#, Reason::RECEIVE_TOO_LARGE, &["limit"]),
        (
            "/ok",
            r#""expect": {"headers": {"X-Build": "hidden"}}"#,
            Reason::MATCH_HEADER,
            &["x-build is not"],
        ),
        (
            "/ok",
            r#""expect": {"headers": {"X-None": "hidden"}}"#,
            Reason::MATCH_HEADER,
            &["no header x-none"],
        ),
        ("/ok", r#""expect": {"json": {"": 1}}"#, Reason::MATCH_JSON, &["no JSON"]),
        (
            "/json",
            r#""expect": {"json": {"/status": "hidden"}}"#,
            Reason::MATCH_JSON,
            &["\"/status\" is not"],
        ),
        (
            "/json",
            r#""expect": {"json": {"/nodes/0/lag": {"max": 3}}}"#,
            Reason::MATCH_JSON,
            &["lag\" is above"],
        ),
        ("/private/ok", "", Reason::MATCH_STATUS, &["status 401"]),
        (
            "/private/ok",
            r#""basic": {"user": "me", "password": "hidden"}"#,
            Reason::MATCH_CREDENTIALS,
            &["401"],
        ),
        (
            "/token",
            r#""bearer": "hidden""#,
            Reason::MATCH_CREDENTIALS,
            &["refuses the credentials"],
        ),
    ];
    for (path, keys, reason, words) in bad {
        for result in each_way(&web, path, keys) {
            expect_fail(&result, reason, words);
            expect_fail(&result, reason, &[&format!("GET {path} at 127.0.0.1:")]);
            for secret in SECRETS {
                assert!(!format!("{result:?}").contains(secret), "{secret}: {result:?}");
            }
        }
    }
}

#[test]
fn a_code_or_a_header_may_mean_that_the_target_is_alive_and_complains() {
    let Some(web) = nginx() else { return };
    for result in each_way(&web, "/busy", r#""expect": {"retry": [503]}"#) {
        let words = ["status 503: alive, but asks to come again in 7 s"];
        expect_warn(&result, Reason::MATCH_STATUS_WARN, 503, &words);
    }
    for result in each_way(&web, "/missing", r#""expect": {"warn": ["400-499"]}"#) {
        expect_warn(&result, Reason::MATCH_STATUS_WARN, 404, &["404: alive, with a complaint"]);
    }
    for result in each_way(&web, "/many", "") {
        expect_warn(&result, Reason::MATCH_STATUS_WARN, 429, &["fewer requests"]);
    }
    let degraded = r#""expect": {"degraded_header": "x-envoy-degraded", "body_contains": "so so"}"#;
    for result in each_way(&web, "/degraded", degraded) {
        expect_warn(&result, Reason::MATCH_HEADER, 0, &["x-envoy-degraded says", "degraded"]);
    }
    let worse = degraded.replace("so so", "hidden");
    for result in each_way(&web, "/degraded", &worse) {
        expect_fail(&result, Reason::MATCH_BODY, &["lacks"]);
    }
    for result in each_way(&web, "/ok", r#""expect": {"degraded_header": "x-envoy-degraded"}"#) {
        expect_pass(&result);
    }
}

#[test]
fn the_version_is_the_one_that_was_asked_for() {
    let Some(web) = nginx() else { return };
    let run = |version: &str, spoken: &str| {
        let keys = format!(r#""version": "{version}", "expect": {{"body_contains": "{spoken} "}}"#);
        run("http", &format!("{}, {keys}", web.secure_url("/version")))
    };
    expect_pass(&run("1.1", "HTTP/1.1"));
    expect_pass(&run("2", "HTTP/2.0"));
    expect_pass(&run("auto", "HTTP/2.0"));
    expect_fail(&run("2", "HTTP/1.1"), Reason::MATCH_BODY, &[]);
}

#[test]
fn credentials_may_stand_in_a_file_or_in_the_environment() {
    let Some(web) = nginx() else { return };
    let password = web.directory.write("password", "open sesame\n");
    let keys = format!(r#""basic": {{"user": "me", "password_file": "{password}"}}"#);
    expect_pass(&run("http", &format!("{}, {keys}", web.url("/private/ok"))));
    let token = web.directory.write("token", "letmein\n");
    let keys = format!(r#""bearer_file": "{token}""#);
    expect_pass(&run("http", &format!("{}, {keys}", web.url("/token"))));
    let document = |keys: &str| format!(r#"{{"name": "x", "http": {{{}, {keys}}}}}"#, web.url("/"));
    let broken = web.directory.write("broken", "hidden\r\nX-Own: hidden");
    let text = document(&format!(r#""bearer_file": "{broken}""#));
    let error = meshvitals::probe_once(None, &text).expect_err("two lines are no token");
    assert_eq!(error.key(), "/http/bearer_file");
    assert!(!error.to_string().contains("hidden"), "{error}");
    let text = document(r#""bearer_env": "MESHVITALS_NO_SUCH_VARIABLE""#);
    let error = meshvitals::probe_once(None, &text).expect_err("no such variable");
    assert_eq!(error.key(), "/http/bearer_env");
}

#[test]
fn haproxy_is_understood_as_well() {
    let Some(web) = haproxy() else { return };
    let good = [
        ("/ok", r#""expect": {"body_regex": "well$"}"#),
        ("/old", r#""redirects": {}, "expect": {"body_contains": "all is well"}"#),
        ("/private", r#""basic": {"user": "me", "password": "open sesame"}"#),
    ];
    for (path, keys) in good {
        for result in each_way(&web, path, keys) {
            expect_pass(&result);
        }
    }
    for result in each_way(&web, "/private", r#""basic": {"user": "me", "password": "hidden"}"#) {
        expect_fail(&result, Reason::MATCH_CREDENTIALS, &["status 401"]);
    }
    for result in each_way(&web, "/busy", r#""expect": {"retry": [503]}"#) {
        expect_warn(&result, Reason::MATCH_STATUS_WARN, 503, &["in 7 s"]);
    }
    for result in each_way(&web, "/", "") {
        expect_fail(&result, Reason::MATCH_STATUS, &["status 503"]);
    }
    // HAProxy takes HTTP/2 on any port, by its preface.
    let known = format!(r#"{}, "version": "2""#, web.url("/ok"));
    expect_pass(&run("http", &known));
}
