//! What the probe `grpc` asks for, as data.

use super::Secret;

/// A question to the health service of a gRPC server.
#[derive(Clone, Debug, PartialEq)]
pub struct GrpcSpec {
    /// The service that is asked about; empty for the server as a whole.
    pub service: Box<str>,
    /// The name that the server is asked under.
    pub authority: Box<str>,
    /// What is sent along: names in lower case, and their values.
    pub metadata: Box<[(Box<str>, Secret)]>,
}
