//! Packets of MySQL: written and read.
//!
//! A packet is three bytes of length, one of sequence, and what it holds. Sources: "Client/Server
//! Protocol" at <https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html> and
//! <https://mariadb.com/kb/en/clientserver-protocol/>. The trap: the first byte alone does not
//! tell what a packet is; 0xfe asks for another login in one place and ends rows in another.

/// The longest packet, in bytes.
const LIMIT: usize = 16 * 1024;

/// Capabilities: what either side can do.
pub mod can {
    /// Names a database when it logs in.
    pub const CONNECT_WITH_DB: u32 = 1 << 3;
    /// Speaks this protocol at all.
    pub const PROTOCOL_41: u32 = 1 << 9;
    /// Encrypts.
    pub const SSL: u32 = 1 << 11;
    /// Tells of transactions, which servers expect nowadays.
    pub const TRANSACTIONS: u32 = 1 << 13;
    /// Gives an answer to a challenge with its length.
    pub const SECURE_CONNECTION: u32 = 1 << 15;
    /// Knows several ways to log in.
    pub const PLUGIN_AUTH: u32 = 1 << 19;
}

/// What this side can do.
const OURS: u32 =
    1 | can::PROTOCOL_41 | can::TRANSACTIONS | can::SECURE_CONNECTION | can::PLUGIN_AUTH;

/// Letters are those of UTF-8, in its form of three bytes, which every server has.
const CHARSET: u8 = 33;

/// The farewell: COM_QUIT.
pub const QUIT: &[u8] = &[1, 0, 0, 0, 1];

/// Breaks the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// A packet of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its number in the exchange.
    pub sequence: u8,
    /// What it holds, which is never nothing.
    pub body: &'a [u8],
}

impl Packet<'_> {
    /// How many bytes of the stream it takes.
    pub fn length(&self) -> usize {
        self.body.len() + 4
    }
}

/// Reads one packet off the front of `bytes`.
///
/// # Errors
///
/// That no server would send so much here.
pub fn packet(bytes: &[u8]) -> Result<Option<Packet<'_>>, Malformed> {
    let Some((&[a, b, c, sequence], rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes([a, b, c, 0]) as usize;
    match length {
        0 => Err(Malformed("an empty packet")),
        1..=LIMIT => Ok(rest.get(..length).map(|body| Packet { sequence, body })),
        _ => Err(Malformed("a packet that is too long to be one of MySQL")),
    }
}

/// A packet that holds this.
pub fn write(sequence: u8, body: &[u8]) -> Vec<u8> {
    let [a, b, c, ..] = (body.len() as u32).to_le_bytes();
    [&[a, b, c, sequence], body].concat()
}

/// The first packet of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// What the server can do.
    pub capabilities: u32,
    /// What a password is mixed with.
    pub challenge: Vec<u8>,
    /// The way to log in that the server prefers.
    pub plugin: Vec<u8>,
}

fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// Reads a greeting of version 10.
pub fn greeting(body: &[u8]) -> Option<Greeting> {
    let (_version, rest) = text(body.strip_prefix(&[10])?)?;
    let (_thread, rest) = rest.split_first_chunk::<4>()?;
    let (start, rest) = rest.split_first_chunk::<8>()?;
    let (&[_, low_0, low_1, _charset, _, _, high_0, high_1, length], rest) =
        rest.split_first_chunk::<9>()?;
    let (_reserved, rest) = rest.split_first_chunk::<10>()?;
    let capabilities = u32::from_le_bytes([low_0, low_1, high_0, high_1]);
    // The second part is padded with a zero to 13 bytes at least.
    let second = usize::from(length).saturating_sub(8).max(13);
    let challenge = [&start[..], rest.get(..second)?].concat();
    let plugin = rest.get(second..)?;
    let plugin = text(plugin).map_or(plugin, |(plugin, _)| plugin);
    Some(Greeting { capabilities, challenge: bare(&challenge), plugin: plugin.to_vec() })
}

/// A challenge without the zero behind it.
pub fn bare(challenge: &[u8]) -> Vec<u8> {
    challenge.strip_suffix(b"\0").unwrap_or(challenge).to_vec()
}

/// The number, the state and the words of an error packet.
pub fn error(body: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (&[a, b], rest) = body.strip_prefix(&[0xff])?.split_first_chunk::<2>()?;
    let (state, words) = match rest.strip_prefix(b"#").and_then(|rest| rest.split_at_checked(5)) {
        Some((state, words)) => (state, words),
        // Before the handshake there is no state.
        None => (&b""[..], rest),
    };
    Some((u16::from_le_bytes([a, b]), state, words))
}

/// The name and the challenge of another way to log in.
pub fn switch(body: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let (plugin, challenge) = text(body.strip_prefix(&[0xfe])?)?;
    Some((plugin, bare(challenge)))
}

/// Whether a packet ends the columns or the rows.
pub fn is_end(body: &[u8]) -> bool {
    body.first() == Some(&0xfe) && body.len() < 9
}

