/* What one run of a check yields. A failed check is a result, never an Error. */
#ifndef MESHVITALS_RESULT_HPP
#define MESHVITALS_RESULT_HPP

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "reason.hpp"
#include "time.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// The outcome of a run. The numbers are frozen.
enum class Outcome : meshvitals_outcome_t {
    /// The target answered as expected, in time.
    pass = MESHVITALS_OUTCOME_PASS,
    /// Alive, with a complaint.
    warn = MESHVITALS_OUTCOME_WARN,
    /// An answer came back and it says no.
    fail = MESHVITALS_OUTCOME_FAIL,
    /// Silence until the deadline.
    timeout = MESHVITALS_OUTCOME_TIMEOUT,
    /// The fault is on this side; nothing is known about the target.
    local = MESHVITALS_OUTCOME_LOCAL,
};

/// The word of an outcome, as reports have it.
constexpr std::string_view text(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::pass: return "pass";
        case Outcome::warn: return "warn";
        case Outcome::fail: return "fail";
        case Outcome::timeout: return "timeout";
        case Outcome::local: return "local";
    }
    return "unknown outcome";
}

namespace detail {

/// A number that may be missing.
inline std::optional<double> value_of(double value) noexcept {
    return std::isnan(value) ? std::nullopt : std::optional<double>(value);
}

/// Puts a text into a field, cut between two characters and ended by NUL.
template <std::size_t N>
void put(char (&field)[N], std::string_view text) noexcept {
    std::size_t length = text.size();
    if (length >= N) {
        length = N - 1;
        // The byte behind the cut must begin a character.
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) length--;
    }
    std::memset(field, 0, N);
    if (length > 0) std::memcpy(field, text.data(), length);
}

}  // namespace detail

/// One result: what a callback returns, what is reported, what probe_once measured.
class RunResult {
   public:
    /// A result of this outcome; the library fills in the reason unless one is given.
    explicit RunResult(Outcome outcome, Reason reason = Reason::none) noexcept : raw_{} {
        raw_.struct_size = sizeof raw_;
        raw_.outcome = static_cast<meshvitals_outcome_t>(outcome);
        raw_.reason = static_cast<std::int32_t>(reason);
        raw_.value = std::numeric_limits<double>::quiet_NaN();
    }

    /// Of the C interface.
    explicit RunResult(const meshvitals_result_t& raw) noexcept : raw_(raw) {}

    /// It works.
    static RunResult pass() noexcept { return RunResult(Outcome::pass); }
    /// It works, with this complaint.
    static RunResult warn(std::string_view message) noexcept {
        return RunResult(Outcome::warn).with_message(message);
    }
    /// It does not work, and this is what it said.
    static RunResult fail(std::string_view message) noexcept {
        return RunResult(Outcome::fail).with_message(message);
    }
    /// It did not answer.
    static RunResult timeout() noexcept { return RunResult(Outcome::timeout); }
    /// The fault is on this side: nothing is known.
    static RunResult local(std::string_view message) noexcept {
        return RunResult(Outcome::local).with_message(message);
    }

    /// The same result with the measured value.
    [[nodiscard]] RunResult with_value(double value) const noexcept {
        RunResult copy = *this;
        copy.raw_.value = value;
        return copy;
    }
    /// The same result with one sentence for people, cut to 159 bytes. No secrets: it is shown.
    [[nodiscard]] RunResult with_message(std::string_view message) const noexcept {
        RunResult copy = *this;
        detail::put(copy.raw_.message, message);
        return copy;
    }
    /// The same result with a number that explains the reason: errno, HTTP status.
    [[nodiscard]] RunResult with_detail(std::int32_t detail) const noexcept {
        RunResult copy = *this;
        copy.raw_.detail = detail;
        return copy;
    }
    /// The same result with the time that it took.
    [[nodiscard]] RunResult with_latency(Duration latency) const noexcept {
        RunResult copy = *this;
        copy.raw_.latency_ns = detail::count_of(latency);
        return copy;
    }
    /// The same result with the instant at which it was measured; without one that is now.
    [[nodiscard]] RunResult with_finished(Time finished) const noexcept {
        RunResult copy = *this;
        copy.raw_.finished_ns = detail::count_of(finished.time_since_epoch());
        return copy;
    }

    [[nodiscard]] Outcome outcome() const noexcept { return static_cast<Outcome>(raw_.outcome); }
    [[nodiscard]] Reason reason() const noexcept { return static_cast<Reason>(raw_.reason); }
    /// A number that explains the reason.
    [[nodiscard]] std::int32_t detail() const noexcept { return raw_.detail; }
    /// How long it took.
    [[nodiscard]] std::chrono::nanoseconds latency() const noexcept {
        return meshvitals::detail::nanoseconds_of(raw_.latency_ns);
    }
    /// The measured value, if there is one.
    [[nodiscard]] std::optional<double> value() const noexcept {
        return meshvitals::detail::value_of(raw_.value);
    }
    /// One sentence for people; valid as long as this object.
    [[nodiscard]] std::string_view message() const noexcept { return raw_.message; }
    /// The struct of the C interface.
    [[nodiscard]] const meshvitals_result_t& raw() const noexcept { return raw_; }

   private:
    meshvitals_result_t raw_;
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
