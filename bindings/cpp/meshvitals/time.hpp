/* Instants and durations: std::chrono on this side, nanoseconds and milliseconds on the other.

   The trap: the clock of a manual monitor is moved by the program, so its instants have nothing to
   do with Clock::now(). */
#ifndef MESHVITALS_TIME_HPP
#define MESHVITALS_TIME_HPP

#include <time.h>

#include <chrono>
#include <limits>
#include <optional>

#include "error.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// CLOCK_MONOTONIC, the clock of everything that the library stamps.
struct Clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock, duration>;
    static constexpr bool is_steady = true;

    /// Now.
    static time_point now() noexcept { return read(CLOCK_MONOTONIC); }

    /// Now, a few milliseconds old and a few times faster to read: enough to ask for freshness.
    static time_point now_coarse() noexcept {
#if defined(CLOCK_MONOTONIC_COARSE)
        return read(CLOCK_MONOTONIC_COARSE);
#else
        return now();
#endif
    }

   private:
    static time_point read(clockid_t clock) noexcept {
        timespec at{};
        ::clock_gettime(clock, &at);
        return time_point(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
    }
};

/// An instant of a monitor.
using Time = Clock::time_point;

/// A duration of any unit, as a parameter. One that is too long for nanoseconds is the longest that
/// they can say, which the library refuses by name where it is too long.
class Duration {
   public:
    template <class Rep, class Period>
    constexpr Duration(const std::chrono::duration<Rep, Period>& duration) noexcept
        : ns_(saturated(std::chrono::duration<long double, std::nano>(duration).count())) {}

    /// In nanoseconds.
    constexpr operator std::chrono::nanoseconds() const noexcept { return ns_; }

   private:
    static constexpr std::chrono::nanoseconds saturated(long double exact) noexcept {
        using Limits = std::numeric_limits<std::chrono::nanoseconds::rep>;
        if (exact >= static_cast<long double>((Limits::max)())) return (Time::duration::max)();
        if (exact <= static_cast<long double>((Limits::min)())) return (Time::duration::min)();
        return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(exact));
    }

    std::chrono::nanoseconds ns_;
};

namespace detail {

/// What "never" is where the C interface has UINT64_MAX: the end of what a Time can say.
constexpr Time time_of(std::uint64_t ns) noexcept {
    constexpr auto last = static_cast<std::uint64_t>((Time::duration::max)().count());
    return Time(Time::duration(static_cast<Time::rep>(ns < last ? ns : last)));
}

/// No instant where the C interface has this number for "none".
constexpr std::optional<Time> time_unless(std::uint64_t ns, std::uint64_t none) noexcept {
    return ns == none ? std::nullopt : std::optional<Time>(time_of(ns));
}

constexpr std::chrono::nanoseconds nanoseconds_of(std::uint64_t ns) noexcept {
    return time_of(ns).time_since_epoch();
}

/// A duration that must not be negative as a number of the C interface.
constexpr std::uint64_t count_of(std::chrono::nanoseconds duration) noexcept {
    return duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count());
}

/// Whole milliseconds, rounded up so that no wait is too short, and cut to what `N` can say.
template <class N, class Rep, class Period>
constexpr N milliseconds_of(const std::chrono::duration<Rep, Period>& duration) noexcept {
    const long double exact =
        std::chrono::duration<long double, std::milli>(duration).count();
    if (!(exact > 0)) return 0;
    constexpr N last = (std::numeric_limits<N>::max)();
    if (exact >= static_cast<long double>(last)) return last;
    const N whole = static_cast<N>(exact);
    return static_cast<long double>(whole) < exact ? static_cast<N>(whole + 1) : whole;
}

}  // namespace detail
}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
