//! The health engine that services, proxies and sidecars carry inside themselves.

pub mod engine;
pub mod error;
pub mod event;
pub mod model;
pub mod probe;
pub mod sync;
pub mod sys;
pub mod time;
