//! What measures once: connects, reads a file, calls back. It measures, it never judges.

pub mod dns;
mod errno;
pub mod exec;
mod http;
pub mod net;
pub mod resolver;
pub mod system;
pub mod talk;
mod tcp;
mod udp;
