/* The constants of the interface under the names that the shared vectors give them. In a C program
   they are those of the header, in a C++ program those of the binding. */
#ifndef CONSTANTS_H
#define CONSTANTS_H

#include "check.h"

#define CODES(X) \
  X(NULL, null) X(UTF8, utf8) X(DOCUMENT, document) X(RANGE, range) X(EXISTS, exists) \
  X(NOT_FOUND, not_found) X(STALE, stale) X(BUSY, busy) X(STOPPED, stopped) \
  X(NOT_RUNNING, not_running) X(TIMEOUT, timeout) X(DEADLOCK, deadlock) X(FORKED, forked) \
  X(STRUCT_SIZE, struct_size) X(MODE, mode) X(UNSUPPORTED, unsupported) X(LIMIT, limit) \
  X(PANIC, panic)

#define STATUSES(X) \
  X(UNKNOWN, unknown) X(HEALTHY, healthy) X(DEGRADED, degraded) X(UNHEALTHY, unhealthy)

#define OUTCOMES(X) \
  X(PASS, pass) X(WARN, warn) X(FAIL, fail) X(TIMEOUT, timeout) X(LOCAL, local)

#define REASONS(X) \
  X(NONE, none) X(RESOLVE_FAILED, resolve_failed) X(RESOLVE_NOT_FOUND, resolve_not_found) \
  X(RESOLVE_TIMEOUT, resolve_timeout) X(CONNECT_REFUSED, connect_refused) \
  X(CONNECT_RESET, connect_reset) X(CONNECT_UNREACHABLE, connect_unreachable) \
  X(CONNECT_FAILED, connect_failed) X(CONNECT_TIMEOUT, connect_timeout) \
  X(CONNECT_NO_SOCKET, connect_no_socket) \
  X(TLS_FAILED, tls_failed) \
  X(TLS_TIMEOUT, tls_timeout) \
  X(TLS_UNTRUSTED, tls_untrusted) \
  X(TLS_EXPIRED, tls_expired) \
  X(TLS_NOT_YET_VALID, tls_not_yet_valid) \
  X(TLS_WRONG_NAME, tls_wrong_name) \
  X(TLS_CLIENT_REFUSED, tls_client_refused) \
  X(TLS_NO_PROTOCOL, tls_no_protocol) \
  X(TLS_NOT_OFFERED, tls_not_offered) \
  X(TLS_EXPIRES_SOON, tls_expires_soon) X(SEND_FAILED, send_failed) \
  X(SEND_TIMEOUT, send_timeout) X(RECEIVE_RESET, receive_reset) \
  X(RECEIVE_CLOSED, receive_closed) X(RECEIVE_TIMEOUT, receive_timeout) \
  X(RECEIVE_MALFORMED, receive_malformed) X(RECEIVE_TOO_LARGE, receive_too_large) \
  X(RECEIVE_FAILED, receive_failed) X(MATCH_STATUS, match_status) X(MATCH_BODY, match_body) \
  X(MATCH_VALUE, match_value) X(MATCH_STATUS_WARN, match_status_warn) \
  X(MATCH_ANSWER, match_answer) \
  X(MATCH_HEADER, match_header) \
  X(MATCH_JSON, match_json) \
  X(MATCH_ERROR, match_error) \
  X(MATCH_CREDENTIALS, match_credentials) \
  X(MATCH_NOT_READY, match_not_ready) \
  X(MATCH_ROLE, match_role) \
  X(MATCH_NOT_SERVING, match_not_serving) \
  X(MATCH_UNKNOWN_SERVICE, match_unknown_service) \
  X(MATCH_NO_HEALTH_SERVICE, match_no_health_service) \
  X(MATCH_RCODE, match_rcode) \
  X(MATCH_REDIRECT, match_redirect) X(TIMEOUT, timeout) \
  X(STILL_RUNNING, still_running) X(HEARTBEAT_SILENT, heartbeat_silent) X(LATE, late) \
  X(LOCAL_NO_DESCRIPTORS, local_no_descriptors) X(LOCAL_NO_PORTS, local_no_ports) \
  X(LOCAL_NO_MEMORY, local_no_memory) X(LOCAL_NO_ROUTE, local_no_route) \
  X(LOCAL_NOT_PERMITTED, local_not_permitted) X(LOCAL_RESOLVER, local_resolver) \
  X(LOCAL_STARVED, local_starved) X(LOCAL_SUSPENDED, local_suspended) \
  X(POOL_EXHAUSTED, pool_exhausted) X(HOST_NOT_POLLING, host_not_polling) \
  X(NO_SAMPLE, no_sample) X(LOCAL_UNSUPPORTED, local_unsupported) X(LOCAL_FAILED, local_failed) \
  X(CALLBACK_FAILED, callback_failed) X(REPORTED, reported) \
  X(CALLBACK_PANICKED, callback_panicked) X(DISK_FAILED, disk_failed) \
  X(EXEC_FAILED, exec_failed) \
  X(EXEC_NOT_STARTED, exec_not_started) X(INITIAL, initial) \
  X(OVERRIDDEN, overridden) X(PAUSED, paused) X(BLOCKED, blocked) X(STALE, stale) \
  X(UNMASKED, unmasked) X(MEMBER, member) X(RESTARTED, restarted) \
  X(FIRST_OF_HOST, first_of_host)

