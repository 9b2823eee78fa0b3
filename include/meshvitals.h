/* meshvitals: the health engine that services, proxies and sidecars carry inside themselves.

   Generated from src/ffi by cbindgen; the comments here are the specification.

   A program that watches a database and reads its status on every request:

     meshvitals_monitor_t *monitor;
     meshvitals_error_t err;
     meshvitals_check_id_t db;
     if (meshvitals_monitor_new(NULL, &monitor, &err) != MESHVITALS_OK ||
         meshvitals_monitor_start(monitor, &err) != MESHVITALS_OK ||
         meshvitals_register(monitor, "{\"name\": \"db\", \"tcp\": {\"address\": \"127.0.0.1:5432\"}}",
                             &db, &err) != MESHVITALS_OK) {
       fprintf(stderr, "%s\n", err.message);
       return 1;
     }
     const meshvitals_cell_t *cell = meshvitals_cell(monitor, db);
     ...
     if (meshvitals_cell_status(cell, db) == MESHVITALS_STATUS_UNHEALTHY) ...   // about 1 ns
     ...
     meshvitals_monitor_free(monitor);

   Threads: every function may be called from any thread, at the same time, unless its comment
   says otherwise. The library has one background thread and starts a few more on first need;
   all signals are blocked on them.

   Fork: a child must not use what it inherits, and every call there answers
   MESHVITALS_ERROR_FORKED, whatever its other arguments are, statuses UNKNOWN, until
   meshvitals_monitor_start is called in it, for a manual monitor as well. Subscriptions must be
   made anew; freeing an inherited one closes the child's copy of its descriptor. The engine's own
   descriptors are closed in the child at once.

   Order: checks may be registered and subscriptions made before meshvitals_monitor_start and
   after it, in any order; see meshvitals_subscribe.

   Structs: set struct_size to sizeof where a struct has that field, but for the events that
   meshvitals_poll fills; leave reserved fields 0.
   Codes: 0 is success, errors are negative. Outputs are written only on success. */
#ifndef MESHVITALS_H
#define MESHVITALS_H


#include <stddef.h>
#include <stdint.h>

// A published status: generation << 32 | status, and until when it may be believed. Frozen:
// compiled into callers. 16-byte aligned, never unmapped, not even by meshvitals_monitor_free;
// read it with meshvitals_cell_status.
typedef struct {
  uint64_t word;
  uint64_t fresh_until_ns;
} meshvitals_cell_t;


// The version of this header: MAJOR << 16 | MINOR << 8 | PATCH.
#define MESHVITALS_VERSION 256

// Its first part.
#define MESHVITALS_VERSION_MAJOR 0

// Its second part.
#define MESHVITALS_VERSION_MINOR 1

// Its third part.
#define MESHVITALS_VERSION_PATCH 0

// The call did what it was asked to.
#define MESHVITALS_OK 0

// A pointer that must not be NULL was NULL.
#define MESHVITALS_ERROR_NULL -1

// A text was not UTF-8.
#define MESHVITALS_ERROR_UTF8 -2

// A document could not be read: bad JSON, an unknown key, a wrong type, a missing key.
#define MESHVITALS_ERROR_DOCUMENT -3

// A value is out of its range, or none of the words that are allowed.
#define MESHVITALS_ERROR_RANGE -4

// The name is taken.
#define MESHVITALS_ERROR_EXISTS -5

// Nothing has this name or id.
#define MESHVITALS_ERROR_NOT_FOUND -6

// The id or token was valid once and no longer is.
#define MESHVITALS_ERROR_STALE -7

// Something allows one user at a time and has one.
#define MESHVITALS_ERROR_BUSY -8

// The monitor was stopped and the queue is empty.
#define MESHVITALS_ERROR_STOPPED -9

// The monitor is not running.
#define MESHVITALS_ERROR_NOT_RUNNING -10

// The time limit passed first.
#define MESHVITALS_ERROR_TIMEOUT -11

// The call would wait for the thread that makes it.
#define MESHVITALS_ERROR_DEADLOCK -12

// The process was forked since the monitor was started.
#define MESHVITALS_ERROR_FORKED -13

// A struct has a size that this library does not know.
#define MESHVITALS_ERROR_STRUCT_SIZE -14

// The call does not fit the monitor's clock mode or the kind of check.
#define MESHVITALS_ERROR_MODE -15

// Not built in, or not to be had on this system.
#define MESHVITALS_ERROR_UNSUPPORTED -16

// A limit of the library or of the system was reached.
#define MESHVITALS_ERROR_LIMIT -17

// The library panicked; the call had no effect that can be relied on.
#define MESHVITALS_ERROR_PANIC -18

// Nothing is known: not measured yet, too old, paused, or blocked.
#define MESHVITALS_STATUS_UNKNOWN 0

// Works.
#define MESHVITALS_STATUS_HEALTHY 1

// Works, with a warning; stays in load-balancing pools.
#define MESHVITALS_STATUS_DEGRADED 2

// Does not work.
#define MESHVITALS_STATUS_UNHEALTHY 3

// The target answered as expected, in time.
#define MESHVITALS_OUTCOME_PASS 1

// Alive, with a complaint.
#define MESHVITALS_OUTCOME_WARN 2

// An answer came back and it says no.
#define MESHVITALS_OUTCOME_FAIL 3

// Silence until the deadline.
#define MESHVITALS_OUTCOME_TIMEOUT 4

// The fault is on this side; nothing is known about the target.
#define MESHVITALS_OUTCOME_LOCAL 5

// Subscribe to changes of status.
#define MESHVITALS_KIND_STATUS 1

// Subscribe to requests to run external checks; one subscription of a monitor may.
#define MESHVITALS_KIND_DUE 2

// Subscribe to each single result.
#define MESHVITALS_KIND_RESULT 4