/// The only column of a row, which is short.
pub fn column(body: &[u8]) -> Option<&[u8]> {
    let (&length, rest) = body.split_first()?;
    (length < 0xfb && rest.len() == usize::from(length)).then_some(rest)
}

/// Asks for encryption; what follows is the same packet, whole.
pub fn ssl_request(sequence: u8) -> Vec<u8> {
    write(sequence, &head(OURS | can::SSL))
}

fn head(capabilities: u32) -> Vec<u8> {
    let mut bytes = capabilities.to_le_bytes().to_vec();
    bytes.extend_from_slice(&(LIMIT as u32).to_le_bytes());
    bytes.push(CHARSET);
    bytes.extend_from_slice(&[0; 23]);
    bytes
}

/// Logs in; `answer` is what the password and the challenge make, at most 255 bytes.
pub fn login(
    sequence: u8,
    is_encrypted: bool,
    user: &str,
    (plugin, answer): (&str, &[u8]),
    database: Option<&str>,
) -> Vec<u8> {
    let ssl = if is_encrypted { can::SSL } else { 0 };
    let with_database = if database.is_some() { can::CONNECT_WITH_DB } else { 0 };
    let mut body = head(OURS | ssl | with_database);
    body.extend_from_slice(user.as_bytes());
    body.push(0);
    body.push(answer.len() as u8);
    body.extend_from_slice(answer);
    for name in database.into_iter().chain([plugin]) {
        body.extend_from_slice(name.as_bytes());
        body.push(0);
    }
    write(sequence, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A greeting of MariaDB 10.11.
    const GREETING: &[u8] = b"\n5.5.5-10.11.19-MariaDB\0\x2c\0\0\0j`!!~|rJ\0\xfe\xf7\x08\x02\0\xff\
        \x81\x15\0\0\0\0\0\0\x1d\0\0\0abcdefghijkl\0mysql_native_password\0";

    #[test]
    fn packets_are_read_whole() {
        let bytes = write(3, b"abc");
        assert_eq!(packet(&bytes), Ok(Some(Packet { sequence: 3, body: b"abc" })));
        for end in 0..bytes.len() {
            assert_eq!(packet(&bytes[..end]), Ok(None));
        }
        assert!(packet(b"\0\0\0\0").is_err());
        assert!(packet(b"HTTP/1.1").is_err());
    }

    #[test]
    fn a_greeting_is_read_or_refused_wherever_it_is_cut() {
        let greeting_of = greeting(GREETING).unwrap();
        assert_eq!(greeting_of.challenge, b"j`!!~|rJabcdefghijkl");
        assert_eq!(greeting_of.plugin, b"mysql_native_password");
        assert_eq!(greeting_of.capabilities, 0x81ff_f7fe);
        assert_eq!(greeting_of.capabilities & can::PLUGIN_AUTH, can::PLUGIN_AUTH);
        let whole = GREETING.len() - b"mysql_native_password\0".len();
        for end in 0..whole {
            assert_eq!(greeting(&GREETING[..end]), None, "{end}");
        }
        assert_eq!(greeting(&[9; 80]), None);
    }

    #[test]
    fn errors_have_a_state_after_the_handshake_only() {
        let early = b"\xff\x10\x04Too many connections";
        assert_eq!(error(early), Some((1040, &b""[..], &b"Too many connections"[..])));
        let late = b"\xff\x15\x04#28000Access denied";
        assert_eq!(error(late), Some((1045, &b"28000"[..], &b"Access denied"[..])));
        for bad in [&b""[..], b"\xff", b"\xff\x10", b"\0\x10\x04"] {
            assert_eq!(error(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn small_packets_are_what_they_say() {
        assert_eq!(switch(b"\xfex\0abc\0"), Some((&b"x"[..], b"abc".to_vec())));
        assert_eq!(switch(b"\xfe"), None);
        assert!(is_end(b"\xfe\0\0\x02\0") && !is_end(b"\xfe12345678"));
        assert_eq!(column(b"\x03OFF"), Some(&b"OFF"[..]));
        for bad in [&b""[..], b"\x03OF", b"\x03OFFX", b"\xfb", b"\xfc\x01\0x"] {
            assert_eq!(column(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_login_names_everybody() {
        let bytes = login(1, true, "u", ("p", b"\x01\x02"), Some("d"));
        assert_eq!(bytes[..4], [bytes.len() as u8 - 4, 0, 0, 1]);
        assert!(bytes.ends_with(b"u\0\x02\x01\x02d\0p\0"));
        assert_eq!(
            ssl_request(1)[4..],
            bytes[4..36]
                .to_vec()
                .iter()
                .enumerate()
                .map(|(at, byte)| if at == 0 {
                    byte & !(can::CONNECT_WITH_DB as u8)
                } else {
                    *byte
                },)
                .collect::<Vec<u8>>()
        );
    }
}
