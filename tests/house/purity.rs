//! The model is pure: no I/O, threads, clocks, randomness, unsafe, logging or printing.

use super::paths;
use super::source::{Finding, Source, lines_with};

/// Parts of the standard library that act on the world.
const IMPURE: &[&str] = &[
    "env",
    "fs",
    "io",
    "os",
    "process",
    "thread",
    "time::Instant",
    "time::SystemTime",
    "time::UNIX_EPOCH",
    "sync::mpsc",
    "sync::Mutex",
    "sync::RwLock",
    "sync::Condvar",
];

/// What of `std::net` is only data.
const ADDRESSES: &[&str] = &[
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
    "AddrParseError",
];

/// Other crates that act on the world, and the words that do.
const FOREIGN: &[&str] =
    &["libc", "rustix", "tokio", "sysinfo", "rand", "getrandom", "fastrand", "log", "tracing"];
const WORDS: &[&str] =
    &["unsafe", "print!", "println!", "eprint!", "eprintln!", "dbg!", "thread_local!"];

fn is_impure(path: &str) -> bool {
    let below = |prefix: &str| {
        path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("::"))
    };
    match path.strip_prefix("net::") {
        Some(item) => !ADDRESSES.contains(&item.split("::").next().unwrap_or(item)),
        None => path == "net" || IMPURE.iter().any(|part| below(part)),
    }
}

/// What in a source of the model is not pure; tests are exempt. Looks at every path of `std`.
pub fn check(source: &Source) -> (usize, Vec<Finding>) {
    let code = source.code_without_tests();
    let standard = paths::from(&code, "std");
    let mut findings: Vec<Finding> = standard
        .iter()
        .filter(|(_, path)| is_impure(path))
        .map(|(line, path)| source.finding(*line, format!("model is pure: no `std::{path}`")))
        .collect();
    for word in FOREIGN {
        let lines = paths::from(&code, word).into_iter().map(|(line, _)| line);
        findings
            .extend(lines.map(|line| source.finding(line, format!("model is pure: no {word}"))));
    }
    for word in WORDS {
        let lines = lines_with(&code, word).into_iter();
        findings
            .extend(lines.map(|line| source.finding(line, format!("model is pure: no {word}"))));
    }
    (standard.len(), findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        check(&Source::new("src/model/a.rs", text)).1.len()
    }

    #[test]
    fn what_acts_on_the_world_is_found() {
        assert_eq!(count("use std::{fs, thread::sleep, fmt};"), 2);
        assert_eq!(count("fn f() { std::time::Instant::now(); }"), 1);
        assert_eq!(count("use std::time::{Duration, SystemTime};"), 1);
        assert_eq!(count("use std::net::{IpAddr, TcpStream};"), 1);
        assert_eq!(count("fn f() { rand::random(); unsafe { } log::info!(); println!(); }"), 4);
    }

    #[test]
    fn data_is_not() {
        assert_eq!(count("use std::net::SocketAddr; use std::sync::Arc; use std::fmt;"), 0);
        assert_eq!(count("use std::net::Ipv4Addr::LOCALHOST; use std::time::Duration;"), 0);
        assert_eq!(count("// std::fs\nlet s = \"std::fs\"; let catalog = log;"), 0);
        assert_eq!(count("#[cfg(test)]\nmod tests { use std::fs; }"), 0);
    }
}
