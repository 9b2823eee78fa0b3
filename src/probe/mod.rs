//! What measures once: connects, reads a file, calls back. It measures, it never judges.

pub mod amqp;
pub mod dns;
mod errno;
pub mod exec;
pub mod grpc;
pub mod http;
mod http2;
pub mod memcached;
pub mod mqtt;
pub mod mysql;
pub mod nats;
pub mod net;
pub mod postgres;
pub mod redis;
pub mod resolver;
mod script;
pub mod smtp;
pub mod system;
pub mod talk;
mod tcp;
mod udp;
