//! MySQL and MariaDB: whether they would talk, and with a user a login and what it is good for.
//!
//! Whoever leaves after the greeting is counted among broken handshakes, and after
//! `max_connect_errors` of them in a row the server blocks the whole machine; COM_QUIT there is no
//! better. (MariaDB 10.11, measured with a limit of 2 from an address that is not loopback.) So
//! without a user the handshake is finished in the name of somebody the server does not know: a
//! refusal of that name breaks no handshake and never blocks, and tells that logins are judged.

mod proof;
pub mod wire;

use crate::model::{MysqlSpec, Reason, RunResult, TalkSpec, Target};
use crate::probe::talk::{Failure, Line, shown};
use proof::Plugin;
use wire::Greeting;

/// Who asks where nobody is to log in. Servers note that somebody of this name was refused.
const NOBODY: &str = "meshvitals";

/// Packets of one login or answer that are read at most.
const PACKETS_LIMIT: usize = 16;

/// A conversation, and the sequence that the next packet has.
struct Session<'a> {
    line: &'a mut Line,
    next: u8,
}

/// Asks whatever the specification wants to know.
///
/// # Errors
///
/// What was wrong.
pub async fn speak(
    spec: &MysqlSpec,
    talk: &TalkSpec,
    line: &mut Line,
) -> Result<RunResult, Failure> {
    // Whoever was refused waits until the server has closed.
    line.set_farewell(b"");
    line.step("greeting");
    let mut session = Session { line, next: 0 };
    let body = session.receive().await?;
    let Some(greeting) = wire::greeting(&body) else {
        return Err(malformed("a greeting of another protocol"));
    };
    if let Some(tls) = &talk.tls {
        session.line.step("SSLRequest");
        if greeting.capabilities & wire::can::SSL == 0 {
            return Err(Failure::fail(Reason::TLS_NOT_OFFERED, ""));
        }
        let request = wire::ssl_request(session.next);
        session.next += 1;
        session.line.send(&request).await?;
        session.line.encrypt(&tls.name).await?;
    }
    session.line.step("login");
    match (session.login(spec, talk, &greeting).await, &spec.user) {
        (Ok(()), _) => session.line.set_farewell(wire::QUIT),
        (Err(failure), None) if is_about_name(&failure) => {
            return Ok(RunResult::pass().with_message("login: alive, and wants a login"));
        }
        (Err(failure), _) => return Err(failure),
    }
    if let Some(wanted) = spec.read_only {
        session.line.step("read_only");
        let value = session.ask("SELECT @@global.read_only").await?;
        let is_read_only = !matches!(&*value, b"0" | b"OFF");
        if is_read_only != wanted {
            let text = if is_read_only { "is read-only" } else { "takes writes" };
            return Err(Failure::fail(Reason::MATCH_ROLE, text));
        }
    } else if spec.user.is_some() {
        session.line.step("SELECT 1");
        session.ask("SELECT 1").await?;
    }
    Ok(RunResult::pass())
}

