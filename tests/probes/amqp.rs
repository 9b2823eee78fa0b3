//! The probe `amqp` against RabbitMQ, and against peers that go wrong.

use crate::rig::{
    Certificate, Directory, Server, address, expect_fail, expect_frozen, expect_pass, free_port,
    program, run,
};
use crate::stub::Move;
use crate::torture::{exchange, expect_bad_certificates, expect_no_tls, talk, torture};
use meshvitals::Reason;
use std::process::Command;

/// The methods of a server that goes well.
const START: &[u8] = b"\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x0ePLAIN AMQPLAIN\0\0\0\x05en_US";
const TUNE: &[u8] = b"\0\x0a\0\x1e\x07\xff\0\x02\0\0\0\x3c";
const OPEN_OK: &[u8] = b"\0\x0a\0\x29\0";
const CLOSE_OK: &[u8] = b"\0\x0a\0\x33";

fn frame(method: &[u8]) -> Vec<u8> {
    let length = (method.len() as u32).to_be_bytes();
    [&[1, 0, 0], &length[..], method, &[0xce]].concat()
}

/// What the peer hears: a header of the protocol, and the ends of methods.
const HEADER: usize = 8;
const START_OK: &[u8; 6] = b"en_US\xce";
const OPEN: &[u8; 5] = b"\x01/\0\0\xce";
const CLOSE: &[u8; 7] = b"OK\0\0\0\0\xce";

const LOGIN: &str = r#""user": "ann", "password": "hunter2""#;

/// RabbitMQ with all that it needs, in the clear and encrypted.
struct Rabbit {
    server: Server,
    encrypted: u16,
    /// What knows the names of its nodes; it would leave one behind if it had to start it.
    _names: Server,
}

fn start(directory: &Directory, certificate: &Certificate) -> Option<Rabbit> {
    let (rabbit, epmd) = (program("rabbitmq-server")?, program("epmd")?);
    // What lies on the path changes to another user and to its own directory.
    let inner = rabbit.with_file_name("../lib/rabbitmq/bin/rabbitmq-server");
    let rabbit = if inner.is_file() { inner } else { rabbit };
    let (port, encrypted, names) = (free_port(), free_port(), free_port());
    let mut command = Command::new(epmd);
    command.args(["-address", "127.0.0.1", "-port", &names.to_string()]);
    let names = Server::start(&mut command, names);
    let Certificate { authority, chain, key, .. } = certificate;
    let settings = format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\nlisteners.ssl.1 = 127.0.0.1:{encrypted}\n\
         ssl_options.cacertfile = {authority}\nssl_options.certfile = {chain}\n\
         ssl_options.keyfile = {key}\ndefault_user = ann\ndefault_pass = hunter2\n"
    );
    let settings = directory.write("rabbitmq.conf", &settings);
    let place = |name: &str| directory.path().join(name);
    let mut command = Command::new(rabbit);
    command
        .env("HOME", directory.path())
        .env("ERL_EPMD_PORT", names.port.to_string())
        .env("RABBITMQ_CONF_ENV_FILE", directory.write("env", ""))
        .env("RABBITMQ_CONFIG_FILE", settings)
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", directory.write("plugins", "[].\n"))
        .env("RABBITMQ_MNESIA_BASE", place("mnesia"))
        .env("RABBITMQ_LOG_BASE", place("log"))
        .env("RABBITMQ_NODENAME", "probe@localhost")
        .env("RABBITMQ_DIST_PORT", free_port().to_string())
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
        // Otherwise a shell stands between the server and whoever ends it.
        .env("NOTIFY_SOCKET", place("nobody"));
    let server = Server::start(&mut command, port);
    Some(Rabbit { server, encrypted, _names: names })
}