// Subscribe to checks that come and go, and to the end of the monitor.
#define MESHVITALS_KIND_LIFE 8

// Subscribe to lines of the log.
#define MESHVITALS_KIND_LOG 16

// The published status, or the mask over it, changed.
#define MESHVITALS_EVENT_STATUS 1

// Run this external check and report with the token.
#define MESHVITALS_EVENT_CHECK_DUE 2

// The run of this token is over; stop it.
#define MESHVITALS_EVENT_CHECK_CANCEL 3

// A run ended.
#define MESHVITALS_EVENT_RESULT 4

// A check was registered.
#define MESHVITALS_EVENT_REGISTERED 5

// A check was removed, or with its last check a group; no event of it follows.
#define MESHVITALS_EVENT_REMOVED 6

// The monitor was stopped.
#define MESHVITALS_EVENT_STOPPED 7

// The process was forked; seen in the child only.
#define MESHVITALS_EVENT_FORKED 8

// A line of the log.
#define MESHVITALS_EVENT_LOG 9

// The host program said what to publish.
#define MESHVITALS_MASK_OVERRIDE 1

// The host program paused the check.
#define MESHVITALS_MASK_PAUSED 2

// A dependency is UNHEALTHY or blocked itself.
#define MESHVITALS_MASK_BLOCKED 4

// The last result is too old.
#define MESHVITALS_MASK_STALE 8

// Nothing to say.
#define MESHVITALS_REASON_NONE 0

// The name could not be resolved.
#define MESHVITALS_REASON_RESOLVE_FAILED 100

// An authoritative answer: no such name.
#define MESHVITALS_REASON_RESOLVE_NOT_FOUND 101

// The deadline passed while the name was being resolved.
#define MESHVITALS_REASON_RESOLVE_TIMEOUT 102

// The target refused the connection.
#define MESHVITALS_REASON_CONNECT_REFUSED 200

// The target reset the connection while it was made.
#define MESHVITALS_REASON_CONNECT_RESET 201

// The host or network was reported unreachable from outside this machine.
#define MESHVITALS_REASON_CONNECT_UNREACHABLE 202

// The connection failed for another reason; `detail` is the errno.
#define MESHVITALS_REASON_CONNECT_FAILED 203

// The deadline passed while connecting.
#define MESHVITALS_REASON_CONNECT_TIMEOUT 204

// The unix socket does not exist.
#define MESHVITALS_REASON_CONNECT_NO_SOCKET 205

// The handshake for encryption failed.
#define MESHVITALS_REASON_TLS_FAILED 300

// The deadline passed during the handshake for encryption.
#define MESHVITALS_REASON_TLS_TIMEOUT 301

// The certificate was not issued by an authority that is trusted, or is of no use.
#define MESHVITALS_REASON_TLS_UNTRUSTED 302

// The certificate, or one in its chain, has expired.
#define MESHVITALS_REASON_TLS_EXPIRED 303

// The certificate, or one in its chain, is not valid yet.
#define MESHVITALS_REASON_TLS_NOT_YET_VALID 304

// The certificate is for another name.
#define MESHVITALS_REASON_TLS_WRONG_NAME 305

// The target refused our certificate, or wants one.
#define MESHVITALS_REASON_TLS_CLIENT_REFUSED 306

// The target speaks none of the application protocols that were offered.
#define MESHVITALS_REASON_TLS_NO_PROTOCOL 307

// The target does not offer encryption.
#define MESHVITALS_REASON_TLS_NOT_OFFERED 308

// The certificate expires soon.
#define MESHVITALS_REASON_TLS_EXPIRES_SOON 309

// Sending failed; `detail` is the errno.
#define MESHVITALS_REASON_SEND_FAILED 400

// The deadline passed while sending.
#define MESHVITALS_REASON_SEND_TIMEOUT 401

// The target reset the connection before its answer was complete.
#define MESHVITALS_REASON_RECEIVE_RESET 500

// The target closed the connection before its answer was complete.
#define MESHVITALS_REASON_RECEIVE_CLOSED 501

// The deadline passed while waiting for the answer.
#define MESHVITALS_REASON_RECEIVE_TIMEOUT 502

// The answer breaks the protocol.
#define MESHVITALS_REASON_RECEIVE_MALFORMED 503

// The answer is larger than allowed.
#define MESHVITALS_REASON_RECEIVE_TOO_LARGE 504

// Receiving failed; `detail` is the errno.
#define MESHVITALS_REASON_RECEIVE_FAILED 505

// The status code is not an expected one; `detail` is the code.
#define MESHVITALS_REASON_MATCH_STATUS 600

// The body does not contain what is expected.
#define MESHVITALS_REASON_MATCH_BODY 601

// The value is above its threshold.
#define MESHVITALS_REASON_MATCH_VALUE 602

// The status code means alive but overloaded (429).
#define MESHVITALS_REASON_MATCH_STATUS_WARN 603

// The answer is not the expected one.
#define MESHVITALS_REASON_MATCH_ANSWER 604

// A header is not the expected one.
#define MESHVITALS_REASON_MATCH_HEADER 605

// A value in a JSON body is not the expected one.
#define MESHVITALS_REASON_MATCH_JSON 606

// The target reported an error; `detail` is its number, if it has one.
#define MESHVITALS_REASON_MATCH_ERROR 607

// The target does not accept the credentials, or wants some.
#define MESHVITALS_REASON_MATCH_CREDENTIALS 608

// The target is up and says that it cannot serve yet, or not any more.
#define MESHVITALS_REASON_MATCH_NOT_READY 609

// The target is in another role than expected.
#define MESHVITALS_REASON_MATCH_ROLE 610

// The service is not SERVING.
#define MESHVITALS_REASON_MATCH_NOT_SERVING 611

// The target does not know the service.
#define MESHVITALS_REASON_MATCH_UNKNOWN_SERVICE 612

