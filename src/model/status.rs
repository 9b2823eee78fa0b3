//! The four answers to "how is it?".

use core::fmt;

/// The status of a check, a group or the whole. The numbers are frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Nothing is known: not measured yet, too old, paused, or blocked.
    #[default]
    Unknown = 0,
    /// Works.
    Healthy = 1,
    /// Works, with a warning; stays in load-balancing pools.
    Degraded = 2,
    /// Does not work.
    Unhealthy = 3,
}

impl Status {
    /// All four, in order of their numbers.
    pub const ALL: [Status; 4] =
        [Status::Unknown, Status::Healthy, Status::Degraded, Status::Unhealthy];

    /// The status of a frozen number.
    pub const fn from_number(number: i32) -> Option<Status> {
        match number {
            0 => Some(Status::Unknown),
            1 => Some(Status::Healthy),
            2 => Some(Status::Degraded),
            3 => Some(Status::Unhealthy),
            _ => None,
        }
    }

    /// HEALTHY or DEGRADED: traffic may be sent there.
    pub const fn is_functional(self) -> bool {
        matches!(self, Status::Healthy | Status::Degraded)
    }

    /// The word in capitals, as in the documents.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Unknown => "UNKNOWN",
            Status::Healthy => "HEALTHY",
            Status::Degraded => "DEGRADED",
            Status::Unhealthy => "UNHEALTHY",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
