//! The numbers of the header. Those that the library keeps elsewhere are compared with it in
//! `tests/abi.rs`, so none can drift.

/// The version of this header: MAJOR << 16 | MINOR << 8 | PATCH.
pub const MESHVITALS_VERSION: u32 = 0x00_01_00;
/// Its first part.
pub const MESHVITALS_VERSION_MAJOR: u32 = 0;
/// Its second part.
pub const MESHVITALS_VERSION_MINOR: u32 = 1;
/// Its third part.
pub const MESHVITALS_VERSION_PATCH: u32 = 0;

/// The call did what it was asked to.
pub const MESHVITALS_OK: i32 = 0;
/// A pointer that must not be NULL was NULL.
pub const MESHVITALS_ERROR_NULL: i32 = -1;
/// A text was not UTF-8.
pub const MESHVITALS_ERROR_UTF8: i32 = -2;
/// A document could not be read: bad JSON, an unknown key, a wrong type, a missing key.
pub const MESHVITALS_ERROR_DOCUMENT: i32 = -3;
/// A value is out of its range, or none of the words that are allowed.
pub const MESHVITALS_ERROR_RANGE: i32 = -4;
/// The name is taken.
pub const MESHVITALS_ERROR_EXISTS: i32 = -5;
/// Nothing has this name or id.
pub const MESHVITALS_ERROR_NOT_FOUND: i32 = -6;
/// The id or token was valid once and no longer is.
pub const MESHVITALS_ERROR_STALE: i32 = -7;
/// Something allows one user at a time and has one.
pub const MESHVITALS_ERROR_BUSY: i32 = -8;
/// The monitor was stopped and the queue is empty.
pub const MESHVITALS_ERROR_STOPPED: i32 = -9;
/// The monitor is not running.
pub const MESHVITALS_ERROR_NOT_RUNNING: i32 = -10;
/// The time limit passed first.
pub const MESHVITALS_ERROR_TIMEOUT: i32 = -11;
/// The call would wait for the thread that makes it.
pub const MESHVITALS_ERROR_DEADLOCK: i32 = -12;
/// The process was forked since the monitor was started.
pub const MESHVITALS_ERROR_FORKED: i32 = -13;
/// A struct has a size that this library does not know.
pub const MESHVITALS_ERROR_STRUCT_SIZE: i32 = -14;
/// The call does not fit the monitor's clock mode or the kind of check.
pub const MESHVITALS_ERROR_MODE: i32 = -15;
/// Not built in, or not to be had on this system.
pub const MESHVITALS_ERROR_UNSUPPORTED: i32 = -16;
/// A limit of the library or of the system was reached.
pub const MESHVITALS_ERROR_LIMIT: i32 = -17;
/// The library panicked; the call had no effect that can be relied on.
pub const MESHVITALS_ERROR_PANIC: i32 = -18;

/// Nothing is known: not measured yet, too old, paused, or blocked.
pub const MESHVITALS_STATUS_UNKNOWN: i32 = 0;
/// Works.
pub const MESHVITALS_STATUS_HEALTHY: i32 = 1;
/// Works, with a warning; stays in load-balancing pools.
pub const MESHVITALS_STATUS_DEGRADED: i32 = 2;
/// Does not work.
pub const MESHVITALS_STATUS_UNHEALTHY: i32 = 3;

/// The target answered as expected, in time.
pub const MESHVITALS_OUTCOME_PASS: i32 = 1;
/// Alive, with a complaint.
pub const MESHVITALS_OUTCOME_WARN: i32 = 2;
/// An answer came back and it says no.
pub const MESHVITALS_OUTCOME_FAIL: i32 = 3;
/// Silence until the deadline.
pub const MESHVITALS_OUTCOME_TIMEOUT: i32 = 4;
/// The fault is on this side; nothing is known about the target.
pub const MESHVITALS_OUTCOME_LOCAL: i32 = 5;

