/* One engine: checks, one background thread, what it publishes. */
#ifndef MESHVITALS_MONITOR_HPP
#define MESHVITALS_MONITOR_HPP

#include "callback.hpp"
#include "document.hpp"
#include "snapshot.hpp"
#include "subscription.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// Move-only. Destroying it stops the engine, waiting at most its `stop_timeout`; handles stay
/// readable, subscriptions give the rest. One that was moved from refuses every call with
/// Code::null.
class Monitor {
   public:
    /// A monitor from its configuration; nothing runs until start(), or with a manual clock
    /// advance().
    static Result<Monitor> make(const Document& configuration = "{}") {
        meshvitals_monitor_t* raw = nullptr;
        meshvitals_error_t why;
        const auto code = detail::with_text(configuration, why, [&](const char* text) {
            return meshvitals_monitor_new(text, &raw, &why);
        });
        if (code != MESHVITALS_OK) return detail::refused<Monitor>(Error(why));
        return Monitor(raw);
    }

#if MESHVITALS_EXCEPTIONS
    explicit Monitor(const Document& configuration = "{}") : Monitor(make(configuration)) {}
#endif

    /// Takes what meshvitals_monitor_new gave.
    explicit Monitor(meshvitals_monitor_t* raw) noexcept : raw_(raw) {}

    /// Starts the background thread. After a stop or a fork everything begins anew: registrations
    /// stay, statuses are UNKNOWN.
    Result<void> start() {
        meshvitals_error_t why;
        return detail::answer(meshvitals_monitor_start(raw(), &why), why);
    }

    /// Stops it; Code::timeout when a thread is still in what nobody can end, such as a callback.
    template <class Rep, class Period>
    Result<void> stop(const std::chrono::duration<Rep, Period>& timeout) {
        const auto limit = detail::milliseconds_of<std::uint32_t>(timeout);
        return detail::answer(meshvitals_monitor_stop(raw(), limit));
    }

    /// Moves a manual monitor and does what is due. Answers when the next turn is needed, if
    /// anything is planned. Callbacks run in this call.
    Result<std::optional<Time>> advance(Time now) {
        std::uint64_t next_ns = 0;
        const auto code = meshvitals_monitor_advance(
            raw(), detail::count_of(now.time_since_epoch()), &next_ns);
        if (code != MESHVITALS_OK)
            return detail::refused<std::optional<Time>>(Error(static_cast<Code>(code)));
        return detail::time_unless(next_ns, UINT64_MAX);
    }

    /// The clock of every instant of this monitor.
    [[nodiscard]] Time now() const noexcept { return detail::time_of(meshvitals_now_ns(raw())); }

    /// Registers a check.
    Result<Check> register_check(const Document& check) {
        return one(check, [&](const char* text, meshvitals_check_id_t* id, auto* why) {
            return meshvitals_register(raw(), text, id, why);
        });
    }

    /// Registers a check that is a callable: `RunResult f(const Run&)`; it may take nothing, and
    /// may return bool or nothing. It runs on a pool of the library, never twice at once; at the
    /// deadline the result is a timeout whatever it does.
    template <class F>
    Result<Check> register_callback(const Document& check, F&& function) {
        auto owned = detail::own(std::forward<F>(function));
        using Owned = typename decltype(owned)::element_type;
        return one(check, [&](const char* text, meshvitals_check_id_t* id, auto* why) {
            const auto code = meshvitals_register_callback(raw(), text, &Owned::run, owned.get(),
                                                           &Owned::drop, id, why);
            // From success on it is the library's.
            if (code == MESHVITALS_OK) static_cast<void>(owned.release());
            return code;
        });
    }

    /// Registers checks, all or none.
    Result<std::vector<Check>> register_many(const std::vector<CheckDocument>& checks) {
        const auto text = [](const CheckDocument& check) { return check.text(); };
        return register_many(std::string_view(json::array(checks, text)));
    }

    /// The same, of a JSON array.
    Result<std::vector<Check>> register_many(std::string_view checks) {
        // Each check is an object: there are no more of them than opening braces.
        const auto most = std::count(checks.begin(), checks.end(), '{');
        std::vector<meshvitals_check_id_t> ids(static_cast<std::size_t>(most));
        std::size_t count = 0;
        meshvitals_error_t why;
        const auto code = detail::with_text(checks, why, [&](const char* json) {
            return meshvitals_register_many(raw(), json, ids.data(), ids.size(), &count, &why);
        });
        if (code != MESHVITALS_OK) return detail::refused<std::vector<Check>>(Error(why));
        ids.resize(count);
        return handles(ids);
    }

