/* Handles: who owns what when they move and end, and what is left of them when it is gone. Names,
   lists and batches; waits and descriptors; errors as values. */
#include "choice.hpp"

#include <poll.h>

#include <thread>
#include <type_traits>
#include <unordered_set>

static_assert(!std::is_copy_constructible_v<mv::Monitor>);
static_assert(!std::is_copy_constructible_v<mv::Subscription>);
static_assert(std::is_nothrow_move_constructible_v<mv::Monitor>);
static_assert(std::is_nothrow_move_assignable_v<mv::Subscription>);
static_assert(std::is_trivially_copyable_v<mv::Check> && sizeof(mv::Check) == 16);
static_assert(std::is_nothrow_copy_constructible_v<mv::Error>);

/* No wait is shorter than what was asked for, none is negative, none overflows. */
template <class D>
constexpr std::int32_t ms(D duration) {
    return mv::detail::milliseconds_of<std::int32_t>(duration);
}
static_assert(ms(0s) == 0 && ms(-1s) == 0 && ms(1ns) == 1 && ms(999us) == 1 && ms(1ms) == 1);
static_assert(ms(1001us) == 2 && ms(2s) == 2000 && ms(std::chrono::hours::max()) == INT32_MAX);
static_assert(ms(std::chrono::duration<double>(0.0005)) == 1);
static_assert(mv::detail::time_of(UINT64_MAX) == mv::Time::max());

static mv::CheckDocument heartbeat(const char* name) {
    return mv::CheckDocument(name, mv::Heartbeat{1h});
}

static void moving_leaves_an_empty_handle() {
    auto first = manual();
    const mv::Check check = MUST(first.register_check(heartbeat("a")));
    auto second = std::move(first);
    CHECK(first.raw() == nullptr && second.raw() != nullptr);
    CHECK_CODE(null, first.register_check(heartbeat("b")));
    CHECK_CODE(null, first.start());
    CHECK_CODE(null, first.list());
    CHECK_CODE(null, first.render());
    CHECK_STATUS(first.overall(), unknown);
    auto events = MUST(second.subscribe(mv::Kinds::life));
    auto moved = std::move(events);
    CHECK_CODE(null, events.poll());
    CHECK_CODE(null, events.fd());
    CHECK_CODE(null, events.wake());
    second = manual();
    CHECK_STATUS(check.status(), unknown);
    CHECK(MUST(second.list()).empty());
}

static void what_is_left_outlives_the_monitor() {
    mv::Check check;
    CHECK_STATUS(check.status(), unknown);
    auto monitor = std::make_unique<mv::Monitor>(manual());
    check = MUST(monitor->register_check(heartbeat("a")));
    auto events = MUST(monitor->subscribe(mv::Kinds::status | mv::Kinds::life));
    MUST(monitor->advance(at(1s)));
    MUST(monitor->beat(check));
    CHECK_STATUS(check.status(), healthy);
    const std::string name(MUST(monitor->snapshot(check)).name());
    monitor.reset();
    CHECK_STATUS(check.status(), unknown);
    CHECK_STATUS(check.fresh_status(), unknown);
    CHECK_TEXT(name, "a");
    bool stopped = false;
    for (;;) {
        const mv::Error end = error_of([&] {
            auto rest = events.poll();
#if MESHVITALS_EXCEPTIONS
            for (const mv::Event& event : rest) stopped |= event.kind() == mv::Kind::stopped;
#else
            if (rest)
                for (const mv::Event& event : *rest) stopped |= event.kind() == mv::Kind::stopped;
#endif
            return rest;
        });
        if (end.code() == mv::Code::ok) continue;
        CHECK_EQ(end.code(), mv::Code::stopped);
        break;
    }
    CHECK(stopped);
}

