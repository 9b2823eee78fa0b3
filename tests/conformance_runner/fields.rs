//! Fields of events and snapshots as the steps of scenarios write them.

use super::constants::name;
use meshvitals::{Event, Snapshot, Tick};

/// An instant or duration: a number with its largest unit.
pub fn time(ns: u64) -> String {
    match ns {
        ns if ns % 1_000_000_000 == 0 => format!("{}s", ns / 1_000_000_000),
        ns if ns % 1_000_000 == 0 => format!("{}ms", ns / 1_000_000),
        ns => format!("{ns}ns"),
    }
}

/// An instant that may be none: 0 in the past, the largest number in the future.
pub fn when(at: Tick) -> String {
    match at {
        Tick(0) => "none".to_owned(),
        Tick::NEVER => "never".to_owned(),
        Tick(ns) => time(ns),
    }
}

/// The reverse of [`time`].
pub fn nanoseconds(text: &str) -> Result<u64, String> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let scale = match &text[unit..] {
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "ns" => 1,
        _ => return Err(format!("`{text}` is no time")),
    };
    Ok(text[..unit].parse::<u64>().map_err(|error| format!("{text}: {error}"))? * scale)
}

fn figure(value: f64) -> String {
    if value.is_nan() { "none".to_owned() } else { value.to_string() }
}

/// A field of an event; `tokens` are those of the last request of its check and the one before.
pub fn of_event(event: &Event, key: &str, tokens: (u64, u64)) -> Result<String, String> {
    Ok(match key {
        "at" => time(event.at.0),
        "deadline" => time(event.deadline.0),
        "linger" => time(event.linger_until.0),
        "latency" => time(event.latency_ns),
        "cookie" => event.cookie.to_string(),
        "sequence" => event.sequence.to_string(),
        "merged" => event.merged.to_string(),
        "detail" => event.detail.to_string(),
        "group" => if event.is_group { "yes" } else { "no" }.to_owned(),
        "from" => name("status", event.previous as i64),
        "to" => name("status", event.status as i64),
        "why" => name("reason", event.reason.0.into()),
        "outcome" => name("outcome", event.outcome.map_or(0, |outcome| outcome as i64)),
        "value" => figure(event.value),
        "text" => event.text.as_str().to_owned(),
        "token" => match event.token {
            0 => "none",
            token if token == tokens.0 => "due",
            token if token == tokens.1 => "old",
            _ => "other",
        }
        .to_owned(),
        other => return Err(format!("there is no field `{other}`")),
    })
}

/// A field of a snapshot.
pub fn of_snapshot(seen: &Snapshot, key: &str) -> Result<String, String> {
    Ok(match key {
        "status" => name("status", seen.status as i64),
        "measured" => name("status", seen.measured as i64),
        "why" => name("reason", seen.reason.0.into()),
        "mask" => mask(seen.mask.0),
        "failures" => seen.failures.to_string(),
        "passes" => seen.passes.to_string(),
        "in_flight" => seen.in_flight.to_string(),
        "runs" => seen.runs.to_string(),
        "cookie" => seen.cookie.to_string(),
        "since" => time(seen.since.0),
        "latency" => time(seen.latency_ns),
        "last" => when(seen.last),
        "next" => when(seen.next),
        "fresh_until" => when(seen.fresh_until),
        "value" => figure(seen.value),
        "text" => seen.message.as_str().to_owned(),
        other => return Err(format!("there is no field `{other}`")),
    })
}

fn mask(mask: u8) -> String {
    let bits = (0..8).map(|bit| 1 << bit).filter(|bit| mask & bit != 0);
    let names: Vec<String> = bits.map(|bit| name("mask", bit.into())).collect();
    if names.is_empty() { "none".to_owned() } else { names.join("+") }
}
