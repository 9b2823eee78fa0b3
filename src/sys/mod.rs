//! Every call into the operating system, one mechanism a file.

pub mod cgroup;
pub mod clock_sync;
#[cfg(test)]
pub mod counting;
pub mod epoll;
pub mod fork;
pub mod guard;
pub mod kept_file;
pub mod mount_points;
pub mod mounts;
pub mod nested;
pub mod pages;
pub mod pressure_trigger;
pub mod process;
pub mod resolve;
pub mod socket;
pub mod statvfs;
pub mod thread;
pub mod timer;
pub mod try_write;
pub mod turn_file;
pub mod wake;
