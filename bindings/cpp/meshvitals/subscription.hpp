/* A subscription to events: a queue of its own, which outlives its monitor. */
#ifndef MESHVITALS_SUBSCRIPTION_HPP
#define MESHVITALS_SUBSCRIPTION_HPP

#include <memory>
#include <vector>

#include "event.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// Move-only. Several threads may poll one subscription; moving and destroying it is like
/// meshvitals_subscription_free: nobody else may be using it.
class Subscription {
   public:
    /// Takes what meshvitals_subscribe gave.
    explicit Subscription(meshvitals_subscription_t* raw) noexcept : raw_(raw) {}

    /// Up to `limit` events; waits for the first one as long as it takes. Empty after wake(). At
    /// the end of the monitor the rest comes first and then Code::stopped.
    Result<std::vector<Event>> poll(std::size_t limit = 64) { return take(-1, limit); }

    /// The same, and empty when `timeout` passed. Zero does not wait.
    template <class Rep, class Period>
    Result<std::vector<Event>> poll(const std::chrono::duration<Rep, Period>& timeout,
                                    std::size_t limit = 64) {
        return take(detail::milliseconds_of<std::int32_t>(timeout), limit);
    }

    /// As poll, into an array of the caller: allocates nothing. Answers how many came.
    template <class Rep, class Period>
    Result<std::size_t> poll_into(Event* events, std::size_t capacity,
                                  const std::chrono::duration<Rep, Period>& timeout) {
        return fill(events, capacity, detail::milliseconds_of<std::int32_t>(timeout));
    }

    /// Makes a poll that waits, or else the next one, return without an event.
    Result<void> wake() { return detail::answer(meshvitals_wake(raw_.get())); }

    /// The descriptor that is readable while there is something to poll, for poll, epoll, select
    /// or Asio. Only wait for it: it is the subscription's, which reads and closes it.
    [[nodiscard]] Result<int> fd() const {
        const std::int32_t fd = meshvitals_event_fd(raw_.get());
        if (fd < 0) return detail::refused<int>(Error(static_cast<Code>(fd)));
        return int{fd};
    }

    /// The handle of the C interface; it stays this object's.
    [[nodiscard]] meshvitals_subscription_t* raw() const noexcept { return raw_.get(); }

   private:
    struct Free {
        void operator()(meshvitals_subscription_t* raw) const noexcept {
            meshvitals_subscription_free(raw);
        }
    };

    Result<std::size_t> fill(Event* events, std::size_t capacity, std::int32_t timeout_ms) {
        // An Event is its first and only member, as the assertions beside it say.
        meshvitals_event_t* first = events == nullptr ? nullptr : &events->raw_;
        const std::int32_t count =
            meshvitals_poll(raw_.get(), first, sizeof(Event), capacity, timeout_ms);
        if (count < 0) return detail::refused<std::size_t>(Error(static_cast<Code>(count)));
        return static_cast<std::size_t>(count);
    }

    Result<std::vector<Event>> take(std::int32_t timeout_ms, std::size_t limit) {
        std::vector<Event> events(limit);
#if MESHVITALS_EXCEPTIONS
        events.resize(fill(events.data(), limit, timeout_ms));
#else
        const Expected<std::size_t> count = fill(events.data(), limit, timeout_ms);
        if (!count) return count.error();
        events.resize(*count);
#endif
        return events;
    }

    std::unique_ptr<meshvitals_subscription_t, Free> raw_;
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
