//! Redis: a sign of life, and on request its role and whether its cluster is whole.
//!
//! Version 2 of its protocol is spoken, which every server of this family knows. A server that
//! wants a password and was given none passes, with a message: it runs and serves those who have
//! one. The trap: it answers so before it looks whether it is ready, so that a server which still
//! loads its data shows that only to those who log in.

pub mod resp;

use crate::model::{Outcome, Reason, RedisRole, RedisSpec, RunResult};
use crate::probe::talk::{Failure, Line, shown};
use resp::Item;

/// Bytes that a conversation may receive: the roles of a master with 200 replicas.
const LIMIT: usize = 16 * 1024;

/// Begins of errors that mean "not now".
const NOT_READY: [&[u8]; 4] = [b"LOADING", b"MASTERDOWN", b"BUSY", b"ERR max number of clients"];
/// Begins of errors that mean "not you".
const CREDENTIALS: [&[u8]; 5] =
    [b"WRONGPASS", b"NOAUTH", b"NOPERM", b"DENIED", b"ERR invalid password"];

/// Asks whatever the specification wants to know.
///
/// # Errors
///
/// What was wrong.
pub async fn speak(spec: &RedisSpec, line: &mut Line) -> Result<RunResult, Failure> {
    line.set_limit(LIMIT);
    line.set_farewell(b"QUIT\r\n");
    if let Some(password) = &spec.password {
        line.step("AUTH");
        let mut words: Vec<&[u8]> = vec![b"AUTH"];
        words.extend(spec.user.as_ref().map(|user| user.as_bytes()));
        words.push(&password.text);
        ask(line, &words, |items| match items {
            [Item::Simple(b"OK")] => Ok(()),
            // Whatever an old or a new server has to say to it, it is about who asks.
            [Item::Error(words)] if !NOT_READY.iter().any(|not| words.starts_with(not)) => {
                Err(Failure::fail(Reason::MATCH_CREDENTIALS, &shown(words, [password])))
            }
            _ => Err(unexpected(items)),
        })
        .await?;
    }
    if let Some(database) = spec.database {
        line.step("SELECT");
        ask(line, &[b"SELECT", database.to_string().as_bytes()], |items| match items {
            [Item::Simple(b"OK")] => Ok(()),
            _ => Err(unexpected(items)),
        })
        .await?;
    }
    line.step("PING");
    let wants_more = spec.password.is_some() || spec.role.is_some() || spec.cluster;
    let mut result = ask(line, &[b"PING"], |items| match items {
        [Item::Simple(b"PONG")] => Ok(RunResult::pass()),
        [Item::Error(words)] if words.starts_with(b"NOAUTH") && !wants_more => {
            Ok(RunResult::pass().with_message("PING: alive, and wants a password"))
        }
        _ => Err(unexpected(items)),
    })
    .await?;
    if let Some(role) = spec.role {
        line.step("ROLE");
        if let Some(warning) = ask(line, &[b"ROLE"], |items| judge_role(role, items)).await? {
            result = warning.result("ROLE");
        }
    }
    if spec.cluster {
        line.step("CLUSTER INFO");
        ask(line, &[b"CLUSTER", b"INFO"], judge_cluster).await?;
    }
    Ok(result)
}

/// Asks, and judges the answer.
async fn ask<T>(
    line: &mut Line,
    words: &[&[u8]],
    judge: impl Fn(&[Item<'_>]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // A server that is full says so and closes, which may make sending fail before it is read.
    let sent = line.send(&resp::request(words)).await;
    loop {
        let found = match resp::answer(line.buffer()) {
            Err(resp::Malformed(text)) => {
                return Err(Failure::fail(Reason::RECEIVE_MALFORMED, text));
            }
            Ok(Some((items, used))) => Some((judge(&items), used)),
            Ok(None) => None,
        };
        if let Some((judged, used)) = found {
            line.take(used);
            return judged;
        }
        match line.more().await {
            Ok(true) => {}
            Ok(false) => return Err(sent.err().unwrap_or_else(Failure::closed)),
            Err(failure) => return Err(sent.err().unwrap_or(failure)),
        }
    }
}

fn unexpected(items: &[Item<'_>]) -> Failure {
    let Some(Item::Error(words)) = items.first() else {
        return Failure::fail(Reason::MATCH_ANSWER, "");
    };
    let begins = |with: &[&[u8]]| with.iter().any(|begin| words.starts_with(begin));
    let reason = if begins(&NOT_READY) {
        Reason::MATCH_NOT_READY
    } else if begins(&CREDENTIALS) {
        Reason::MATCH_CREDENTIALS
    } else {
        Reason::MATCH_ERROR
    };
    Failure::fail(reason, &shown(words, []))
}

/// The answer to ROLE begins with the role; that of a replica has the state of its link in the
/// fourth place. Source: <https://redis.io/docs/latest/commands/role/>.
fn judge_role(role: RedisRole, items: &[Item<'_>]) -> Result<Option<Failure>, Failure> {
    let [Item::Array(_), Item::Bulk(found), rest @ ..] = items else {
        return Err(unexpected(items));
    };
    match (role, *found) {
        (RedisRole::Master, b"master") => Ok(None),
        (RedisRole::Replica, b"slave") => match rest {
            [_, _, Item::Bulk(b"connected"), ..] => Ok(None),
            [_, _, Item::Bulk(state), ..] => {
                // It serves what it has, which grows old.
                let text = format!("the link to its master is {}", shown(state, []));
                Ok(Some(Failure::new(Outcome::Warn, Reason::MATCH_NOT_READY, &text)))
            }
            _ => Err(unexpected(items)),
        },
        (_, b"slave") => Err(Failure::fail(Reason::MATCH_ROLE, "is a replica")),
        (_, found) => {
            Err(Failure::fail(Reason::MATCH_ROLE, &format!("is in the role {}", shown(found, []))))
        }
    }
}

fn judge_cluster(items: &[Item<'_>]) -> Result<(), Failure> {
    let [Item::Bulk(text)] = items else { return Err(unexpected(items)) };
    let mut lines = text.split(|byte| *byte == b'\n');
    let state = lines.find_map(|line| line.strip_prefix(b"cluster_state:"));
    match state.map(<[u8]>::trim_ascii) {
        Some(b"ok") => Ok(()),
        Some(state) => {
            let text = format!("cluster_state is {}", shown(state, []));
            Err(Failure::fail(Reason::MATCH_NOT_READY, &text))
        }
        None => Err(Failure::fail(Reason::MATCH_ANSWER, "tells no cluster_state")),
    }
}
