//! Why: the stable numbers that a result, an event and a snapshot carry.
//!
//! Numbers are layered by the step that failed and are never changed or reused. A host that
//! reports its own results may use numbers from [`Reason::FIRST_OF_HOST`]; they pass unchanged.

use core::ffi::CStr;
use core::fmt;

/// The cause of a result or of a change of status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reason(pub i32);

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $text:literal;)+) => {
        impl Reason {
            $($(#[doc = $doc])+ pub const $name: Reason = Reason($number);)+

            /// Every reason of the library with the name of its constant, for tables and tests.
            pub const ALL: &'static [(Reason, &'static str)] =
                &[$((Reason($number), stringify!($name))),+];

            /// What each reason means, in the order of [`Reason::ALL`].
            pub const MEANINGS: &'static [&'static str] = &[$(concat!($($doc),+)),+];

            /// The English text.
            pub const fn text(self) -> &'static CStr {
                match self.0 {
                    $($number => $text,)+
                    n if n >= Self::FIRST_OF_HOST => c"a reason of the host program",
                    _ => c"unknown reason",
                }
            }
        }
    };
}

impl Reason {
    /// Numbers from here on belong to the host program.
    pub const FIRST_OF_HOST: i32 = 10_000;
}

reasons! {
    /// Nothing to say.
    NONE = 0, c"none";
    /// The name could not be resolved.
    RESOLVE_FAILED = 100, c"the name could not be resolved";
    /// An authoritative answer: no such name.
    RESOLVE_NOT_FOUND = 101, c"no such name";
    /// The deadline passed while the name was being resolved.
    RESOLVE_TIMEOUT = 102, c"timed out resolving the name";
    /// The target refused the connection.
    CONNECT_REFUSED = 200, c"connection refused";
    /// The target reset the connection while it was made.
    CONNECT_RESET = 201, c"connection reset";
    /// The host or network was reported unreachable from outside this machine.
    CONNECT_UNREACHABLE = 202, c"host unreachable";
    /// The connection failed for another reason; `detail` is the errno.
    CONNECT_FAILED = 203, c"connection failed";
    /// The deadline passed while connecting.
    CONNECT_TIMEOUT = 204, c"timed out connecting";
    /// The unix socket does not exist.
    CONNECT_NO_SOCKET = 205, c"no such unix socket";
    /// The handshake for encryption failed.
    TLS_FAILED = 300, c"the TLS handshake failed";
    /// The deadline passed during the handshake for encryption.
    TLS_TIMEOUT = 301, c"timed out in the TLS handshake";
    /// The certificate was not issued by an authority that is trusted, or is of no use.
    TLS_UNTRUSTED = 302, c"the certificate is not trusted";
    /// The certificate, or one in its chain, has expired.
    TLS_EXPIRED = 303, c"the certificate has expired";
    /// The certificate, or one in its chain, is not valid yet.
    TLS_NOT_YET_VALID = 304, c"the certificate is not valid yet";
    /// The certificate is for another name.
    TLS_WRONG_NAME = 305, c"the certificate is for another name";
    /// The target refused our certificate, or wants one.
    TLS_CLIENT_REFUSED = 306, c"the target refused our certificate or the lack of one";
    /// The target speaks none of the application protocols that were offered.
    TLS_NO_PROTOCOL = 307, c"no common application protocol";
    /// The target does not offer encryption.
    TLS_NOT_OFFERED = 308, c"the target does not offer TLS";
    /// The certificate expires soon.
    TLS_EXPIRES_SOON = 309, c"the certificate expires soon";
    /// Sending failed; `detail` is the errno.
    SEND_FAILED = 400, c"sending failed";
    /// The deadline passed while sending.
    SEND_TIMEOUT = 401, c"timed out sending";
    /// The target reset the connection before its answer was complete.
    RECEIVE_RESET = 500, c"connection reset before the answer was complete";
    /// The target closed the connection before its answer was complete.
    RECEIVE_CLOSED = 501, c"connection closed before the answer was complete";
    /// The deadline passed while waiting for the answer.
    RECEIVE_TIMEOUT = 502, c"timed out waiting for the answer";
    /// The answer breaks the protocol.
    RECEIVE_MALFORMED = 503, c"the answer breaks the protocol";
    /// The answer is larger than allowed.
    RECEIVE_TOO_LARGE = 504, c"the answer is too large";
    /// Receiving failed; `detail` is the errno.
    RECEIVE_FAILED = 505, c"receiving failed";
    /// The status code is not an expected one; `detail` is the code.
    MATCH_STATUS = 600, c"unexpected status code";
    /// The body does not contain what is expected.
    MATCH_BODY = 601, c"unexpected body";
    /// The value is above its threshold.
    MATCH_VALUE = 602, c"above the threshold";
    /// The status code means alive but overloaded (429).
    MATCH_STATUS_WARN = 603, c"a status code that means a warning";
    /// The answer is not the expected one.
    MATCH_ANSWER = 604, c"unexpected answer";
    /// A header is not the expected one.
    MATCH_HEADER = 605, c"unexpected header";
    /// A value in a JSON body is not the expected one.
    MATCH_JSON = 606, c"unexpected value in the JSON body";
    /// The target reported an error; `detail` is its number, if it has one.
    MATCH_ERROR = 607, c"the target reported an error";
    /// The target does not accept the credentials, or wants some.
    MATCH_CREDENTIALS = 608, c"credentials refused or missing";
    /// The target is up and says that it cannot serve yet, or not any more.
    MATCH_NOT_READY = 609, c"the target says that it is not ready";
    /// The target is in another role than expected.
    MATCH_ROLE = 610, c"the target is in another role";
    /// The service is not SERVING.
    MATCH_NOT_SERVING = 611, c"the service is not serving";
    /// The target does not know the service.
    MATCH_UNKNOWN_SERVICE = 612, c"the target does not know the service";
    /// The target has no health service.
    MATCH_NO_HEALTH_SERVICE = 613, c"the target has no health service";
    /// The response code of the name server is not the expected one; `detail` is the code.
    MATCH_RCODE = 614, c"unexpected response code of the name server";
    /// Too many redirects, or one that may not be followed.
    MATCH_REDIRECT = 615, c"a redirect that is not followed";
    /// The deadline passed.
    TIMEOUT = 700, c"timed out";
    /// The run before this one is still stuck past its deadline.
    STILL_RUNNING = 701, c"an earlier run is still running past its deadline";
    /// No heartbeat arrived within the ttl.
    HEARTBEAT_SILENT = 702, c"no heartbeat arrived in time";
    /// The answer came after the deadline.
    LATE = 703, c"answered after the deadline";
    /// No descriptors are left in this process or on this machine.
    LOCAL_NO_DESCRIPTORS = 800, c"local: out of file descriptors";
    /// No local ports are left.
    LOCAL_NO_PORTS = 801, c"local: out of ports";
    /// No memory or buffers are left.
    LOCAL_NO_MEMORY = 802, c"local: out of memory or buffers";
    /// This machine has no route or carrier.
    LOCAL_NO_ROUTE = 803, c"local: no route or carrier";
    /// This machine does not permit it.
    LOCAL_NOT_PERMITTED = 804, c"local: not permitted";
    /// The resolver of this machine could not be asked.
    LOCAL_RESOLVER = 805, c"local: the resolver did not answer";
    /// The monitor's own thread was too late to judge.
    LOCAL_STARVED = 806, c"local: the monitor was starved of CPU";
    /// The machine or the process was suspended.
    LOCAL_SUSPENDED = 807, c"local: suspended";
    /// The pool that runs callbacks and blocking calls is stuck.
    POOL_EXHAUSTED = 808, c"local: every thread of the pool is stuck";
    /// The host program did not fetch the request to run its check.
    HOST_NOT_POLLING = 809, c"local: the host program is not polling";
    /// The first sample of a rate: there is nothing to compare with yet.
    NO_SAMPLE = 810, c"local: first sample, nothing to compare with";
    /// This system does not offer the figure.
    LOCAL_UNSUPPORTED = 811, c"local: not available on this system";
    /// Another local fault; `detail` is the errno.
    LOCAL_FAILED = 812, c"local: system error";
    /// The callback returned a number other than 0; `detail` is the number.
    CALLBACK_FAILED = 900, c"the callback reported a failure";
    /// The host program reported the result and gave no reason.
    REPORTED = 901, c"reported by the host program";
    /// The callback panicked.
    CALLBACK_PANICKED = 902, c"the callback panicked";
    /// The path cannot be examined; `detail` is the errno.
    DISK_FAILED = 903, c"the path cannot be examined";
    /// The program ended with another status than 0; `detail` is the status, or minus the signal.
    EXEC_FAILED = 904, c"the program reported a failure";
    /// The program cannot be started; `detail` is the errno.
    EXEC_NOT_STARTED = 905, c"the program cannot be started";
    /// The first event of a check or group in a new subscription.
    INITIAL = 1000, c"initial state";
    /// The status is overridden by the host program.
    OVERRIDDEN = 1001, c"overridden";
    /// The check is paused.
    PAUSED = 1002, c"paused";
    /// A check that this one depends on is UNHEALTHY.
    BLOCKED = 1003, c"blocked by a dependency";
    /// The last result is too old.
    STALE = 1004, c"too old";
    /// A mask ended and the measured status shows again.
    UNMASKED = 1005, c"the measured status shows again";
    /// A member of the group changed.
    MEMBER = 1006, c"a member changed";
    /// The check was registered anew or its monitor started again.
    RESTARTED = 1007, c"started anew";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().to_string_lossy())
    }
}