static void names_lists_and_batches_agree() {
    auto monitor = manual();
    const auto many = MUST(monitor.register_many({heartbeat("a"), heartbeat("b")}));
    CHECK_EQ(many.size(), 2);
    CHECK(MUST(monitor.find("a")) == many[0] && MUST(monitor.find("b")) != many[0]);
    CHECK(monitor.check(many[1].id()) == many[1]);
    const auto raw = MUST(monitor.register_many(
        R"([{"name": "c", "heartbeat": {"ttl": 1}}, {"name": "{{", "external": {}}])"));
    CHECK_EQ(raw.size(), 2);
    CHECK(MUST(monitor.register_many(std::vector<mv::CheckDocument>())).empty());
    const mv::Error taken = ERROR(monitor.register_many({heartbeat("d"), heartbeat("a")}));
    CHECK_EQ(taken.code(), mv::Code::exists);
    CHECK_TEXT(taken.key(), "/1/name");
    CHECK_CODE(not_found, monitor.find("d"));
    CHECK_CODE(not_found, monitor.find(std::string_view("a\0", 2)));
    CHECK_CODE(not_found, monitor.group("nobody"));
    CHECK_STATUS(MUST(monitor.group("overall")).status(), unknown);
    CHECK_CODE(not_found, monitor.snapshot(mv::CheckId{0}));
    CHECK_STATUS(monitor.check(mv::CheckId{12345}).status(), unknown);

    for (int i = 0; i < 100; i++)
        MUST(monitor.register_check(heartbeat(("n" + std::to_string(i)).c_str())));
    const auto all = MUST(monitor.list());
    CHECK_EQ(all.size(), 104);
    CHECK_EQ(std::unordered_set<mv::Check>(all.begin(), all.end()).size(), all.size());
    const std::string json = MUST(monitor.render());
    CHECK(json.size() > 4096 && json.front() == '{' && json.back() == '}');
    CHECK(json.find("\"n99\"") != std::string::npos);
    CHECK(MUST(monitor.render("openmetrics")).find("# EOF") != std::string::npos);
    CHECK_CODE(range, monitor.render("xml"));

    const mv::Check same = MUST(monitor.replace(heartbeat("a")));
    CHECK(same == many[0]);
    MUST(monitor.replace(heartbeat("new")));
    MUST(monitor.unregister_many(many));
    CHECK_CODE(stale, monitor.unregister_many(many));
    CHECK_CODE(stale, monitor.unregister(many[0]));
}

static void a_wait_ends_by_event_by_wake_and_by_time() {
    auto monitor = MUST(mv::Monitor::make(mv::MonitorDocument{}.system_checks(false)));
    auto events = MUST(monitor.subscribe(mv::Kinds::life));
    pollfd ready{MUST(events.fd()), POLLIN, 0};
    CHECK_EQ(::poll(&ready, 1, 0), 0);
    CHECK(MUST(events.poll(1us)).empty());
    CHECK(MUST(events.poll(-5s)).empty());
    std::thread waker([&] { MUST(events.wake()); });
    CHECK(MUST(events.poll()).empty());
    waker.join();

    MUST(monitor.register_many({heartbeat("a"), heartbeat("b"), heartbeat("c")}));
    CHECK_EQ(::poll(&ready, 1, PATIENCE_MS), 1);
    CHECK_EQ(MUST(events.poll(2)).size(), 2);
    mv::Event batch[4];
    CHECK_EQ(MUST(events.poll_into(batch, 4, std::chrono::hours::max())), 1);
    CHECK(batch[0].kind() == mv::Kind::registered);
    CHECK_TEXT(batch[0].text(), "c");
    CHECK_CODE(null, events.poll_into(nullptr, 4, 0s));
}

static void a_real_target_is_measured_once() {
    std::uint16_t port = 0;
    const int listener = listen_on(&port);
    const mv::CheckDocument document("once", mv::Tcp{"127.0.0.1:" + std::to_string(port)});
    CHECK_EQ(MUST(mv::probe_once(document)).outcome(), mv::Outcome::pass);
    close(listener);
    const mv::RunResult refused =
        MUST(mv::probe_once(document, mv::MonitorDocument{}.jitter(0).system_checks(false)));
    CHECK(refused.outcome() == mv::Outcome::fail && !refused.value());
    CHECK_EQ(refused.reason(), mv::Reason::connect_refused);
}

static void texts_are_told() {
    CHECK_TEXT(mv::text(mv::Status::degraded), "DEGRADED");
    CHECK_TEXT(mv::text(mv::Status{77}), "UNKNOWN");
    CHECK_TEXT(mv::text(mv::Outcome::timeout), "timeout");
    CHECK_TEXT(mv::text(mv::Code::exists), meshvitals_code_text(MESHVITALS_ERROR_EXISTS));
    CHECK_TEXT(mv::text(mv::Reason::connect_refused),
               meshvitals_reason_text(MESHVITALS_REASON_CONNECT_REFUSED));
    CHECK_TEXT(mv::Error(mv::Code::busy).what(), mv::text(mv::Code::busy));
    CHECK_EQ(std::string(mv::Error(mv::Code::busy, std::string(900, 'x')).what()).size(), 383);
}

static void errors_can_be_values() {
    // With exceptions too: Expected is a type like any other.
    mv::Expected<std::unique_ptr<int>> good(std::make_unique<int>(7));
    CHECK(good && good.has_value() && **good == 7 && good->get() != nullptr);
    const std::unique_ptr<int> taken = *std::move(good);
    CHECK_EQ(*taken, 7);
    const mv::Expected<int> bad(mv::Error(mv::Code::busy));
    CHECK(!bad && bad.error().code() == mv::Code::busy && bad.value_or(3) == 3);
    CHECK(mv::Expected<void>() && !mv::Expected<void>(mv::Error(mv::Code::busy)));
}

int main() {
    moving_leaves_an_empty_handle();
    what_is_left_outlives_the_monitor();
    names_lists_and_batches_agree();
    a_wait_ends_by_event_by_wake_and_by_time();
    a_real_target_is_measured_once();
    texts_are_told();
    errors_can_be_values();
    return 0;
}