// The target has no health service.
#define MESHVITALS_REASON_MATCH_NO_HEALTH_SERVICE 613

// The response code of the name server is not the expected one; `detail` is the code.
#define MESHVITALS_REASON_MATCH_RCODE 614

// Too many redirects, or one that may not be followed.
#define MESHVITALS_REASON_MATCH_REDIRECT 615

// The deadline passed.
#define MESHVITALS_REASON_TIMEOUT 700

// The run before this one is still stuck past its deadline.
#define MESHVITALS_REASON_STILL_RUNNING 701

// No heartbeat arrived within the ttl.
#define MESHVITALS_REASON_HEARTBEAT_SILENT 702

// The answer came after the deadline.
#define MESHVITALS_REASON_LATE 703

// No descriptors are left in this process or on this machine.
#define MESHVITALS_REASON_LOCAL_NO_DESCRIPTORS 800

// No local ports are left.
#define MESHVITALS_REASON_LOCAL_NO_PORTS 801

// No memory or buffers are left.
#define MESHVITALS_REASON_LOCAL_NO_MEMORY 802

// This machine has no route or carrier.
#define MESHVITALS_REASON_LOCAL_NO_ROUTE 803

// This machine does not permit it.
#define MESHVITALS_REASON_LOCAL_NOT_PERMITTED 804

// The resolver of this machine could not be asked.
#define MESHVITALS_REASON_LOCAL_RESOLVER 805

// The monitor's own thread was too late to judge.
#define MESHVITALS_REASON_LOCAL_STARVED 806

// The machine or the process was suspended.
#define MESHVITALS_REASON_LOCAL_SUSPENDED 807

// The pool that runs callbacks and blocking calls is stuck.
#define MESHVITALS_REASON_POOL_EXHAUSTED 808

// The host program did not fetch the request to run its check.
#define MESHVITALS_REASON_HOST_NOT_POLLING 809

// The first sample of a rate: there is nothing to compare with yet.
#define MESHVITALS_REASON_NO_SAMPLE 810

// This system does not offer the figure.
#define MESHVITALS_REASON_LOCAL_UNSUPPORTED 811

// Another local fault; `detail` is the errno.
#define MESHVITALS_REASON_LOCAL_FAILED 812

// The callback returned a number other than 0; `detail` is the number.
#define MESHVITALS_REASON_CALLBACK_FAILED 900

// The host program reported the result and gave no reason.
#define MESHVITALS_REASON_REPORTED 901

// The callback panicked.
#define MESHVITALS_REASON_CALLBACK_PANICKED 902

// The path cannot be examined; `detail` is the errno.
#define MESHVITALS_REASON_DISK_FAILED 903

// The program ended with another status than 0; `detail` is the status, or minus the signal.
#define MESHVITALS_REASON_EXEC_FAILED 904

// The program cannot be started; `detail` is the errno.
#define MESHVITALS_REASON_EXEC_NOT_STARTED 905

// The first event of a check or group in a new subscription.
#define MESHVITALS_REASON_INITIAL 1000

// The status is overridden by the host program.
#define MESHVITALS_REASON_OVERRIDDEN 1001

// The check is paused.
#define MESHVITALS_REASON_PAUSED 1002

// A check that this one depends on is UNHEALTHY.
#define MESHVITALS_REASON_BLOCKED 1003

// The last result is too old.
#define MESHVITALS_REASON_STALE 1004

// A mask ended and the measured status shows again.
#define MESHVITALS_REASON_UNMASKED 1005

// A member of the group changed.
#define MESHVITALS_REASON_MEMBER 1006

// The check was registered anew or its monitor started again.
#define MESHVITALS_REASON_RESTARTED 1007

// Reasons from here on belong to the host program and pass unchanged.
#define MESHVITALS_REASON_FIRST_OF_HOST 10000

// A monitor: checks, one background thread, what it publishes. Opaque; every call may be made
// from any thread. Made by meshvitals_monitor_new, ended by meshvitals_monitor_free.
typedef struct meshvitals_monitor_s meshvitals_monitor_s;

// A subscription to events. Opaque; outlives its monitor: the queue is its own.
typedef struct meshvitals_subscription_s meshvitals_subscription_s;

// 0 is success, errors are negative: MESHVITALS_ERROR_*.
typedef int32_t meshvitals_code_t;

// See meshvitals_monitor_s.
typedef meshvitals_monitor_s meshvitals_monitor_t;

// Why a call was refused. Frozen at 512 bytes; need not be initialised, may be NULL. Written by
// every call that takes it, also on success (code 0, empty texts). Texts end in NUL and are cut
// between characters.
typedef struct {
  // The code that the call returned.
  meshvitals_code_t code;
  // Zero.
  uint32_t reserved;
  // The place in the document, as a JSON pointer (`/tcp/address`), or the argument.
  char key[120];
  // What is wrong and what is allowed. Never contains a secret.
  char message[384];
} meshvitals_error_t;

// The id of a check or group: `generation << 32 | slot`. Unique over all monitors of the
// process and never used again; 0 is never an id.
typedef uint64_t meshvitals_check_id_t;

// What a run of a callback is told.
typedef struct {
  // The library's sizeof(meshvitals_run_t).
  uint32_t struct_size;
  // Zero.
  uint32_t reserved0;
  // The check.
  meshvitals_check_id_t check;
  // The number given in its document.
  uint64_t cookie;
  // When the result must be there, by meshvitals_now_ns.
  uint64_t deadline_ns;
  // Zero.
  uint64_t reserved[4];
} meshvitals_run_t;

// MESHVITALS_OUTCOME_*; 0 is never an outcome.
typedef int32_t meshvitals_outcome_t;

