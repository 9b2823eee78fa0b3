//! Probes against real servers, and against peers that go wrong at each step.
//!
//! Servers are programs of the system, each on a free port of the loopback. Where a program is not
//! installed its tests say so and end, but in CI they fail.

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
