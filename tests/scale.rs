//! Ten thousand targets at once, good ones beside bad ones, against real sockets on loopback.
//!
//! A short run at an interval of 2 s by default, for busy machines and debug builds;
//! `MESHVITALS_SOAK_SECONDS=60 cargo test --release --test scale` is the full minute at 1 s. Nothing here asserts a time: what is asserted is that no target was ever blamed
//! for what was not its fault, and that nothing piles up.

use meshvitals::{Kind, Kinds, Monitor, Reason, Status};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const TARGETS: usize = 10_000;

/// One test at a time: each looks at the threads and the memory of the whole process.
static ALONE: Mutex<()> = Mutex::new(());

fn full_minute() -> Option<u64> {
    std::env::var("MESHVITALS_SOAK_SECONDS").ok().and_then(|text| text.parse().ok())
}

fn soak() -> Duration {
    Duration::from_secs(full_minute().unwrap_or(5))
}

/// Accepts on every loopback address and hands each connection to `serve`.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    // All targets share this queue. When it is full, which with the usual 128 is after a pause of
    // 13 ms, the kernel drops what comes, and each target looks like one that does not answer.
    rustix::net::listen(&listener, 4_096).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    port
}

/// Keeps a connection open, reading and never answering, until the other side ends it.
fn hold(mut stream: TcpStream) {
    std::thread::spawn(move || while stream.read(&mut [0; 64]).is_ok_and(|count| count > 0) {});
}

/// A loopback address of its own for each target.
fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 1, (number / 250) as u8, (number % 250 + 1) as u8)
}

fn tcp_check(number: usize, port: u16) -> String {
    let name = format!("good-{number}");
    let interval = if full_minute().is_some() { "1s" } else { "2s" };
    let address = address(number);
    format!(
        r#"{{"name": "{name}", "tcp": {{"address": "{address}:{port}"}}, "interval": "{interval}"}}"#
    )
}

fn register(monitor: &Monitor, documents: &[String]) -> Vec<meshvitals::CheckId> {
    monitor.register_many(&format!("[{}]", documents.join(","))).unwrap()
}

fn field(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn resident_kib() -> u64 {
    field("/proc/self/status", "VmRSS:")
}

/// Connections of this port that wait for their end, which the prober should never leave behind.
fn time_waits(port: u16) -> usize {
    let text = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let suffix = format!(":{port:04X}");
    let waits = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(3) == Some(&"06")
            && (fields[1].ends_with(&suffix) || fields[2].ends_with(&suffix))
    };
    text.lines().filter(waits).count()
}

fn everyone_ran_twice(monitor: &Monitor, ids: &[meshvitals::CheckId]) -> bool {
    ids.iter().all(|&id| monitor.snapshot(id).unwrap().runs >= 2)
}

fn own_threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.map(|task| std::fs::read_to_string(task.path().join("comm")).unwrap());
    names.map(|name| name.trim().to_owned()).filter(|name| name.starts_with("meshvitals")).collect()
}