// One result of a check. Holds no pointers. To fill one, begin with MESHVITALS_RESULT_INIT.
typedef struct {
  // The caller's sizeof(meshvitals_result_t).
  uint32_t struct_size;
  // MESHVITALS_OUTCOME_*.
  meshvitals_outcome_t outcome;
  // MESHVITALS_REASON_*, or a number of the host program from 10000 on.
  int32_t reason;
  // A number that explains the reason: errno, HTTP status, return value.
  int32_t detail;
  // 0 for a heartbeat, else the token of the CHECK_DUE event that is answered.
  uint64_t token;
  // When it was measured, by meshvitals_now_ns; 0 is now.
  uint64_t finished_ns;
  // How long it took, in nanoseconds.
  uint64_t latency_ns;
  // The measured value, any number, so that a struct of zeroes has measured 0; NaN if there is
  // none, which MESHVITALS_RESULT_INIT sets.
  double value;
  // Zero.
  uint64_t reserved[4];
  // One sentence for people, UTF-8, ending in NUL.
  char message[160];
} meshvitals_result_t;

// Measures once, on a thread of the library. Must not throw or longjmp. `out` arrives with
// struct_size set, outcome PASS and no value (NaN); both pointers are valid until it returns, even
// after the deadline, meshvitals_unregister or meshvitals_monitor_free. A return value other than
// 0 means FAIL, with that number as detail.
typedef int32_t (*meshvitals_callback_t)(void *user,
                                         const meshvitals_run_t *run,
                                         meshvitals_result_t *out);

// Releases `user`. Called once, after the last use, on any thread, under no lock of the
// library; may call the library, except stop and free of the same monitor.
typedef void (*meshvitals_drop_t)(void *user);

// UNKNOWN 0, HEALTHY 1, DEGRADED 2, UNHEALTHY 3; frozen. HEALTHY and DEGRADED are functional:
// they stay in load-balancing pools.
typedef int32_t meshvitals_status_t;

// Everything known about a check or group.
typedef struct {
  // The caller's sizeof(meshvitals_snapshot_t).
  uint32_t struct_size;
  // Why the published status is what it is: MESHVITALS_REASON_*.
  int32_t reason;
  // The check or group.
  meshvitals_check_id_t check;
  // The number given in its document.
  uint64_t cookie;
  // What everybody reads.
  meshvitals_status_t status;
  // What the detector says, below all masks.
  meshvitals_status_t measured;
  // What lies over the measured status: MESHVITALS_MASK_*.
  uint32_t mask;
  // Runs in flight.
  uint32_t in_flight;
  // Failures in a row.
  uint32_t failures;
  // Passes in a row.
  uint32_t passes;
  // Runs that ended since registration; of a group: its members.
  uint64_t runs;
  // Since when the published status holds, by meshvitals_now_ns.
  uint64_t since_ns;
  // The same in milliseconds since 1970-01-01 UTC.
  int64_t since_unix_ms;
  // The end of the last run; 0 before the first.
  uint64_t last_ns;
  // The planned start of the next; UINT64_MAX if none is planned.
  uint64_t next_ns;
  // Until when the status may be believed.
  uint64_t fresh_until_ns;
  // How long the last run took.
  uint64_t latency_ns;
  // The value of the last run; NaN if there is none.
  double value;
  // The threshold of a resource check; NaN for others.
  double threshold;
  // Zero.
  uint64_t reserved[6];
  // The name, UTF-8, ending in NUL.
  char name[128];
  // The last message, or the cause of the mask. UTF-8, ending in NUL.
  char message[160];
} meshvitals_snapshot_t;

// See meshvitals_subscription_s.
typedef meshvitals_subscription_s meshvitals_subscription_t;

// One event. Holds no pointers. Fields that a kind does not use are 0.
typedef struct {
  // The `event_size` that was given to meshvitals_poll, which writes it: need not be set.
  uint32_t struct_size;
  // MESHVITALS_EVENT_*.
  int32_t kind;
  // The check or group; 0 where it is about the monitor. Its name is that of its
  // meshvitals_snapshot; once it is removed that is STALE, and the name is the text of REMOVED.
  // Who must name checks later keeps the names, or gives them cookies.
  meshvitals_check_id_t check;
  // The number given in the check's document.
  uint64_t cookie;
  // Counts the changes of one check, without gaps except by merging.
  uint64_t sequence;
  // When it happened, by meshvitals_now_ns.
  uint64_t at_ns;
  // CHECK_DUE and CHECK_CANCEL: the run to answer or to end. RESULT: the number of the run.
  uint64_t token;
  // CHECK_DUE: when the report must be here.
  uint64_t deadline_ns;
  // CHECK_DUE: until when a late report is still accepted.
  uint64_t linger_until_ns;
  // STATUS: the status before.
  meshvitals_status_t previous;
  // STATUS: the status now. RESULT: the published status after the run.
  meshvitals_status_t status;
  // MESHVITALS_REASON_*; INITIAL in the events with which a subscription begins.
  int32_t reason;
  // How many further events were merged into this one, or lost before it.
  uint32_t merged;
  // The value of the last result; NaN if there is none.
  double value;
  // RESULT: MESHVITALS_OUTCOME_*.
  meshvitals_outcome_t outcome;
  // RESULT: the number that explains the reason. LOG: the level, 0 error to 3 detail.
  int32_t detail;
  // RESULT: how long the run took.
  uint64_t latency_ns;
  // 1 if `check` is a group, the whole included; 0 if it is a check, which may have the name of
  // a group.
  uint32_t is_group;
  // Zero.
  uint32_t reserved[1];
  // STATUS and RESULT: the message, or the cause of a mask; in an INITIAL one of neither, the
  // status and its age. REGISTERED and REMOVED: the name.
  // LOG: the line. UTF-8, ending in NUL.
  char text[160];
} meshvitals_event_t;

