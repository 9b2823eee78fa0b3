//! What one run of a probe yields.
//!
//! A result is a sample, never an error of the library, and it judges nothing: the detector
//! turns results into a status.

use super::Reason;
use super::signal::Measure;
use crate::error::cut;

/// The outcome of a run. The numbers are frozen; 0 is never an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The target answered as expected, in time.
    Pass = 1,
    /// Alive, with a complaint: a value in the warning band, HTTP 429.
    Warn = 2,
    /// An answer came back and it says no (refused, reset, wrong status, over the limit).
    Fail = 3,
    /// Silence until the deadline.
    Timeout = 4,
    /// The fault is ours; nothing is known about the target.
    Local = 5,
}

impl Outcome {
    /// The outcome of a frozen number.
    pub const fn from_number(number: i32) -> Option<Outcome> {
        match number {
            1 => Some(Outcome::Pass),
            2 => Some(Outcome::Warn),
            3 => Some(Outcome::Fail),
            4 => Some(Outcome::Timeout),
            5 => Some(Outcome::Local),
            _ => None,
        }
    }

    /// The word for reports.
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Warn => "warn",
            Outcome::Fail => "fail",
            Outcome::Timeout => "timeout",
            Outcome::Local => "local",
        }
    }
}

/// The longest message of a result, in bytes: what fits a C result beside its NUL.
pub const MESSAGE_LIMIT: usize = 159;

/// A short text, cut to [`MESSAGE_LIMIT`] at a character; costs nothing when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Option<Box<str>>);

impl Message {
    /// The empty message.
    pub const NONE: Message = Message(None);

    /// A message of this text, cut where it is too long.
    pub fn new(text: &str) -> Message {
        Message((!text.is_empty()).then(|| cut(text, MESSAGE_LIMIT).into()))
    }

    /// The text, empty if there is none.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Where the time of a run went, in nanoseconds; 0 for a phase that did not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Resolving the name.
    pub resolve_ns: u64,
    /// Connecting, over all addresses tried.
    pub connect_ns: u64,
    /// Shaking hands for encryption.
    pub tls_ns: u64,
    /// From the request until the first byte of the answer.
    pub first_byte_ns: u64,
    /// From the first byte until the verdict.
    pub transfer_ns: u64,
}

/// One result.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    /// What happened.
    pub outcome: Outcome,
    /// Why, [`Reason::NONE`] for a pass.
    pub reason: Reason,
    /// A number that explains the reason: errno, HTTP status, return value of a callback.
    pub detail: i32,
    /// From the start of the run to its verdict.
    pub latency_ns: u64,
    /// The measured value, NaN where the probe measures none.
    pub value: f64,
    /// Where the time went.
    pub phases: Phases,
    /// One sentence for people; never contains secrets.
    pub message: Message,
    /// How the value was come by, of probes that measure the host or the process.
    pub measure: Option<Box<Measure>>,
}

impl RunResult {
    /// A result of this outcome and reason, everything else empty.
    pub const fn new(outcome: Outcome, reason: Reason) -> RunResult {
        RunResult {
            outcome,
            reason,
            detail: 0,
            latency_ns: 0,
            value: f64::NAN,
            phases: Phases {
                resolve_ns: 0,
                connect_ns: 0,
                tls_ns: 0,
                first_byte_ns: 0,
                transfer_ns: 0,
            },
            message: Message::NONE,
            measure: None,
        }
    }

    /// A pass that measured nothing but its time.
    pub const fn pass() -> RunResult {
        RunResult::new(Outcome::Pass, Reason::NONE)
    }

    /// The same result with a detail.
    #[must_use]
    pub fn with_detail(mut self, detail: i32) -> RunResult {
        self.detail = detail;
        self
    }

    /// The same result with a message.
    #[must_use]
    pub fn with_message(mut self, text: &str) -> RunResult {
        self.message = Message::new(text);
        self
    }

    /// The same result with a value.
    #[must_use]
    pub fn with_value(mut self, value: f64) -> RunResult {
        self.value = value;
        self
    }
}
