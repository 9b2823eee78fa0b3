//! Certificates: which are accepted, why others are not, and when they expire.

use super::authority::{DAY, Holder, Paper, USUAL, USUAL_CA, Wish};
use super::peer::Peer;
use super::server::Server;
use super::{expect, expect_pass, probe};
use meshvitals::{Outcome, Reason, RunResult};
use serde_json::{Value, json};

/// Probes a server by its address, with this under the key tls.
fn ask(peer: &Peer, tls: Value) -> RunResult {
    probe("tcp", &json!({"address": peer.address(), "tls": tls}))
}

/// The certificate expires so many days from now, give or take what a test may take.
#[track_caller]
fn expect_days(result: &RunResult, days: f64) {
    let found = result.value / DAY;
    assert!((found - days).abs() < 0.1, "{found} d");
}

/// Probes a server of `root` that has the certificate of this wish.
fn issued(root: &Holder, wish: &Wish<'_>, mut tls: Value) -> RunResult {
    let file = root.file();
    tls["ca_file"] = json!(file.path());
    ask(&Server::of(&root.issue(wish)).silent(), tls)
}

#[test]
fn a_good_certificate_passes_and_tells_when_it_expires() {
    let root = Holder::self_signed(&USUAL_CA);
    let result = issued(&root, &USUAL, json!({}));
    expect_pass(&result);
    expect_days(&result, 90.0);
    assert!(result.phases.tls_ns > 0, "{:?}", result.phases);
    let by_name = {
        let (file, peer) = (root.file(), Server::of(&root.issue(&USUAL)).silent());
        let address = format!("localhost:{}", peer.port());
        probe("tcp", &json!({"address": address, "tls": {"ca_file": file.path()}}))
    };
    expect_pass(&by_name);
}

#[test]
fn a_certificate_of_another_time_fails_and_still_tells_when_it_expires() {
    let root = Holder::self_signed(&USUAL_CA);
    let expired = issued(&root, &Wish { days: (-30, -3), ..USUAL }, json!({}));
    let words = ["tcp at 127.0.0.1:", "expired"];
    expect(&expired, Outcome::Fail, Reason::TLS_EXPIRED, &words);
    expect_days(&expired, -3.0);
    let early = issued(&root, &Wish { days: (3, 30), ..USUAL }, json!({}));
    expect(&early, Outcome::Fail, Reason::TLS_NOT_YET_VALID, &["not valid yet"]);
    expect_days(&early, 30.0);
}

#[test]
fn a_certificate_that_nobody_trusted_has_issued_fails() {
    let root = Holder::self_signed(&USUAL_CA);
    let (file, other) = (root.file(), Holder::self_signed(&USUAL_CA));
    for stranger in [Holder::self_signed(&USUAL), other.issue(&USUAL)] {
        let peer = Server::of(&stranger).silent();
        let result = ask(&peer, json!({"ca_file": file.path()}));
        expect(&result, Outcome::Fail, Reason::TLS_UNTRUSTED, &["UnknownIssuer"]);
        expect_days(&result, 90.0);
    }
    let peer = Server::of(&root.issue(&USUAL)).silent();
    let tcp = json!({"address": peer.address(), "tls": {}});
    match meshvitals::probe_once(None, &json!({"name": "x", "tcp": tcp}).to_string()) {
        Ok(result) => expect(&result, Outcome::Fail, Reason::TLS_UNTRUSTED, &["UnknownIssuer"]),
        // A machine may have no authorities of its own.
        Err(error) => assert!(error.to_string().contains("give ca_file"), "{error}"),
    }
}

#[test]
fn the_name_must_be_the_one_that_was_asked_for() {
    let root = Holder::self_signed(&USUAL_CA);
    let of_db = Wish { names: &["db.example"], ..USUAL };
    let wrong = issued(&root, &of_db, json!({}));
    expect(&wrong, Outcome::Fail, Reason::TLS_WRONG_NAME, &["127.0.0.1"]);
    expect_days(&wrong, 90.0);
    expect_pass(&issued(&root, &of_db, json!({"name": "db.example"})));
    let given = issued(&root, &of_db, json!({"name": "db2.example"}));
    expect(&given, Outcome::Fail, Reason::TLS_WRONG_NAME, &["db2.example"]);
    let anything = Wish { names: &["*.db.example"], ..USUAL };
    expect_pass(&issued(&root, &anything, json!({"name": "a.db.example"})));
    let deeper = issued(&root, &anything, json!({"name": "a.b.db.example"}));
    expect(&deeper, Outcome::Fail, Reason::TLS_WRONG_NAME, &[]);
}

