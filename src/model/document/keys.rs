//! The keys of a check: which of them say what is measured, and which a monitor may give for all.

use crate::error::Error;
use crate::model::signal::TABLE;

/// The keys that say what is measured, but those of signals; a check has exactly one of all.
pub(super) const PROBE_KEYS: &[&str] = &[
    "tcp",
    "http",
    "grpc",
    "udp",
    "dns",
    "exec",
    "memcached",
    "nats",
    "mqtt",
    "amqp",
    "smtp",
    "redis",
    "postgres",
    "mysql",
    "cpu",
    "memory",
    "disk",
    "heartbeat",
    "callback",
    "external",
];

/// The keys of the signals in a few words, for errors.
pub(super) const SIGNALS: &str = ", or a signal such as memory_pressure or disk_inodes";

/// Every other key that only a single check may have.
pub(super) const OWN_KEYS: [&str; 4] = ["name", "cookie", "depends_on", "addresses"];

/// Every key that a monitor's `defaults` may give.
pub(super) const DEFAULTS_KEYS: [&str; 17] = [
    "interval",
    "timeout",
    "confirm_interval",
    "failure_threshold",
    "success_threshold",
    "degraded_threshold",
    "first_result_decides",
    "start_grace",
    "linger",
    "max_in_flight",
    "critical",
    "role",
    "degraded_is_failure",
    "tags",
    "initial_delay",
    "jitter",
    "policy",
];

/// Every key that says what is measured.
pub(super) fn probe_keys() -> impl Iterator<Item = &'static str> {
    PROBE_KEYS.iter().copied().chain(TABLE.iter().map(|row| row.key))
}

fn is_probe_key(key: &str) -> bool {
    probe_keys().any(|probe| probe == key)
}

/// Whether a key belongs to a single check and may not stand in `defaults`.
pub(super) fn is_own_key(key: &str) -> bool {
    OWN_KEYS.contains(&key) || is_probe_key(key)
}

/// The error that a key of a single check stands in `defaults`.
pub(super) fn own_key_in_defaults(key: &str) -> Error {
    let problem = match is_probe_key(key) {
        true => "is a probe, which belongs to a single check",
        false => "belongs to a single check",
    };
    let allowed = DEFAULTS_KEYS.join(", ");
    Error::document(format!("/defaults/{key}"), format!("{problem}; allowed: {allowed}"))
}
