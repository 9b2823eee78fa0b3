//! Checks whose server tells of changes by itself: none of them would run again within the hour.

use crate::grpc::Files;
use crate::grpc_frames as frames;
use crate::grpc_server::Server;
use meshvitals::{CheckId, Event, Kinds, Monitor, Outcome, Reason, Subscription};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// A monitor with one check, started.
fn watching(grpc: &Value) -> (Monitor, Subscription, CheckId) {
    let config = json!({"system_checks": false, "start_spread": 0});
    let monitor = Monitor::new(Some(&config.to_string())).expect("a monitor");
    let events = monitor.subscribe(Kinds::RESULT, 64).expect("a subscription");
    monitor.start().expect("a start");
    let id = monitor.register(&document(grpc)).expect("a check");
    (monitor, events, id)
}

fn document(grpc: &Value) -> String {
    let mut grpc = grpc.clone();
    grpc["watch"] = json!(true);
    let document = json!({
        "name": "orders", "grpc": grpc, "timeout": "1m", "initial_delay": 0, "interval": "1h",
        "confirm_interval": "1h"
    });
    document.to_string()
}

#[track_caller]
fn expect_result(events: &Subscription, outcome: Outcome, reason: Reason) -> Event {
    let mut found = events.poll(1, Some(PATIENCE)).expect("a poll");
    let event = found.pop().expect("a result before the interval is over");
    assert_eq!((event.outcome, event.reason), (Some(outcome), reason), "{event:?}");
    event
}

#[track_caller]
fn expect_pass(events: &Subscription) {
    expect_result(events, Outcome::Pass, Reason::NONE);
}

/// Changes a status to and fro, ends the server, and expects a result each time.
fn follow(mut server: Server, grpc: &Value) {
    server.set("orders", "SERVING");
    let (monitor, events, _) = watching(grpc);
    expect_pass(&events);
    for _ in 0..3 {
        server.set("orders", "NOT_SERVING");
        expect_result(&events, Outcome::Fail, Reason::MATCH_NOT_SERVING);
        server.set("orders", "SERVING");
        expect_pass(&events);
    }
    // Streams that break are looked into once a regular run has shown that they are of use.
    let id = monitor.find("orders").expect("the check");
    monitor.check_now(id).expect("a run");
    expect_pass(&events);
    assert_eq!(server.calls("Watch"), 1);
    drop(server);
    // The port may be there for a moment longer than the process.
    let event = events.poll(1, Some(PATIENCE)).expect("a poll").pop().expect("a result");
    assert_eq!(event.outcome, Some(Outcome::Fail), "{event:?}");
    monitor.stop(PATIENCE).expect("a stop");
}

#[test]
fn a_change_is_measured_the_moment_it_is_told() {
    let Some(server) = Server::start(&json!({})) else { return };
    let grpc = json!({"address": server.address(), "service": "orders"});
    follow(server, &grpc);
}

#[test]
fn a_change_is_told_over_an_encrypted_stream_too() {
    let files = Files::new("watched.test");
    let options = json!({"certificate": files.path("certificate"), "key": files.path("key")});
    let Some(server) = Server::start(&options) else { return };
    let tls = json!({"name": "watched.test", "ca_file": files.path("ca"), "certificate_warn": 0});
    let grpc = json!({"address": server.address(), "service": "orders", "tls": tls});
    follow(server, &grpc);
}

#[test]
fn a_service_that_comes_to_be_known_is_measured_at_once() {
    let Some(mut server) = Server::start(&json!({})) else { return };
    let grpc = json!({"address": server.address(), "service": "orders"});
    let (monitor, events, _) = watching(&grpc);
    expect_result(&events, Outcome::Fail, Reason::MATCH_UNKNOWN_SERVICE);
    server.set("orders", "SERVING");
    expect_pass(&events);
    monitor.stop(PATIENCE).expect("a stop");
}

#[test]
fn where_there_is_no_stream_the_check_asks_as_any_other_does() {
    let Some(mut server) = Server::start(&json!({"unknown": "Watch"})) else { return };
    let (monitor, events, id) = watching(&json!({"address": server.address()}));
    expect_pass(&events);
    for _ in 0..4 {
        monitor.check_now(id).expect("a run");
        expect_pass(&events);
    }
    assert_eq!((server.calls("Check"), server.calls("Watch")), (5, 1));
    monitor.stop(PATIENCE).expect("a stop");
}

#[test]
fn a_server_that_ends_old_streams_is_asked_for_new_ones() {
    let Some(mut server) = Server::start(&json!({"max_age_ms": 50, "grace_ms": 1})) else { return };
    server.set("orders", "SERVING");
    let grpc = json!({"address": server.address(), "service": "orders"});
    let (monitor, events, id) = watching(&grpc);
    expect_pass(&events);
    while server.calls("Watch") < 5 {
        monitor.check_now(id).expect("a run");
        expect_pass(&events);
    }
    monitor.stop(PATIENCE).expect("a stop");
}

/// Hears both questions, and answers that all is well, on the stream that stays open too.
fn serve(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("a probe");
    frames::hear_question(&mut stream);
    assert!(frames::heard_more(&mut stream), "two questions");
    let told = [frames::head(), frames::data(&[0, 0, 0, 0, 2, 8, 1])].concat();
    let answer = frames::on(3, frames::good_answer());
    stream.write_all(&[answer, told].concat()).expect("it listens");
    stream
}

/// Waits until the probe has let go of a connection.
fn expect_end(mut stream: TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut bytes = [0; 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => return assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
}

#[test]
fn a_connection_is_kept_no_longer_than_its_check_and_its_monitor() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let grpc = json!({"address": listener.local_addr().expect("an address").to_string()});
    let (monitor, events, id) = watching(&grpc);
    let first = serve(&listener);
    expect_pass(&events);
    let mut other = grpc.clone();
    other["service"] = json!("other");
    monitor.replace(&document(&other)).expect("another document");
    let second = serve(&listener);
    expect_end(first);
    expect_pass(&events);
    monitor.unregister(id).expect("the check");
    expect_end(second);
    monitor.register(&document(&grpc)).expect("a check");
    let third = serve(&listener);
    expect_pass(&events);
    monitor.stop(PATIENCE).expect("a stop");
    expect_end(third);
}

#[test]
fn a_change_that_is_told_during_a_run_is_followed_by_another_one() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let grpc = json!({"address": listener.local_addr().expect("an address").to_string()});
    let (monitor, events, id) = watching(&grpc);
    let mut kept = serve(&listener);
    expect_pass(&events);
    let hear = || {
        let (mut stream, _) = listener.accept().expect("a probe");
        frames::hear_question(&mut stream);
        stream
    };
    let answer = |mut stream: TcpStream| {
        stream.write_all(&frames::good_answer()).expect("it listens");
        expect_pass(&events);
    };
    for status in [2, 1, 2] {
        monitor.check_now(id).expect("a run");
        let asked = hear();
        kept.write_all(&frames::data(&[0, 0, 0, 0, 2, 8, status])).expect("it listens");
        answer(asked);
        answer(hear());
    }
    monitor.stop(PATIENCE).expect("a stop");
}
