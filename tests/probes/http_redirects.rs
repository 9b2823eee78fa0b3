//! Redirects of nginx: followed where they may be, and refused with the reason where not.

use crate::http_servers::nginx;
use crate::rig::{expect_fail, expect_pass, run};
use meshvitals::Reason;

#[test]
fn redirects_are_followed_on_request_only() {
    let Some(web) = nginx() else { return };
    let result = run("http", &web.url("/old"));
    expect_fail(&result, Reason::MATCH_STATUS, &["GET /old at", "status 301"]);
    let followed = r#""redirects": {}, "expect": {"body_contains": "all is well"}"#;
    for path in ["/old", "/old/twice"] {
        expect_pass(&run("http", &format!("{}, {followed}", web.url(path))));
        for version in ["1.1", "2"] {
            let version = format!(r#""version": "{version}""#);
            expect_pass(&run("http", &format!("{}, {followed}, {version}", web.secure_url(path))));
        }
    }
    // A code that the document expects is an answer.
    let keys = r#""redirects": {}, "expect": {"status": [301]}"#;
    expect_pass(&run("http", &format!("{}, {keys}", web.url("/old"))));
    let keys = r#""redirects": {}, "expect": {"body_contains": "hidden"}"#;
    let result = run("http", &format!("{}, {keys}", web.url("/old")));
    expect_fail(&result, Reason::MATCH_BODY, &["GET /ok at", ": after a redirect: "]);
}

#[test]
fn a_redirect_that_may_not_be_followed_says_why() {
    let Some(web) = nginx() else { return };
    let plain = |path: &str, redirects: &str| {
        run("http", &format!(r#"{}, "redirects": {{{redirects}}}"#, web.url(path)))
    };
    let refused = |result, words: &[&str]| expect_fail(&result, Reason::MATCH_REDIRECT, words);
    let result = plain("/loop", r#""max": 3"#);
    assert_eq!(result.detail, 302);
    refused(result, &["after a redirect: status 302 after 3 redirects"]);
    refused(plain("/old/twice", r#""max": 1"#), &["GET /old at", "status 301 after 1 redirects"]);
    refused(plain("/nowhere", ""), &["status 302 does not say where to"]);
    refused(plain("/mail", ""), &["status 302 leads to what is not a URL"]);
    refused(plain("/other", ""), &["leads to another host, http://localhost:"]);
    let secure = web.secure_url("/insecure");
    let result = run("http", &format!(r#"{secure}, "redirects": {{"same_host": false}}"#));
    refused(result, &["leads from https to http://127.0.0.1:"]);
    let keys = format!(r#""address": "127.0.0.1:{}", "redirects": {{}}"#, web.plain);
    let body = format!(r#""url": "http://127.0.0.1/secure", {keys}"#);
    refused(run("http", &body), &["for which the address of the check does not stand"]);
    let keys = r#""method": "PUT", "body": "hidden", "redirects": {}"#;
    let result = run("http", &format!("{}, {}, {keys}", web.url("/port"), web.certificate.tls()));
    refused(result, &["would carry the body to another origin"]);
}

#[test]
fn a_redirect_to_another_origin_carries_nothing_that_is_secret() {
    let Some(web) = nginx() else { return };
    let keys = |told: &str| {
        format!(
            r#""redirects": {{"same_host": false}}, "bearer": "letmein", {},
            "headers": {{"X-Own": "hidden", "Cookie": "hidden"}},
            "expect": {{"body_contains": "{told}"}}"#,
            web.certificate.tls()
        )
    };
    let all = "<Bearer letmein><hidden><hidden>";
    let here = format!(
        r#"{}, {}"#,
        web.secure_url("/told"),
        keys(all).replacen(&web.certificate.tls(), r#""method": "GET""#, 1)
    );
    expect_pass(&run("http", &here));
    for path in ["/other", "/port"] {
        expect_pass(&run("http", &format!("{}, {}", web.url(path), keys("<><><>"))));
    }
}

#[test]
fn the_method_of_the_next_request_is_the_one_of_the_standard() {
    let Some(web) = nginx() else { return };
    for (path, method, next) in [
        ("/posted", "POST", "GET"),
        ("/posted", "PUT", "GET"),
        ("/again", "POST", "POST"),
        ("/secure", "POST", "GET"),
        ("/secure", "GET", "GET"),
    ] {
        let keys = format!(
            r#""method": "{method}", "redirects": {{}}, {},
            "expect": {{"body_regex": " {next}$"}}"#,
            web.certificate.tls()
        );
        let result = run("http", &format!("{}, {keys}", web.url(path)));
        expect_pass(&result);
    }
}

#[test]
fn the_name_of_another_host_is_resolved_and_verified() {
    let Some(web) = nginx() else { return };
    let keys = r#""redirects": {"same_host": false}, "expect": {"body_contains": "<><><>"}"#;
    let result = run("http", &format!("{}, {keys}", web.url("/other")));
    expect_pass(&result);
    assert!(result.phases.resolve_ns > 0, "{result:?}");
    // Encrypted where it was not: the authority of the document is asked for the new name.
    let keys = r#""redirects": {}, "tls": {"certificate_warn": 0}"#;
    let result = run("http", &format!("{}, {keys}", web.url("/secure")));
    expect_fail(&result, Reason::TLS_UNTRUSTED, &["GET /version at 127.0.0.1:"]);
    assert!(result.phases.tls_ns > 0 && result.phases.connect_ns > 0, "{result:?}");
}
