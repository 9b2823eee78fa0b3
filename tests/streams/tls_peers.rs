//! Peers that do not shake hands as they should, and another's implementation that does.

use super::authority::{Holder, Paper, USUAL, USUAL_CA};
use super::peer::{Peer, drip, hang, nobody, reset, until};
use super::process::{Process, has};
use super::{briefly, expect, expect_pass, probe};
use meshvitals::{Outcome, Reason, RunResult};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::process::Command;

/// A record of a handshake that is longer than what ever comes of it.
const RECORD: &[u8] = &[22, 3, 3, 64, 0, 2, 0, 63, 252, 3, 3];

fn spec(address: &str) -> Value {
    json!({"address": address, "tls": {"verify": false}})
}

fn slow(peer: &Peer) -> RunResult {
    briefly("tcp", &spec(&peer.address()))
}

fn quick(peer: &Peer) -> RunResult {
    probe("tcp", &spec(&peer.address()))
}

#[test]
fn a_peer_that_says_nothing_or_little_is_a_timeout_of_the_handshake() {
    let words = ["tcp at 127.0.0.1:", "timed out in the TLS handshake"];
    let silent = Peer::new(hang);
    expect(&slow(&silent), Outcome::Timeout, Reason::TLS_TIMEOUT, &words);
    let dripping = Peer::new(|stream| drip(stream, RECORD));
    expect(&slow(&dripping), Outcome::Timeout, Reason::TLS_TIMEOUT, &words);
    let halfway = Peer::new(|mut stream| {
        stream.write_all(RECORD).expect("the other side listens");
        hang(stream);
    });
    expect(&slow(&halfway), Outcome::Timeout, Reason::TLS_TIMEOUT, &words);
}

#[test]
fn a_peer_that_speaks_something_else_is_told_from_one_that_breaks_off() {
    let plain = Peer::new(|mut stream| {
        stream.write_all(b"220 mail.example ESMTP\r\n").expect("the other side listens");
        hang(stream);
    });
    expect(&quick(&plain), Outcome::Fail, Reason::TLS_FAILED, &["tcp at", "no TLS"]);
    let alert = Peer::new(|mut stream| {
        until(&mut stream, &[1]);
        stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).expect("the other side listens");
        hang(stream);
    });
    expect(&quick(&alert), Outcome::Fail, Reason::TLS_FAILED, &["HandshakeFailure"]);
    let closing = Peer::new(|mut stream| {
        stream.write_all(RECORD).expect("the other side listens");
        let _ = stream.shutdown(std::net::Shutdown::Write);
        hang(stream);
    });
    expect(&quick(&closing), Outcome::Fail, Reason::TLS_FAILED, &["closed in the TLS handshake"]);
}

#[test]
fn a_reset_is_told_wherever_it_comes() {
    let halfway = Peer::new(|mut stream| {
        stream.read_exact(&mut [0]).expect("the client begins");
        stream.write_all(RECORD).expect("the other side listens");
        reset(stream);
    });
    let result = quick(&halfway);
    expect(&result, Outcome::Fail, Reason::TLS_FAILED, &["reset in the TLS handshake"]);
    assert_eq!(result.detail, 104, "ECONNRESET");
    let refused = probe("tcp", &spec(&nobody()));
    expect(&refused, Outcome::Fail, Reason::CONNECT_REFUSED, &["connect to 127.0.0.1:"]);
}

/// `openssl s_server` with these options.
struct Openssl {
    _process: Process,
    address: String,
    _papers: (Paper, Paper),
}

fn openssl(holder: &Holder, more: &[&str]) -> Openssl {
    let papers = holder.files();
    let mut command = Command::new("openssl");
    command.args(["s_server", "-accept", "127.0.0.1:0", "-cert", papers.0.path()]);
    command.args(["-key", papers.1.path()]).args(more);
    let (process, line) = Process::start(&mut command, "ACCEPT ").expect("openssl starts");
    let address = line.trim_start_matches("ACCEPT").trim().to_owned();
    Openssl { _process: process, address, _papers: papers }
}

#[test]
fn an_implementation_of_others_says_the_same() {
    if !has(Command::new("openssl").arg("version"), "openssl") {
        return;
    }
    let root = Holder::self_signed(&USUAL_CA);
    let clients = Holder::self_signed(&USUAL_CA);
    let (file, trusted) = (root.file(), clients.file());
    let (certificate, key) = clients.issue(&USUAL).files();
    let tls = json!({"ca_file": file.path()});
    let with_own = json!({"ca_file": file.path(), "certificate_file": certificate.path(),
        "key_file": key.path()});
    let with_1_3 = json!({"ca_file": file.path(), "min_version": "1.3"});
    let ask = |server: &Openssl, tls: &Value| {
        probe("tcp", &json!({"address": server.address, "tls": tls}))
    };
    let holder = root.issue(&USUAL);
    let any = openssl(&holder, &[]);
    expect_pass(&ask(&any, &tls));
    expect_pass(&ask(&any, &with_own));
    let old = openssl(&holder, &["-tls1_2"]);
    expect_pass(&ask(&old, &tls));
    expect(&ask(&old, &with_1_3), Outcome::Fail, Reason::TLS_FAILED, &["ProtocolVersion"]);
    let demand = ["-Verify", "1", "-verify_return_error", "-CAfile", trusted.path()];
    for more in [&["-tls1_2"][..], &["-tls1_3"], &["-tls1_3", "-num_tickets", "0"]] {
        let strict = openssl(&holder, &[&demand, more].concat());
        let missing = ask(&strict, &tls);
        expect(&missing, Outcome::Fail, Reason::TLS_CLIENT_REFUSED, &[]);
        expect_pass(&ask(&strict, &with_own));
    }
}
