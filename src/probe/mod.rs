//! What measures once: connects, reads a file, calls back. It measures, it never judges.

mod errno;
mod http;
mod mysql;
pub mod net;
mod postgres;
mod redis;
pub mod resolver;
pub mod system;
pub mod talk;
mod tcp;
