//! The bounded queue and the mailbox around it.

#[path = "../../../src/event/queue.rs"]
mod queue;
#[path = "../../../src/event/subscription.rs"]
mod subscription;

pub use queue::Queue;
pub use subscription::{Mailbox, Next};
