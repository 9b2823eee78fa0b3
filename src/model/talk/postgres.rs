//! What is asked of PostgreSQL and what speaks its protocol.

use super::Secret;

/// The part that a PostgreSQL server plays in replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostgresRole {
    /// It is not in recovery.
    Primary,
    /// It replays what a primary has written.
    Replica,
}

/// What is asked of a PostgreSQL server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PostgresSpec {
    /// Without a user nobody logs in: whether the server would talk is all that is asked.
    pub user: Option<Box<str>>,
    /// Needed where the server asks for one.
    pub password: Option<Secret>,
    /// None for the one that the server takes: that of the user's name.
    pub database: Option<Box<str>>,
    /// What must run without an error; it is as secret as the data that it may name.
    pub query: Option<Secret>,
    /// The part that the server must play; none for any.
    pub role: Option<PostgresRole>,
    /// Whether new transactions must be read-only or must not be; none for any.
    pub read_only: Option<bool>,
    /// How far the data of a replica may lie behind, in nanoseconds.
    pub max_lag_ns: Option<u64>,
}
