//! Scripts that ask a server for encryption in its own protocol: SMTP, IMAP, LDAP.

use super::authority::{Holder, Paper, USUAL, USUAL_CA, Wish};
use super::peer::{Peer, nobody, until};
use super::process::{Process, has, wait_for};
use super::server::{Server, encrypt};
use super::{expect, expect_pass, probe};
use meshvitals::{Outcome, Reason, RunResult};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// An authority, and a server's certificate and key in files.
struct Papers {
    authority: Paper,
    chain: Paper,
    key: Paper,
}

impl Papers {
    fn new(wish: &Wish<'_>) -> Papers {
        let root = Holder::self_signed(&USUAL_CA);
        let (chain, key) = root.issue(wish).files();
        Papers { authority: root.file(), chain, key }
    }

    fn ask(&self, address: &str, script: &Value) -> RunResult {
        let tls = json!({"ca_file": self.authority.path()});
        probe("tcp", &json!({"address": address, "tls": tls, "script": script}))
    }
}

fn smtp(papers: &Papers) -> Option<(Process, String)> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/venv/bin/python"));
    let places = [own, PathBuf::from("/usr/bin/python3"), PathBuf::from("python3")];
    let knows = |python: &PathBuf| Command::new(python).args(["-c", "import aiosmtpd"]).output();
    let found = places.into_iter().find(|python| knows(python).is_ok_and(|o| o.status.success()));
    let python = found.unwrap_or_else(|| PathBuf::from("python3"));
    if !has(Command::new(&python).args(["-c", "import aiosmtpd"]), "Python's aiosmtpd") {
        return None;
    }
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/streams/smtp.py"));
    command.args([papers.chain.path(), papers.key.path()]);
    let (process, line) = Process::start(&mut command, "port ").expect("aiosmtpd starts");
    Some((process, line.trim().replace("port ", "127.0.0.1:")))
}

/// What is said to a mail server up to its answer to these lines.
fn mail(more: Value) -> Value {
    let mut script = json!([
        {"expect_regex": r"^220 (?P<host>\S+) .*\r\n"},
        {"send": "EHLO ${host}\r\n"},
        {"expect_regex": r"^(250-.*\r\n)*250-STARTTLS\r\n(250-.*\r\n)*250 .*\r\n"},
        {"send": "STARTTLS\r\n"},
        {"expect_regex": r"^220 .*\r\n"},
        {"starttls": true},
        {"send": "EHLO ${host}\r\n"},
        {"expect_regex": r"^(250-.*\r\n)*250 .*\r\n"},
    ]);
    let steps = script.as_array_mut().expect("an array");
    steps.extend(more.as_array().expect("an array").iter().cloned());
    steps.extend([json!({"send": "QUIT\r\n"}), json!({"expect": "221"})]);
    steps.push(json!({"close": "graceful"}));
    script
}

#[test]
fn a_mail_server_is_spoken_to_before_and_after_it_encrypts() {
    let papers = Papers::new(&USUAL);
    let Some((_server, address)) = smtp(&papers) else { return };
    let result =
        papers.ask(&address, &mail(json!([{"send": "NOOP\r\n"}, {"expect_regex": "^250.*\r\n"}])));
    expect_pass(&result);
    assert!(result.phases.tls_ns > 0 && result.value > 0.0, "{result:?}");
    // "\0probe\0hunter2" in base64, and one letter less.
    let login = |password: &str| {
        let said = format!("AUTH PLAIN {password}\r\n");
        papers.ask(&address, &mail(json!([{"send": said}, {"expect_regex": r"^235 .*\r\n"}])))
    };
    expect_pass(&login("AHByb2JlAGh1bnRlcjI="));
    let wrong = login("AHByb2JlAGh1bnRlcg==");
    let words = ["tcp at 127.0.0.1:", "step 10 (expect)", "unexpected answer"];
    expect(&wrong, Outcome::Fail, Reason::MATCH_ANSWER, &words);
    assert!(!wrong.message.as_str().contains("AHBy"), "{}", wrong.message.as_str());
}

