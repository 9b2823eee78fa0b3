//! Documents of the probe tcp that are refused when a check is registered, and what is said then.

use super::authority::{Holder, Paper, USUAL};
use serde_json::{Value, json};

/// The key and the words of the error of a document with this under tls.
fn refused(tls: &Value) -> (String, String) {
    let check = json!({"name": "x", "tcp": {"address": "127.0.0.1:1", "tls": tls}}).to_string();
    let error = meshvitals::probe_once(None, &check).expect_err("a bad document");
    (error.key().to_owned(), error.to_string())
}

#[track_caller]
fn expect(tls: Value, key: &str, words: &[&str]) {
    let (found, text) = refused(&tls);
    assert_eq!(found, key, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

#[test]
fn files_that_cannot_be_read_or_hold_something_else_are_named() {
    let missing = format!("{}/is-missing.pem", env!("CARGO_TARGET_TMPDIR"));
    expect(json!({"ca_file": missing}), "/tcp/tls/ca_file", &["is-missing.pem", "No such file"]);
    let paper = Paper::new("hunter2, which is no certificate");
    for key in ["ca_file", "certificate_file"] {
        let holder = Holder::self_signed(&USUAL);
        let (_, own) = holder.files();
        let mut tls = json!({key: paper.path()});
        if key == "certificate_file" {
            tls["key_file"] = json!(own.path());
        }
        let (found, text) = refused(&tls);
        assert_eq!(found, format!("/tcp/tls/{key}"));
        assert!(text.contains("no certificate") && !text.contains("hunter2"), "{text}");
    }
    let broken =
        Paper::new("-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n");
    expect(json!({"ca_file": broken.path()}), "/tcp/tls/ca_file", &["of no use"]);
    let large = Paper::new(&" ".repeat((1 << 20) + 1));
    expect(json!({"ca_file": large.path()}), "/tcp/tls/ca_file", &["larger than"]);
}

#[test]
fn a_certificate_and_its_key_belong_together() {
    let (certificate, key) = Holder::self_signed(&USUAL).files();
    let (_, other) = Holder::self_signed(&USUAL).files();
    let (certificate, key, other) = (certificate.path(), key.path(), other.path());
    expect(json!({"certificate_file": certificate}), "/tcp/tls/certificate_file", &["key_file"]);
    expect(json!({"key_file": key}), "/tcp/tls/key_file", &["certificate_file"]);
    let both =
        |certificate: &str, key: &str| json!({"certificate_file": certificate, "key_file": key});
    expect(both(certificate, other), "/tcp/tls/key_file", &[]);
    expect(both(certificate, certificate), "/tcp/tls/key_file", &["no private key"]);
    expect(both(key, key), "/tcp/tls/certificate_file", &["no certificate"]);
}

#[test]
fn names_that_no_certificate_can_be_for_are_refused() {
    for name in ["", "db:5432", "a..b", "-", "a b", "[::1]"] {
        expect(json!({"name": name}), "/tcp/tls/name", &["without a port"]);
    }
    expect(json!({"min_version": "1.1"}), "/tcp/tls/min_version", &["1.2", "1.3"]);
    expect(json!({"alpn": [""]}), "/tcp/tls/alpn/0", &["1 to 255"]);
    let unix = json!({"name": "x", "tcp": {"address": "unix:/run/x.sock", "tls": {}}});
    let error = meshvitals::probe_once(None, &unix.to_string()).expect_err("no name");
    assert_eq!(error.key(), "/tcp/tls/name");
    let fast = json!({"name": "x", "tcp": {"address": "h:1", "tls": {}, "connect": "fast"}});
    let error = meshvitals::probe_once(None, &fast.to_string()).expect_err("no whole handshake");
    assert_eq!(error.key(), "/tcp/connect");
}

#[test]
fn nothing_of_a_script_is_repeated_where_it_is_wrong() {
    for script in [
        json!("hunter2"),
        json!(["hunter2"]),
        json!([{"send": ["hunter2"]}]),
        json!([{"expect": 7_777_777}]),
        json!([{"expect_regex": "(hunter2"}]),
        json!([{"send": "x", "expect": "hunter2"}]),
        json!([{"close": {"hunter2": 1}}]),
        json!([{"starttls": "hunter2"}]),
        json!(vec![json!({"send": "hunter2"}); 33]),
    ] {
        let tcp = json!({"address": "127.0.0.1:1", "script": script});
        let check = json!({"name": "x", "tcp": tcp}).to_string();
        let error = meshvitals::probe_once(None, &check).expect_err("a bad document");
        let text = error.to_string();
        assert!(error.key().starts_with("/tcp/script"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("7777777"), "{text}");
    }
    let fast = json!({"address": "h:1", "connect": "fast", "script": [{"send": "x"}]});
    let check = json!({"name": "x", "tcp": fast}).to_string();
    let error = meshvitals::probe_once(None, &check).expect_err("no whole handshake");
    assert_eq!(error.key(), "/tcp/connect");
}