#[test]
fn ten_thousand_targets_cost_one_thread_and_nothing_piles_up() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let port = server(drop);
    let monitor = Monitor::new(Some(r#"{"system_checks": false}"#)).unwrap();
    let events = monitor.subscribe(Kinds::STATUS, 2 * TARGETS).unwrap();
    monitor.start().unwrap();
    let documents: Vec<_> = (0..TARGETS).map(|number| tcp_check(number, port)).collect();
    let ids = register(&monitor, &documents);
    assert_eq!(ids.len(), TARGETS);

    let own = monitor.find("meshvitals.self").unwrap();
    let mut healthy = 0;
    let mut settled_kib = 0;
    let mut end = None;
    while end.is_none_or(|end| Instant::now() < end) {
        for event in events.poll(4_096, Some(Duration::from_millis(200))).unwrap() {
            let is_group = event.reason == Reason::MEMBER;
            if !is_group && event.check != own && event.reason != Reason::INITIAL {
                assert_eq!((event.previous, event.status), (Status::Unknown, Status::Healthy));
                healthy += 1;
            }
        }
        // Twice at the least: on a machine that is slow the short soak is too short for that.
        if healthy == TARGETS && end.is_none() && everyone_ran_twice(&monitor, &ids) {
            end = Some(Instant::now() + soak());
            settled_kib = resident_kib();
        }
    }
    assert_eq!(own_threads(), ["meshvitals"], "no thread per check, no pool without need");
    assert_eq!(time_waits(port), 0);
    let grown_kib = resident_kib().saturating_sub(settled_kib);
    assert!(grown_kib < 2_048, "{grown_kib} KiB more than after the first round");
    for id in ids {
        let snapshot = monitor.snapshot(id).unwrap();
        assert_eq!((snapshot.status, snapshot.failures), (Status::Healthy, 0), "{snapshot:?}");
    }
    monitor.stop(Duration::from_secs(5)).unwrap();
}

#[test]
fn bad_targets_change_nothing_for_good_ones() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let good = server(drop);
    let resets = server(|stream| {
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    });
    let drips = server(|mut stream| {
        // One byte, and then silence with the connection open.
        let _ = stream.write_all(b"H");
        hold(stream);
    });
    let hangs = server(hold);
    let refuses = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let black_hole = full_backlog();

    let config = r#"{"system_checks": false, "max_runs": 256, "start_spread": "0.5s"}"#;
    let monitor = Monitor::new(Some(config)).unwrap();
    let events = monitor.subscribe(Kinds::STATUS, 65_536).unwrap();
    let mut documents: Vec<_> = (0..500).map(|number| tcp_check(number, good)).collect();
    let schedule = r#""interval": "0.5s", "timeout": "0.3s", "confirm_interval": "0.1s""#;
    let mut expected = HashMap::new();
    for (kind, probe, reason) in [
        ("reset", http(resets), Reason::RECEIVE_RESET),
        ("drip", http(drips), Reason::RECEIVE_TIMEOUT),
        ("hang", http(hangs), Reason::RECEIVE_TIMEOUT),
        ("refuse", tcp(refuses), Reason::CONNECT_REFUSED),
        ("hole", tcp(black_hole.address), Reason::CONNECT_TIMEOUT),
    ] {
        for number in 0..20 {
            let name = format!("{kind}-{number}");
            documents.push(format!(r#"{{"name": "{name}", {probe}, {schedule}}}"#));
            expected.insert(name, reason);
        }
    }
    let ids = register(&monitor, &documents);
    monitor.start().unwrap();
    let mut unhealthy = 0;
    let limit = Instant::now() + Duration::from_secs(60);
    while unhealthy < expected.len() {
        assert!(Instant::now() < limit, "only {unhealthy} of {} were found", expected.len());
        for event in events.poll(4_096, Some(Duration::from_millis(200))).unwrap() {
            if event.kind != Kind::Status || event.status != Status::Unhealthy {
                continue;
            }
            let name = monitor.snapshot(event.check).unwrap().name;
            if &*name == "overall" {
                continue;
            }
            let reason = expected.get(&*name).unwrap_or_else(|| panic!("{name}: {event:?}"));
            assert_eq!(event.reason, *reason, "{name}: {event:?}");
            unhealthy += 1;
        }
    }
    for &id in &ids[..500] {
        let snapshot = monitor.snapshot(id).unwrap();
        assert_eq!((snapshot.status, snapshot.failures), (Status::Healthy, 0), "{snapshot:?}");
    }
    assert_eq!(monitor.overall(), Status::Unhealthy);
}

fn tcp(address: SocketAddr) -> String {
    format!(r#""tcp": {{"address": "{address}"}}"#)
}

fn http(port: u16) -> String {
    format!(r#""http": {{"url": "http://127.0.0.1:{port}/"}}"#)
}

/// A listener that is alive and takes no connection: its backlog is full.
struct BlackHole {
    address: SocketAddr,
    _listener: rustix::fd::OwnedFd,
    _held: Vec<TcpStream>,
}

fn full_backlog() -> BlackHole {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&listener, 0).unwrap();
    let address = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
    let mut held = Vec::new();
    // The kernel decides how many it lets wait; the first that does not connect is the end.
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        held.push(stream);
    }
    BlackHole { address, _listener: listener, _held: held }
}
