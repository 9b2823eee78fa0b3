//! What measures once: connects, reads a file, calls back. It measures, it never judges.

pub mod system;
