//! Every call into the operating system, one mechanism a file.

pub mod thread;
pub mod wake;
