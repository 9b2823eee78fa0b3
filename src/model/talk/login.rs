//! Who logs in: a user and a password, always both.

use super::Secret;

/// A user and the password that proves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// The name; it is no secret.
    pub user: Box<str>,
    /// The password.
    pub password: Secret,
}
