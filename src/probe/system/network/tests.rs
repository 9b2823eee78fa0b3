//! The signals of the network from recorded trees, from trees that lack something, and of here.

use super::super::recorded::Recorded;
use super::*;
use crate::time::SECOND;
use std::net::{TcpListener, TcpStream};

fn tree() -> (Recorded, Sampler) {
    let tree = Recorded::new(include_str!("../../../../tests/fixtures/net/host.tree"));
    let sampler = Sampler::new(tree.root());
    (tree, sampler)
}

/// Value, scope, limit and message.
#[track_caller]
fn told(result: RunResult) -> (f64, String, f64, String) {
    assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
    let measure = result.measure.expect("a figure");
    let scope = measure.scope.clone().into_owned();
    (result.value, scope, measure.limit, result.message.as_str().to_owned())
}

#[track_caller]
fn expect_none(result: RunResult, word: &str) {
    assert_eq!((result.outcome, result.value.is_nan()), (Outcome::Local, true), "{result:?}");
    assert_eq!(result.reason, Reason::LOCAL_UNSUPPORTED);
    assert!(result.message.as_str().contains(word), "{result:?}");
}

const NET: &str = "proc/thread-self/net";

#[test]
fn shares_are_of_their_limits() {
    let (_tree, mut sampler) = tree();
    let memory = told(sampler.tcp_memory(Tick(0)));
    assert_eq!((memory.0, memory.1.as_str(), memory.2), (50.0, "host", 383_868.0));
    assert_eq!(memory.3, "191934 pages of TCP, saving begins at 383868");
    let conntrack = told(sampler.conntrack(Tick(0)));
    assert_eq!((conntrack.0, conntrack.1.as_str()), (75.0, SCOPE));
    assert_eq!(conntrack.3, "196608 of 262144 tracked connections");
    let ports = told(sampler.ports(Tick(0)));
    assert_eq!((ports.0, ports.1.as_str(), ports.2), (25.0, SCOPE, 28_232.0));
    assert_eq!(ports.3, "7058 TCP sockets, 6000 of them waiting, of 28232 ports");
    assert_eq!(sampler.fds().count(), 6);
}

#[test]
fn drops_and_errors_are_rates() {
    let (tree, mut sampler) = tree();
    assert_eq!(sampler.listen_overflows(Tick(0)).reason, Reason::NO_SAMPLE);
    assert_eq!(sampler.interface_errors(Tick(0)).reason, Reason::NO_SAMPLE);
    let netstat = |overflows: u64, drops: u64| {
        let text = format!("TcpExt: ListenDrops ListenOverflows\nTcpExt: {drops} {overflows}\n");
        tree.write(&format!("{NET}/netstat"), &text);
    };
    netstat(45, 60);
    let drops = told(sampler.listen_overflows(Tick(10 * SECOND)));
    assert_eq!((drops.0, drops.1.as_str()), (2.0, SCOPE));
    assert_eq!(drops.3, "20 connections dropped in 10.0 s");
    netstat(0, 0);
    assert_eq!(told(sampler.listen_overflows(Tick(20 * SECOND))).0, 2.0, "backwards");
    netstat(70, 0);
    assert_eq!(told(sampler.listen_overflows(Tick(30 * SECOND))).0, 7.0);
    assert_eq!(sampler.anomalies(), 1);
    let errors = told(sampler.interface_errors(Tick(10 * SECOND)));
    assert_eq!((errors.0, errors.3.as_str()), (0.0, "0 errors in 10.0 s"));
}

#[test]
fn what_is_not_there_is_no_figure() {
    let empty = Recorded::new("");
    let mut nowhere = Sampler::new(empty.root());
    expect_none(nowhere.listen_overflows(Tick(0)), NETSTAT);
    expect_none(nowhere.tcp_memory(Tick(0)), SOCKSTAT);
    expect_none(nowhere.conntrack(Tick(0)), "/proc/sys/net cannot be read");
    let without = Recorded::new("\n== proc/sys/net/ipv4/tcp_mem\n1 2 3");
    let without = Sampler::new(without.root()).conntrack(Tick(0));
    expect_none(without, "connection tracking is not loaded");
    expect_none(nowhere.interface_errors(Tick(0)), DEV);
    expect_none(nowhere.ports(Tick(0)), SOCKSTAT);
    let (tree, mut sampler) = tree();
    tree.remove("proc/sys/net/ipv4/tcp_mem");
    tree.remove("proc/sys/net/ipv4/ip_local_port_range");
    expect_none(sampler.tcp_memory(Tick(0)), "as in containers");
    expect_none(sampler.ports(Tick(0)), RANGE);
}

