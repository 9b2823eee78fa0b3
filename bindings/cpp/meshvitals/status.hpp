/* The four statuses. The numbers are frozen. */
#ifndef MESHVITALS_STATUS_HPP
#define MESHVITALS_STATUS_HPP

#include <string_view>

#include "error.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// What is known of a check or group.
enum class Status : meshvitals_status_t {
    /// Nothing: not measured yet, too old, paused, or blocked.
    unknown = MESHVITALS_STATUS_UNKNOWN,
    /// Works.
    healthy = MESHVITALS_STATUS_HEALTHY,
    /// Works, with a warning; stays in load-balancing pools.
    degraded = MESHVITALS_STATUS_DEGRADED,
    /// Does not work.
    unhealthy = MESHVITALS_STATUS_UNHEALTHY,
};

/// Whether it works: HEALTHY or DEGRADED.
constexpr bool is_functional(Status status) noexcept {
    return status == Status::healthy || status == Status::degraded;
}

/// The word of a status, as reports have it.
constexpr std::string_view text(Status status) noexcept {
    switch (status) {
        case Status::healthy: return "HEALTHY";
        case Status::degraded: return "DEGRADED";
        case Status::unhealthy: return "UNHEALTHY";
        case Status::unknown: break;
    }
    return "UNKNOWN";
}

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