#[test]
fn a_certificate_that_is_no_good_fails_at_the_step_that_encrypts() {
    let papers = Papers::new(&Wish { days: (-30, -3), ..USUAL });
    let Some((_server, address)) = smtp(&papers) else { return };
    let result = papers.ask(&address, &mail(json!([])));
    expect(&result, Outcome::Fail, Reason::TLS_EXPIRED, &["step 6 (starttls)"]);
    assert!(result.value < 0.0, "expired since {}", result.value);
}

#[test]
fn a_mailbox_server_is_asked_for_encryption() {
    let root = Holder::self_signed(&USUAL_CA);
    let (file, config) = (root.file(), Server::of(&root.issue(&USUAL)).config());
    let peer = Peer::new(move |mut stream| {
        stream.write_all(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n").expect("a listener");
        assert_eq!(until(&mut stream, b"\n"), b"a STARTTLS\r\n");
        stream.write_all(b"a OK begin\r\n").expect("a listener");
        let mut stream = encrypt(&config, stream).expect("a handshake");
        assert_eq!(until(&mut stream, b"\n"), b"b CAPABILITY\r\n");
        stream.write_all(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nb OK\r\n").expect("a listener");
        stream.flush().expect("a listener");
        assert_eq!(until(&mut stream, b"\n"), b"c LOGOUT\r\n");
        stream.write_all(b"* BYE\r\nc OK\r\n").expect("a listener");
        stream.flush().expect("a listener");
    });
    let script = json!([
        {"expect_regex": r"^\* OK .*\r\n"},
        {"send": "a STARTTLS\r\n"},
        {"expect_regex": r"^a OK.*\r\n"},
        {"starttls": true},
        {"send": "b CAPABILITY\r\n"},
        {"expect_regex": r"^(\* .*\r\n)*b OK.*\r\n"},
        {"send": "c LOGOUT\r\n"},
        {"expect_regex": r"^(\* .*\r\n)*c OK.*\r\n"},
    ]);
    let tls = json!({"ca_file": file.path()});
    let spec = json!({"address": peer.address(), "tls": tls, "script": script});
    expect_pass(&probe("tcp", &spec));
}

/// OpenLDAP's server, on a port that was free a moment ago.
fn slapd(papers: &Papers) -> Option<(Process, String)> {
    if !has(Command::new("/usr/sbin/slapd").arg("-VV"), "slapd") {
        return None;
    }
    let config = Paper::new(&format!(
        "TLSCertificateFile {}\nTLSCertificateKeyFile {}\ndatabase config\n",
        papers.chain.path(),
        papers.key.path()
    ));
    let mut told = String::new();
    for _ in 0..5 {
        let address = nobody();
        let mut command = Command::new("/usr/sbin/slapd");
        command.args(["-f", config.path(), "-d", "256", "-h", &format!("ldap://{address}")]);
        match Process::start(&mut command, "slapd starting") {
            Ok((process, _)) => {
                wait_for(&address);
                return Some((process, address));
            }
            Err(error) => told = error,
        }
    }
    panic!("slapd does not start: {told}");
}

/// The request of RFC 4511, 4.14.1, its answer, an anonymous bind with its answer, and the end.
#[test]
fn a_directory_server_is_asked_for_encryption_in_bytes() {
    let papers = Papers::new(&USUAL);
    let Some((_server, address)) = slapd(&papers) else { return };
    let oid: String = b"1.3.6.1.4.1.1466.20037".iter().map(|b| format!("{b:02x}")).collect();
    let script = |message: &str| {
        json!([
            {"send_hex": format!("301d 0201 01 7718 8016 {oid}")},
            {"expect_hex": "300c 0201 01 7807 0a0100 0400 0400"},
            {"starttls": true},
            {"send_hex": format!("300c 0201 {message} 6007 020103 0400 8000")},
            {"expect_hex": "300c 0201 02 6107 0a0100 0400 0400"},
            {"send_hex": "3005 0201 03 4200"},
            {"close": "graceful"},
        ])
    };
    let result = papers.ask(&address, &script("02"));
    expect_pass(&result);
    assert!(result.value > 0.0, "{result:?}");
    let other = papers.ask(&address, &script("05"));
    expect(&other, Outcome::Fail, Reason::MATCH_ANSWER, &["step 5 (expect)"]);
}
