//! What the probe `grpc` asks for, as data.

use super::Secret;

/// Names in lower case, and their values.
pub type Metadata = Box<[(Box<str>, Secret)]>;

/// A question to the health service of a gRPC server.
#[derive(Clone, Debug, PartialEq)]
pub struct GrpcSpec {
    /// The service that is asked about; empty for the server as a whole.
    pub service: Box<str>,
    /// The name that the server is asked under.
    pub authority: Box<str>,
    /// What is sent along.
    pub metadata: Metadata,
    /// Whether changes are listened to.
    pub watch: bool,
}