// Takes a line of the log: 0 error, 1 warning, 2 information, 3 detail. Called on any thread,
// under no lock of the library. `text` is valid during the call.
typedef void (*meshvitals_log_t)(void *user,
                                 int32_t level,
                                 const char *text);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the library: MAJOR << 16 | MINOR << 8 | PATCH, to be compared with
// MESHVITALS_VERSION, the version of the header.
//
// Returns: the number.
// Threads: any.
// Ownership: nothing.
// Since: 0.1.0
uint32_t meshvitals_version(void);

// The English text of a code.
//
// Returns: a text, never NULL; "unknown code" for a number that is none.
// Threads: any.
// Ownership: the text is static.
// Since: 0.1.0
const char *meshvitals_code_text(meshvitals_code_t code);

// The English text of a reason.
//
// Returns: a text, never NULL; "unknown reason" for a number that is none.
// Threads: any.
// Ownership: the text is static.
// Since: 0.1.0
const char *meshvitals_reason_text(int32_t reason);

// The clock of every field and argument that ends in _ns: CLOCK_MONOTONIC, or in manual mode
// the last instant given to meshvitals_monitor_advance.
//
// Returns: nanoseconds; 0 for NULL.
// Threads: any.
// Ownership: borrows `m` for the call.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
uint64_t meshvitals_now_ns(const meshvitals_monitor_t *m);

// Makes a monitor from a configuration document, a JSON object of at most 64 MiB; NULL is `{}`.
// Its checks count; more of them are registered in parts. Nothing runs until
// meshvitals_monitor_start, or in manual mode meshvitals_monitor_advance.
//
// Returns: OK; NULL, UTF8; DOCUMENT, RANGE or EXISTS with the place in `err`; LIMIT.
// Threads: any.
// Ownership: `*out` is the caller's, for meshvitals_monitor_free. The text is only read.
// Since: 0.1.0
//
// Requires: Texts end in NUL; `out` and `err` are NULL or valid for writes.
meshvitals_code_t meshvitals_monitor_new(const char *config_json,
                                         meshvitals_monitor_t **out,
                                         meshvitals_error_t *err);

// Starts the background thread. A monitor that runs is left as it is; one that was stopped, or
// whose process was forked, begins anew: registrations stay, statuses are UNKNOWN. In a forked
// child a manual monitor is started, too: it stays manual, and its time is that of the last
// advance.
//
// Returns: OK; NULL; MODE for a manual monitor whose process was not forked since it was made
// or started; LIMIT without descriptors or threads; BUSY while another thread stops it.
// Threads: any.
// Ownership: borrows `m` for the call.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; `err` is NULL or valid for writes.
meshvitals_code_t meshvitals_monitor_start(meshvitals_monitor_t *m,
                                           meshvitals_error_t *err);

// Stops the background thread and waits for it and its helpers, at most `timeout_ms`.
// Afterwards nothing runs, every status is UNKNOWN, and polls return what is left and then
// STOPPED. May be called again: it waits for what the last call has left.
//
// Returns: OK when no thread of the monitor exists any more; TIMEOUT when one is still in what
// nobody can end: a callback, drop or log function of the host, a name that the system looks
// for, a filesystem (no run starts, no status changes, the thread ends when it comes back);
// DEADLOCK from a callback, drop or log function of this monitor; NULL; FORKED.
// Threads: any but the monitor's own.
// Ownership: borrows `m` for the call.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
meshvitals_code_t meshvitals_monitor_stop(meshvitals_monitor_t *m,
                                          uint32_t timeout_ms);

// Moves a manual monitor to `now_ns` and does what is due: one turn. Callbacks run in this
// call. `*out_next_ns` is when the next turn is needed, UINT64_MAX if nothing is planned.
//
// Returns: OK; NULL; MODE for a monitor with a clock of its own; RANGE for a time before the
// last; DEADLOCK from a callback of this monitor; FORKED.
// Threads: any, one at a time.
// Ownership: borrows `m` for the call. `out_next_ns` may be NULL.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; `out_next_ns` is NULL or valid for writes.
meshvitals_code_t meshvitals_monitor_advance(meshvitals_monitor_t *m,
                                             uint64_t now_ns,
                                             uint64_t *out_next_ns);

// Stops a monitor, waiting at most its `stop_timeout` for what meshvitals_monitor_stop waits
// for, and releases it with its checks. A thread that has not come back by then ends when it
// does; a callback is dropped after its last return. Cells stay valid and read UNKNOWN;
// subscriptions stay and give the rest.
//
// Returns: nothing. NULL is allowed.
// Threads: any; no other call on `m` may be under way or follow.
// Ownership: takes `m`.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor that is not used any more.
void meshvitals_monitor_free(meshvitals_monitor_t *m);

// Registers a check from its document, a JSON object of at most 64 MiB.
//
// Returns: OK; NULL, UTF8; DOCUMENT or RANGE with the place in `err`; EXISTS for a name that is
// taken; MODE for a probe that does not fit; LIMIT; FORKED. Nothing is half registered.
// Threads: any, callbacks and event consumers included.
// Ownership: the text is only read. `out_id` may be NULL.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; texts end in NUL; outputs are NULL or valid for writes.
meshvitals_code_t meshvitals_register(meshvitals_monitor_t *m,
                                      const char *check_json,
                                      meshvitals_check_id_t *out_id,
                                      meshvitals_error_t *err);

// Registers the checks of a JSON array of at most 64 MiB, all or none; more checks are registered
// in parts. The ids are written in order, at most `capacity`; `*out_count` is how many were
// registered.
//
// Returns: as meshvitals_register, with the index in the place (`/3/interval`); RANGE if
// `out_ids` has room for fewer than the array has (then nothing is registered).
// Threads: any.
// Ownership: the text is only read. `out_ids` may be NULL if `capacity` is 0: then no ids are
// written. `out_count` may be NULL.
// Since: 0.1.0
//
// Requires: As meshvitals_register; `out_ids` has room for `capacity` ids.
meshvitals_code_t meshvitals_register_many(meshvitals_monitor_t *m,
                                           const char *checks_json_array,
                                           meshvitals_check_id_t *out_ids,
                                           size_t capacity,
                                           size_t *out_count,
                                           meshvitals_error_t *err);

