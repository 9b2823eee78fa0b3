//! Probes against real servers, and against peers that go wrong at each step.
//!
//! Servers are programs of the system, each on a free port of the loopback with a directory of
//! its own. Where a program is not installed its tests say so and end, but in CI they fail.

#[path = "probes/amqp.rs"]
mod amqp;
#[path = "probes/ask.rs"]
mod ask;
#[path = "probes/certificate.rs"]
mod certificate;
#[path = "probes/certificates.rs"]
mod certificates;
#[path = "probes/dns.rs"]
mod dns;
#[path = "probes/exec.rs"]
mod exec;
#[path = "probes/grpc.rs"]
mod grpc;
#[path = "probes/grpc_faults.rs"]
mod grpc_faults;
#[path = "probes/grpc_frames.rs"]
mod grpc_frames;
#[path = "probes/grpc_server.rs"]
mod grpc_server;
#[path = "probes/grpc_tls.rs"]
mod grpc_tls;
#[path = "probes/grpc_watch.rs"]
mod grpc_watch;
#[path = "probes/http.rs"]
mod http;
#[path = "probes/http_faults.rs"]
mod http_faults;
#[path = "probes/http_proxy.rs"]
mod http_proxy;
#[path = "probes/http_redirects.rs"]
mod http_redirects;
#[path = "probes/http_servers.rs"]
mod http_servers;
#[path = "probes/http_tls.rs"]
mod http_tls;
#[path = "probes/memcached.rs"]
mod memcached;
#[path = "probes/mqtt.rs"]
mod mqtt;
#[path = "probes/mysql.rs"]
mod mysql;
#[path = "probes/nats.rs"]
mod nats;
#[path = "probes/peer.rs"]
mod peer;
#[path = "probes/pgbouncer.rs"]
mod pgbouncer;
#[path = "probes/postgres.rs"]
mod postgres;
#[path = "probes/redis.rs"]
mod redis;
#[path = "probes/rig.rs"]
mod rig;
#[path = "probes/server.rs"]
mod server;
#[path = "probes/smtp.rs"]
mod smtp;
#[path = "probes/stub.rs"]
mod stub;
#[path = "probes/torture.rs"]
mod torture;
#[path = "probes/udp.rs"]
mod udp;