    /// Registers a check, or puts its document in the place of the check of its name.
    Result<Check> replace(const Document& check) {
        return one(check, [&](const char* text, meshvitals_check_id_t* id, auto* why) {
            return meshvitals_replace(raw(), text, id, why);
        });
    }

    /// Removes a check. When this returns no call of its function starts; one may still run.
    Result<void> unregister(CheckId check) {
        return detail::answer(meshvitals_unregister(raw(), number(check)));
    }

    /// Removes checks, all or none.
    Result<void> unregister_many(const std::vector<Check>& checks) {
        std::vector<meshvitals_check_id_t> ids;
        ids.reserve(checks.size());
        for (const Check& check : checks) ids.push_back(number(check));
        return detail::answer(meshvitals_unregister_many(raw(), ids.data(), ids.size()));
    }

    /// The check of a name.
    [[nodiscard]] Result<Check> find(std::string_view name) const {
        return named<Check>(name, meshvitals_find);
    }

    /// The check of an id, such as that of an event; reads UNKNOWN for an id that is none.
    [[nodiscard]] Check check(CheckId id) const noexcept { return handle<Check>(id); }

    /// All checks.
    [[nodiscard]] Result<std::vector<Check>> list() const {
        std::vector<meshvitals_check_id_t> ids(64);
        for (;;) {
            const std::int64_t count = meshvitals_list(raw(), ids.data(), ids.size());
            if (count < 0)
                return detail::refused<std::vector<Check>>(Error(static_cast<Code>(count)));
            const bool fits = static_cast<std::size_t>(count) <= ids.size();
            ids.resize(static_cast<std::size_t>(count));
            if (fits) return handles(ids);
        }
    }

    /// A group: a tag of any check, `readiness`, `liveness`, `startup`, or `overall`.
    [[nodiscard]] Result<Group> group(std::string_view name) const {
        return named<Group>(name, meshvitals_group_find);
    }

    /// The status of the whole.
    [[nodiscard]] Status overall() const noexcept {
        return static_cast<Status>(meshvitals_overall(raw()));
    }

    /// What a probe of an orchestrator is told about a group; of a check, whether it works.
    [[nodiscard]] Result<bool> answer(CheckId group) const {
        const std::int32_t answer = meshvitals_answer(raw(), number(group));
        if (answer < 0) return detail::refused<bool>(Error(static_cast<Code>(answer)));
        return answer == 1;
    }

    /// Everything known about a check or group.
    [[nodiscard]] Result<Snapshot> snapshot(CheckId check) const {
        meshvitals_snapshot_t seen{};
        seen.struct_size = sizeof seen;
        const auto code = meshvitals_snapshot(raw(), number(check), &seen);
        if (code != MESHVITALS_OK)
            return detail::refused<Snapshot>(Error(static_cast<Code>(code)));
        return Snapshot(seen);
    }

    /// A report of all checks and groups: "json" or "openmetrics".
    [[nodiscard]] Result<std::string> render(const std::string& format = "json") const {
        std::string text(4096, '\0');
        for (;;) {
            const std::int64_t length =
                meshvitals_render(raw(), format.c_str(), text.data(), text.size());
            if (length < 0)
                return detail::refused<std::string>(Error(static_cast<Code>(length)));
            const auto size = static_cast<std::size_t>(length);
            const bool fits = size < text.size();
            // One byte more is for the NUL.
            text.resize(fits ? size : size + 1);
            if (fits) return text;
        }
    }

    /// Subscribes to events; beyond `capacity` the changes of one check are merged.
    Result<Subscription> subscribe(Kinds kinds, std::uint32_t capacity = 1024) {
        meshvitals_subscription_t* events = nullptr;
        meshvitals_error_t why;
        const auto code = meshvitals_subscribe(raw(), static_cast<std::uint32_t>(kinds), capacity,
                                               &events, &why);
        if (code != MESHVITALS_OK) return detail::refused<Subscription>(Error(why));
        return Subscription(events);
    }

