//! What documents mean. Which are taken and which are refused, and how, is said by the shared
//! vectors in `conformance/documents.jsonl`.

use std::net::SocketAddr;

use meshvitals::model::document::{
    Defaults, allowed_in_manual, parse_check, parse_monitor, system_checks,
};
use meshvitals::model::{Connect, FirstResult, Policy, ProbeSpec, Role, Target};
use meshvitals::time::{MILLISECOND, SECOND};
use serde_json::json;

#[test]
fn a_silent_check_takes_the_defaults_of_the_library() {
    let text = r#"{"name": "a", "tcp": {"address": "10.0.0.5:5432"}}"#;
    let check = parse_check(text, &Defaults::default()).expect("a check");
    assert_eq!(check.policy, Policy::default());
    assert_eq!((check.cookie, check.depends_on.len()), (0, 0));
    let ProbeSpec::Tcp(tcp) = check.probe else { panic!("not tcp") };
    assert_eq!(tcp.connect, Connect::Full);
    assert_eq!(tcp.target, Target::V4("10.0.0.5:5432".parse().expect("an address")));
}

#[test]
fn every_key_of_a_check_arrives_in_its_place() {
    let text = r#"{"name": "a", "external": {}, "interval": "10s", "timeout": 2.5,
        "confirm_interval": "1s", "failure_threshold": 5, "success_threshold": 4,
        "degraded_threshold": 6, "first_result_decides": "any", "start_grace": "30s",
        "linger": "3s", "max_in_flight": 1, "critical": true, "role": "inform",
        "degraded_is_failure": true, "tags": ["b", "a", "b"], "depends_on": ["z", "y"],
        "cookie": 18446744073709551615, "initial_delay": "7s", "jitter": 0.25,
        "policy": "thresholds"}"#;
    let check = parse_check(text, &Defaults::default()).expect("a check");
    assert_eq!(
        check.policy,
        Policy {
            interval_ns: 10 * SECOND,
            timeout_ns: 2_500 * MILLISECOND,
            confirm_interval_ns: SECOND,
            failure_threshold: 5,
            success_threshold: 4,
            degraded_threshold: 6,
            first_result: FirstResult::Any,
            start_grace_ns: 30 * SECOND,
            linger_ns: 3 * SECOND,
            max_in_flight: 1,
            critical: true,
            role: Role::Inform,
            degraded_is_failure: true,
            tags: ["a", "b"].map(Into::into).into(),
            initial_delay_ns: Some(7 * SECOND),
            jitter_ppm: 250_000,
            ..Policy::default()
        }
    );
    assert_eq!(*check.depends_on, ["y", "z"].map(Into::into));
    assert_eq!(check.cookie, u64::MAX);
}

