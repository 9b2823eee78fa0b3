//! What measures once: connects, reads a file, calls back. It measures, it never judges.

mod errno;
mod http;
pub mod mysql;
pub mod net;
pub mod postgres;
pub mod redis;
pub mod resolver;
pub mod system;
pub mod talk;
mod tcp;
