//! `http` through tinyproxy, and through peers that play a proxy and go wrong.

use crate::http_servers::{nginx, tinyproxy};
use crate::rig::{expect_fail, expect_pass, free_port, run, run_within};
use crate::stub::{Move, Stub};
use meshvitals::{Outcome, Reason};

/// Who may ask.
const BASIC: &str = r#""proxy_basic": {"user": "me", "password": "sesame"}"#;

#[test]
fn a_proxy_forwards_plain_requests_and_opens_tunnels_for_encrypted_ones() {
    let Some(web) = nginx() else { return };
    let Some(proxy) = tinyproxy(&web.directory) else { return };
    let through = format!(r#""proxy": "http://127.0.0.1:{}""#, proxy.port);
    let well = r#""expect": {"body_contains": "all is well"}"#;
    for url in [web.url("/ok"), web.secure_url("/ok")] {
        expect_pass(&run("http", &format!("{url}, {through}, {BASIC}, {well}")));
        let wrong = BASIC.replace("sesame", "hidden");
        for credentials in ["", wrong.as_str()] {
            let separator = if credentials.is_empty() { "" } else { ", " };
            let result = run("http", &format!("{url}, {through}{separator}{credentials}"));
            // 407 where nothing was said, 401 where it was wrong.
            assert!([407, 401].contains(&result.detail), "{result:?}");
            assert_eq!(result.outcome, Outcome::Fail, "{result:?}");
            assert!(!format!("{result:?}").contains("hidden"), "{result:?}");
        }
    }
    let version = r#""version": "2", "expect": {"body_contains": "HTTP/2.0"}"#;
    expect_pass(&run(
        "http",
        &format!("{}, {through}, {BASIC}, {version}", web.secure_url("/version")),
    ));
    // The proxy is not told what is for the origin, nor the origin what is for the proxy.
    let told = r#""bearer": "letmein", "expect": {"body_contains": "<Bearer letmein>"}"#;
    for url in [web.url("/told"), web.secure_url("/told")] {
        expect_pass(&run("http", &format!("{url}, {through}, {BASIC}, {told}")));
    }
    let followed = r#""redirects": {}, "expect": {"body_contains": "all is well"}"#;
    for url in [web.url("/old"), web.secure_url("/old")] {
        expect_pass(&run("http", &format!("{url}, {through}, {BASIC}, {followed}")));
    }
}

#[test]
fn what_is_behind_the_proxy_is_told_from_the_proxy() {
    let Some(web) = nginx() else { return };
    let Some(proxy) = tinyproxy(&web.directory) else { return };
    let through = format!(r#""proxy": "http://127.0.0.1:{}", {BASIC}"#, proxy.port);
    let nobody = free_port();
    let tunnel = format!(r#""url": "https://127.0.0.1:{nobody}/", {through}"#);
    let result = run("http", &format!(r#"{tunnel}, "tls": {{"verify": false}}"#));
    expect_fail(&result, Reason::MATCH_STATUS, &[": CONNECT: status 50", "opens no tunnel"]);
    let result = run("http", &format!(r#""url": "http://127.0.0.1:{nobody}/", {through}"#));
    expect_fail(&result, Reason::MATCH_STATUS, &[": through the proxy: status 50"]);
    let untrusted = format!(r#""url": "https://127.0.0.1:{}/ok", {through}"#, web.secure);
    let result = run("http", &format!(r#"{untrusted}, "tls": {{"certificate_warn": 0}}"#));
    expect_fail(&result, Reason::TLS_UNTRUSTED, &[": CONNECT: "]);
    let gone = format!(r#""url": "https://127.0.0.1:1/", "proxy": "http://127.0.0.1:{nobody}""#);
    let result = run("http", &format!(r#"{gone}, "tls": {{"verify": false}}"#));
    expect_fail(&result, Reason::CONNECT_REFUSED, &[&format!("connect to 127.0.0.1:{nobody}")]);
}

#[test]
fn a_proxy_that_goes_wrong_is_told_by_the_step() {
    let open = b"HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n".to_vec();
    let early = [&open[..], b"hello"].concat();
    let fails: [(Vec<Move>, Reason); 7] = [
        (vec![Move::Close], Reason::RECEIVE_CLOSED),
        (vec![Move::Reset], Reason::RECEIVE_RESET),
        (vec![Move::Say(open[..20].to_vec()), Move::Close], Reason::RECEIVE_CLOSED),
        (vec![Move::Say(b"SSH-2.0-x\r\n".to_vec()), Move::Hang], Reason::RECEIVE_MALFORMED),
        (vec![Move::Say(b"HTTP/1.1 403 No\r\n\r\n".to_vec()), Move::Hang], Reason::MATCH_STATUS),
        (vec![Move::Say(early), Move::Hang], Reason::RECEIVE_MALFORMED),
        (vec![Move::Flood(b"HTTP/1.1 100 Wait\r\n\r\n".to_vec())], Reason::RECEIVE_TOO_LARGE),
    ];
    let body = |port: u16| {
        format!(
            r#""url": "https://svc.test/x?hidden", "proxy": "http://127.0.0.1:{port}",
            "tls": {{"verify": false}}"#
        )
    };
    let heard = || Move::Hear("\r\n\r\n".into());
    for (moves, reason) in fails {
        let case = format!("{moves:?}");
        let peer = Stub::new([heard()].into_iter().chain(moves).collect());
        let result = run("http", &body(peer.port));
        assert_eq!((result.outcome, result.reason), (Outcome::Fail, reason), "{case}: {result:?}");
        expect_fail(&result, reason, &["GET /x at 127.0.0.1:", ": CONNECT: "]);
    }
    let hangs = [
        (vec![Move::Hang], Reason::RECEIVE_TIMEOUT),
        (vec![Move::Say(open[..20].to_vec()), Move::Hang], Reason::RECEIVE_TIMEOUT),
        (vec![Move::Say(open), Move::Hang], Reason::TLS_TIMEOUT),
    ];
    for (moves, reason) in hangs {
        let peer = Stub::new([heard()].into_iter().chain(moves).collect());
        let result = run_within("300ms", "http", &body(peer.port));
        assert_eq!((result.outcome, result.reason), (Outcome::Timeout, reason), "{result:?}");
        assert!(result.message.as_str().contains(": CONNECT: "), "{result:?}");
    }
}
