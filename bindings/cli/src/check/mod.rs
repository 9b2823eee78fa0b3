//! `meshvitals check`: runs a probe once and explains its result.

mod errno;
mod timeline;

use crate::args::CheckArgs;
use crate::output::{self, Failure};
use crate::run::paint::{Line, Tone, ansi};
use crate::words;
use meshvitals::model::document::{Defaults, parse_check};
use meshvitals::model::{ProbeSpec, Target};
use meshvitals::{Outcome, Reason, RunResult, probe_once};
use serde_json::{Value, json};
use std::io::Read;

/// Runs the check of the document; the exit code is that of its outcome.
pub fn check(args: &CheckArgs) -> Result<u8, Failure> {
    let document = match args.document.as_str() {
        "-" => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| Failure::usage(format!("stdin: {error}")))?;
            text
        }
        text => text.to_owned(),
    };
    let spec = parse_check(&document, &Defaults::default())?;
    let config = args.allow_exec.then_some(r#"{"allow_exec": true}"#);
    let result = probe_once(config, &document)?;
    let told = if args.json {
        as_json(&spec.name, &spec.probe, &result).to_string()
    } else {
        let colour = output::colours(args.no_color);
        let lines = explain(&spec.name, &spec.probe, &result);
        lines.iter().map(|line| ansi(line, colour)).collect::<Vec<_>>().join("\n")
    };
    output::last(&told)?;
    Ok(match result.outcome {
        Outcome::Pass => 0,
        Outcome::Warn => 1,
        Outcome::Fail | Outcome::Timeout => 2,
        Outcome::Local => 3,
    })
}

fn explain(name: &str, probe: &ProbeSpec, result: &RunResult) -> Vec<Line> {
    let tone = match result.outcome {
        Outcome::Pass => Tone::Good,
        Outcome::Warn | Outcome::Local => Tone::Warn,
        Outcome::Fail | Outcome::Timeout => Tone::Bad,
    };
    let mut lines = vec![vec![
        (tone, result.outcome.word().to_uppercase()),
        (Tone::Strong, format!("  {}", words::clean(name))),
        (Tone::Plain, format!("  {}", words::clean(&target(probe)))),
    ]];
    lines.extend(timeline::lines(&result.phases, result.latency_ns));
    let mut fact = |key: &str, text: String| {
        if !text.is_empty() {
            let key = (Tone::Faint, format!("  {key:<12}"));
            lines.push(vec![key, (Tone::Plain, words::clean(&text))]);
        }
    };
    fact("value", words::value(result.value, probe.threshold(), probe.unit()));
    if result.reason != Reason::NONE {
        fact("reason", format!("{} ({})", result.reason, result.reason.0));
    }
    fact("detail", detail(result));
    fact("message", result.message.as_str().to_owned());
    if let Some(measure) = &result.measure {
        fact("scope", measure.scope.clone().into_owned());
        fact("formula", measure.formula.to_owned());
    }
    lines
}

/// The number that explains the reason, in words.
fn detail(result: &RunResult) -> String {
    match (result.detail, result.reason) {
        (0, _) => String::new(),
        (code, Reason::MATCH_STATUS | Reason::MATCH_STATUS_WARN) => format!("HTTP status {code}"),
        (number, reason) if errno::explains(reason) => match errno::name(number) {
            Some(name) => format!("{name} ({number})"),
            None => format!("errno {number}"),
        },
        (number, _) => number.to_string(),
    }
}

fn as_json(name: &str, probe: &ProbeSpec, result: &RunResult) -> Value {
    let ms = |ns: u64| ns as f64 / 1e6;
    let known = errno::explains(result.reason);
    let phases = &result.phases;
    let measure = result.measure.as_deref();
    json!({
        "name": name,
        "probe": probe.key(),
        "target": target(probe),
        "outcome": result.outcome.word(),
        "reason": result.reason.0,
        "reason_text": result.reason.to_string(),
        "detail": result.detail,
        "detail_name": known.then(|| errno::name(result.detail)).flatten(),
        "message": result.message.as_str(),
        "value": result.value.is_finite().then_some(result.value),
        "threshold": probe.threshold().is_finite().then_some(probe.threshold()),
        "unit": probe.unit(),
        "limit": measure.map(|measure| measure.limit).filter(|limit| limit.is_finite()),
        "scope": measure.map(|measure| &*measure.scope),
        "formula": measure.map(|measure| measure.formula),
        "latency_ms": ms(result.latency_ns),
        "phases": {
            "resolve_ms": ms(phases.resolve_ns),
            "connect_ms": ms(phases.connect_ns),
            "tls_ms": ms(phases.tls_ns),
            "first_byte_ms": ms(phases.first_byte_ns),
            "transfer_ms": ms(phases.transfer_ns),
        },
    })
}

/// What is probed, without what may be secret: of a URL not even the query.
fn target(probe: &ProbeSpec) -> String {
    match probe {
        ProbeSpec::Tcp(tcp) => format!("tcp {}", address(&tcp.target)),
        ProbeSpec::Http(http) => {
            let path = http.path.split('?').next().unwrap_or_default();
            format!("{} http://{}{path} at {}", http.method, http.host, address(&http.target))
        }
        ProbeSpec::Talk(spec) => format!("{} {}", probe.key(), address(&spec.target)),
        ProbeSpec::Exec(exec) => format!("exec {}", exec.program()),
        ProbeSpec::Disk(disk) => format!("disk {}", disk.path),
        ProbeSpec::Signal(spec) => match &spec.path {
            Some(path) => format!("{} {path}", probe.key()),
            None => probe.key().to_owned(),
        },
        other => other.key().to_owned(),
    }
}

fn address(target: &Target) -> String {
    match target {
        Target::V4(address) => address.to_string(),
        Target::V6(address) => address.to_string(),
        Target::Name(name) => format!("{}:{}", name.host, name.port),
        Target::Unix(path) => format!("unix:{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_explained_by_what_it_counts() {
        let result = |reason, number| RunResult::new(Outcome::Fail, reason).with_detail(number);
        assert_eq!(detail(&result(Reason::CONNECT_REFUSED, 111)), "ECONNREFUSED (111)");
        assert_eq!(detail(&result(Reason::CONNECT_FAILED, 9_999)), "errno 9999");
        assert_eq!(detail(&result(Reason::MATCH_STATUS, 503)), "HTTP status 503");
        assert_eq!(detail(&result(Reason::RESOLVE_NOT_FOUND, -2)), "-2");
        assert_eq!(detail(&result(Reason::TIMEOUT, 0)), "");
    }

    #[test]
    fn a_target_shows_no_query() {
        let text =
            r#"{"name": "a", "http": {"url": "http://h.example/p?token=x", "address": "[::1]:1"}}"#;
        let spec = parse_check(text, &Defaults::default()).expect("a check");
        assert_eq!(target(&spec.probe), "GET http://h.example/p at [::1]:1");
    }
}