#[test]
fn a_server_is_greeted_and_opened_with_and_without_encryption() {
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let Some(rabbit) = start(&directory, &certificate) else { return };
    let greeted = run("amqp", &rabbit.server.address());
    expect_pass(&greeted);
    let text = greeted.message.as_str();
    assert!(text.ends_with("greeted only: the check has no login"), "{text}");

    let with = |more: &str| run("amqp", &format!("{}, {more}", rabbit.server.address()));
    let open = with(LOGIN);
    expect_pass(&open);
    assert_eq!(open.message.as_str(), "");
    let wrong = with(r#""user": "ann", "password": "hunter3""#);
    let words = ["amqp at 127.0.0.1", "Start-Ok: 403: ", "ACCESS_REFUSED"];
    expect_fail(&wrong, Reason::MATCH_CREDENTIALS, &words);
    assert_eq!(wrong.detail, 403);
    let unknown = with(&format!(r#"{LOGIN}, "vhost": "orders""#));
    expect_fail(&unknown, Reason::MATCH_ERROR, &["Open: 530: ", "vhost orders not found"]);
    assert_eq!(unknown.detail, 530);

    let encrypted = format!("{}, {}", address(rabbit.encrypted), certificate.tls());
    let result = run("amqp", &format!("{encrypted}, {LOGIN}"));
    expect_pass(&result);
    assert!(result.value > 0.0 && result.phases.tls_ns > 0, "{result:?}");
    let clear = run("amqp", &address(rabbit.encrypted));
    assert!(clear.reason != Reason::NONE, "{clear:?}");
    let untrusted = run("amqp", &format!(r#"{}, "tls": {{}}"#, address(rabbit.encrypted)));
    expect_fail(&untrusted, Reason::TLS_UNTRUSTED, &["amqp at 127.0.0.1"]);
    expect_frozen(&rabbit.server, "amqp", "Start");
}

#[test]
fn what_goes_wrong_is_told_with_its_step() {
    let greeting = || exchange("Start", HEADER, &frame(START));
    torture("amqp", "", &[greeting()]);
    let conversation = [
        greeting(),
        exchange("Start-Ok", START_OK, &frame(TUNE)),
        exchange("Open", OPEN, &frame(OPEN_OK)),
        exchange("Close", CLOSE, &frame(CLOSE_OK)),
    ];
    torture("amqp", LOGIN, &conversation);
    expect_no_tls("amqp", "");
    expect_bad_certificates("amqp", "", &[], "amqp at");
}

#[test]
fn a_server_of_another_version_says_so() {
    let says = |bytes: &[u8]| vec![Move::Hear(HEADER.into()), Move::Say(bytes.into()), Move::Hang];
    let result = talk("10s", "amqp", "", says(b"AMQP\x03\x01\0\0"));
    expect_fail(&result, Reason::MATCH_ANSWER, &["Start: the server speaks AMQP 1-0-0"]);
}

#[test]
fn a_server_that_ends_the_connection_is_heard() {
    let why = frame(b"\0\x0a\0\x32\x01\x40\x0dshutting down\0\0\0\0");
    let moves = vec![
        Move::Hear(HEADER.into()),
        Move::Say(frame(START)),
        Move::Hear(START_OK.into()),
        // A heartbeat may come before.
        Move::Say([b"\x08\0\0\0\0\0\0\xce", &why[..]].concat()),
        Move::Insist(b"\0\x0a\0\x33\xce".into()),
        Move::Close,
    ];
    let result = talk("10s", "amqp", LOGIN, moves);
    expect_fail(&result, Reason::MATCH_NOT_READY, &["Start-Ok: 320: \"shutting down\""]);
}

#[test]
fn a_server_that_takes_no_password_gets_none() {
    let start = frame(b"\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x08EXTERNAL\0\0\0\x05en_US");
    let moves = vec![Move::Hear(HEADER.into()), Move::Say(start), Move::Hang];
    let result = talk("10s", "amqp", LOGIN, moves);
    expect_fail(&result, Reason::MATCH_CREDENTIALS, &["takes no PLAIN, but \"EXTERNAL\""]);
}