// Registers a callback check with its function; the document, a JSON object of at most 64 MiB, has
// the probe `"callback": {}`. The function runs on a small pool of the library, never twice at
// once for one check. At the deadline the result is a timeout, whatever the function does.
//
// Returns: as meshvitals_register; NULL also for `run`.
// Threads: any.
// Ownership: takes `user` only on success. Then `drop` (may be NULL) is called with it once,
// after the last return of `run`, on any thread, under no lock of the library.
// Since: 0.1.0
//
// Requires: As meshvitals_register; `run` and `drop` may be called with `user` from any thread.
meshvitals_code_t meshvitals_register_callback(meshvitals_monitor_t *m,
                                               const char *check_json,
                                               meshvitals_callback_t run,
                                               void *user,
                                               meshvitals_drop_t drop,
                                               meshvitals_check_id_t *out_id,
                                               meshvitals_error_t *err);

// Registers a check, or puts its document, a JSON object of at most 64 MiB, in the place of the
// check of its name. The same document keeps the id and changes nothing; if only schedule,
// thresholds, levels, tags or criticality differ, the counts are kept; if something else is
// measured, the check begins anew, and a run in flight is discarded.
//
// Returns: as meshvitals_register without EXISTS; MODE for callback checks.
// Threads: any.
// Ownership: the text is only read. `out_id` may be NULL.
// Since: 0.1.0
//
// Requires: As meshvitals_register.
meshvitals_code_t meshvitals_replace(meshvitals_monitor_t *m,
                                     const char *check_json,
                                     meshvitals_check_id_t *out_id,
                                     meshvitals_error_t *err);

// Removes a check. When this returns no call of its function starts; one may still be running.
//
// Returns: OK; NULL; NOT_FOUND; STALE for an id that was removed before; MODE for
// meshvitals.self; FORKED.
// Threads: any, callbacks and event consumers included.
// Ownership: the id is used up.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
meshvitals_code_t meshvitals_unregister(meshvitals_monitor_t *m,
                                        meshvitals_check_id_t id);

// Removes checks, all or none.
//
// Returns: as meshvitals_unregister, for the first id that is wrong.
// Threads: any.
// Ownership: the ids are only read.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; `ids` points to `count` ids.
meshvitals_code_t meshvitals_unregister_many(meshvitals_monitor_t *m,
                                             const meshvitals_check_id_t *ids,
                                             size_t count);

// The id of a check by its name.
//
// Returns: OK; NULL, UTF8; NOT_FOUND; FORKED.
// Threads: any.
// Ownership: the text is only read.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; the text ends in NUL; `out_id` is NULL or valid for writes.
meshvitals_code_t meshvitals_find(const meshvitals_monitor_t *m,
                                  const char *name,
                                  meshvitals_check_id_t *out_id);

// The ids of all checks, at most `capacity` of them: those that the host program registered, those
// of the library (`system.cpu`, `system.memory`, `system.disk`, further disks as
// `system.disk:<path>`) unless the configuration turns them off, and, unless the clock is manual,
// `meshvitals.self`. Groups are not among them.
//
// Returns: how many checks there are, which may be more than `capacity`; or a negative code.
// Threads: any.
// Ownership: `out_ids` may be NULL if `capacity` is 0.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; `out_ids` has room for `capacity` ids.
int64_t meshvitals_list(const meshvitals_monitor_t *m,
                        meshvitals_check_id_t *out_ids,
                        size_t capacity);

// The status of a check or group; UNKNOWN for NULL, an unknown or stale id, a status that is
// too old, and in a forked child. Takes no lock: a few nanoseconds. See also
// meshvitals_cell_status.
//
// Returns: MESHVITALS_STATUS_*.
// Threads: any.
// Ownership: borrows `m` for the call.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
meshvitals_status_t meshvitals_status(const meshvitals_monitor_t *m,
                                      meshvitals_check_id_t id);

// The status of the whole: the group `overall`.
//
// Returns: as meshvitals_status.
// Threads: any.
// Ownership: borrows `m` for the call.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
meshvitals_status_t meshvitals_overall(const meshvitals_monitor_t *m);

// The id of a group: a tag of any check, or `readiness`, `liveness`, `startup`, which every
// monitor has, or `overall`, the group of all checks. Those four live as long as the monitor. The
// group of another tag ends with the last check that has the tag: then its id is stale, its cell
// reads UNKNOWN, and a later group of the name has another id.
//
// Returns: OK; NULL, UTF8; NOT_FOUND; FORKED.
// Threads: any.
// Ownership: the text is only read.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; the text ends in NUL; `out_id` is NULL or valid for writes.
meshvitals_code_t meshvitals_group_find(const meshvitals_monitor_t *m,
                                        const char *group,
                                        meshvitals_check_id_t *out_id);

// What a probe of an orchestrator is told about a group. Readiness, the whole and the user's
// own groups: yes for HEALTHY and DEGRADED, no for UNHEALTHY, the last answer for UNKNOWN (no
// before the first). Liveness: no only for UNHEALTHY. Startup: yes once each critical member
// was functional. Of a check: whether it is functional.
//
// Returns: 1 yes, 0 no; or a negative code: NULL, NOT_FOUND, STALE, FORKED.
// Threads: any.
// Ownership: borrows `m` for the call.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
int32_t meshvitals_answer(const meshvitals_monitor_t *m,
                          meshvitals_check_id_t id);

