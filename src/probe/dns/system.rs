//! Which name server the system asks first.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

/// The port of name servers.
const PORT: u16 = 53;

/// The first name server of a resolv.conf, or the one of this machine where none is listed, as
/// resolv.conf(5) has it. A line whose address cannot be read is none; so is one whose zone is
/// named instead of numbered.
pub fn server(text: &str) -> SocketAddr {
    let address = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let word = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        let plain = word.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, PORT));
        plain.or_else(|| format!("[{word}]:{PORT}").parse::<SocketAddrV6>().ok().map(Into::into))
    };
    let own = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT);
    text.lines().find_map(address).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::server;

    #[test]
    fn the_first_server_that_is_listed_is_asked() {
        let table = [
            ("", "127.0.0.1:53"),
            ("# nameserver 1.1.1.1\n; nameserver 2.2.2.2\nsearch x\n", "127.0.0.1:53"),
            ("options x\nnameserver\t10.0.0.53 # first\nnameserver 10.0.0.54", "10.0.0.53:53"),
            ("nameserver x\nnameserver ::1\n", "[::1]:53"),
            ("nameserver fe80::1%2\n", "[fe80::1%2]:53"),
            ("nameserver fe80::1%eth0\nnameserver 9.9.9.9", "9.9.9.9:53"),
            ("nameservers 8.8.8.8", "127.0.0.1:53"),
        ];
        for (text, address) in table {
            assert_eq!(server(text).to_string(), address, "{text}");
        }
    }
}