/// Subscribe to changes of status.
pub const MESHVITALS_KIND_STATUS: u32 = 1;
/// Subscribe to requests to run external checks; one subscription of a monitor may.
pub const MESHVITALS_KIND_DUE: u32 = 2;
/// Subscribe to each single result.
pub const MESHVITALS_KIND_RESULT: u32 = 4;
/// Subscribe to checks that come and go, and to the end of the monitor.
pub const MESHVITALS_KIND_LIFE: u32 = 8;
/// Subscribe to lines of the log.
pub const MESHVITALS_KIND_LOG: u32 = 16;

/// The published status, or the mask over it, changed.
pub const MESHVITALS_EVENT_STATUS: i32 = 1;
/// Run this external check and report with the token.
pub const MESHVITALS_EVENT_CHECK_DUE: i32 = 2;
/// The run of this token is over; stop it.
pub const MESHVITALS_EVENT_CHECK_CANCEL: i32 = 3;
/// A run ended.
pub const MESHVITALS_EVENT_RESULT: i32 = 4;
/// A check was registered.
pub const MESHVITALS_EVENT_REGISTERED: i32 = 5;
/// A check was removed, or with its last check a group; no event of it follows.
pub const MESHVITALS_EVENT_REMOVED: i32 = 6;
/// The monitor was stopped.
pub const MESHVITALS_EVENT_STOPPED: i32 = 7;
/// The process was forked; seen in the child only.
pub const MESHVITALS_EVENT_FORKED: i32 = 8;
/// A line of the log.
pub const MESHVITALS_EVENT_LOG: i32 = 9;

/// The host program said what to publish.
pub const MESHVITALS_MASK_OVERRIDE: u32 = 1;
/// The host program paused the check.
pub const MESHVITALS_MASK_PAUSED: u32 = 2;
/// A dependency is UNHEALTHY or blocked itself.
pub const MESHVITALS_MASK_BLOCKED: u32 = 4;
/// The last result is too old.
pub const MESHVITALS_MASK_STALE: u32 = 8;

