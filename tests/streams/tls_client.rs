//! What a server demands of us: our certificate, a version, a protocol.

use super::authority::{Holder, Paper, USUAL, USUAL_CA, Wish};
use super::peer::{self, Peer};
use super::server::{Server, part};
use super::{briefly, expect, expect_pass, probe};
use meshvitals::{Outcome, Reason};
use serde_json::{Value, json};

/// Two authorities: one of the server, one of its clients.
struct Pair {
    file: Paper,
    server: Server,
    clients: Holder,
}

impl Pair {
    fn new() -> Pair {
        let root = Holder::self_signed(&USUAL_CA);
        let clients = Holder::self_signed(&USUAL_CA);
        let mut server = Server::of(&root.issue(&USUAL));
        server.clients = Some(clients.certificate().to_owned());
        Pair { file: root.file(), server, clients }
    }

    fn spec(&self, peer: &Peer, own: Option<&(Paper, Paper)>) -> Value {
        let mut tls = json!({"ca_file": self.file.path()});
        if let Some((certificate, key)) = own {
            tls["certificate_file"] = json!(certificate.path());
            tls["key_file"] = json!(key.path());
        }
        json!({"address": peer.address(), "tls": tls})
    }
}

#[test]
fn a_certificate_that_the_server_demands_is_shown() {
    let pair = Pair::new();
    let own = pair.clients.issue(&USUAL).files();
    for (only_1_2, tickets) in [(true, 0), (false, 2), (false, 0)] {
        let peer = Server { only_1_2, tickets, ..pair.server.clone() }.silent();
        expect_pass(&probe("tcp", &pair.spec(&peer, Some(&own))));
    }
    // One that never parts is no less alive, whether it sends tickets or not.
    for tickets in [2, 0] {
        let server = Server { tickets, ..pair.server.clone() };
        let peer = server.peer(|stream| peer::hang(stream.sock));
        expect_pass(&briefly("tcp", &pair.spec(&peer, Some(&own))));
    }
}

/// In TLS 1.3 the refusal comes after our side of the handshake is done.
#[test]
fn a_server_that_refuses_our_certificate_is_heard() {
    let pair = Pair::new();
    let stranger = Holder::self_signed(&USUAL_CA).issue(&USUAL).files();
    let expired = pair.clients.issue(&Wish { days: (-30, -3), ..USUAL }).files();
    for only_1_2 in [true, false] {
        let peer = Server { only_1_2, ..pair.server.clone() }.silent();
        for own in [None, Some(&stranger), Some(&expired)] {
            let result = probe("tcp", &pair.spec(&peer, own));
            expect(&result, Outcome::Fail, Reason::TLS_CLIENT_REFUSED, &["tcp at", "alert"]);
            assert!(result.value > 0.0, "the server's own certificate expires in time");
        }
    }
}

#[test]
fn the_oldest_version_is_ours_to_say() {
    let root = Holder::self_signed(&USUAL_CA);
    let file = root.file();
    let old = Server { only_1_2: true, ..Server::of(&root.issue(&USUAL)) }.silent();
    let new = Server::of(&root.issue(&USUAL)).silent();
    let ask = |peer: &Peer, version: &str| {
        let tls = json!({"ca_file": file.path(), "min_version": version});
        probe("tcp", &json!({"address": peer.address(), "tls": tls}))
    };
    expect_pass(&ask(&old, "1.2"));
    expect_pass(&ask(&new, "1.3"));
    let result = ask(&old, "1.3");
    expect(&result, Outcome::Fail, Reason::TLS_FAILED, &["ProtocolVersion"]);
    assert!(result.value.is_nan(), "no certificate was seen: {}", result.value);
}

#[test]
fn one_of_the_protocols_that_are_offered_must_be_spoken() {
    let root = Holder::self_signed(&USUAL_CA);
    let file = root.file();
    let mut server = Server::of(&root.issue(&USUAL));
    let ask = |peer: &Peer, alpn: &[&str]| {
        let tls = json!({"ca_file": file.path(), "alpn": alpn});
        probe("tcp", &json!({"address": peer.address(), "tls": tls}))
    };
    server.alpn = vec![b"postgresql".to_vec(), b"h2".to_vec()];
    let chosen = server.peer(|stream| {
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"postgresql"[..]));
        part(stream);
    });
    expect_pass(&ask(&chosen, &["http/1.1", "postgresql"]));
    drop(chosen);
    let none = server.silent();
    let result = ask(&none, &["http/1.1"]);
    expect(&result, Outcome::Fail, Reason::TLS_NO_PROTOCOL, &[]);
}
