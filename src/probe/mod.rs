//! What measures once: connects, reads a file, calls back. It measures, it never judges.

mod errno;
mod grpc;
mod http;
mod http2;
pub mod net;
pub mod resolver;
pub mod system;
pub mod talk;
mod tcp;
