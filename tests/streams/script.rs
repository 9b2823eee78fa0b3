//! Scripts against peers that do as they should, or answer something else.

use super::authority::{Holder, USUAL, USUAL_CA};
use super::peer::{PATIENCE, Peer, until};
use super::server::Server;
use super::{briefly, expect, expect_pass, probe};
use meshvitals::{Monitor, Outcome, Reason, RunResult, Status};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::sync::mpsc::{Receiver, channel};

/// Runs a script against a peer.
pub fn play(peer: &Peer, script: Value) -> RunResult {
    probe("tcp", &json!({"address": peer.address(), "script": script}))
}

/// Greets, and answers what is not PING with an error.
fn answer(mut stream: TcpStream) {
    stream.set_nodelay(true).expect("an option");
    stream.write_all(b"220 mx.example ESMTP\r\n").expect("the other side listens");
    loop {
        let line = until(&mut stream, b"\n");
        let answer: &[u8] = match &line[..] {
            b"" => return,
            b"PING\r\n" => b"+PONG\r\n",
            b"EHLO mx.example\r\n" => b"250-a\r\n250 b\r\n",
            b"\x00\xff\r\n" => b"\xff\x00",
            _ => b"-ERR no such command\r\n",
        };
        // Each byte is a segment of its own, if the system has the time for it.
        let sent = answer.iter().try_for_each(|byte| stream.write_all(&[*byte]));
        if sent.is_err() {
            return;
        }
    }
}

#[test]
fn a_script_passes_when_every_answer_is_the_expected_one() {
    let peer = Peer::new(answer);
    expect_pass(&play(
        &peer,
        json!([
            {"expect_regex": r"^220 (?P<host>\S+) .*\r\n"},
            {"send": "EHLO ${host}\r\n"},
            {"expect_regex": r"^(250-[^\n]*\n)*250 [^\n]*\n"},
            {"send_hex": "00 ff 0d 0a"},
            {"expect_hex": "ff00"},
            {"send": "PING\r\nPING\r\n"},
            {"expect": "+PONG\r\n"},
            {"expect": "+PONG\r\n"},
            {"send": "WHAT\r\n"},
            {"expect_regex": "no such"},
            {"expect": " command\r\n"},
        ]),
    ));
}

#[test]
fn an_answer_that_cannot_become_the_expected_one_fails_at_once_and_is_not_shown() {
    let peer = Peer::new(answer);
    for (script, step) in [
        (json!([{"expect": "hunter2"}]), "step 1 (expect)"),
        (json!([{"expect_regex": "^hunter2"}]), "step 1 (expect)"),
        (json!([{"expect": "220"}, {"send": "hunter2\r\n"}, {"expect_hex": "00"}]), "step 3"),
        (
            json!([{"expect": "220 mx.example ESMTP\r\n"}, {"send": "hunter2\r\n"},
            {"expect_regex": r"^\+PONG hunter2"}]),
            "step 3 (expect)",
        ),
    ] {
        let result = play(&peer, script);
        let words = ["tcp at 127.0.0.1:", step, "unexpected answer", "not shown"];
        expect(&result, Outcome::Fail, Reason::MATCH_ANSWER, &words);
        let message = result.message.as_str();
        assert!(!message.contains("hunter2") && !message.contains("mx.example"), "{message}");
    }
}

#[test]
fn a_script_is_spoken_over_unix_sockets_and_encrypted_ones() {
    let path = format!("{}/probes-{}.sock", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    // It may be left of a process of this number that was killed.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).expect("a path of usual length");
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        until(&mut stream, b"\n");
        stream.write_all(b"+PONG\r\n").expect("the other side listens");
        // It ends when it likes.
        let _ = stream.read(&mut [0]);
    });
    let script = json!([{"send": "PING\r\n"}, {"expect": "+PONG\r\n"}]);
    let spec = json!({"address": format!("unix:{path}"), "script": script});
    expect_pass(&probe("tcp", &spec));
    peer.join().expect("it does not panic");
    std::fs::remove_file(path).expect("it is still there");

    let root = Holder::self_signed(&USUAL_CA);
    let (file, server) = (root.file(), Server::of(&root.issue(&USUAL)));
    let peer = server.peer(|mut stream| {
        until(&mut stream, b"\n");
        stream.write_all(b"+PONG\r\n").expect("the other side listens");
        stream.flush().expect("the other side listens");
        let _ = stream.read(&mut [0]);
    });
    let tls = json!({"ca_file": file.path()});
    let spec = json!({"address": peer.address(), "tls": tls, "script": script});
    let result = probe("tcp", &spec);
    expect_pass(&result);
    assert!(result.phases.tls_ns > 0 && result.value > 0.0, "{result:?}");
}

