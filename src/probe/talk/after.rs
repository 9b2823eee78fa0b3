//! What a conversation does after its verdict, if it has something to listen to.
//!
//! Part of the record that it shares with the reactor. The reactor says whether it would keep the
//! connection; the conversation says that it goes on, and then what it hears.

/// The state of a conversation that may outlive its run.
#[derive(Debug, Default)]
pub struct After {
    /// The reactor would keep the connection.
    pub is_wanted: bool,
    /// The verdict is known and the conversation goes on.
    pub is_kept: bool,
    /// The peer has told something since.
    pub has_spoken: bool,
    /// What it told is something else than before.
    pub has_news: bool,
}