// The cell of a check or group, for meshvitals_cell_status: the fastest read there is.
//
// Returns: an address that stays valid for the life of the process, also after the check and
// the monitor are gone (it then reads UNKNOWN); NULL for an id that never was.
// Threads: any.
// Ownership: the library's, for ever.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
const meshvitals_cell_t *meshvitals_cell(const meshvitals_monitor_t *m,
                                         meshvitals_check_id_t id);

// Everything known about a check or group. Set `out->struct_size` before.
//
// Returns: OK; NULL; STRUCT_SIZE; NOT_FOUND, STALE; FORKED.
// Threads: any.
// Ownership: a copy.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; `out` is NULL or points to as many bytes as its struct_size says.
meshvitals_code_t meshvitals_snapshot(const meshvitals_monitor_t *m,
                                      meshvitals_check_id_t id,
                                      meshvitals_snapshot_t *out);

// Writes a report of all checks and groups: "json" or "openmetrics".
//
// Returns: the length of the report without NUL, also when it was cut; or a negative code:
// NULL, UTF8, RANGE for another format, FORKED.
// Threads: any.
// Ownership: `buffer` ends in NUL if `capacity` is above 0; it may be NULL if that is 0.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; the text ends in NUL; `buffer` has room for `capacity` bytes.
int64_t meshvitals_render(const meshvitals_monitor_t *m,
                          const char *format,
                          char *buffer,
                          size_t capacity);

// Subscribes to events. `kinds` is a sum of MESHVITALS_KIND_*; beyond `capacity` events the
// changes of one check are merged, so that its last status is never lost. A subscription with
// STATUS begins with one event for each check and then for each group, the whole included: its
// present status, reason INITIAL, and as text the check's last message or since when it is so.
// These come on top of `capacity` and are not merged.
// What changes afterwards follows without a gap. A check that is registered later is told by
// REGISTERED, to who subscribed to LIFE, and by its first change.
//
// Subscribing, registering and meshvitals_monitor_start may come in any order: who subscribes
// first hears everything, who subscribes last begins with what is there. External checks alone
// want a subscription with DUE before they are due; without one their runs are LOCAL
// (HOST_NOT_POLLING).
//
// Returns: OK; NULL; RANGE for a mask or capacity (1 to 1048576); BUSY for a second
// subscription with DUE; LIMIT without descriptors; FORKED.
// Threads: any.
// Ownership: `*out` is the caller's, for meshvitals_subscription_free. It outlives `m`.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; `out` and `err` are NULL or valid for writes.
meshvitals_code_t meshvitals_subscribe(meshvitals_monitor_t *m,
                                       uint32_t kinds,
                                       uint32_t capacity,
                                       meshvitals_subscription_t **out,
                                       meshvitals_error_t *err);

// Takes up to `capacity` events. `out` is an array whose elements are `event_size` bytes each:
// the caller's sizeof(meshvitals_event_t). The elements need not be initialised; struct_size is
// written too. Waits for the first event up to `timeout_ms`: 0 not at all, negative as long as it
// takes; in manual mode it never waits.
//
// Returns: how many were written, 0 after meshvitals_wake or when the time passed; or a
// negative code: NULL; STRUCT_SIZE; STOPPED when the queue is empty and the monitor is stopped
// or freed; FORKED.
// Threads: any; several may poll one subscription.
// Ownership: the events are copies.
// Since: 0.1.0
//
// Requires: `s` is NULL or a subscription; `out` has room for `capacity` times `event_size` bytes.
int32_t meshvitals_poll(meshvitals_subscription_t *s,
                        meshvitals_event_t *out,
                        size_t event_size,
                        size_t capacity,
                        int32_t timeout_ms);

// The descriptor that is readable while there is something to take, for poll, epoll or select.
// Only wait for it; do not read, write or close it. With an edge-triggered loop, poll until
// fewer events than `capacity` come.
//
// Returns: the descriptor, close-on-exec; or a negative code: NULL, FORKED.
// Threads: any.
// Ownership: the subscription's; valid until it is freed.
// Since: 0.1.0
//
// Requires: `s` is NULL or a subscription.
int32_t meshvitals_event_fd(const meshvitals_subscription_t *s);

// Makes a poll that waits, or else the next one, return 0.
//
// Returns: OK; NULL; FORKED.
// Threads: any.
// Ownership: borrows `s` for the call.
// Since: 0.1.0
//
// Requires: `s` is NULL or a subscription.
meshvitals_code_t meshvitals_wake(meshvitals_subscription_t *s);

// Ends a subscription and closes its descriptor; in a forked child, the copy of an inherited one.
//
// Returns: nothing. NULL is allowed.
// Threads: any; no other call on `s` may be under way, a waiting poll included, or follow.
// Ownership: takes `s`.
// Since: 0.1.0
//
// Requires: `s` is NULL or a subscription that is not used any more.
void meshvitals_subscription_free(meshvitals_subscription_t *s);

// Reports a heartbeat (token 0), or the result of an external check with the token of its
// CHECK_DUE event.
//
// Returns: OK; NULL; STRUCT_SIZE; RANGE for an outcome or time that is none; UTF8; NOT_FOUND;
// STALE for a removed check, and for a token that is unknown, answered or superseded (then the
// call has no effect); MODE for a check of another kind; NOT_RUNNING before the start and after
// a stop; FORKED.
// Threads: any.
// Ownership: the result is copied.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; `r` is NULL or points to as many bytes as its struct_size says.
meshvitals_code_t meshvitals_report(meshvitals_monitor_t *m,
                                    meshvitals_check_id_t id,
                                    const meshvitals_result_t *r);

