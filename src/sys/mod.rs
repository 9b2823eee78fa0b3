//! Every call into the operating system, one mechanism a file.

pub mod epoll;
pub mod resolve;
pub mod socket;
pub mod thread;
pub mod wake;
