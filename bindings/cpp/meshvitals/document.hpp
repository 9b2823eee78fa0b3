/* The documents of checks and monitors: raw JSON, or built key by key.

   The builders know the keys and the types of their values; what a value may be is judged by the
   library, whose error names the place. Setting a key again replaces it. */
#ifndef MESHVITALS_DOCUMENT_HPP
#define MESHVITALS_DOCUMENT_HPP

#include "probe.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// What checks and the defaults of a monitor have in common.
template <class Self>
class Policy {
   public:
    /// Between the starts of two runs.
    Self& interval(Duration value) { return duration("interval", value); }
    /// From the start of a run to its deadline, everything included.
    Self& timeout(Duration value) { return duration("timeout", value); }
    /// Between runs while in doubt.
    Self& confirm_interval(Duration value) {
        return duration("confirm_interval", value);
    }
    /// Before the first run.
    Self& initial_delay(Duration value) { return duration("initial_delay", value); }
    /// The share of the interval by which each round moves, to both sides.
    Self& jitter(double share) { return put("jitter", json::number(share)); }
    /// Failures in a row that make UNHEALTHY.
    Self& failure_threshold(std::int64_t count) { return number("failure_threshold", count); }
    /// Passes in a row that end UNHEALTHY and DEGRADED.
    Self& success_threshold(std::int64_t count) { return number("success_threshold", count); }
    /// Warnings in a row that make DEGRADED.
    Self& degraded_threshold(std::int64_t count) { return number("degraded_threshold", count); }
    /// "pass", "any" or "none".
    Self& first_result_decides(std::string_view word) {
        return put("first_result_decides", json::quoted(word));
    }
    /// Whether a warning counts as a failure.
    Self& degraded_is_failure(bool value) {
        return put("degraded_is_failure", json::boolean(value));
    }
    /// From registration, in which a check that never had a status does not become UNHEALTHY.
    Self& start_grace(Duration value) { return duration("start_grace", value); }
    /// After the deadline, in which an answer is still told as late.
    Self& linger(Duration value) { return duration("linger", value); }
    /// Runs at once.
    Self& max_in_flight(std::int64_t count) { return number("max_in_flight", count); }
    /// The rules that turn results into a status: "thresholds".
    Self& policy(std::string_view word) { return put("policy", json::quoted(word)); }
    /// Whether groups become UNHEALTHY with the check.
    Self& critical(bool value) { return put("critical", json::boolean(value)); }
    /// "gate": may become UNHEALTHY; "inform": stops at DEGRADED.
    Self& role(std::string_view word) { return put("role", json::quoted(word)); }
    /// The groups that the check belongs to.
    Self& tags(const std::vector<std::string>& names) {
        return put("tags", json::array(names, json::quoted));
    }

    /// The JSON so far.
    [[nodiscard]] std::string text() const { return keys_.text(); }

   protected:
    Self& put(std::string_view key, std::string json) {
        keys_.set(key, std::move(json));
        return static_cast<Self&>(*this);
    }
    Self& number(std::string_view key, std::int64_t value) {
        return put(key, json::number(value));
    }
    Self& duration(std::string_view key, Duration value) {
        return put(key, json::duration(value));
    }

    json::Object keys_;
};

/// The document of a check: `CheckDocument{"db", Tcp{"10.0.0.5:5432"}}.interval(2s)`.
class CheckDocument : public Policy<CheckDocument> {
   public:
    CheckDocument(std::string_view name, const Probe& probe) {
        put("name", json::quoted(name));
        put(probe.word(), probe.keys().text());
    }

    /// Checks without which this one cannot work.
    CheckDocument& depends_on(const std::vector<std::string>& names) {
        return put("depends_on", json::array(names, json::quoted));
    }
    /// What the addresses of a name must come to: "any" is alive, "all" are, or "each", of which
    /// some dead ones are a warning.
    CheckDocument& addresses(std::string_view rule) {
        return put("addresses", json::quoted(rule));
    }
    /// A number that the check's events carry.
    CheckDocument& cookie(std::uint64_t cookie) { return put("cookie", json::number(cookie)); }
};

