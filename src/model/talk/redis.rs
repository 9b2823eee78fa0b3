//! What is asked of Redis and what speaks its protocol.

use super::Secret;

/// The part that a Redis server plays in replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedisRole {
    /// It takes writes.
    Master,
    /// It follows a master.
    Replica,
}

/// What is asked of a Redis server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RedisSpec {
    /// The user of an access control list; none for the default user.
    pub user: Option<Box<str>>,
    /// Without a password nothing is asked that needs one.
    pub password: Option<Secret>,
    /// The number of the database that is selected.
    pub database: Option<u32>,
    /// The part that the server must play; none for any.
    pub role: Option<RedisRole>,
    /// Whether the cluster that it belongs to must be whole.
    pub cluster: bool,
}
