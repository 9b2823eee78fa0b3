//! What a subscription delivers.

use super::{CheckId, Message, Outcome, Reason, Status};
use crate::time::Tick;

/// What an event says. The numbers are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Kind {
    /// The published status, or the mask over it, changed.
    Status = 1,
    /// The host program is asked to run an external check.
    Due = 2,
    /// The host program is told that a run it was asked for is over.
    Cancel = 3,
    /// A run ended.
    Result = 4,
    /// A check was registered.
    Registered = 5,
    /// A check was removed, or with its last check a group; no event of it follows.
    Removed = 6,
    /// The monitor was stopped.
    Stopped = 7,
    /// The process was forked; seen in the child only.
    Forked = 8,
    /// A line for the log.
    Log = 9,
}

/// Which events a subscription wants, as a mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kinds(pub u32);

impl Kinds {
    /// Changes of status.
    pub const STATUS: Kinds = Kinds(1);
    /// Requests to run external checks, and their ends.
    pub const DUE: Kinds = Kinds(2);
    /// Each single result.
    pub const RESULT: Kinds = Kinds(4);
    /// Checks that come and go, and the end of the monitor.
    pub const LIFE: Kinds = Kinds(8);
    /// Lines for the log.
    pub const LOG: Kinds = Kinds(16);
    /// Everything there is.
    pub const ALL: Kinds = Kinds(31);

    /// Both masks together.
    #[must_use]
    pub const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether a mask has a bit of another.
    pub const fn wants(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }
}

impl Kind {
    /// The subscription that this kind belongs to.
    pub const fn mask(self) -> Kinds {
        match self {
            Kind::Status => Kinds::STATUS,
            Kind::Due | Kind::Cancel => Kinds::DUE,
            Kind::Result => Kinds::RESULT,
            Kind::Registered | Kind::Removed | Kind::Stopped | Kind::Forked => Kinds::LIFE,
            Kind::Log => Kinds::LOG,
        }
    }
}

/// One event. Fields that a kind does not use are zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What it says.
    pub kind: Kind,
    /// The check or group it is about.
    pub check: CheckId,
    /// Whether that is a group, whose name a check may have as well.
    pub is_group: bool,
    /// The number given in the check's document.
    pub cookie: u64,
    /// Counts the changes of status of one check, without gaps except by merging.
    pub sequence: u64,
    /// When it happened.
    pub at: Tick,
    /// DUE, CANCEL and RESULT: the run.
    pub token: u64,
    /// DUE: when the report must be here.
    pub deadline: Tick,
    /// DUE: until when a late report is still accepted.
    pub linger_until: Tick,
    /// STATUS: the status before.
    pub previous: Status,
    /// STATUS: the status now; RESULT: the published status after the run.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// How many further events were merged into this one.
    pub merged: u32,
    /// The value of the last result.
    pub value: f64,
    /// RESULT: the outcome of the run.
    pub outcome: Option<Outcome>,
    /// RESULT: the number that explains the reason.
    pub detail: i32,
    /// RESULT: how long the run took.
    pub latency_ns: u64,
    /// STATUS and RESULT: the message of the result or the cause of the mask, in an INITIAL one of
    /// neither the status and its age; REGISTERED and REMOVED: the name; LOG: the line.
    pub text: Message,
}

impl Event {
    /// An event of this kind with everything else empty.
    pub fn new(kind: Kind, check: CheckId, at: Tick) -> Event {
        Event {
            kind,
            check,
            is_group: false,
            cookie: 0,
            sequence: 0,
            at,
            token: 0,
            deadline: Tick(0),
            linger_until: Tick(0),
            previous: Status::Unknown,
            status: Status::Unknown,
            reason: Reason::NONE,
            merged: 0,
            value: f64::NAN,
            outcome: None,
            detail: 0,
            latency_ns: 0,
            text: Message::NONE,
        }
    }
}