/// Nothing to say.
pub const MESHVITALS_REASON_NONE: i32 = 0;
/// The name could not be resolved.
pub const MESHVITALS_REASON_RESOLVE_FAILED: i32 = 100;
/// An authoritative answer: no such name.
pub const MESHVITALS_REASON_RESOLVE_NOT_FOUND: i32 = 101;
/// The deadline passed while the name was being resolved.
pub const MESHVITALS_REASON_RESOLVE_TIMEOUT: i32 = 102;
/// The target refused the connection.
pub const MESHVITALS_REASON_CONNECT_REFUSED: i32 = 200;
/// The target reset the connection while it was made.
pub const MESHVITALS_REASON_CONNECT_RESET: i32 = 201;
/// The host or network was reported unreachable from outside this machine.
pub const MESHVITALS_REASON_CONNECT_UNREACHABLE: i32 = 202;
/// The connection failed for another reason; `detail` is the errno.
pub const MESHVITALS_REASON_CONNECT_FAILED: i32 = 203;
/// The deadline passed while connecting.
pub const MESHVITALS_REASON_CONNECT_TIMEOUT: i32 = 204;
/// The unix socket does not exist.
pub const MESHVITALS_REASON_CONNECT_NO_SOCKET: i32 = 205;
/// The handshake for encryption failed.
pub const MESHVITALS_REASON_TLS_FAILED: i32 = 300;
/// The deadline passed during the handshake for encryption.
pub const MESHVITALS_REASON_TLS_TIMEOUT: i32 = 301;
/// The certificate was not issued by an authority that is trusted, or is of no use.
pub const MESHVITALS_REASON_TLS_UNTRUSTED: i32 = 302;
/// The certificate, or one in its chain, has expired.
pub const MESHVITALS_REASON_TLS_EXPIRED: i32 = 303;
/// The certificate, or one in its chain, is not valid yet.
pub const MESHVITALS_REASON_TLS_NOT_YET_VALID: i32 = 304;
/// The certificate is for another name.
pub const MESHVITALS_REASON_TLS_WRONG_NAME: i32 = 305;
/// The target refused our certificate, or wants one.
pub const MESHVITALS_REASON_TLS_CLIENT_REFUSED: i32 = 306;
/// The target speaks none of the application protocols that were offered.
pub const MESHVITALS_REASON_TLS_NO_PROTOCOL: i32 = 307;
/// The target does not offer encryption.
pub const MESHVITALS_REASON_TLS_NOT_OFFERED: i32 = 308;
/// The certificate expires soon.
pub const MESHVITALS_REASON_TLS_EXPIRES_SOON: i32 = 309;
/// Sending failed; `detail` is the errno.
pub const MESHVITALS_REASON_SEND_FAILED: i32 = 400;
/// The deadline passed while sending.
pub const MESHVITALS_REASON_SEND_TIMEOUT: i32 = 401;
/// The target reset the connection before its answer was complete.
pub const MESHVITALS_REASON_RECEIVE_RESET: i32 = 500;
/// The target closed the connection before its answer was complete.
pub const MESHVITALS_REASON_RECEIVE_CLOSED: i32 = 501;
/// The deadline passed while waiting for the answer.
pub const MESHVITALS_REASON_RECEIVE_TIMEOUT: i32 = 502;
/// The answer breaks the protocol.
pub const MESHVITALS_REASON_RECEIVE_MALFORMED: i32 = 503;
/// The answer is larger than allowed.
pub const MESHVITALS_REASON_RECEIVE_TOO_LARGE: i32 = 504;
/// Receiving failed; `detail` is the errno.
pub const MESHVITALS_REASON_RECEIVE_FAILED: i32 = 505;
/// The status code is not an expected one; `detail` is the code.
pub const MESHVITALS_REASON_MATCH_STATUS: i32 = 600;
/// The body does not contain what is expected.
pub const MESHVITALS_REASON_MATCH_BODY: i32 = 601;
/// The value is above its threshold.
pub const MESHVITALS_REASON_MATCH_VALUE: i32 = 602;
/// The status code means alive but overloaded (429).
pub const MESHVITALS_REASON_MATCH_STATUS_WARN: i32 = 603;
/// The answer is not the expected one.
pub const MESHVITALS_REASON_MATCH_ANSWER: i32 = 604;
/// A header is not the expected one.
pub const MESHVITALS_REASON_MATCH_HEADER: i32 = 605;
/// A value in a JSON body is not the expected one.
pub const MESHVITALS_REASON_MATCH_JSON: i32 = 606;
/// The target reported an error; `detail` is its number, if it has one.
pub const MESHVITALS_REASON_MATCH_ERROR: i32 = 607;
/// The target does not accept the credentials, or wants some.
pub const MESHVITALS_REASON_MATCH_CREDENTIALS: i32 = 608;
/// The target is up and says that it cannot serve yet, or not any more.
pub const MESHVITALS_REASON_MATCH_NOT_READY: i32 = 609;
/// The target is in another role than expected.
pub const MESHVITALS_REASON_MATCH_ROLE: i32 = 610;
/// The service is not SERVING.
pub const MESHVITALS_REASON_MATCH_NOT_SERVING: i32 = 611;
/// The target does not know the service.
pub const MESHVITALS_REASON_MATCH_UNKNOWN_SERVICE: i32 = 612;
/// The target has no health service.
pub const MESHVITALS_REASON_MATCH_NO_HEALTH_SERVICE: i32 = 613;
/// The response code of the name server is not the expected one; `detail` is the code.
pub const MESHVITALS_REASON_MATCH_RCODE: i32 = 614;
/// Too many redirects, or one that may not be followed.
pub const MESHVITALS_REASON_MATCH_REDIRECT: i32 = 615;
/// The deadline passed.
pub const MESHVITALS_REASON_TIMEOUT: i32 = 700;
/// The run before this one is still stuck past its deadline.
pub const MESHVITALS_REASON_STILL_RUNNING: i32 = 701;
/// No heartbeat arrived within the ttl.
pub const MESHVITALS_REASON_HEARTBEAT_SILENT: i32 = 702;
/// The answer came after the deadline.
pub const MESHVITALS_REASON_LATE: i32 = 703;
/// No descriptors are left in this process or on this machine.
pub const MESHVITALS_REASON_LOCAL_NO_DESCRIPTORS: i32 = 800;
/// No local ports are left.
pub const MESHVITALS_REASON_LOCAL_NO_PORTS: i32 = 801;
/// No memory or buffers are left.
pub const MESHVITALS_REASON_LOCAL_NO_MEMORY: i32 = 802;
/// This machine has no route or carrier.
pub const MESHVITALS_REASON_LOCAL_NO_ROUTE: i32 = 803;
/// This machine does not permit it.
pub const MESHVITALS_REASON_LOCAL_NOT_PERMITTED: i32 = 804;
/// The resolver of this machine could not be asked.
pub const MESHVITALS_REASON_LOCAL_RESOLVER: i32 = 805;
/// The monitor's own thread was too late to judge.
pub const MESHVITALS_REASON_LOCAL_STARVED: i32 = 806;
/// The machine or the process was suspended.
pub const MESHVITALS_REASON_LOCAL_SUSPENDED: i32 = 807;
/// The pool that runs callbacks and blocking calls is stuck.
pub const MESHVITALS_REASON_POOL_EXHAUSTED: i32 = 808;
/// The host program did not fetch the request to run its check.
pub const MESHVITALS_REASON_HOST_NOT_POLLING: i32 = 809;
/// The first sample of a rate: there is nothing to compare with yet.
pub const MESHVITALS_REASON_NO_SAMPLE: i32 = 810;
/// This system does not offer the figure.
pub const MESHVITALS_REASON_LOCAL_UNSUPPORTED: i32 = 811;
/// Another local fault; `detail` is the errno.
pub const MESHVITALS_REASON_LOCAL_FAILED: i32 = 812;
/// The callback returned a number other than 0; `detail` is the number.
pub const MESHVITALS_REASON_CALLBACK_FAILED: i32 = 900;
/// The host program reported the result and gave no reason.
pub const MESHVITALS_REASON_REPORTED: i32 = 901;
/// The callback panicked.
pub const MESHVITALS_REASON_CALLBACK_PANICKED: i32 = 902;
/// The path cannot be examined; `detail` is the errno.
pub const MESHVITALS_REASON_DISK_FAILED: i32 = 903;
/// The program ended with another status than 0; `detail` is the status, or minus the signal.
pub const MESHVITALS_REASON_EXEC_FAILED: i32 = 904;
/// The program cannot be started; `detail` is the errno.
pub const MESHVITALS_REASON_EXEC_NOT_STARTED: i32 = 905;
/// The first event of a check or group in a new subscription.
pub const MESHVITALS_REASON_INITIAL: i32 = 1000;
/// The status is overridden by the host program.
pub const MESHVITALS_REASON_OVERRIDDEN: i32 = 1001;
/// The check is paused.
pub const MESHVITALS_REASON_PAUSED: i32 = 1002;
/// A check that this one depends on is UNHEALTHY.
pub const MESHVITALS_REASON_BLOCKED: i32 = 1003;
/// The last result is too old.
pub const MESHVITALS_REASON_STALE: i32 = 1004;
/// A mask ended and the measured status shows again.
pub const MESHVITALS_REASON_UNMASKED: i32 = 1005;
/// A member of the group changed.
pub const MESHVITALS_REASON_MEMBER: i32 = 1006;
/// The check was registered anew or its monitor started again.
pub const MESHVITALS_REASON_RESTARTED: i32 = 1007;
/// Reasons from here on belong to the host program and pass unchanged.
pub const MESHVITALS_REASON_FIRST_OF_HOST: i32 = 10000;
