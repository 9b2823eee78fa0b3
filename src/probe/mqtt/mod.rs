//! MQTT: connects with a session of its own that leaves nothing behind, and has a ping answered.
//!
//! Both versions differ in little of what is needed here: version 5 puts properties into its
//! packets, of which none are sent and those received are skipped. The trap: an old server
//! answers a connection of version 5 in the form of version 3.1.1.

pub mod packet;

use super::talk::{Failure, Line};
use crate::model::{MqttSpec, MqttVersion, Outcome, Reason, RunResult};
use packet::{Kind, Packet};

/// Ends the session; what a server would log otherwise is a connection that broke.
const DISCONNECT: &[u8] = &[0xe0, 0];
const PING: &[u8] = &[0xc0, 0];

/// For how long the server may hear nothing before it ends the session, in seconds.
const KEEP_ALIVE_S: u16 = 60;

/// Connects, logs in and pings.
///
/// # Errors
///
/// What the server said instead, or how the conversation broke.
pub async fn speak(spec: &MqttSpec, line: &mut Line) -> Result<RunResult, Failure> {
    line.step("CONNECT");
    line.send(&connect(spec)?).await?;
    let answer = receive(line).await?;
    match answer.kind {
        Kind::ConnAck => packet::accepted(&answer.body)?,
        _ => return Err(unexpected(answer.kind)),
    }
    line.step("PINGREQ");
    line.send(PING).await?;
    loop {
        let answer = receive(line).await?;
        match answer.kind {
            Kind::PingResp => break,
            // A server may have subscribed us to something on its own.
            Kind::Publish => {}
            Kind::Disconnect => return Err(packet::disconnected(&answer.body)),
            Kind::ConnAck => return Err(unexpected(answer.kind)),
        }
    }
    line.set_farewell(DISCONNECT);
    Ok(RunResult::pass())
}

fn unexpected(kind: Kind) -> Failure {
    let text = format!("a packet out of turn: {kind:?}");
    Failure::fail(Reason::RECEIVE_MALFORMED, &text)
}

async fn receive(line: &mut Line) -> Result<Packet, Failure> {
    let mut wanted = 1;
    loop {
        line.need(wanted).await?;
        if let Some(header) = packet::header(line.buffer())? {
            line.take(header.length);
            return Ok(Packet { kind: header.kind, body: line.exactly(header.body).await? });
        }
        wanted = line.buffer().len() + 1;
    }
}

/// The packet that begins a session, clean and without a will.
fn connect(spec: &MqttSpec) -> Result<Vec<u8>, Failure> {
    const CLEAN: u8 = 0x02;
    const LOGIN: u8 = 0xc0;
    let flags = if spec.login.is_some() { CLEAN | LOGIN } else { CLEAN };
    let mut body = b"\0\x04MQTT".to_vec();
    body.extend([spec.version as u8, flags]);
    body.extend(KEEP_ALIVE_S.to_be_bytes());
    if spec.version == MqttVersion::V5 {
        body.push(0);
    }
    push(&mut body, spec.client_id.as_bytes())?;
    if let Some(login) = &spec.login {
        push(&mut body, login.user.as_bytes())?;
        push(&mut body, &login.password.text)?;
    }
    let mut frame = vec![0x10];
    let mut left = body.len();
    loop {
        let more = if left > 0x7f { 0x80 } else { 0 };
        frame.push((left & 0x7f) as u8 | more);
        left >>= 7;
        if left == 0 {
            break;
        }
    }
    frame.extend(body);
    Ok(frame)
}

/// Adds bytes behind their length.
fn push(body: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Failure> {
    let Ok(length) = u16::try_from(bytes.len()) else {
        let text = "the password is longer than 65535 bytes";
        return Err(Failure::new(Outcome::Local, Reason::LOCAL_FAILED, text));
    };
    body.extend(length.to_be_bytes());
    body.extend(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Login, Secret};

    fn spec(version: MqttVersion, password: &str) -> MqttSpec {
        let password = Secret::given(password, "/mqtt/password");
        let login = Some(Login { user: "ann".into(), password });
        MqttSpec { version, client_id: "c".into(), login }
    }

    #[test]
    fn a_session_is_begun_as_the_standard_says() {
        let plain = MqttSpec { login: None, ..spec(MqttVersion::V3_1_1, "") };
        assert_eq!(connect(&plain).unwrap(), b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01c");
        let login = connect(&spec(MqttVersion::V5, "pw")).unwrap();
        assert_eq!(login, b"\x10\x17\0\x04MQTT\x05\xc2\0\x3c\0\0\x01c\0\x03ann\0\x02pw");
    }

    #[test]
    fn a_length_takes_as_many_bytes_as_it_needs() {
        let frame = connect(&spec(MqttVersion::V3_1_1, &"p".repeat(200))).unwrap();
        // 220 bytes follow: 92 and 128 more.
        assert_eq!((&frame[..3], frame.len()), (&[0x10, 0xdc, 0x01][..], 223));
        let too_long = connect(&spec(MqttVersion::V5, &"p".repeat(65_536))).unwrap_err();
        assert_eq!(too_long.outcome, Outcome::Local);
    }
}