#[test]
fn a_kernel_without_ipv6_has_ports() {
    let (tree, mut sampler) = tree();
    tree.remove(&format!("{NET}/sockstat6"));
    assert!(told(sampler.ports(Tick(0))).3.starts_with("7000 TCP sockets"));
}

#[test]
fn broken_texts_are_no_figures() {
    type Ask = fn(&mut Sampler, Tick) -> RunResult;
    let cases: [(&str, &str, Ask); 9] = [
        ("proc/thread-self/net/netstat", "TcpExt: A\nTcpExt: 1\n", Sampler::listen_overflows),
        ("proc/thread-self/net/sockstat", "TCP: inuse 1\n", Sampler::tcp_memory),
        ("proc/thread-self/net/sockstat", "TCP: inuse 1\n", Sampler::ports),
        ("proc/thread-self/net/sockstat6", "", Sampler::ports),
        ("proc/thread-self/net/dev", "", Sampler::interface_errors),
        ("proc/sys/net/ipv4/tcp_mem", "1 2", Sampler::tcp_memory),
        ("proc/sys/net/ipv4/ip_local_port_range", "60999 32768", Sampler::ports),
        ("proc/sys/net/netfilter/nf_conntrack_max", "0\n", Sampler::conntrack),
        ("proc/sys/net/netfilter/nf_conntrack_count", "", Sampler::conntrack),
    ];
    for (path, text, ask) in cases {
        let (tree, mut sampler) = tree();
        tree.write(path, text);
        expect_none(ask(&mut sampler, Tick(0)), "");
    }
}

/// A listener that never accepts, and more connections than wait in its queue.
#[test]
fn a_full_accept_queue_is_told() {
    let mut sampler = Sampler::new(Path::new("/"));
    let first = sampler.listen_overflows(Tick(0));
    assert_eq!(first.reason, Reason::NO_SAMPLE, "{first:?}");
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    // Listening again makes the queue shorter.
    rustix::net::listen(&listener, 1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut kept = Vec::new();
    let mut result = None;
    // On loopback the queue is looked at while connecting, so no time needs to pass.
    for number in 1..=50 {
        kept.push(connect(address));
        let found = sampler.listen_overflows(Tick(number * SECOND));
        if found.value > 0.0 {
            result = Some(found);
            break;
        }
    }
    let told = told(result.expect("a connection was dropped"));
    assert!(told.3.contains("connections dropped in "), "{}", told.3);
    assert_eq!(told.1, SCOPE);
}

fn connect(address: std::net::SocketAddr) -> TcpStream {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    assert!(matches!(connect(&socket, &address), Ok(()) | Err(Errno::INPROGRESS)));
    socket.into()
}

#[test]
fn this_machine_has_figures_where_it_has_the_files() {
    let mut sampler = Sampler::new(Path::new("/"));
    let range = std::fs::read_to_string(RANGE).unwrap();
    let [low, high] = numbers::<2>(range.as_bytes()).unwrap();
    let ports = told(sampler.ports(Tick(0)));
    assert_eq!(ports.2, (high - low + 1) as f64);
    assert!(ports.0 >= 0.0);
    assert_eq!(sampler.interface_errors(Tick(0)).reason, Reason::NO_SAMPLE);
    assert!(told(sampler.interface_errors(Tick(SECOND))).0 >= 0.0);
    let tracked = Path::new("/proc/sys/net/netfilter/nf_conntrack_max").exists();
    assert_eq!(sampler.conntrack(Tick(0)).outcome == Outcome::Pass, tracked);
    let limited = Path::new(TCP_MEM).exists();
    assert_eq!(sampler.tcp_memory(Tick(0)).outcome == Outcome::Pass, limited);
}
