//! PostgreSQL: whether it would talk, and with a user a login, a query, its role and its lag.
//!
//! Without a user the startup message is enough: a server that asks for a password, or refuses
//! whoever has no name, is alive and takes connections; one that starts, stops or is full says so
//! instead. The trap: a replica that has replayed all it received knows nothing of what it did
//! not receive; its lag is 0 only while it receives.

mod login;
pub mod scram;
pub mod wire;

use crate::model::{Outcome, PostgresRole, PostgresSpec, Reason, RunResult, TalkSpec};
use crate::probe::talk::{Failure, Line, shown};
use login::Entry;
use wire::{Found, Frame};

const NOT_READY: Reason = Reason::MATCH_NOT_READY;

/// Terminate.
const FAREWELL: &[u8] = b"X\0\0\0\x04";

/// Asks whatever the specification wants to know.
///
/// # Errors
///
/// What was wrong.
pub async fn speak(
    spec: &PostgresSpec,
    talk: &TalkSpec,
    line: &mut Line,
) -> Result<RunResult, Failure> {
    if let Some(tls) = &talk.tls {
        login::encrypt(&tls.name, line).await?;
    }
    if let Entry::Alive = login::enter(spec, talk, line).await? {
        return Ok(RunResult::pass().with_message("startup: alive, and wants a login"));
    }
    line.set_farewell(FAREWELL);
    let mut result = RunResult::pass();
    let asks_state = spec.role.is_some() || spec.read_only.is_some() || spec.max_lag_ns.is_some();
    if asks_state {
        line.step("state");
        let columns = query(line, state_query(spec).as_bytes(), true).await?;
        result = judge_state(spec, &columns)?;
    }
    match &spec.query {
        Some(text) => {
            line.step("query");
            query(line, &text.text, false).await?;
        }
        None if !asks_state && spec.user.is_some() => {
            line.step("SELECT 1");
            query(line, b"SELECT 1", true).await?;
        }
        None => {}
    }
    Ok(result)
}

/// Receives messages until `judge` finds what it wants in one.
async fn receive<T>(
    line: &mut Line,
    in_login: bool,
    mut judge: impl FnMut(Frame<'_>) -> Option<T>,
) -> Result<T, Failure> {
    loop {
        let (judged, used) = match wire::frame(line.buffer(), in_login) {
            Found::Frame(frame, used) => (judge(frame), used),
            Found::Bare(words) => return Err(Failure::fail(NOT_READY, &shown(words, []))),
            Found::TooLarge => {
                let text = format!("a message of more than {} bytes", wire::LIMIT);
                return Err(Failure::fail(Reason::RECEIVE_TOO_LARGE, &text));
            }
            Found::Malformed => {
                let text = "the answer is none of PostgreSQL";
                return Err(Failure::fail(Reason::RECEIVE_MALFORMED, text));
            }
            Found::Incomplete => {
                if !line.more().await? {
                    return Err(Failure::closed());
                }
                continue;
            }
        };
        line.take(used);
        if let Some(judged) = judged {
            return Ok(judged);
        }
    }
}

/// What an error of the server means.
/// Source: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn failure(body: &[u8]) -> Failure {
    let (code, words) = wire::error(body);
    Failure::fail(
        reason(code, words),
        &format!("{} ({})", shown(words, []), shown(code, []).trim_matches('"')),
    )
}

fn reason(code: &[u8], words: &[u8]) -> Reason {
    match code {
        // Stopping, crashed, starting; and whatever the server has too little of.
        b"57P01" | b"57P02" | b"57P03" => NOT_READY,
        [b'5', b'3', ..] => NOT_READY,
        // No such user or a wrong password, no such database, no right to enter it.
        [b'2', b'8', ..] | b"42501" => Reason::MATCH_CREDENTIALS,
        // PgBouncer has one code for all that it has against somebody.
        b"08P01" if memchr::memmem::find(words, b"authentication failed").is_some() => {
            Reason::MATCH_CREDENTIALS
        }
        _ => Reason::MATCH_ERROR,
    }
}

/// Whether a server that answers so to whoever has no name is alive: it says that this user or
/// database is none of its own.
fn is_about_name(code: &[u8]) -> bool {
    matches!(code, [b'2', b'8', ..] | b"42501" | b"3D000")
}

/// Runs a query and answers the columns of its last row. What the server has to say against one
/// that is not `ours` may repeat it, and is left out.
async fn query(line: &mut Line, text: &[u8], ours: bool) -> Result<Vec<Option<String>>, Failure> {
    line.send(&wire::message(b'Q', &[text, b"\0"])).await?;
    let mut columns = Vec::new();
    let judge = |frame: Frame<'_>| match frame.kind {
        b'D' => {
            let Some(row) = wire::row(frame.body) else {
                return Some(Err(Failure::fail(Reason::RECEIVE_MALFORMED, "a row that is none")));
            };
            let text = |column: &[u8]| String::from_utf8_lossy(column).into_owned();
            if ours {
                columns = row.into_iter().map(|column| column.map(text)).collect();
            }
            None
        }
        b'E' if ours => Some(Err(failure(frame.body))),
        b'E' => {
            let code = wire::error(frame.body).0;
            let text = format!("the query came to {}", shown(code, []));
            Some(Err(Failure::fail(reason(code, b""), &text)))
        }
        b'G' | b'H' | b'W' => {
            let text = "a query that copies is not built";
            Some(Err(Failure::fail(Reason::MATCH_ANSWER, text)))
        }
        b'Z' => Some(Ok(())),
        _ => None,
    };
    receive(line, false, judge).await??;
    Ok(columns)
}