#define EVENTS(X) \
  X(STATUS, status) X(CHECK_DUE, check_due) X(CHECK_CANCEL, check_cancel) X(RESULT, result) \
  X(REGISTERED, registered) X(REMOVED, removed) X(STOPPED, stopped) X(FORKED, forked) \
  X(LOG, log)

#define KINDS(X) \
  X(STATUS, status) X(DUE, due) X(RESULT, result) X(LIFE, life) X(LOG, log)

#define MASKS(X) \
  X(OVERRIDE, override) X(PAUSED, paused) X(BLOCKED, blocked) X(STALE, stale)

/* A name is made a text before it is passed on: NULL is a macro itself. */
#ifdef __cplusplus
#define ROW_(table, type, c, name, cpp) {table, name, static_cast<long long>(mv::type::cpp)},
#else
#define ROW_(table, type, c, name, cpp) {table, name, c},
#endif
#define CODE_(name, cpp) ROW_("code", Code, MESHVITALS_ERROR_##name, #name, cpp)
#define STATUS_(name, cpp) ROW_("status", Status, MESHVITALS_STATUS_##name, #name, cpp)
#define OUTCOME_(name, cpp) ROW_("outcome", Outcome, MESHVITALS_OUTCOME_##name, #name, cpp)
#define REASON_(name, cpp) ROW_("reason", Reason, MESHVITALS_REASON_##name, #name, cpp)
#define EVENT_(name, cpp) ROW_("event", Kind, MESHVITALS_EVENT_##name, #name, cpp)
#define KIND_(name, cpp) ROW_("kind", Kinds, MESHVITALS_KIND_##name, #name, cpp)
/* The binding has questions instead of numbers. */
#define MASK_(name, cpp) {"mask", #name, MESHVITALS_MASK_##name},

struct constant {
  const char *table, *name;
  long long number;
};

static const struct constant constants[] = {
    {"code", "OK", MESHVITALS_OK}, CODES(CODE_) STATUSES(STATUS_) OUTCOMES(OUTCOME_)
    REASONS(REASON_) EVENTS(EVENT_) KINDS(KIND_) MASKS(MASK_)};

enum { CONSTANTS = sizeof constants / sizeof constants[0] };

/* NULL if there is none. */
static inline const struct constant *constant_named(const char *table, const char *name) {
  size_t at;
  for (at = 0; at < CONSTANTS; at++)
    if (strcmp(constants[at].table, table) == 0 && strcmp(constants[at].name, name) == 0)
      return &constants[at];
  return NULL;
}

/* The name of a number, NULL if it has none. */
static inline const char *constant_name(const char *table, long long number) {
  size_t at;
  for (at = 0; at < CONSTANTS; at++)
    if (strcmp(constants[at].table, table) == 0 && constants[at].number == number)
      return constants[at].name;
  return NULL;
}

#endif
