//! The command `meshvitals`.
fn main() {}
