//! The bounded queue of events and its subscribers.

mod queue;
mod subscription;

pub use queue::Queue;
pub use subscription::{Mailbox, Next};