/// What checks of a monitor take where they are silent.
class Defaults : public Policy<Defaults> {};

/// The configuration of a monitor. Every key may be absent.
class MonitorDocument {
   public:
    /// Whether `system.cpu`, `system.memory` and `system.disk` are watched.
    MonitorDocument& system_checks(bool value) {
        return put("system_checks", json::boolean(value));
    }
    MonitorDocument& cpu_threshold(double share) {
        return put("cpu_threshold", json::number(share));
    }
    MonitorDocument& memory_threshold(double share) {
        return put("memory_threshold", json::number(share));
    }
    MonitorDocument& disk_threshold(double share) {
        return put("disk_threshold", json::number(share));
    }
    MonitorDocument& disk_paths(const std::vector<std::string>& paths) {
        return put("disk_paths", json::array(paths, json::quoted));
    }
    /// Policy of the checks that name none.
    MonitorDocument& policy(std::string_view word) { return put("policy", json::quoted(word)); }
    /// Jitter of the checks that give none.
    MonitorDocument& jitter(double share) { return put("jitter", json::number(share)); }
    /// By how much a start may move so that one wake-up serves many runs.
    MonitorDocument& slack(Duration value) {
        return put("slack", json::duration(value));
    }
    /// Runs in flight at once.
    MonitorDocument& max_runs(std::int64_t count) { return put("max_runs", json::number(count)); }
    /// Handshakes in flight at once.
    MonitorDocument& max_handshakes(std::int64_t count) {
        return put("max_handshakes", json::number(count));
    }
    /// Over how long first runs are spread.
    MonitorDocument& start_spread(Duration value) {
        return put("start_spread", json::duration(value));
    }
    MonitorDocument& allow_exec(bool value) { return put("allow_exec", json::boolean(value)); }
    /// How long destroying the monitor waits for its threads.
    MonitorDocument& stop_timeout(Duration value) {
        return put("stop_timeout", json::duration(value));
    }
    MonitorDocument& anchor(std::string_view address) {
        return put("anchor", json::quoted(address));
    }
    MonitorDocument& all_down_means(std::string_view word) {
        return put("all_down_means", json::quoted(word));
    }
    /// "system", or "manual": the program moves the clock with Monitor::advance.
    MonitorDocument& clock(std::string_view word) { return put("clock", json::quoted(word)); }
    MonitorDocument& defaults(const Defaults& defaults) {
        return put("defaults", defaults.text());
    }
    /// The first checks.
    MonitorDocument& checks(const std::vector<CheckDocument>& checks) {
        return put("checks", json::array(checks, [](const auto& one) { return one.text(); }));
    }

    /// The JSON so far.
    [[nodiscard]] std::string text() const { return keys_.text(); }

   private:
    MonitorDocument& put(std::string_view key, std::string json) {
        keys_.set(key, std::move(json));
        return *this;
    }

    json::Object keys_;
};

/// A document on its way to the library: raw JSON or what a builder made.
class Document {
   public:
    Document(const char* json) : text_(json) {}
    Document(std::string_view json) : text_(json) {}
    Document(std::string json) : text_(std::move(json)) {}
    Document(const CheckDocument& check) : text_(check.text()) {}
    Document(const MonitorDocument& monitor) : text_(monitor.text()) {}

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

   private:
    std::string text_;
};

namespace detail {
/// Hands a document on, unless C would see only the part of it that ends at a NUL.
template <class Call>
meshvitals_code_t with_text(const Document& document, meshvitals_error_t& why, Call call) {
    const std::string& text = document.text();
    const std::size_t end = text.find('\0');
    if (end == std::string::npos) return call(text.c_str());
    why = Error(Code::document, "the document: not valid JSON: a NUL at byte " + json::number(end))
              .raw();
    return why.code;
}
}  // namespace detail

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
