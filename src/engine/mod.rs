//! The only place that joins things.

pub mod publish;
pub mod workers;
