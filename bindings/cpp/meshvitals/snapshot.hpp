/* Everything known about a check or group at one moment. */
#ifndef MESHVITALS_SNAPSHOT_HPP
#define MESHVITALS_SNAPSHOT_HPP

#include "check.hpp"
#include "result.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// What lies over the measured status.
class Mask {
   public:
    explicit constexpr Mask(std::uint32_t bits) noexcept : bits_(bits) {}

    /// The host program said what to publish.
    [[nodiscard]] constexpr bool overridden() const noexcept {
        return (bits_ & MESHVITALS_MASK_OVERRIDE) != 0;
    }
    /// The host program paused the check.
    [[nodiscard]] constexpr bool paused() const noexcept {
        return (bits_ & MESHVITALS_MASK_PAUSED) != 0;
    }
    /// A dependency is UNHEALTHY or blocked itself.
    [[nodiscard]] constexpr bool blocked() const noexcept {
        return (bits_ & MESHVITALS_MASK_BLOCKED) != 0;
    }
    /// The last result is too old.
    [[nodiscard]] constexpr bool stale() const noexcept {
        return (bits_ & MESHVITALS_MASK_STALE) != 0;
    }
    /// Whether anything lies over it.
    [[nodiscard]] constexpr bool any() const noexcept { return bits_ != 0; }

   private:
    std::uint32_t bits_;
};

/// A copy of what Monitor::snapshot saw.
class Snapshot {
   public:
    explicit Snapshot(const meshvitals_snapshot_t& raw) noexcept : raw_(raw) {}

    /// Valid as long as this object.
    [[nodiscard]] std::string_view name() const noexcept { return raw_.name; }
    [[nodiscard]] CheckId check() const noexcept { return CheckId{raw_.check}; }
    /// The number given in its document.
    [[nodiscard]] std::uint64_t cookie() const noexcept { return raw_.cookie; }
    /// What everybody reads.
    [[nodiscard]] Status status() const noexcept { return static_cast<Status>(raw_.status); }
    /// What the detector says, below all masks.
    [[nodiscard]] Status measured() const noexcept { return static_cast<Status>(raw_.measured); }
    /// What lies over the measured status.
    [[nodiscard]] Mask mask() const noexcept { return Mask(raw_.mask); }
    /// Why the published status is what it is.
    [[nodiscard]] Reason reason() const noexcept { return static_cast<Reason>(raw_.reason); }
    /// The last message, or the cause of the mask. Valid as long as this object.
    [[nodiscard]] std::string_view message() const noexcept { return raw_.message; }
    /// Runs in flight.
    [[nodiscard]] std::uint32_t in_flight() const noexcept { return raw_.in_flight; }
    /// Failures in a row.
    [[nodiscard]] std::uint32_t failures() const noexcept { return raw_.failures; }
    /// Passes in a row.
    [[nodiscard]] std::uint32_t passes() const noexcept { return raw_.passes; }
    /// Runs that ended since registration; of a group: its members.
    [[nodiscard]] std::uint64_t runs() const noexcept { return raw_.runs; }
    /// Since when the published status holds.
    [[nodiscard]] Time since() const noexcept { return detail::time_of(raw_.since_ns); }
    /// The same as a date.
    [[nodiscard]] std::chrono::system_clock::time_point since_date() const noexcept {
        return std::chrono::system_clock::time_point(
            std::chrono::milliseconds(raw_.since_unix_ms));
    }
    /// The end of the last run; none before the first.
    [[nodiscard]] std::optional<Time> last() const noexcept {
        return detail::time_unless(raw_.last_ns, 0);
    }
    /// The planned start of the next run, if one is planned.
    [[nodiscard]] std::optional<Time> next() const noexcept {
        return detail::time_unless(raw_.next_ns, UINT64_MAX);
    }
    /// Until when the status may be believed.
    [[nodiscard]] Time fresh_until() const noexcept {
        return detail::time_of(raw_.fresh_until_ns);
    }
    /// How long the last run took.
    [[nodiscard]] std::chrono::nanoseconds latency() const noexcept {
        return detail::nanoseconds_of(raw_.latency_ns);
    }
    /// The value of the last run, if there is one.
    [[nodiscard]] std::optional<double> value() const noexcept {
        return detail::value_of(raw_.value);
    }
    /// The threshold of a resource check.
    [[nodiscard]] std::optional<double> threshold() const noexcept {
        return detail::value_of(raw_.threshold);
    }
    /// The struct of the C interface.
    [[nodiscard]] const meshvitals_snapshot_t& raw() const noexcept { return raw_; }

   private:
    meshvitals_snapshot_t raw_;
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
