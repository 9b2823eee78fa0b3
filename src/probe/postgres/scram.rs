//! Proves a password without telling it: SCRAM-SHA-256 without channel binding.
//!
//! Sources: RFC 5802 and RFC 7677. The server proves that it knows the password too, and one that
//! does not is refused. Passwords are taken as they are written; what SASLprep would change (a
//! few letters outside ASCII) has to stand in the document as it comes out of it. The trap: the
//! server chooses how many rounds of hashing are done, on a thread that others wait for.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;

/// Rounds of hashing that are done at most; PostgreSQL asks for 4,096 unless told otherwise.
const ROUNDS_LIMIT: u32 = 65_536;

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What the server says breaks the rules.
    Malformed(&'static str),
    /// It asks for so many rounds.
    TooMuch(u32),
}

/// What the client says first; `nonce` is printable ASCII without commas, and never used again.
/// The name stands in the startup message already.
pub fn first(nonce: &str) -> String {
    format!("n,,{}", bare(nonce))
}

fn bare(nonce: &str) -> String {
    format!("n=,r={nonce}")
}

/// What the client says last, and what the server must say to that.
#[derive(Debug)]
pub struct Proof {
    /// The last message.
    pub message: String,
    key: hmac::Key,
    transcript: String,
}

impl Proof {
    /// The answer to the first message of the server.
    ///
    /// # Errors
    ///
    /// That the message breaks the rules, or asks for too much.
    pub fn new(nonce: &str, password: &[u8], server_first: &[u8]) -> Result<Proof, Refusal> {
        let malformed = Refusal::Malformed;
        let text = str::from_utf8(server_first).map_err(|_| malformed("SASL that is no text"))?;
        let mut parts = text.split(',');
        let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name));
        let (both, salt, rounds) = (part("r="), part("s="), part("i="));
        let both = both.filter(|both| both.len() > nonce.len() && both.starts_with(nonce));
        let both = both.ok_or(malformed("SASL with another nonce"))?;
        let salt = salt.and_then(|salt| BASE64_STANDARD.decode(salt).ok());
        let salt = salt.ok_or(malformed("SASL without a salt"))?;
        let rounds = rounds.and_then(|rounds| rounds.parse::<NonZeroU32>().ok());
        let rounds = rounds.ok_or(malformed("SASL without a number of rounds"))?;
        if rounds.get() > ROUNDS_LIMIT {
            return Err(Refusal::TooMuch(rounds.get()));
        }
        let mut salted = [0; digest::SHA256_OUTPUT_LEN];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, password, &mut salted);
        let salted = hmac::Key::new(hmac::HMAC_SHA256, &salted);
        let client = hmac::sign(&salted, b"Client Key");
        let stored = digest::digest(&digest::SHA256, client.as_ref());
        // "biws" is "n,," again: no channel is bound.
        let without_proof = format!("c=biws,r={both}");
        let transcript = format!("{},{text},{without_proof}", bare(nonce));
        let signature =
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, stored.as_ref()), transcript.as_bytes());
        let proof: Vec<u8> =
            client.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect();
        let message = format!("{without_proof},p={}", BASE64_STANDARD.encode(proof));
        let key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&salted, b"Server Key").as_ref());
        Ok(Proof { message, key, transcript })
    }

    /// Whether the last message of the server proves that it knows the password.
    pub fn is_mutual(&self, server_last: &[u8]) -> bool {
        let signature = server_last.strip_prefix(b"v=").map(<[u8]>::trim_ascii_end);
        let signature = signature.and_then(|text| BASE64_STANDARD.decode(text).ok());
        signature.is_some_and(|signature| {
            hmac::verify(&self.key, self.transcript.as_bytes(), &signature).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";

    /// The dialogue of RFC 7677, section 3, whose client-first message names a user. Ours names
    /// none, so only what does not depend on it is compared with the RFC.
    const SERVER_FIRST: &[u8] = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
        s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    #[test]
    fn the_dialogue_is_the_one_of_the_rfc() {
        let proof = Proof::new(NONCE, b"pencil", SERVER_FIRST).unwrap();
        let start = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=";
        assert!(proof.message.starts_with(start), "{}", proof.message);
        // The transcript with the user of the RFC gives the signature of the RFC.
        let transcript = proof.transcript.replacen("n=,", "n=user,", 1);
        let proof = Proof { transcript, ..proof };
        assert!(proof.is_mutual(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!proof.is_mutual(b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!proof.is_mutual(b"e=other-error"));
        assert!(!proof.is_mutual(b"v=!"));
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        let with = |text: &str| Proof::new("abc", b"p", text.as_bytes()).unwrap_err();
        for text in [
            "",
            "r=abc,s=AAAA,i=1",
            "r=xabcd,s=AAAA,i=1",
            "r=abcd,s=?,i=1",
            "r=abcd,i=1",
            "r=abcd,s=AAAA",
            "r=abcd,s=AAAA,i=0",
            "r=abcd,s=AAAA,i=-1",
            "r=abcd,s=AAAA,i=99999999999",
            "m=x,r=abcd,s=AAAA,i=1",
        ] {
            assert!(matches!(with(text), Refusal::Malformed(_)), "{text}");
        }
        assert_eq!(with("r=abcd,s=AAAA,i=65537"), Refusal::TooMuch(65_537));
        assert!(matches!(Proof::new("abc", b"p", b"\xff"), Err(Refusal::Malformed(_))));
    }
}