/// One row: whether it recovers, whether it takes writes, how many seconds it lies behind.
fn state_query(spec: &PostgresSpec) -> String {
    let lag = match spec.max_lag_ns {
        None => "NULL",
        Some(_) => {
            "CASE WHEN NOT pg_is_in_recovery() THEN 0 \
             WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() \
             AND EXISTS (SELECT pid FROM pg_stat_wal_receiver) THEN 0 \
             ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END"
        }
    };
    format!("SELECT pg_is_in_recovery(), current_setting('transaction_read_only'), {lag}")
}

fn judge_state(spec: &PostgresSpec, columns: &[Option<String>]) -> Result<RunResult, Failure> {
    let [Some(recovers), Some(read_only), lag] = columns else {
        return Err(Failure::fail(Reason::MATCH_ANSWER, "another row than was asked for"));
    };
    let found = if recovers == "t" { PostgresRole::Replica } else { PostgresRole::Primary };
    if spec.role.is_some_and(|role| role != found) {
        let text = match found {
            PostgresRole::Replica => "is a replica",
            PostgresRole::Primary => "is a primary",
        };
        return Err(Failure::fail(Reason::MATCH_ROLE, text));
    }
    let is_read_only = read_only == "on";
    if spec.read_only.is_some_and(|wanted| wanted != is_read_only) {
        let text = if is_read_only { "is read-only" } else { "takes writes" };
        return Err(Failure::fail(Reason::MATCH_ROLE, text));
    }
    let Some(max_lag_ns) = spec.max_lag_ns else { return Ok(RunResult::pass()) };
    let Some(lag_s) =
        lag.as_deref().and_then(|lag| lag.parse().ok()).filter(|lag: &f64| !lag.is_nan())
    else {
        return Err(Failure::fail(NOT_READY, "has replayed no transaction yet"));
    };
    // The clocks of two machines differ.
    let lag_s = lag_s.max(0.0);
    let result = RunResult::pass().with_value(lag_s);
    let max_lag_s = max_lag_ns as f64 / 1e9;
    if lag_s <= max_lag_s {
        return Ok(result);
    }
    let text = format!("state: lies {lag_s:.1} s behind, allowed are {max_lag_s} s");
    let late = RunResult::new(Outcome::Fail, Reason::MATCH_VALUE).with_message(&text);
    Ok(RunResult { value: lag_s, ..late })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(spec: &PostgresSpec, row: [Option<&str>; 3]) -> (Outcome, Reason, f64) {
        let row = row.map(|column| column.map(str::to_owned));
        let result = judge_state(spec, &row).unwrap_or_else(|failure| failure.result("state"));
        (result.outcome, result.reason, if result.value.is_nan() { -1.0 } else { result.value })
    }

    #[test]
    fn a_state_is_judged_by_what_was_asked() {
        use Outcome::{Fail, Pass};
        let any = PostgresSpec::default();
        let replica = PostgresSpec { role: Some(PostgresRole::Replica), ..any.clone() };
        let writes = PostgresSpec { read_only: Some(false), ..any.clone() };
        let near = PostgresSpec { max_lag_ns: Some(2_000_000_000), ..any.clone() };
        let (primary, follower) = ([Some("f"), Some("off")], [Some("t"), Some("on")]);
        let row = |[a, b]: [Option<&'static str>; 2], lag| [a, b, lag];
        let table = [
            (&any, row(primary, None), (Pass, Reason::NONE, -1.0)),
            (&replica, row(follower, None), (Pass, Reason::NONE, -1.0)),
            (&replica, row(primary, None), (Fail, Reason::MATCH_ROLE, -1.0)),
            (&writes, row(primary, None), (Pass, Reason::NONE, -1.0)),
            (&writes, row(follower, None), (Fail, Reason::MATCH_ROLE, -1.0)),
            (&near, row(follower, Some("2.0")), (Pass, Reason::NONE, 2.0)),
            (&near, row(follower, Some("2.1")), (Fail, Reason::MATCH_VALUE, 2.1)),
            (&near, row(follower, Some("-3")), (Pass, Reason::NONE, 0.0)),
            (&near, row(follower, Some("NaN")), (Fail, Reason::MATCH_NOT_READY, -1.0)),
            (&near, row(follower, None), (Fail, Reason::MATCH_NOT_READY, -1.0)),
            (&any, [None, None, None], (Fail, Reason::MATCH_ANSWER, -1.0)),
        ];
        for (spec, row, wanted) in table {
            assert_eq!(judge(spec, row), wanted, "{spec:?}, {row:?}");
        }
    }

    #[test]
    fn errors_are_told_apart_by_their_codes() {
        for (code, wanted) in [
            ("57P03", Reason::MATCH_NOT_READY),
            ("53300", Reason::MATCH_NOT_READY),
            ("28P01", Reason::MATCH_CREDENTIALS),
            ("28000", Reason::MATCH_CREDENTIALS),
            ("42501", Reason::MATCH_CREDENTIALS),
            ("3D000", Reason::MATCH_ERROR),
            ("08P01", Reason::MATCH_ERROR),
            ("", Reason::MATCH_ERROR),
        ] {
            assert_eq!(reason(code.as_bytes(), b"no such database: x"), wanted, "{code}");
            let names = wanted == Reason::MATCH_CREDENTIALS || code == "3D000";
            assert_eq!(is_about_name(code.as_bytes()), names, "{code}");
        }
    }
}