impl Session<'_> {
    /// Receives one packet; an error of the server ends the conversation.
    async fn receive(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            let found = wire::packet(self.line.buffer()).map_err(|bad| malformed(bad.0))?;
            if let Some(packet) = found {
                let (sequence, body, used) = (packet.sequence, packet.body, packet.length());
                if body[0] == 0xff {
                    return Err(failure(body));
                }
                if sequence != self.next {
                    return Err(malformed("a packet out of turn"));
                }
                let body = body.to_vec();
                self.line.take(used);
                self.next = sequence.wrapping_add(1);
                return Ok(body);
            }
            if !self.line.more().await? {
                return Err(Failure::closed());
            }
        }
    }

    async fn send(&mut self, body: &[u8]) -> Result<(), Failure> {
        let packet = wire::write(self.next, body);
        self.next = self.next.wrapping_add(1);
        self.line.send(&packet).await
    }

    /// Logs in as the user, or as nobody.
    async fn login(
        &mut self,
        spec: &MysqlSpec,
        talk: &TalkSpec,
        greeting: &Greeting,
    ) -> Result<(), Failure> {
        let user = spec.user.as_deref().unwrap_or(NOBODY);
        let password = spec.password.as_ref().map_or(&b""[..], |password| &password.text);
        let is_private = talk.tls.is_some() || matches!(talk.target, Target::Unix(_));
        // A way that is not built may not be that of this user; the server knows better.
        let mut plugin = Plugin::of(&greeting.plugin).unwrap_or(Plugin::Native);
        let answer = plugin.answer(password, &greeting.challenge);
        let (next, proof) = (self.next, (plugin.name(), &*answer));
        let packet = wire::login(next, talk.tls.is_some(), user, proof, spec.database.as_deref());
        self.next = next.wrapping_add(1);
        self.line.send(&packet).await?;
        for _ in 0..PACKETS_LIMIT {
            let body = self.receive().await?;
            match (&*body, plugin) {
                ([0, ..], _) => return Ok(()),
                ([0xfe, ..], _) => {
                    let Some((name, challenge)) = wire::switch(&body) else {
                        return Err(credentials("the server wants a login of the oldest kind"));
                    };
                    plugin = match Plugin::of(name) {
                        Some(plugin) => plugin,
                        // Nobody has no password, whatever is done with it.
                        None if password.is_empty() => Plugin::Native,
                        None => {
                            let name = shown(name, []);
                            let text = format!("the server wants a login by {name}: not built");
                            return Err(credentials(&text));
                        }
                    };
                    let answer = plugin.answer(password, &challenge);
                    self.send(&answer).await?;
                }
                // The server remembers the password and says so; what it thinks of it follows.
                ([1, 3], Plugin::CachingSha2) => {}
                ([1, 4], Plugin::CachingSha2) => {
                    if !is_private && !password.is_empty() {
                        let text = "the server does not remember the password and wants it in \
                            the clear, which is sent through TLS only";
                        return Err(credentials(text));
                    }
                    self.send(&[password, b"\0"].concat()).await?;
                }
                _ => return Err(malformed("a packet that belongs to no login")),
            }
        }
        Err(malformed("a login without end"))
    }

    /// Runs a query that has one row of one short column.
    async fn ask(&mut self, query: &str) -> Result<Vec<u8>, Failure> {
        self.next = 0;
        self.send(&[b"\x03", query.as_bytes()].concat()).await?;
        let mut rows = None;
        let mut found = None;
        for _ in 0..PACKETS_LIMIT {
            let body = self.receive().await?;
            match (wire::is_end(&body), rows) {
                // How many columns there are, and what each is called.
                (false, None) => {}
                (true, None) => rows = Some(0),
                (false, Some(_)) => found = wire::column(&body).map(<[u8]>::to_vec),
                (true, Some(_)) => {
                    return found.ok_or(Failure::fail(Reason::MATCH_ANSWER, "no row"));
                }
            }
        }
        Err(malformed("an answer without end"))
    }
}

fn malformed(text: &str) -> Failure {
    Failure::fail(Reason::RECEIVE_MALFORMED, text)
}

fn credentials(text: &str) -> Failure {
    Failure::fail(Reason::MATCH_CREDENTIALS, text)
}

/// What an error of the server means; its number is the detail. Source:
/// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html> and
/// <https://mariadb.com/kb/en/mariadb-error-code-reference/>.
fn failure(body: &[u8]) -> Failure {
    let Some((number, state, words)) = wire::error(body) else {
        return malformed("an error that says nothing");
    };
    let failure = Failure::fail(reason(number, state), &shown(words, []));
    Failure { detail: number.into(), ..failure }
}

fn reason(number: u16, state: &[u8]) -> Reason {
    match number {
        // Full; of this user; over a limit of this user; stopping; stopped; offline; a node of a
        // cluster that is not part of it.
        1040 | 1203 | 1226 | 1053 | 1077 | 3032 | 1047 => Reason::MATCH_NOT_READY,
        // The machine is blocked, or may not connect.
        1129 | 1130 => Reason::MATCH_CREDENTIALS,
        // No right to the database; no common way to log in; no password; a password too old;
        // a locked account; only through TLS.
        1044 | 1251 | 1698 | 1820 | 1862 | 3118 | 4151 | 3159 => Reason::MATCH_CREDENTIALS,
        _ if state == b"28000" => Reason::MATCH_CREDENTIALS,
        _ => Reason::MATCH_ERROR,
    }
}

/// Whether a refusal is about who asks and not about where from.
fn is_about_name(failure: &Failure) -> bool {
    failure.reason == Reason::MATCH_CREDENTIALS && !matches!(failure.detail, 1129 | 1130)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_their_numbers() {
        for (number, state, wanted) in [
            (1040, "", Reason::MATCH_NOT_READY),
            (1047, "08S01", Reason::MATCH_NOT_READY),
            (1129, "", Reason::MATCH_CREDENTIALS),
            (1045, "28000", Reason::MATCH_CREDENTIALS),
            (1049, "42000", Reason::MATCH_ERROR),
        ] {
            assert_eq!(reason(number, state.as_bytes()), wanted, "{number}");
        }
    }

    #[test]
    fn a_blocked_machine_is_not_alive() {
        let told = |text: &[u8]| is_about_name(&failure(text));
        assert!(told(b"\xff\x15\x04#28000Access denied"));
        assert!(!told(b"\xff\x69\x04Host 'x' is blocked"));
        assert!(!told(b"\xff\x10\x04Too many connections"));
    }
}