// Reports the outcomes of the host's own requests. Not built yet.
//
// Returns: UNSUPPORTED; NULL; NOT_FOUND, STALE; FORKED.
// Threads: any.
// Ownership: nothing.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
meshvitals_code_t meshvitals_report_traffic(meshvitals_monitor_t *m,
                                            meshvitals_check_id_t id,
                                            uint32_t good,
                                            uint32_t bad,
                                            uint64_t latency_ns);

// Asks for a run now and returns at once; a run in flight answers. The answer is a RESULT event.
//
// Returns: OK; NULL; NOT_FOUND, STALE; NOT_RUNNING; MODE for a heartbeat or a paused check;
// FORKED.
// Threads: any.
// Ownership: nothing.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
meshvitals_code_t meshvitals_check_now(meshvitals_monitor_t *m,
                                       meshvitals_check_id_t id);

// Pauses a check (`paused` 1) or lets it go on (0). A paused check does not run, reads UNKNOWN
// and is left out of its groups.
//
// Returns: OK; NULL; RANGE for another `paused`; NOT_FOUND, STALE; MODE for meshvitals.self;
// FORKED.
// Threads: any.
// Ownership: nothing.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
meshvitals_code_t meshvitals_pause(meshvitals_monitor_t *m,
                                   meshvitals_check_id_t id,
                                   int32_t paused);

// Publishes this status for `ttl_ms` milliseconds, whatever is measured; UINT64_MAX is for
// ever, 0 ends an override.
//
// Returns: OK; NULL; RANGE for a status that is none; NOT_FOUND, STALE; FORKED.
// Threads: any.
// Ownership: nothing.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor.
meshvitals_code_t meshvitals_override(meshvitals_monitor_t *m,
                                      meshvitals_check_id_t id,
                                      meshvitals_status_t status,
                                      uint64_t ttl_ms);

// Runs the probe of a check document once (texts of at most 64 MiB), without a monitor, and waits
// for its result, at most for the check's timeout. `config_json` is the configuration whose
// defaults apply, or NULL. Set `out->struct_size` before.
//
// A name that the system does not answer in that time leaves one thread behind, which nothing can
// end: it ends when the system has answered or given up. While 64 names hang so in a process, those
// of monitors included, no thread is started for another, and the outcome is LOCAL
// (LOCAL_RESOLVER).
//
// Returns: OK, whatever the outcome; NULL, UTF8, DOCUMENT, RANGE; STRUCT_SIZE; MODE for a probe
// that the host program runs (callback, external, heartbeat); LIMIT without descriptors.
// Threads: any; blocks.
// Ownership: the texts are only read.
// Since: 0.1.0
//
// Requires: Texts end in NUL; `out` points to as many bytes as its struct_size says; `err` is NULL or
// valid for writes.
meshvitals_code_t meshvitals_probe_once(const char *config_json,
                                        const char *check_json,
                                        meshvitals_result_t *out,
                                        meshvitals_error_t *err);

// Sends the lines of the log up to `level` (0 error, 1 warning, 2 information, 3 detail) to a
// function; NULL ends that. The function is called on any thread, under no lock of the library.
//
// Returns: OK; NULL; RANGE for another level; FORKED.
// Threads: any.
// Ownership: takes `user` only on success. Then `drop` (may be NULL) is called with it once,
// after the last call of `log`.
// Since: 0.1.0
//
// Requires: `m` is NULL or a monitor; `log` and `drop` may be called with `user` from any thread.
meshvitals_code_t meshvitals_set_log(meshvitals_monitor_t *m,
                                     int32_t level,
                                     meshvitals_log_t log,
                                     void *user,
                                     meshvitals_drop_t drop);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#ifdef __cplusplus
extern "C" {
#endif

/* A result that says nothing yet, for meshvitals_report and meshvitals_probe_once: the size is set,
   the value is NaN (none), everything else 0. The outcome must be set before it is reported.
     meshvitals_result_t result = MESHVITALS_RESULT_INIT;
   Filled with zeroes instead, a result has the value 0, a number like any other. */
#define MESHVITALS_RESULT_INIT \
  { (uint32_t)sizeof(meshvitals_result_t), 0, 0, 0, 0, 0, 0, __builtin_nan(""), {0, 0, 0, 0}, {0} }

/* The status in a cell, as the engine last wrote it; UNKNOWN if the id is stale or the cell
   NULL. A live engine writes UNKNOWN itself when a status gets too old; a reader that must not
   trust the engine to be alive uses meshvitals_cell_status_at.
   Returns: MESHVITALS_STATUS_*. Threads: any, wait-free. Ownership: reads only. Since: 0.1.0 */
static inline meshvitals_status_t meshvitals_cell_status(const meshvitals_cell_t *cell,
                                                         meshvitals_check_id_t id) {
  uint64_t word;
  if (cell == NULL) return MESHVITALS_STATUS_UNKNOWN;
  word = __atomic_load_n(&cell->word, __ATOMIC_ACQUIRE);
  return (word >> 32) == (id >> 32) ? (meshvitals_status_t)(word & 0xffffffffu)
                                    : MESHVITALS_STATUS_UNKNOWN;
}

/* The same, and UNKNOWN if the status is too old at now_ns (CLOCK_MONOTONIC, coarse will do).
   Returns: MESHVITALS_STATUS_*. Threads: any, wait-free. Ownership: reads only. Since: 0.1.0 */
static inline meshvitals_status_t meshvitals_cell_status_at(const meshvitals_cell_t *cell,
                                                            meshvitals_check_id_t id,
                                                            uint64_t now_ns) {
  meshvitals_status_t status = meshvitals_cell_status(cell, id);
  if (status == MESHVITALS_STATUS_UNKNOWN) return status;
  return now_ns < __atomic_load_n(&cell->fresh_until_ns, __ATOMIC_ACQUIRE)
             ? status
             : MESHVITALS_STATUS_UNKNOWN;
}

#ifdef __cplusplus
}
#endif

#endif /* MESHVITALS_H */
