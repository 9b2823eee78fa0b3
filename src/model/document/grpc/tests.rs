//! What documents of the probe mean, and how those of no use are refused.

use super::*;
use crate::model::document::{Defaults, parse_check};

fn read(grpc: &str) -> Result<TalkSpec, Error> {
    let text = format!(r#"{{"name": "a", "grpc": {grpc}}}"#);
    let spec = parse_check(&text, &Defaults::default())?;
    let ProbeSpec::Talk(spec) = spec.probe else { panic!("no conversation") };
    Ok(TalkSpec::clone(&spec))
}

fn grpc(text: &str) -> GrpcSpec {
    match read(text).expect("a document").protocol {
        Protocol::Grpc(spec) => spec,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_document_asks_about_the_server_under_its_address() {
    let spec = grpc(r#"{"address": "10.0.0.5:50051"}"#);
    assert_eq!((&*spec.service, &*spec.authority), ("", "10.0.0.5:50051"));
    assert!(spec.metadata.is_empty());
    assert_eq!(read(r#"{"address": "10.0.0.5:50051"}"#).unwrap().tls, None);
}

#[test]
fn the_authority_is_the_one_given_or_the_name_that_is_verified_or_the_address() {
    for (text, authority) in [
        (r#"{"address": "[::1]:50051"}"#, "[::1]:50051"),
        (r#"{"address": "orders.example:50051"}"#, "orders.example:50051"),
        (r#"{"address": "unix:/run/x.sock"}"#, "localhost"),
        (r#"{"address": "unix:/run/x.sock", "tls": {"name": "orders"}}"#, "orders"),
        (r#"{"address": "10.0.0.5:443", "tls": {"name": "orders"}}"#, "orders:443"),
        (r#"{"address": "10.0.0.5:443", "tls": {"name": "::1"}}"#, "[::1]:443"),
        (r#"{"address": "10.0.0.5:443", "authority": "x.example"}"#, "x.example"),
    ] {
        assert_eq!(&*grpc(text).authority, authority, "{text}");
    }
}

#[test]
fn encryption_offers_h2_unless_the_document_orders_otherwise() {
    let alpn = |text: &str| -> Vec<String> {
        let tls = read(text).expect("a document").tls.expect("encryption");
        tls.alpn.iter().map(|name| name.to_string()).collect()
    };
    assert_eq!(alpn(r#"{"address": "a:1", "tls": {}}"#), ["h2"]);
    let both = r#"{"address": "a:1", "tls": {"alpn": ["grpc-exp", "h2"]}}"#;
    assert_eq!(alpn(both), ["grpc-exp", "h2"]);
}

#[test]
fn metadata_is_in_lower_case_and_never_shown() {
    let text = r#"{"address": "a:1", "metadata": {"Authorization": "Bearer hunter2"}}"#;
    let spec = grpc(text);
    let [(name, value)] = &*spec.metadata else { panic!("one") };
    assert_eq!((&**name, &*value.text), ("authorization", &b"Bearer hunter2"[..]));
    assert!(!format!("{spec:?}").contains("hunter2"));
}

#[test]
fn what_is_of_no_use_is_refused_by_its_place_without_a_value() {
    let long = format!(r#"{{"address": "a:1", "service": "{}"}}"#, "s".repeat(1_024));
    let heavy = format!(r#"{{"address": "a:1", "metadata": {{"x": "{}"}}}}"#, "s".repeat(8_192));
    for (text, place) in [
        (r#"{}"#, "/grpc"),
        (r#"{"address": "a"}"#, "/grpc/address"),
        (r#"{"address": "a:1", "service": 7}"#, "/grpc/service"),
        (r#"{"address": "a:1", "service": "a\nb"}"#, "/grpc/service"),
        (&long, "/grpc/service"),
        (r#"{"address": "a:1", "authority": ""}"#, "/grpc/authority"),
        (r#"{"address": "a:1", "authority": "a b"}"#, "/grpc/authority"),
        (r#"{"address": "a:1", "authority": "hunter2@a"}"#, "/grpc/authority"),
        (r#"{"address": "a:1", "tls": {"alpn": ["http/1.1"]}}"#, "/grpc/tls/alpn"),
        (r#"{"address": "a:1", "metadata": {"a b": "hunter2"}}"#, "/grpc/metadata/a b"),
        (r#"{"address": "a:1", "metadata": {"a=hunter2": ""}}"#, "/grpc/metadata/a"),
        (r#"{"address": "a:1", "metadata": {"TE": "hunter2"}}"#, "/grpc/metadata/TE"),
        (r#"{"address": "a:1", "metadata": {"grpc-x": "hunter2"}}"#, "/grpc/metadata/grpc-x"),
        (r#"{"address": "a:1", "metadata": {"a": "1", "A": "hunter2"}}"#, "/grpc/metadata/A"),
        (r#"{"address": "a:1", "metadata": {"a": "hunter2\n"}}"#, "/grpc/metadata/a"),
        (&heavy, "/grpc/metadata"),
        (r#"{"address": "a:1", "port": 1}"#, "/grpc/port"),
    ] {
        let error = read(text).expect_err(text).to_string();
        assert!(error.contains(place), "{text}: {error}");
        assert!(!error.contains("hunter2"), "{text}: {error}");
    }
}
