//! What is asked of MySQL, MariaDB and what speaks their protocol.

use super::Secret;

/// What is asked of a MySQL or MariaDB server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MysqlSpec {
    /// Without a user nobody logs in: whether the server would talk is all that is asked.
    pub user: Option<Box<str>>,
    /// None for a user without a password.
    pub password: Option<Secret>,
    /// The database that is entered.
    pub database: Option<Box<str>>,
    /// Whether the server must be read-only or must not be; none for any.
    pub read_only: Option<bool>,
}