#[test]
fn who_verifies_nothing_is_still_told_what_expires() {
    let peer = Server::of(&Holder::self_signed(&USUAL)).silent();
    let result = ask(&peer, json!({"verify": false, "name": "other.example"}));
    expect_pass(&result);
    expect_days(&result, 90.0);
    let expired = Server::of(&Holder::self_signed(&Wish { days: (-30, -3), ..USUAL })).silent();
    let result = ask(&expired, json!({"verify": false}));
    expect(&result, Outcome::Warn, Reason::TLS_EXPIRED, &["expired 3.0 d ago"]);
    expect_days(&result, -3.0);
    expect_pass(&ask(&expired, json!({"verify": false, "certificate_warn": 0})));
}

#[test]
fn a_certificate_that_expires_soon_is_a_warning() {
    let root = Holder::self_signed(&USUAL_CA);
    let soon = Wish { days: (-1, 10), ..USUAL };
    let result = issued(&root, &soon, json!({}));
    let words = ["tcp at", "expires in 10.0 d"];
    expect(&result, Outcome::Warn, Reason::TLS_EXPIRES_SOON, &words);
    expect_days(&result, 10.0);
    expect_pass(&issued(&root, &soon, json!({"certificate_warn": "216h"})));
    let long = issued(&root, &USUAL, json!({"certificate_warn": "2400h"}));
    expect(&long, Outcome::Warn, Reason::TLS_EXPIRES_SOON, &["90.0 d"]);
    let hours = issued(&root, &Wish { days: (-1, 1), ..USUAL }, json!({}));
    expect(&hours, Outcome::Warn, Reason::TLS_EXPIRES_SOON, &[" h"]);
}

#[test]
fn the_first_certificate_of_the_chain_to_expire_counts() {
    let root = Holder::self_signed(&USUAL_CA);
    let middle = root.issue(&Wish { days: (-1, 40), ..USUAL_CA });
    let (file, peer) = (root.file(), Server::of(&middle.issue(&USUAL)).silent());
    let result = ask(&peer, json!({"ca_file": file.path()}));
    expect_pass(&result);
    expect_days(&result, 40.0);
    let result = ask(&peer, json!({"ca_file": file.path(), "certificate_warn": "1000h"}));
    expect(&result, Outcome::Warn, Reason::TLS_EXPIRES_SOON, &["40.0 d"]);
    let expired = root.issue(&Wish { days: (-30, -3), ..USUAL_CA });
    let peer = Server::of(&expired.issue(&USUAL)).silent();
    let result = ask(&peer, json!({"ca_file": file.path()}));
    expect(&result, Outcome::Fail, Reason::TLS_EXPIRED, &[]);
    expect_days(&result, -3.0);
}

/// Servers go on to send what an authority was once vouched for with.
#[test]
fn a_certificate_that_the_chain_does_not_need_does_not_count() {
    let (root, elder) = (Holder::self_signed(&USUAL_CA), Holder::self_signed(&USUAL_CA));
    let file = root.file();
    for days in [(-30, -3), (-30, 5)] {
        let crossed = root.crossed_by(&elder, days);
        let peer = Server::of(&root.issue(&USUAL)).with(&crossed).silent();
        let result = ask(&peer, json!({"ca_file": file.path()}));
        expect_pass(&result);
        expect_days(&result, 90.0);
    }
}

#[test]
fn a_certificate_that_is_given_as_it_is_needs_no_issuer() {
    let root = Holder::self_signed(&USUAL_CA);
    let self_signed = Holder::self_signed(&USUAL);
    let authority = Holder::self_signed(&Wish { is_ca: true, ..USUAL });
    for holder in [self_signed, authority, root.issue(&USUAL)] {
        let (file, peer) = (holder.file(), Server::of(&holder).silent());
        let result = ask(&peer, json!({"ca_file": file.path()}));
        expect_pass(&result);
        expect_days(&result, 90.0);
        let other = ask(&peer, json!({"ca_file": file.path(), "name": "other.example"}));
        expect(&other, Outcome::Fail, Reason::TLS_WRONG_NAME, &[]);
    }
    let wishes = [((-30, -3), Reason::TLS_EXPIRED), ((3, 30), Reason::TLS_NOT_YET_VALID)];
    for (days, reason) in wishes {
        let holder = Holder::self_signed(&Wish { days, is_ca: true, ..USUAL });
        let (file, peer) = (holder.file(), Server::of(&holder).silent());
        let result = ask(&peer, json!({"ca_file": file.path()}));
        expect(&result, Outcome::Fail, reason, &[]);
    }
    // The authority beside it in the file is one for all others.
    let pinned = Holder::self_signed(&USUAL);
    let both = Paper::new(&(pinned.certificate().to_owned() + root.certificate()));
    for holder in [pinned, root.issue(&USUAL)] {
        expect_pass(&ask(&Server::of(&holder).silent(), json!({"ca_file": both.path()})));
    }
}
