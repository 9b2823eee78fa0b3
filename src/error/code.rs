//! The table of stable codes that cross the C boundary.
//!
//! A number is never changed or reused; a retired one stays here as a comment. The texts are
//! what `meshvitals_code_text` returns, so they are NUL-terminated.

use core::ffi::CStr;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $text:literal;)+) => {
        /// What a call answers: 0 is success, a negative number is the kind of error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum Code {
            /// The call did what it was asked to.
            Ok = 0,
            $($(#[doc = $doc])+ $variant = $number,)+
        }

        impl Code {
            /// Every code, for tables and tests.
            pub const ALL: &'static [Code] = &[Code::Ok, $(Code::$variant),+];

            /// The English text of the code.
            pub const fn text(self) -> &'static CStr {
                match self {
                    Code::Ok => c"ok",
                    $(Code::$variant => $text,)+
                }
            }

            /// The code of a number, if it is one of the table.
            pub const fn from_number(number: i32) -> Option<Code> {
                match number {
                    0 => Some(Code::Ok),
                    $($number => Some(Code::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// A pointer that must not be NULL was NULL.
    Null = -1, c"a required pointer is NULL";
    /// A text was not UTF-8.
    Utf8 = -2, c"a text is not UTF-8";
    /// A document could not be read: bad JSON, an unknown key, a wrong type, a missing key.
    Document = -3, c"the document is not valid";
    /// A value is out of its range, or none of the words that are allowed.
    Range = -4, c"a value is not one of those allowed";
    /// The name is taken.
    Exists = -5, c"a check of this name exists";
    /// Nothing has this name or id.
    NotFound = -6, c"not found";
    /// The id or token was valid once and no longer is.
    Stale = -7, c"the id or token is no longer valid";
    /// Something allows one user at a time and has one.
    Busy = -8, c"in use";
    /// The monitor was stopped and the queue is empty.
    Stopped = -9, c"the monitor is stopped";
    /// The monitor is not running.
    NotRunning = -10, c"the monitor is not running";
    /// The time limit passed first.
    Timeout = -11, c"timed out";
    /// The call would wait for the thread that makes it.
    Deadlock = -12, c"the call would wait for its own thread";
    /// The process was forked since the monitor was started.
    Forked = -13, c"the process was forked; start the monitor again";
    /// A struct has a size that this library does not know.
    StructSize = -14, c"a struct_size is not known to this library";
    /// The call does not fit the monitor's clock mode or the kind of check.
    Mode = -15, c"not allowed in this mode";
    /// Not built in, or not to be had on this system.
    Unsupported = -16, c"not supported";
    /// A limit of the library or of the system was reached.
    Limit = -17, c"a limit was reached";
    /// The library panicked; the call had no effect that can be relied on.
    Panic = -18, c"internal error (panic)";
}