    /// Answers the CHECK_DUE event of an external check.
    Result<void> report(const Event& due, const RunResult& result) {
        return report(due.check(), due.token(), result);
    }
    Result<void> report(CheckId check, std::uint64_t token, const RunResult& result) {
        meshvitals_result_t told = result.raw();
        told.token = token;
        return detail::answer(meshvitals_report(raw(), number(check), &told));
    }

    /// A heartbeat.
    Result<void> beat(CheckId check, const RunResult& result = RunResult::pass()) {
        return report(check, 0, result);
    }

    /// Asks for a run now; the answer is a RESULT event.
    Result<void> check_now(CheckId check) {
        return detail::answer(meshvitals_check_now(raw(), number(check)));
    }

    /// Until resume() the check does not run, reads UNKNOWN and is left out of its groups.
    Result<void> pause(CheckId check) {
        return detail::answer(meshvitals_pause(raw(), number(check), 1));
    }
    Result<void> resume(CheckId check) {
        return detail::answer(meshvitals_pause(raw(), number(check), 0));
    }

    /// Publishes this status for some time, or until clear_override(), whatever is measured. No
    /// time at all ends an override; a negative one is refused.
    template <class Rep, class Period>
    Result<void> override_status(CheckId check, Status status,
                                 const std::chrono::duration<Rep, Period>& ttl) {
        if (ttl < ttl.zero()) return detail::answer(MESHVITALS_ERROR_RANGE);
        return publish(check, status, detail::milliseconds_of<std::uint64_t>(ttl));
    }
    Result<void> override_status(CheckId check, Status status) {
        return publish(check, status, UINT64_MAX);
    }
    Result<void> clear_override(CheckId check) { return publish(check, Status::unknown, 0); }

    /// Sends the lines of the log up to `level` to `void f(LogLevel, std::string_view)`, which is
    /// called on any thread. What it throws is lost.
    template <class F>
    Result<void> set_log(LogLevel level, F&& function) {
        auto owned = detail::own(std::forward<F>(function));
        using Owned = typename decltype(owned)::element_type;
        const auto code = meshvitals_set_log(raw(), static_cast<std::int32_t>(level), &Owned::log,
                                             owned.get(), &Owned::drop);
        if (code == MESHVITALS_OK) static_cast<void>(owned.release());
        return detail::answer(code);
    }
    /// Ends that.
    Result<void> clear_log() {
        return detail::answer(meshvitals_set_log(raw(), 0, nullptr, nullptr, nullptr));
    }

    /// The handle of the C interface; it stays this object's.
    [[nodiscard]] meshvitals_monitor_t* raw() const noexcept { return raw_.get(); }

   private:
    struct Free {
        void operator()(meshvitals_monitor_t* raw) const noexcept { meshvitals_monitor_free(raw); }
    };

    static meshvitals_check_id_t number(CheckId id) noexcept {
        return static_cast<meshvitals_check_id_t>(id);
    }

    template <class H>
    H handle(CheckId id) const noexcept {
        return H(id, meshvitals_cell(raw(), number(id)));
    }

    std::vector<Check> handles(const std::vector<meshvitals_check_id_t>& ids) const {
        std::vector<Check> checks;
        checks.reserve(ids.size());
        for (const meshvitals_check_id_t id : ids) checks.push_back(handle<Check>(CheckId{id}));
        return checks;
    }

    template <class Call>
    Result<Check> one(const Document& check, Call call) {
        meshvitals_check_id_t id = 0;
        meshvitals_error_t why;
        const auto code =
            detail::with_text(check, why, [&](const char* text) { return call(text, &id, &why); });
        if (code != MESHVITALS_OK) return detail::refused<Check>(Error(why));
        return handle<Check>(CheckId{id});
    }

    template <class H, class Find>
    Result<H> named(std::string_view name, Find function) const {
        meshvitals_check_id_t id = 0;
        // No name contains a NUL, where C would stop reading.
        const auto code = name.find('\0') == std::string_view::npos
                              ? function(raw(), std::string(name).c_str(), &id)
                              : MESHVITALS_ERROR_NOT_FOUND;
        if (code != MESHVITALS_OK) return detail::refused<H>(Error(static_cast<Code>(code)));
        return handle<H>(CheckId{id});
    }

    Result<void> publish(CheckId check, Status status, std::uint64_t ttl_ms) {
        return detail::answer(meshvitals_override(
            raw(), number(check), static_cast<meshvitals_status_t>(status), ttl_ms));
    }

    std::unique_ptr<meshvitals_monitor_t, Free> raw_;
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
