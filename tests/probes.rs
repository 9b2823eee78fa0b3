//! Probes against the real servers, and against peers that break the rules of their protocols.
//!
//! Every test starts what it needs on loopback, with a directory and ports of its own, and ends it.
//! Where the program of a server is not installed a test says so and ends, unless the variable CI
//! is set: then it fails.

#[path = "probes/certificates.rs"]
mod certificates;
#[path = "probes/mysql.rs"]
mod mysql;
#[path = "probes/peer.rs"]
mod peer;
#[path = "probes/postgres.rs"]
mod postgres;
#[path = "probes/redis.rs"]
mod redis;
#[path = "probes/server.rs"]
mod server;
