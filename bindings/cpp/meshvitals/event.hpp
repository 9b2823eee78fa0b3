/* What a subscription delivers. An Event is the struct of the C interface with accessors: an array
   of them can be filled by meshvitals_poll. */
#ifndef MESHVITALS_EVENT_HPP
#define MESHVITALS_EVENT_HPP

#include <type_traits>

#include "check.hpp"
#include "result.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// What an event says. The numbers are frozen.
enum class Kind : std::int32_t {
    /// The published status, or the mask over it, changed.
    status = MESHVITALS_EVENT_STATUS,
    /// Run this external check and report.
    check_due = MESHVITALS_EVENT_CHECK_DUE,
    /// The run of this token is over; stop it.
    check_cancel = MESHVITALS_EVENT_CHECK_CANCEL,
    /// A run ended.
    result = MESHVITALS_EVENT_RESULT,
    /// A check was registered.
    registered = MESHVITALS_EVENT_REGISTERED,
    /// A check was removed, or with its last check a group; no event of it follows.
    removed = MESHVITALS_EVENT_REMOVED,
    /// The monitor was stopped.
    stopped = MESHVITALS_EVENT_STOPPED,
    /// The process was forked; seen in the child only.
    forked = MESHVITALS_EVENT_FORKED,
    /// A line of the log.
    log = MESHVITALS_EVENT_LOG,
};

/// Which events a subscription wants; `Kinds::status | Kinds::life`.
enum class Kinds : std::uint32_t {
    /// Changes of status.
    status = MESHVITALS_KIND_STATUS,
    /// Requests to run external checks; one subscription of a monitor may.
    due = MESHVITALS_KIND_DUE,
    /// Each single result.
    result = MESHVITALS_KIND_RESULT,
    /// Checks that come and go, and the end of the monitor.
    life = MESHVITALS_KIND_LIFE,
    /// Lines of the log.
    log = MESHVITALS_KIND_LOG,
};

constexpr Kinds operator|(Kinds one, Kinds other) noexcept {
    return static_cast<Kinds>(static_cast<std::uint32_t>(one) | static_cast<std::uint32_t>(other));
}

/// How much a line of the log matters.
enum class LogLevel : std::int32_t { error = 0, warning = 1, information = 2, detail = 3 };

/// One event. What a kind does not use is 0 or empty.
class Event {
   public:
    [[nodiscard]] Kind kind() const noexcept { return static_cast<Kind>(raw_.kind); }
    /// The check or group; 0 where it is about the monitor. What is removed has no name any more:
    /// the name is the text of REMOVED.
    [[nodiscard]] CheckId check() const noexcept { return CheckId{raw_.check}; }
    /// Whether it is about a group, the whole included; a check may have the name of one.
    [[nodiscard]] bool is_group() const noexcept { return raw_.is_group != 0; }
    /// The number given in the check's document.
    [[nodiscard]] std::uint64_t cookie() const noexcept { return raw_.cookie; }
    /// Counts the changes of one check, without gaps except by merging.
    [[nodiscard]] std::uint64_t sequence() const noexcept { return raw_.sequence; }
    /// When it happened.
    [[nodiscard]] Time at() const noexcept { return detail::time_of(raw_.at_ns); }
    /// CHECK_DUE and CHECK_CANCEL: the run to answer or to end. RESULT: the number of the run.
    [[nodiscard]] std::uint64_t token() const noexcept { return raw_.token; }
    /// CHECK_DUE: when the report must be here.
    [[nodiscard]] Time deadline() const noexcept { return detail::time_of(raw_.deadline_ns); }
    /// CHECK_DUE: until when a late report is still accepted.
    [[nodiscard]] Time linger_until() const noexcept {
        return detail::time_of(raw_.linger_until_ns);
    }
    /// STATUS: the status before.
    [[nodiscard]] Status previous() const noexcept { return static_cast<Status>(raw_.previous); }
    /// STATUS: the status now. RESULT: the published status after the run.
    [[nodiscard]] Status status() const noexcept { return static_cast<Status>(raw_.status); }
    [[nodiscard]] Reason reason() const noexcept { return static_cast<Reason>(raw_.reason); }
    /// How many further events were merged into this one, or lost before it.
    [[nodiscard]] std::uint32_t merged() const noexcept { return raw_.merged; }
    /// The value of the last result, if there is one.
    [[nodiscard]] std::optional<double> value() const noexcept {
        return meshvitals::detail::value_of(raw_.value);
    }
    /// RESULT: the outcome of the run.
    [[nodiscard]] std::optional<Outcome> outcome() const noexcept {
        if (raw_.outcome == 0) return std::nullopt;
        return static_cast<Outcome>(raw_.outcome);
    }
    /// RESULT: the number that explains the reason.
    [[nodiscard]] std::int32_t detail() const noexcept { return raw_.detail; }
    /// LOG: how much the line matters.
    [[nodiscard]] LogLevel level() const noexcept { return static_cast<LogLevel>(raw_.detail); }
    /// RESULT: how long the run took.
    [[nodiscard]] std::chrono::nanoseconds latency() const noexcept {
        return meshvitals::detail::nanoseconds_of(raw_.latency_ns);
    }
    /// STATUS and RESULT: the message, or the cause of a mask; INITIAL with neither: the status and
    /// its age. REGISTERED and REMOVED: the name. LOG: the line. Valid as long as this object.
    [[nodiscard]] std::string_view text() const noexcept { return raw_.text; }
    /// The struct of the C interface.
    [[nodiscard]] const meshvitals_event_t& raw() const noexcept { return raw_; }

   private:
    friend class Subscription;
    meshvitals_event_t raw_{};
};

static_assert(std::is_standard_layout_v<Event> && std::is_trivially_copyable_v<Event>);
static_assert(sizeof(Event) == sizeof(meshvitals_event_t));

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
