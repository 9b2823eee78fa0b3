//! Questions to real name servers, and to peers that answer wrong, late, half or not at all.

use super::ask::{expect, run};
use super::server::{Directory, Server, free_port, program};
use meshvitals::{Outcome, Reason, RunResult};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

const LONG: &str = "10s";
const SHORT: &str = "300ms";

const ZONE: &str = r#"$TTL 60
@       SOA ns hostmaster 7 3600 600 86400 60
        NS  ns
        MX  10 mail
        TXT "v=spf1" " -all"
ns      A   127.0.0.1
www     A   10.0.0.1
www     A   10.0.0.2
www     AAAA 2001:db8::1
alias   CNAME other
other   CNAME www
_sip._udp SRV 1 2 5060 sip
1       PTR www
"#;

fn ask(port: u16, keys: &str) -> RunResult {
    run(&format!(r#""dns": {{"server": "127.0.0.1:{port}", {keys}}}"#), LONG)
}

fn expect_pass(port: u16, keys: &str) -> RunResult {
    let result = ask(port, keys);
    expect(&result, Outcome::Pass, Reason::NONE, "");
    result
}

#[test]
fn bind_answers_each_type_and_says_no_in_each_way() {
    let Some(named) = program(&["/usr/sbin/named"]) else { return };
    let directory = Directory::new();
    let directory = directory.path();
    let (port, tls_port) = (free_port(), free_port());
    let certificate = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    fs::write(directory.join("cert.pem"), certificate.cert.pem()).unwrap();
    fs::write(directory.join("key.pem"), certificate.signing_key.serialize_pem()).unwrap();
    let many: String = (0..100).map(|host| format!("many A 10.1.0.{host}\n")).collect();
    fs::write(directory.join("good"), format!("{ZONE}{many}")).unwrap();
    fs::write(directory.join("broken"), "@ A nothing\n").unwrap();
    let at = directory.display();
    let config = format!(
        r#"options {{
            directory "{at}"; pid-file none; session-keyfile none; recursion no;
            dnssec-validation no;
            listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
            listen-on port {tls_port} tls own {{ 127.0.0.1; }};
        }};
        tls own {{ cert-file "{at}/cert.pem"; key-file "{at}/key.pem"; }};
        controls {{ }};
        zone "good.test" {{ type primary; file "{at}/good"; }};
        zone "broken.test" {{ type primary; file "{at}/broken"; }};"#
    );
    fs::write(directory.join("named.conf"), config).unwrap();
    let mut command = Command::new(named);
    command.arg("-g").arg("-c").arg(directory.join("named.conf"));
    let _server = Server::start(command, "all zones loaded");

    let table = [
        ("A", "www", r#""10.0.0.2", "10.0.0.1""#),
        ("A", "ALIAS", r#""10.0.0.1""#),
        ("CNAME", "alias", r#""Other.good.test.""#),
        ("AAAA", "www", r#""2001:db8:0::1""#),
        ("SRV", "_sip._udp", r#""1 2 5060 sip.good.test""#),
        ("PTR", "1", r#""www.good.test""#),
    ];
    for (record, name, answers) in table {
        let keys =
            format!(r#""name": "{name}.good.test", "type": "{record}", "expect": [{answers}]"#);
        let result = expect_pass(port, &keys);
        assert!(result.value >= 1.0 && result.phases.first_byte_ns > 0);
        expect_pass(port, &format!(r#"{keys}, "tcp": true"#));
        let tls = format!(r#"{keys}, "tls": {{"ca_file": "{at}/cert.pem"}}"#);
        assert!(expect_pass(tls_port, &tls).phases.tls_ns > 0);
    }
    for (record, answer) in [
        ("MX", "10 mail.good.test"),
        ("NS", "ns.good.test."),
        ("SOA", "ns.good.test hostmaster.good.test 7 3600 600 86400 60"),
        ("TXT", "v=spf1 -all"),
    ] {
        expect_pass(
            port,
            &format!(r#""name": "good.test", "type": "{record}", "expect": ["{answer}"]"#),
        );
    }
    // More than a datagram holds: asked again on a stream.
    let many = expect_pass(port, r#""name": "many.good.test", "min_answers": 100"#);
    assert_eq!(many.value, 100.0);
    assert!(many.phases.connect_ns > 0);
    let few = ask(port, r#""name": "many.good.test", "min_answers": 101"#);
    let words = "answer: 100 answers for A of many.good.test, not 101";
    expect(&few, Outcome::Fail, Reason::MATCH_ANSWER, words);

    for (name, code, number) in
        [("no.good.test", "NXDOMAIN", 3), ("broken.test", "SERVFAIL", 2), ("x.org", "REFUSED", 5)]
    {
        let result = ask(port, &format!(r#""name": "{name}""#));
        let words = format!("dns at 127.0.0.1:{port}: answer: {code} for A of {name}");
        expect(&result, Outcome::Fail, Reason::MATCH_RCODE, &words);
        assert_eq!(result.detail, number);
        expect_pass(port, &format!(r#""name": "{name}", "rcode": ["NOERROR", "{code}"]"#));
    }
    let nothing = ask(port, r#""name": "www.good.test", "type": "MX""#);
    expect(&nothing, Outcome::Fail, Reason::MATCH_ANSWER, "0 answers for MX of www.good.test");
    expect_pass(port, r#""name": "www.good.test", "type": "MX", "min_answers": 0"#);
    let other = ask(port, r#""name": "www.good.test", "expect": ["10.0.0.1", "10.0.0.9"]"#);
    let words = "answer: 10.0.0.9 is missing for A of www.good.test; found: 10.0.0.";
    expect(&other, Outcome::Fail, Reason::MATCH_ANSWER, words);
    let any = r#""name": "www.good.test", "match": "any", "expect": ["10.0.0.1", "10.0.0.9"]"#;
    expect_pass(port, any);
    let untrusted = ask(tls_port, r#""name": "www.good.test", "tls": {}"#);
    expect(&untrusted, Outcome::Fail, Reason::TLS_UNTRUSTED, "");
}

#[test]
fn dnsmasq_answers_and_so_it_does_to_any_datagram() {
    let Some(dnsmasq) = program(&["/usr/sbin/dnsmasq"]) else { return };
    let port = free_port();
    let mut command = Command::new(dnsmasq);
    command.arg("--log-facility=-");
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"]);
    command.args(["--listen-address=127.0.0.1", "--bind-interfaces", "--user=root"]);
    command.arg(format!("--port={port}")).arg("--pid-file");
    command.args(["--host-record=www.test,10.0.0.1", "--txt-record=big.test,a", "--local=/test/"]);
    let _server = Server::start(command, "started, version");

    expect_pass(port, r#""name": "www.test", "expect": ["10.0.0.1"]"#);
    expect_pass(port, r#""name": "big.test", "type": "TXT", "expect": ["a"], "tcp": true"#);
    expect(
        &ask(port, r#""name": "no.test""#),
        Outcome::Fail,
        Reason::MATCH_RCODE,
        "NXDOMAIN for A of no.test",
    );
    let question = "beef 0100 0001 0000 0000 0000 03777777 0474657374 00 0001 0001";
    let udp = |expected: &str| {
        let address = format!("127.0.0.1:{port}");
        let keys = format!(r#""send_hex": "{question}", "expect_hex": "{expected}""#);
        run(&format!(r#""udp": {{"address": "{address}", {keys}}}"#), LONG)
    };
    expect(&udp("beef 85"), Outcome::Pass, Reason::NONE, "");
    expect(&udp("beef 01"), Outcome::Fail, Reason::MATCH_ANSWER, "reply: unexpected, of ");
}

/// A peer that answers a question of one datagram with these, made of the question.
fn peer(answers: impl FnOnce(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut room = [0; 512];
        let (count, from) = socket.recv_from(&mut room).unwrap();
        for answer in answers(&room[..count]) {
            socket.send_to(&answer, from).unwrap();
        }
    });
    address
}

/// The question as an answer with these flags and one more record, 10.0.0.1.
fn answer(question: &[u8], flags: [u8; 2]) -> Vec<u8> {
    let mut answer = question[..question.len() - 11].to_vec();
    answer[2..4].copy_from_slice(&flags);
    answer[6..12].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
    answer.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x09\x00\x04\x0a\x00\x00\x01");
    answer
}

const GOOD: [u8; 2] = [0x80, 0];
const TRUNCATED: [u8; 2] = [0x82, 0];

fn ask_at(address: SocketAddr, timeout: &str) -> RunResult {
    run(&format!(r#""dns": {{"server": "{address}", "name": "x.test"}}"#), timeout)
}

fn changed(mut bytes: Vec<u8>, place: usize, byte: u8) -> Vec<u8> {
    bytes[place] = byte;
    bytes
}

#[test]
fn an_answer_of_another_id_is_not_believed_and_not_held_against_the_server() {
    let foreign = |question: &[u8]| {
        let good = answer(question, GOOD);
        changed(good, 0, question[0] ^ 1)
    };
    let both = peer(move |question| vec![foreign(question), answer(question, GOOD)]);
    expect(&ask_at(both, LONG), Outcome::Pass, Reason::NONE, "");
    let only = peer(move |question| vec![foreign(question)]);
    let words = "answer, after one of another id: timed out waiting for the answer";
    expect(&ask_at(only, SHORT), Outcome::Timeout, Reason::RECEIVE_TIMEOUT, words);
}

#[test]
fn answers_that_break_the_protocol_are_told_by_what_is_wrong() {
    type Break = fn(&[u8]) -> Vec<u8>;
    let table: [(Break, &str); 6] = [
        (|question| changed(answer(question, GOOD), 13, b'y'), "is to another question"),
        (|question| question.to_vec(), "what came back is no answer"),
        (|question| [&question[..2], b"garbage"].concat(), "ends too early"),
        (|_| b"SSH-2.0-x\r\n".to_vec(), "ends too early"),
        (|question| changed(answer(question, GOOD), 7, 2), "ends too early"),
        (
            |question| {
                // The name of the record goes on at itself.
                let good = answer(question, GOOD);
                let place = good.len() - 16;
                changed(good, place + 1, place as u8)
            },
            "ends too early",
        ),
    ];
    for (break_it, words) in table {
        let address = peer(move |question| vec![break_it(question)]);
        let words = format!("dns at {address}: answer: {}", prefix(words));
        expect(&ask_at(address, LONG), Outcome::Fail, Reason::RECEIVE_MALFORMED, &words);
    }
}

fn prefix(words: &str) -> String {
    if words.starts_with("what") { words.to_owned() } else { format!("the answer {words}") }
}

#[test]
fn silence_and_refusal_are_told_apart() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let result = ask_at(silent.local_addr().unwrap(), SHORT);
    expect(&result, Outcome::Timeout, Reason::RECEIVE_TIMEOUT, "answer: timed out");
    let address = silent.local_addr().unwrap();
    drop(silent);
    let result = ask_at(address, LONG);
    expect(&result, Outcome::Fail, Reason::CONNECT_REFUSED, "dns at ");
}

/// What happens on the stream, once the datagram did not hold the answer; `stop` ends with the
/// test. Nobody listens there without it.
type OnStream = fn(TcpStream, &Receiver<()>);

fn truncating(on_stream: Option<OnStream>) -> (SocketAddr, Sender<()>) {
    let (listener, socket) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
            break (listener, socket);
        }
    };
    let address = socket.local_addr().unwrap();
    let (end, stop) = channel();
    let listener = on_stream.map(|on_stream| (listener, on_stream));
    thread::spawn(move || {
        let mut room = [0; 512];
        let (count, from) = socket.recv_from(&mut room).unwrap();
        socket.send_to(&answer(&room[..count], TRUNCATED), from).unwrap();
        if let Some((listener, on_stream)) = listener {
            on_stream(listener.accept().unwrap().0, &stop);
        }
    });
    (address, end)
}

fn question(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut question = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut question).unwrap();
    question
}

fn in_frame(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}

fn send(mut stream: &TcpStream, bytes: &[u8]) {
    // The other side may have gone.
    let _ = stream.write_all(bytes);
}

#[test]
fn what_goes_wrong_on_the_stream_is_told_as_such() {
    let table: [(Option<OnStream>, &str, Outcome, Reason, &str); 7] = [
        (None, LONG, Outcome::Fail, Reason::CONNECT_REFUSED, "connect to "),
        (
            Some(|stream, stop| {
                let _ = stop.recv();
                drop(stream);
            }),
            SHORT,
            Outcome::Timeout,
            Reason::RECEIVE_TIMEOUT,
            "answer: timed out",
        ),
        (
            Some(|mut stream, _| {
                question(&mut stream);
            }),
            LONG,
            Outcome::Fail,
            Reason::RECEIVE_CLOSED,
            "answer: connection closed",
        ),
        (
            Some(|mut stream, _| {
                let question = question(&mut stream);
                let framed = in_frame(&answer(&question, GOOD));
                send(&stream, &framed[..framed.len() - 1]);
                let _ = stream.shutdown(Shutdown::Write);
            }),
            LONG,
            Outcome::Fail,
            Reason::RECEIVE_CLOSED,
            "answer: connection closed",
        ),
        (
            Some(|mut stream, stop| {
                let question = question(&mut stream);
                for &byte in &in_frame(&answer(&question, GOOD)) {
                    send(&stream, &[byte]);
                    if stop.recv_timeout(Duration::from_millis(50)) != Err(timeout()) {
                        return;
                    }
                }
            }),
            SHORT,
            Outcome::Timeout,
            Reason::RECEIVE_TIMEOUT,
            "answer: timed out",
        ),
        (
            Some(|mut stream, _| {
                let question = question(&mut stream);
                send(&stream, &in_frame(&answer(&question, TRUNCATED)));
                let _ = stream.read(&mut [0]);
            }),
            LONG,
            Outcome::Fail,
            Reason::RECEIVE_MALFORMED,
            "truncated, on a stream",
        ),
        (
            Some(|mut stream, _| {
                let question = question(&mut stream);
                send(&stream, &in_frame(&answer(&question, GOOD)));
                let _ = stream.read(&mut [0]);
            }),
            LONG,
            Outcome::Pass,
            Reason::NONE,
            "",
        ),
    ];
    for (on_stream, timeout, outcome, reason, words) in table {
        let (address, _end) = truncating(on_stream);
        expect(&ask_at(address, timeout), outcome, reason, words);
    }
}

fn timeout() -> std::sync::mpsc::RecvTimeoutError {
    std::sync::mpsc::RecvTimeoutError::Timeout
}