#[test]
fn defaults_that_depend_on_other_keys_follow_them() {
    let policy = |rest: &str| {
        let text = format!("{{\"name\": \"a\", {rest}}}");
        parse_check(&text, &Defaults::default()).expect("a check").policy
    };
    let fast = policy(r#""external": {}, "interval": "1s""#);
    assert_eq!(fast.confirm_interval_ns, 200 * MILLISECOND);
    assert_eq!(fast.timeout_ns, 5 * SECOND, "the timeout is not limited by the interval");
    assert_eq!(policy(r#""heartbeat": {"ttl": "1s"}"#).failure_threshold, 1);
    assert_eq!(
        policy(r#""heartbeat": {"ttl": "1s"}, "failure_threshold": 2"#).failure_threshold,
        2
    );
    assert!(!policy(r#""external": {}, "role": "inform""#).critical);
    assert!(policy(r#""external": {}, "role": "inform", "critical": true"#).critical);
}

#[test]
fn an_http_check_says_all_that_the_request_needs() {
    let text = r#"{"name": "a", "http": {"url": "http://api.example:8080/health?deep=1",
        "address": "unix:/run/api.sock", "method": "post", "headers": {"X-Token": "t0k"},
        "body": "{}", "expect": {"status": ["300-399", 301, "200-299", 404],
        "body_contains": "ok", "body_limit": 100}}}"#;
    let check = parse_check(text, &Defaults::default()).expect("a check");
    let ProbeSpec::Http(http) = check.probe else { panic!("not http") };
    assert_eq!(http.target, Target::unix("/run/api.sock"));
    assert_eq!((&*http.host, &*http.method), ("api.example:8080", "POST"));
    assert_eq!((&*http.path, &*http.body), ("/health?deep=1", "{}"));
    assert_eq!(*http.headers, [("X-Token".into(), "t0k".into())]);
    assert_eq!(*http.expect.status, [(200, 399), (404, 404)], "ranges are sorted and joined");
    assert_eq!(http.expect.body_contains.as_deref(), Some("ok"));
    assert_eq!(http.expect.body_limit, 100);
}

#[test]
fn a_url_alone_gives_target_host_and_path() {
    for (url, target, host, path) in [
        ("http://10.0.0.5", "10.0.0.5:80", "10.0.0.5", "/"),
        ("http://10.0.0.5:80/a", "10.0.0.5:80", "10.0.0.5", "/a"),
        ("http://[::1]:8080?x=y", "[::1]:8080", "[::1]:8080", "/?x=y"),
        ("HTTP://127.0.0.1:1/#top", "127.0.0.1:1", "127.0.0.1:1", "/"),
    ] {
        let text = json!({"name": "a", "http": {"url": url}}).to_string();
        let check = parse_check(&text, &Defaults::default()).expect(url);
        let ProbeSpec::Http(http) = check.probe else { panic!("not http") };
        assert_eq!(http.target, target.parse::<SocketAddr>().expect("an address").into(), "{url}");
        assert_eq!((&*http.host, &*http.path), (host, path), "{url}");
    }
}

#[test]
fn usual_expectations_are_shared() {
    let expect = |http: &str| {
        let text = format!("{{\"name\": \"a\", \"http\": {http}}}");
        match parse_check(&text, &Defaults::default()).expect("a check").probe {
            ProbeSpec::Http(http) => http.expect.clone(),
            _ => panic!("not http"),
        }
    };
    let silent = expect(r#"{"url": "http://a/"}"#);
    let said = expect(r#"{"url": "http://b/", "expect": {"status": ["200-299"]}}"#);
    assert!(std::sync::Arc::ptr_eq(&silent, &said));
}

#[test]
fn documents_that_mean_the_same_are_equal() {
    let first = r#"{"name": "a", "tcp": {"address": "db:1"}, "tags": ["x", "y"], "interval": 10}"#;
    let second = r#"{"interval": "10s", "tags": ["y", "x", "y"], "failure_threshold": 3.0,
        "tcp": {"connect": "full", "address": "\u0064b:1"}, "name": "\u0061"}"#;
    let check = |text| parse_check(text, &Defaults::default()).expect("a check");
    assert_eq!(check(first), check(second));
    assert_ne!(check(first), check(r#"{"name": "a", "tcp": {"address": "db:2"}}"#));
}

#[test]
fn the_empty_monitor_has_the_documented_defaults() {
    let monitor = parse_monitor(None).expect("NULL is {}");
    assert_eq!(parse_monitor(Some("{}")).as_ref(), Ok(&monitor));
    assert!(monitor.system_checks && !monitor.manual && !monitor.allow_exec);
    assert_eq!((monitor.max_runs, monitor.max_handshakes), (64, 16));
    assert_eq!((monitor.slack_ns, monitor.stop_timeout_ns), (10 * MILLISECOND, 2 * SECOND));
    assert_eq!(monitor.start_spread_ns, None);
    assert_eq!(monitor.disk_paths, ["/".into()]);
    assert_eq!(monitor.defaults, Defaults::default());
    let names: Vec<_> = system_checks(&monitor).into_iter().map(|check| check.name).collect();
    assert_eq!(names, ["system.cpu", "system.memory", "system.disk"].map(Into::into));
}

#[test]
fn system_checks_take_the_thresholds_and_defaults_of_their_monitor() {
    let monitor = parse_monitor(Some(
        r#"{"cpu_threshold": 0.5, "memory_threshold": 0.6, "disk_threshold": 0.7,
            "disk_paths": ["/", "/var"], "defaults": {"interval": "30s", "role": "inform"},
            "checks": [{"name": "c", "cpu": {}}, {"name": "d", "disk": {"threshold": 0.2}}]}"#,
    ))
    .expect("a monitor");
    let checks = system_checks(&monitor);
    assert_eq!(&*checks[3].name, "system.disk:/var");
    let thresholds: Vec<_> = checks.iter().map(|check| check.probe.threshold()).collect();
    assert_eq!(thresholds, [0.5, 0.6, 0.7, 0.7]);
    assert!(checks.iter().all(|c| c.policy.interval_ns == 30 * SECOND && !c.policy.critical));
    assert_eq!(monitor.checks[0].probe.threshold(), 0.5, "a silent check follows the monitor");
    assert_eq!(monitor.checks[1].probe.threshold(), 0.2);
    let off = parse_monitor(Some(r#"{"system_checks": false}"#)).expect("a monitor");
    assert!(system_checks(&off).is_empty());
}

#[test]
fn defaults_lie_between_the_library_and_the_check_wherever_they_stand() {
    let monitor = parse_monitor(Some(
        r#"{"checks": [{"name": "a", "external": {}},
                       {"name": "b", "external": {}, "interval": "1s", "tags": []},
                       {"name": "h", "heartbeat": {"ttl": 1}}],
            "jitter": 0.3, "defaults": {"interval": "20s", "timeout": "3s", "tags": ["own"],
            "failure_threshold": 7, "confirm_interval": "2s"}}"#,
    ))
    .expect("a monitor");
    let [a, b, h] = [0, 1, 2].map(|index| &monitor.checks[index].policy);
    assert_eq!((a.interval_ns, a.timeout_ns, a.jitter_ppm), (20 * SECOND, 3 * SECOND, 300_000));
    assert_eq!((a.failure_threshold, a.success_threshold), (7, 2));
    assert_eq!(*a.tags, ["own".into()]);
    assert_eq!((b.interval_ns, b.tags.len()), (SECOND, 0));
    assert_eq!(b.confirm_interval_ns, SECOND, "a default never exceeds the interval");
    assert_eq!(h.failure_threshold, 7, "the monitor's default precedes the heartbeat's own");
    // What is registered later takes the same defaults.
    let later = parse_check(r#"{"name": "a", "external": {}}"#, &monitor.defaults);
    assert_eq!(later.as_ref(), Ok(&monitor.checks[0]));
}

#[test]
fn levels_are_confirmed_at_their_interval_unless_they_say_otherwise() {
    let document = r#"{"disk_paths": ["/", "/tmp"], "checks": [
        {"name": "c", "cpu": {}}, {"name": "m", "memory": {}, "interval": "1s"},
        {"name": "d", "disk": {}, "confirm_interval": "3s"}, {"name": "e", "external": {}}],
        "defaults": {"interval": "20s"}}"#;
    let confirmed = |document: &str| -> Vec<u64> {
        let monitor = parse_monitor(Some(document)).expect("a monitor");
        let system = system_checks(&monitor);
        let checks = monitor.checks.iter().chain(&system);
        checks.map(|check| check.policy.confirm_interval_ns / MILLISECOND).collect()
    };
    let of_the_system = [20_000; 4];
    assert_eq!(confirmed(document), [&[20_000, 1_000, 3_000, 700][..], &of_the_system].concat());
    // Said for all it holds for all documents, but the system's own checks have none.
    let quick = document.replace(r#""20s""#, r#""20s", "confirm_interval": "300ms""#);
    assert_eq!(confirmed(&quick), [&[300, 300, 3_000, 300][..], &of_the_system].concat());
}

#[test]
fn a_manual_clock_turns_the_system_checks_off_and_takes_three_probes() {
    let monitor = parse_monitor(Some(r#"{"clock": "manual"}"#)).expect("a monitor");
    assert!(monitor.manual && !monitor.system_checks);
    for (probe, allowed) in [
        (r#""external": {}"#, true),
        (r#""callback": {}"#, true),
        (r#""heartbeat": {"ttl": 1}"#, true),
        (r#""cpu": {}"#, false),
        (r#""tcp": {"address": "a:1"}"#, false),
    ] {
        let check = parse_check(&format!("{{\"name\": \"a\", {probe}}}"), &monitor.defaults);
        assert_eq!(allowed_in_manual(&check.expect("a check").probe), allowed, "{probe}");
    }
}
