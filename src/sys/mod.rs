//! Every call into the operating system, one mechanism a file.

pub mod fork;
pub mod guard;
pub mod pages;
pub mod thread;
pub mod timer;
pub mod wake;
