//! The health service of a real server: each way in which it says that a service does not serve.

use crate::grpc_server::Server;
use meshvitals::model::{Outcome, Reason, RunResult};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What a probe of these keys finds at once or in time.
#[track_caller]
pub fn probe(timeout: &str, grpc: Value) -> RunResult {
    let document = json!({"name": "it", "grpc": grpc, "timeout": timeout});
    meshvitals::probe_once(None, &document.to_string()).expect("a document")
}

/// Asserts what came of it, and that the message begins with what was asked where.
#[track_caller]
pub fn expect(result: &RunResult, outcome: Outcome, reason: Reason, detail: i32, text: &str) {
    let message = result.message.as_str();
    assert_eq!((result.outcome, result.reason), (outcome, reason), "{message}");
    assert_eq!(result.detail, detail, "{message}");
    assert!(message.contains(text), "{message}");
}

#[track_caller]
fn expect_fail(result: &RunResult, reason: Reason, detail: i32, text: &str) {
    expect(result, Outcome::Fail, reason, detail, text);
}

#[test]
fn a_server_says_how_its_services_are() {
    let Some(mut server) = Server::start(&json!({})) else { return };
    let about = |server: &Server, service: &str| {
        probe("10s", json!({"address": server.address(), "service": service}))
    };
    expect(&about(&server, ""), Outcome::Pass, Reason::NONE, 0, "");
    let unknown = about(&server, "shop.Orders");
    let text = format!("grpc at {}: Check: the target does not know the service", server.address());
    expect_fail(&unknown, Reason::MATCH_UNKNOWN_SERVICE, 5, &text);
    for (status, reason, detail) in [
        ("NOT_SERVING", Reason::MATCH_NOT_SERVING, 2),
        ("UNKNOWN", Reason::MATCH_NOT_SERVING, 0),
        ("SERVICE_UNKNOWN", Reason::MATCH_UNKNOWN_SERVICE, 3),
    ] {
        server.set("shop.Orders", status);
        let result = about(&server, "shop.Orders");
        expect_fail(&result, reason, detail, ": Check: ");
        assert!(result.latency_ns > 0 && result.phases.first_byte_ns > 0);
    }
    server.set("shop.Orders", "SERVING");
    expect(&about(&server, "shop.Orders"), Outcome::Pass, Reason::NONE, 0, "");
    let address = server.address();
    drop(server);
    let down = probe("10s", json!({"address": address}));
    expect_fail(&down, Reason::CONNECT_REFUSED, down.detail, "connect to");
}

#[test]
fn a_server_without_a_health_service_is_told_apart() {
    let Some(server) = Server::start(&json!({"health": false})) else { return };
    let result = probe("10s", json!({"address": server.address()}));
    expect_fail(&result, Reason::MATCH_NO_HEALTH_SERVICE, 12, "UNIMPLEMENTED");
}

#[test]
fn each_code_that_a_server_ends_with_has_its_reason() {
    for (code, number, reason) in [
        ("UNAVAILABLE", 14, Reason::MATCH_NOT_READY),
        ("RESOURCE_EXHAUSTED", 8, Reason::MATCH_NOT_READY),
        ("PERMISSION_DENIED", 7, Reason::MATCH_CREDENTIALS),
        ("DEADLINE_EXCEEDED", 4, Reason::MATCH_ERROR),
        ("INTERNAL", 13, Reason::MATCH_ERROR),
    ] {
        let options = json!({"code": code, "words": "100 % full"});
        let Some(server) = Server::start(&options) else { return };
        let result = probe("10s", json!({"address": server.address()}));
        expect_fail(&result, reason, number, &format!("{code} (100 % full)"));
    }
}

#[test]
fn credentials_travel_as_metadata_and_stay_unseen() {
    let options = json!({
        "code": "UNAUTHENTICATED", "words": "not hunter1, not hunter3", "token": "Bearer hunter2"
    });
    let Some(server) = Server::start(&options) else { return };
    let with = |token: &str| {
        let metadata = json!({"Authorization": format!("Bearer {token}")});
        probe("10s", json!({"address": server.address(), "metadata": metadata}))
    };
    expect(&with("hunter2"), Outcome::Pass, Reason::NONE, 0, "");
    let wrong = with("hunter3");
    expect_fail(&wrong, Reason::MATCH_CREDENTIALS, 16, "UNAUTHENTICATED");
    assert!(!wrong.message.as_str().contains("hunter"), "{}", wrong.message.as_str());
}

#[test]
fn a_server_on_a_unix_socket_answers() {
    let path = std::env::temp_dir().join(format!("meshvitals-grpc-{}", std::process::id()));
    let address = format!("unix:{}", path.display());
    let Some(_server) = Server::start(&json!({"address": address})) else { return };
    expect(&probe("10s", json!({"address": address})), Outcome::Pass, Reason::NONE, 0, "");
    let _ = std::fs::remove_file(path);
}

/// The files of an authority, and of a server of it with this name; removed at the end.
pub struct Files {
    directory: PathBuf,
}

impl Files {
    pub fn new(name: &str) -> Files {
        let unique = format!("meshvitals-{name}-{}", std::process::id());
        let directory = std::env::temp_dir().join(unique);
        std::fs::create_dir_all(&directory).expect("a directory");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        let files = Files { directory };
        std::fs::write(files.path("ca"), authority.pem()).expect("a file");
        std::fs::write(files.path("certificate"), certificate.pem()).expect("a file");
        std::fs::write(files.path("key"), key.serialize_pem()).expect("a file");
        files
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn an_encrypted_server_answers_and_its_certificate_is_verified() {
    let files = Files::new("orders.test");
    let options = json!({"certificate": files.path("certificate"), "key": files.path("key")});
    let Some(server) = Server::start(&options) else { return };
    let ca = files.path("ca");
    let tls = json!({"name": "orders.test", "ca_file": ca, "certificate_warn": 0});
    let result = probe("10s", json!({"address": server.address(), "tls": tls}));
    expect(&result, Outcome::Pass, Reason::NONE, 0, "");
    assert!(result.phases.tls_ns > 0 && result.value > 0.0);
    let tls = json!({"name": "payments.test", "ca_file": ca});
    let wrong = probe("10s", json!({"address": server.address(), "tls": tls}));
    expect_fail(&wrong, Reason::TLS_WRONG_NAME, 0, "grpc at ");
    let plain = probe("10s", json!({"address": server.address()}));
    assert_eq!(plain.outcome, Outcome::Fail, "{}", plain.message.as_str());
}

#[test]
fn a_server_that_lets_go_of_its_connections_is_no_failure() {
    // Every connection is told to go while it is young, often before its answer is there.
    let Some(server) = Server::start(&json!({"max_age_ms": 1})) else { return };
    for _ in 0..50 {
        let result = probe("10s", json!({"address": server.address()}));
        expect(&result, Outcome::Pass, Reason::NONE, 0, "");
    }
}
