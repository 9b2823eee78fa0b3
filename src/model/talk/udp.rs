//! One datagram, and what the reply to it must look like.

use super::{Pattern, Secret};

/// A request in one datagram. Only a reply is a pass: silence says nothing good, because a
/// datagram that nobody takes is lost without a word.
#[derive(Clone, Debug, PartialEq)]
pub struct UdpSpec {
    /// What is sent; secret.
    pub send: Secret,
    /// What the reply must hold, if any reply will not do.
    pub expect: Option<Pattern>,
}
