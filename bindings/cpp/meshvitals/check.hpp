/* Checks and groups as values: an id and the cell where its status stands.

   They are two words, cheap to copy, and may outlive their check, their monitor and everything
   else: they then read UNKNOWN. A read is two loads, without a call, a lock or a wait. */
#ifndef MESHVITALS_CHECK_HPP
#define MESHVITALS_CHECK_HPP

#include <functional>

#include "status.hpp"
#include "time.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// The id of a check or group: unique over all monitors of the process, never used again. 0 is
/// never an id.
enum class CheckId : meshvitals_check_id_t {};

/// What a check and a group have in common.
class Handle {
   public:
    /// Nothing: reads UNKNOWN.
    Handle() noexcept = default;
    Handle(CheckId id, const meshvitals_cell_t* cell) noexcept : id_(id), cell_(cell) {}

    [[nodiscard]] CheckId id() const noexcept { return id_; }
    operator CheckId() const noexcept { return id_; }

    /// The status as the engine last wrote it. About 1 ns.
    [[nodiscard]] Status status() const noexcept {
        return static_cast<Status>(meshvitals_cell_status(cell_, raw_id()));
    }

    /// The status, and UNKNOWN if it is too old at `now`: for readers that must not trust the
    /// engine to be alive.
    [[nodiscard]] Status status_at(Time now) const noexcept {
        const std::uint64_t now_ns = detail::count_of(now.time_since_epoch());
        return static_cast<Status>(meshvitals_cell_status_at(cell_, raw_id(), now_ns));
    }

    /// The status, and UNKNOWN if it is too old now. Not for manual monitors, whose clock is
    /// another.
    [[nodiscard]] Status fresh_status() const noexcept { return status_at(Clock::now_coarse()); }

    /// Whether it works: HEALTHY or DEGRADED.
    [[nodiscard]] bool is_functional() const noexcept {
        return meshvitals::is_functional(status());
    }

    friend bool operator==(const Handle& one, const Handle& other) noexcept {
        return one.id_ == other.id_;
    }
    friend bool operator!=(const Handle& one, const Handle& other) noexcept {
        return one.id_ != other.id_;
    }

   private:
    meshvitals_check_id_t raw_id() const noexcept {
        return static_cast<meshvitals_check_id_t>(id_);
    }

    CheckId id_{};
    const meshvitals_cell_t* cell_ = nullptr;
};

/// A check.
class Check : public Handle {
    using Handle::Handle;
};

/// A group: the checks with one tag, `readiness`, `liveness`, `startup`, or `overall`.
class Group : public Handle {
    using Handle::Handle;
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

template <>
struct std::hash<meshvitals::Check> {
    std::size_t operator()(const meshvitals::Check& check) const noexcept {
        return std::hash<meshvitals::CheckId>()(check.id());
    }
};

template <>
struct std::hash<meshvitals::Group> {
    std::size_t operator()(const meshvitals::Group& group) const noexcept {
        return std::hash<meshvitals::CheckId>()(group.id());
    }
};

#endif
