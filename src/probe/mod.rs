//! What measures once: connects, reads a file, calls back. It measures, it never judges.

pub mod amqp;
mod errno;
mod grpc;
mod http;
mod http2;
pub mod memcached;
pub mod mqtt;
pub mod nats;
pub mod net;
mod postgres;
mod redis;
pub mod resolver;
pub mod smtp;
pub mod system;
pub mod talk;
mod tcp;
