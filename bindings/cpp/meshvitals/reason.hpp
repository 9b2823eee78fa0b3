/* Why a result or a status is what it is. meshvitals.h explains each number. */
#ifndef MESHVITALS_REASON_HPP
#define MESHVITALS_REASON_HPP

#include "error.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// A reason. Numbers from `first_of_host` on belong to the host program and pass unchanged:
/// `Reason{10007}`.
enum class Reason : std::int32_t {
    none = MESHVITALS_REASON_NONE,
    resolve_failed = MESHVITALS_REASON_RESOLVE_FAILED,
    resolve_not_found = MESHVITALS_REASON_RESOLVE_NOT_FOUND,
    resolve_timeout = MESHVITALS_REASON_RESOLVE_TIMEOUT,
    connect_refused = MESHVITALS_REASON_CONNECT_REFUSED,
    connect_reset = MESHVITALS_REASON_CONNECT_RESET,
    connect_unreachable = MESHVITALS_REASON_CONNECT_UNREACHABLE,
    connect_failed = MESHVITALS_REASON_CONNECT_FAILED,
    connect_timeout = MESHVITALS_REASON_CONNECT_TIMEOUT,
    connect_no_socket = MESHVITALS_REASON_CONNECT_NO_SOCKET,
    tls_failed = MESHVITALS_REASON_TLS_FAILED,
    tls_timeout = MESHVITALS_REASON_TLS_TIMEOUT,
    tls_untrusted = MESHVITALS_REASON_TLS_UNTRUSTED,
    tls_expired = MESHVITALS_REASON_TLS_EXPIRED,
    tls_not_yet_valid = MESHVITALS_REASON_TLS_NOT_YET_VALID,
    tls_wrong_name = MESHVITALS_REASON_TLS_WRONG_NAME,
    tls_client_refused = MESHVITALS_REASON_TLS_CLIENT_REFUSED,
    tls_no_protocol = MESHVITALS_REASON_TLS_NO_PROTOCOL,
    tls_not_offered = MESHVITALS_REASON_TLS_NOT_OFFERED,
    tls_expires_soon = MESHVITALS_REASON_TLS_EXPIRES_SOON,
    send_failed = MESHVITALS_REASON_SEND_FAILED,
    send_timeout = MESHVITALS_REASON_SEND_TIMEOUT,
    receive_reset = MESHVITALS_REASON_RECEIVE_RESET,
    receive_closed = MESHVITALS_REASON_RECEIVE_CLOSED,
    receive_timeout = MESHVITALS_REASON_RECEIVE_TIMEOUT,
    receive_malformed = MESHVITALS_REASON_RECEIVE_MALFORMED,
    receive_too_large = MESHVITALS_REASON_RECEIVE_TOO_LARGE,
    receive_failed = MESHVITALS_REASON_RECEIVE_FAILED,
    match_status = MESHVITALS_REASON_MATCH_STATUS,
    match_body = MESHVITALS_REASON_MATCH_BODY,
    match_value = MESHVITALS_REASON_MATCH_VALUE,
    match_status_warn = MESHVITALS_REASON_MATCH_STATUS_WARN,
    match_answer = MESHVITALS_REASON_MATCH_ANSWER,
    match_header = MESHVITALS_REASON_MATCH_HEADER,
    match_json = MESHVITALS_REASON_MATCH_JSON,
    match_error = MESHVITALS_REASON_MATCH_ERROR,
    match_credentials = MESHVITALS_REASON_MATCH_CREDENTIALS,
    match_not_ready = MESHVITALS_REASON_MATCH_NOT_READY,
    match_role = MESHVITALS_REASON_MATCH_ROLE,
    match_not_serving = MESHVITALS_REASON_MATCH_NOT_SERVING,
    match_unknown_service = MESHVITALS_REASON_MATCH_UNKNOWN_SERVICE,
    match_no_health_service = MESHVITALS_REASON_MATCH_NO_HEALTH_SERVICE,
    match_rcode = MESHVITALS_REASON_MATCH_RCODE,
    match_redirect = MESHVITALS_REASON_MATCH_REDIRECT,
    timeout = MESHVITALS_REASON_TIMEOUT,
    still_running = MESHVITALS_REASON_STILL_RUNNING,
    heartbeat_silent = MESHVITALS_REASON_HEARTBEAT_SILENT,
    late = MESHVITALS_REASON_LATE,
    local_no_descriptors = MESHVITALS_REASON_LOCAL_NO_DESCRIPTORS,
    local_no_ports = MESHVITALS_REASON_LOCAL_NO_PORTS,
    local_no_memory = MESHVITALS_REASON_LOCAL_NO_MEMORY,
    local_no_route = MESHVITALS_REASON_LOCAL_NO_ROUTE,
    local_not_permitted = MESHVITALS_REASON_LOCAL_NOT_PERMITTED,
    local_resolver = MESHVITALS_REASON_LOCAL_RESOLVER,
    local_starved = MESHVITALS_REASON_LOCAL_STARVED,
    local_suspended = MESHVITALS_REASON_LOCAL_SUSPENDED,
    pool_exhausted = MESHVITALS_REASON_POOL_EXHAUSTED,
    host_not_polling = MESHVITALS_REASON_HOST_NOT_POLLING,
    no_sample = MESHVITALS_REASON_NO_SAMPLE,
    local_unsupported = MESHVITALS_REASON_LOCAL_UNSUPPORTED,
    local_failed = MESHVITALS_REASON_LOCAL_FAILED,
    callback_failed = MESHVITALS_REASON_CALLBACK_FAILED,
    reported = MESHVITALS_REASON_REPORTED,
    callback_panicked = MESHVITALS_REASON_CALLBACK_PANICKED,
    disk_failed = MESHVITALS_REASON_DISK_FAILED,
    exec_failed = MESHVITALS_REASON_EXEC_FAILED,
    exec_not_started = MESHVITALS_REASON_EXEC_NOT_STARTED,
    initial = MESHVITALS_REASON_INITIAL,
    overridden = MESHVITALS_REASON_OVERRIDDEN,
    paused = MESHVITALS_REASON_PAUSED,
    blocked = MESHVITALS_REASON_BLOCKED,
    stale = MESHVITALS_REASON_STALE,
    unmasked = MESHVITALS_REASON_UNMASKED,
    member = MESHVITALS_REASON_MEMBER,
    restarted = MESHVITALS_REASON_RESTARTED,
    first_of_host = MESHVITALS_REASON_FIRST_OF_HOST,
};

/// The English text of a reason.
inline const char* text(Reason reason) noexcept {
    return meshvitals_reason_text(static_cast<std::int32_t>(reason));
}

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
