//! The TCP ports that listen on this machine, from the kernel's tables.
//!
//! What comes out can be connected to from here: a port that listens on every address is reached
//! over the loopback. Link-local addresses are left out, because the tables do not say on which
//! interface they are. The trap: addresses stand in the tables as 32-bit words in the byte order
//! of the machine, not of the network.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The state of a socket that listens.
const LISTEN: &str = "0A";

/// What listens now; a table that cannot be read is empty.
pub fn listening() -> BTreeSet<SocketAddr> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let loopback6 = has_loopback6(&read("/proc/net/if_inet6"));
    [read("/proc/net/tcp"), read("/proc/net/tcp6")]
        .iter()
        .flat_map(|table| parse(table))
        .filter_map(|address| reachable(address, loopback6))
        .collect()
}

/// The name of the check of an address.
pub fn name(address: &SocketAddr) -> String {
    format!("tcp:{address}")
}

/// The listening addresses of a table.
fn parse(table: &str) -> impl Iterator<Item = SocketAddr> + '_ {
    table.lines().filter_map(|line| {
        // `sl local_address rem_address st ...`
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, _, state) = (fields.next()?, fields.next()?, fields.next()?);
        let (address, port) = local.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok().filter(|port| *port != 0)?;
        (state == LISTEN).then_some(SocketAddr::new(ip(address)?, port))
    })
}

fn ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = hex.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for (at, place) in bytes.chunks_exact_mut(4).enumerate() {
                place.copy_from_slice(&word(at)?);
            }
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

/// Where to connect for what listens on `address`.
fn reachable(address: SocketAddr, loopback6: bool) -> Option<SocketAddr> {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        // Without IPv6 on the loopback such a socket still takes IPv4.
        IpAddr::V6(ip) if ip.is_unspecified() && !loopback6 => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unicast_link_local() => return None,
        ip => ip,
    };
    Some(SocketAddr::new(ip, address.port()))
}

/// Whether `::1` is an address of this machine.
fn has_loopback6(table: &str) -> bool {
    table.lines().any(|line| line.starts_with("00000000000000000000000000000001 "))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded on a little-endian machine.
    const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   112        0 28401 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24618 1 0000000000000000 100 0 0 10 0
   2: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24619 1 0000000000000000 100 0 0 10 0
   3: 0502000A:0016 0202000A:C3F2 01 00000000:00000000 02:0009A4F1 00000000     0        0 30127 2 0000000000000000 20 4 31 10 -1
   4: 0502000A:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31888 1 0000000000000000 100 0 0 10 0
   5: 0100007F:D431 0100007F:1538 06 00000000:00000000 03:000014C8 00000000     0        0 0 3 0000000000000000
";
    const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24630 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:1538 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   112        0 28400 1 0000000000000000 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:2328 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 33410 1 0000000000000000 100 0 0 10 0
   3: 000080FE00000000FF005450A1B2C3FE:0035 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 33500 1 0000000000000000 100 0 0 10 0
   4: B80D0120000000000000000001000000:01BB B80D0120000000000000000002000000:9C41 01 00000000:00000000 00:00000000 00000000     0        0 40001 1 0000000000000000 20 4 30 10 -1
";

    fn found(loopback6: bool) -> Vec<String> {
        let all: BTreeSet<SocketAddr> = [TCP, TCP6]
            .iter()
            .flat_map(|table| parse(table))
            .filter_map(|address| reachable(address, loopback6))
            .collect();
        all.iter().map(name).collect()
    }

    #[test]
    fn what_listens_is_found_once_where_it_can_be_reached() {
        assert_eq!(
            found(true),
            [
                "tcp:10.0.2.5:8080",
                "tcp:127.0.0.1:22",
                "tcp:127.0.0.1:5432",
                "tcp:127.0.0.1:9000",
                "tcp:[::1]:80",
                "tcp:[::1]:5432",
            ]
        );
    }

    #[test]
    fn without_ipv6_on_the_loopback_an_open_socket_is_reached_over_ipv4() {
        assert!(found(false).contains(&"tcp:127.0.0.1:80".to_owned()));
        assert!(has_loopback6("00000000000000000000000000000001 01 80 10 80       lo\n"));
        assert!(!has_loopback6("fe80000000000000025056fffea1b2c3 02 40 20 80     eth0\n"));
    }

    #[test]
    fn what_is_no_table_gives_nothing() {
        for text in
            ["", "\n", "a b c d\n", "0: 0100007F 0 0A", "0: 0100007:0016 0 0A", "0: é:1 0 0A"]
        {
            assert_eq!(parse(text).count(), 0, "{text:?}");
        }
        assert_eq!(parse("0: 0100007F:0000 00000000:0000 0A").count(), 0, "port 0");
    }
}