/// How a connection ended, as its peer saw it after it had said hello.
fn ending(server: Option<Server>) -> (Peer, Receiver<Result<(), ErrorKind>>) {
    let (told, ends) = channel();
    fn last(stream: &mut (impl Read + Write)) -> Result<(), ErrorKind> {
        let mut all = || {
            stream.write_all(b"hello\r\n")?;
            stream.flush()?;
            stream.read(&mut [0])
        };
        all().map(|count| assert_eq!(count, 0)).map_err(|error| error.kind())
    }
    let peer = match server {
        None => Peer::new(move |mut stream| {
            // Who waits no longer has failed.
            let _ = told.send(last(&mut stream));
        }),
        Some(server) => server.peer(move |mut stream| {
            let _ = told.send(last(&mut stream));
        }),
    };
    (peer, ends)
}

#[test]
fn a_connection_ends_by_a_reset_or_by_mutual_agreement() {
    let root = Holder::self_signed(&USUAL_CA);
    let (file, server) = (root.file(), Server::of(&root.issue(&USUAL)));
    for is_encrypted in [false, true] {
        let (peer, ends) = ending(is_encrypted.then(|| server.clone()));
        let mut spec = json!({"address": peer.address(), "script": [{"expect": "hello\r\n"}]});
        if is_encrypted {
            spec["tls"] = json!({"ca_file": file.path()});
        }
        expect_pass(&probe("tcp", &spec));
        assert_eq!(ends.recv(), Ok(Err(ErrorKind::ConnectionReset)));
        spec["script"] = json!([{"expect": "hello\r\n"}, {"close": "graceful"}]);
        expect_pass(&probe("tcp", &spec));
        // Without its close_notify an encrypted stream would end in an error.
        assert_eq!(ends.recv(), Ok(Ok(())));
    }
}

/// A monitor uses its sockets again, in whatever state a connection has left them.
#[test]
fn a_monitor_parts_gracefully_again_and_again() {
    let root = Holder::self_signed(&USUAL_CA);
    let (file, server) = (root.file(), Server::of(&root.issue(&USUAL)));
    for is_encrypted in [false, true] {
        let (peer, ends) = ending(is_encrypted.then(|| server.clone()));
        let script = json!([{"expect": "hello\r\n"}, {"close": "graceful"}]);
        let mut tcp = json!({"address": peer.address(), "script": script});
        if is_encrypted {
            tcp["tls"] = json!({"ca_file": file.path()});
        }
        let check = json!({"name": "x", "tcp": tcp, "interval": "10ms", "timeout": "20s"});
        let monitor = Monitor::new(None).expect("a monitor");
        monitor.register(&check.to_string()).expect("a check");
        monitor.start().expect("it starts");
        for _ in 0..20 {
            assert_eq!(ends.recv_timeout(PATIENCE), Ok(Ok(())));
        }
        let status = monitor.status(monitor.find("x").expect("the check"));
        assert_eq!(status, Status::Healthy);
    }
}

#[test]
fn a_peer_that_does_not_part_changes_no_verdict() {
    let (over, told) = channel::<()>();
    let peer = Peer::new(move |mut stream| {
        stream.write_all(b"hello\r\n").expect("the other side listens");
        assert!(matches!(stream.read(&mut [0]), Ok(0)), "the end of the other side is seen");
        // Nothing is said before the probe has given up.
        told.recv().expect_err("it is dropped");
    });
    // Dropped before the peer, also where something is wrong.
    let over = over;
    let script = json!([{"expect": "hello\r\n"}, {"close": "graceful"}]);
    let spec = json!({"address": peer.address(), "script": script});
    expect_pass(&briefly("tcp", &spec));
    drop(over);
}

/// In TLS 1.3 the refusal of a client comes after the handshake, when the script has begun.
#[test]
fn a_script_hears_that_our_certificate_is_refused() {
    let (root, clients) = (Holder::self_signed(&USUAL_CA), Holder::self_signed(&USUAL_CA));
    let (file, mut server) = (root.file(), Server::of(&root.issue(&USUAL)));
    server.clients = Some(clients.certificate().to_owned());
    let peer = server.silent();
    for script in [
        json!([{"expect": "220"}]),
        json!([{"send": "PING\r\n"}, {"expect": "+PONG"}]),
        json!([{"send": "PING\r\n"}]),
    ] {
        let tls = json!({"ca_file": file.path()});
        let spec = json!({"address": peer.address(), "tls": tls, "script": script});
        let result = probe("tcp", &spec);
        expect(&result, Outcome::Fail, Reason::TLS_CLIENT_REFUSED, &["step "]);
    }
}
