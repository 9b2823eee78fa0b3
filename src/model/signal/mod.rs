//! What a host and a process run out of: the kinds of signals, and what their numbers mean.
//!
//! [`TABLE`] holds the defaults of every kind, [`Levels`] turns a number into a band, [`Bands`]
//! makes it hold first. Pure: readers elsewhere bring a [`Measure`], time is handed in.
//!
//! The trap: for most kinds more is worse, for some less is; compare through [`Row::worse`] only.

mod bands;
mod measure;
mod table;
mod tell;

pub use bands::{Band, Bands, Levels};
pub use measure::Measure;
pub use table::{Row, Signal, TABLE, Unit, Worse};
pub use tell::{bytes, judge};

/// What a check of this kind watches.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalSpec {
    /// The kind.
    pub signal: Signal,
    /// When it is DEGRADED and when UNHEALTHY.
    pub levels: Levels,
    /// The path on the filesystem that is watched, of kinds that watch one.
    pub path: Option<Box<str>>,
}
