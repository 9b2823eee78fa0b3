//! `https` and certificates: which are trusted, for whom, and until when.

use crate::http_servers::nginx;
use crate::rig::{Directory, expect_fail, expect_pass, program, run};
use meshvitals::{Outcome, Reason};
use rcgen::{CertificateParams, KeyPair};
use std::process::Command;
use std::time::{Duration, SystemTime};

#[test]
fn a_certificate_is_told_with_its_age_and_its_faults() {
    let Some(web) = nginx() else { return };
    let result = run("http", &web.secure_url("/ok"));
    expect_pass(&result);
    assert!(result.value > 0.0 && result.phases.tls_ns > 0, "{result:?}");
    let at = format!(r#""url": "https://127.0.0.1:{}/ok""#, web.secure);
    let authority = format!(r#""ca_file": "{}""#, web.certificate.authority);
    let with = |tls: &str| run("http", &format!(r#"{at}, "tls": {{{tls}}}"#));
    expect_fail(&with(r#""min_version": "1.3""#), Reason::TLS_UNTRUSTED, &["GET /ok at"]);
    expect_fail(
        &with(&format!(r#"{authority}, "name": "other.test""#)),
        Reason::TLS_WRONG_NAME,
        &["GET /ok at 127.0.0.1:"],
    );
    expect_pass(&with(r#""verify": false"#));
}

#[test]
fn the_name_is_that_of_the_url_wherever_the_connection_leads() {
    let Some(program) = program("nginx") else { return };
    let directory = Directory::new();
    let place = directory.path().to_str().expect("UTF-8").to_owned();
    let self_signed = |name: &str, days: i64| {
        let mut params =
            CertificateParams::new([format!("{name}.test"), "127.0.0.1".into()]).expect("a name");
        let day = Duration::from_secs(24 * 3_600);
        let now = SystemTime::now();
        params.not_before = (now - 9 * day).into();
        params.not_after = match days {
            0.. => (now + day * days as u32).into(),
            _ => (now - day).into(),
        };
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        let chain = directory.write(&format!("{name}.pem"), &certificate.pem());
        let key = directory.write(&format!("{name}.key"), &key.serialize_pem());
        (chain, key)
    };
    let [port, second] = [(); 2].map(|()| crate::rig::free_port());
    let mut servers = String::new();
    let files = [("good", 90), ("soon", 3), ("old", -1)].map(|(name, days)| {
        let (chain, key) = self_signed(name, days);
        servers += &format!(
            "server {{ listen 127.0.0.1:{port} ssl; server_name {name}.test;
            ssl_certificate {chain}; ssl_certificate_key {key};
            location = /old {{ return 301 /new; }}
            location / {{ return 200 \"$ssl_server_name $http_host\"; }} }}\n"
        );
        if name == "soon" {
            servers += &format!(
                "server {{ listen 127.0.0.1:{second} ssl;
                ssl_certificate {chain}; ssl_certificate_key {key};
                location = /here {{ return 301 https://127.0.0.1:{port}/; }}
                location = /there {{ return 301 https://localhost:{port}/; }} }}\n"
            );
        }
        chain
    });
    let config = format!(
        "daemon off; master_process off; pid {place}/pid; error_log {place}/log;
        events {{ worker_connections 64; }} http {{ access_log off; absolute_redirect off;
        client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;
        uwsgi_temp_path {place}/d; scgi_temp_path {place}/e; {servers} }}"
    );
    let config = directory.write("nginx.conf", &config);
    let mut command = Command::new(program);
    let server = crate::rig::Server::start(command.args(["-p", &place, "-c", &config]), port);
    let get_at = |host: &str, tls: &str, keys: &str, path: &str| {
        let to = server.address();
        run("http", &format!(r#""url": "https://{host}/{path}", {to}, "tls": {{{tls}}}{keys}"#))
    };
    let get = |host: &str, tls: &str, keys: &str| get_at(host, tls, keys, "");
    let both = files[..2].iter().map(|file| std::fs::read_to_string(file).expect("a file"));
    let both = directory.write("both.pem", &both.collect::<String>());
    let [good, soon, old] = files.map(|file| format!(r#""ca_file": "{file}""#));
    let told = r#", "expect": {"body_contains": "good.test good.test"}"#;
    expect_pass(&get("good.test", &good, told));
    let other = r#", "host": "other.test", "expect": {"body_contains": "good.test other.test"}"#;
    expect_pass(&get("good.test", &good, other));
    expect_fail(&get("old.test", &old, ""), Reason::TLS_EXPIRED, &["GET / at 127.0.0.1:"]);
    expect_fail(&get("good.test", &old, ""), Reason::TLS_UNTRUSTED, &["GET / at 127.0.0.1:"]);
    expect_fail(&get("none.test", &good, ""), Reason::TLS_WRONG_NAME, &["GET / at 127.0.0.1:"]);
    // Also where a redirect leaves the connection.
    for path in ["", "old"] {
        let warned = get_at("soon.test", &soon, r#", "redirects": {}"#, path);
        let found = (warned.outcome, warned.reason);
        assert_eq!(found, (Outcome::Warn, Reason::TLS_EXPIRES_SOON), "{warned:?}");
        assert!(
            warned.message.as_str().ends_with("the certificate expires in 3.0 d"),
            "{warned:?}"
        );
        let later = format!(r#"{soon}, "certificate_warn": "24h""#);
        expect_pass(&get_at("soon.test", &later, r#", "redirects": {}"#, path));
    }
    // The warning is that of the first connection, the name that of the second.
    let leave = |path: &str| {
        let redirects = r#""redirects": {"same_host": false}"#;
        let tls = format!(r#""tls": {{"ca_file": "{both}"}}"#);
        run("http", &format!(r#""url": "https://127.0.0.1:{second}/{path}", {redirects}, {tls}"#))
    };
    let warned = leave("here");
    let found = (warned.outcome, warned.reason);
    assert_eq!(found, (Outcome::Warn, Reason::TLS_EXPIRES_SOON), "{warned:?}");
    assert!(warned.message.as_str().starts_with("GET /here at"), "{warned:?}");
    expect_fail(&leave("there"), Reason::TLS_WRONG_NAME, &["GET / at localhost (127.0.0.1:"]);
    assert!(get("old.test", &old, "").value < 0.0, "the age is told of what has expired");
}

#[test]
fn a_version_that_the_target_does_not_speak_is_told() {
    let Some(program) = program("openssl") else { return };
    let directory = Directory::new();
    let certificate = crate::rig::Certificate::new(&directory);
    let port = crate::rig::free_port();
    let accept = format!("127.0.0.1:{port}");
    let mut command = Command::new(program);
    let files = ["-cert", &certificate.chain, "-key", &certificate.key];
    let _server = crate::rig::Server::start(
        command.args(["s_server", "-quiet", "-www", "-accept", &accept]).args(files),
        port,
    );
    // Whoever knows nothing of ALPN chooses nothing.
    let body = format!(r#""url": "https://127.0.0.1:{port}/", {}"#, certificate.tls());
    let result = run("http", &format!(r#"{body}, "version": "2""#));
    expect_fail(&result, Reason::TLS_NO_PROTOCOL, &["GET / at", "did not choose h2"]);
    expect_pass(&run("http", &format!(r#"{body}, "version": "auto""#)));
}
