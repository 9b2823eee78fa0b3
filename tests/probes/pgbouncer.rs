//! The probe `postgres` against PgBouncer, which speaks the protocol in its own words.

use meshvitals::model::{Outcome, Reason};

use super::postgres::{Postgres, as_server, expect, hand_over};
use super::server::{Server, free_port, program};

#[test]
fn a_pooler_is_judged_by_what_it_says_itself() {
    let Some(program) = program(&["/usr/sbin/pgbouncer"]) else { return };
    let Some(postgres) = Postgres::start() else { return };
    let (directory, port) = (postgres.directory.path(), free_port());
    let (users, settings) = (directory.join("users"), directory.join("settings"));
    std::fs::write(&users, "\"scram\" \"hunter2\"\n").unwrap();
    let text = format!(
        "[databases]\npostgres = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
         listen_port = {port}\nauth_type = scram-sha-256\nauth_file = {}\nunix_socket_dir =\n",
        postgres.port,
        users.display(),
    );
    std::fs::write(&settings, text).unwrap();
    [&users, &settings].into_iter().for_each(|path| hand_over(path, 0o600));
    let mut command = as_server(&program);
    command.arg(&settings);
    let pooler = Server::start(command, "process up");

    expect(port, "", Outcome::Pass, Reason::NONE, "startup: alive, and wants a login");
    let login = r#""user": "scram", "password": "hunter2""#;
    let primary = format!(r#"{login}, "database": "postgres", "role": "primary""#);
    expect(port, &primary, Outcome::Pass, Reason::NONE, "");
    let fail = |more: &str, reason, words: &str| expect(port, more, Outcome::Fail, reason, words);
    let wrong = r#""user": "scram", "password": "hunter3", "database": "postgres""#;
    fail(wrong, Reason::MATCH_CREDENTIALS, "login: \"SASL authentication failed\" (08P01)");
    let none = format!(r#"{login}, "database": "none""#);
    fail(&none, Reason::MATCH_ERROR, "login: \"no such database: none\"");
    fail(r#""tls": {}"#, Reason::TLS_NOT_OFFERED, "SSLRequest: ");
    let said = pooler.end();
    assert!(said.contains("closing because: client close request"), "{said}");
}
