/* Eight threads register, read, poll, report, render and unregister on one monitor at once, and
   two more do nothing but read. At the end nothing is left and every callable was destroyed.

   The argument is how many rounds each thread goes (100 without it); `60s` is a time. */
#include "choice.hpp"

#include <atomic>
#include <thread>

static constexpr int THREADS = 8;

static std::atomic<int> alive{0};
static std::atomic<std::uint64_t> readings{0};

struct Counted {
    Counted() { ++alive; }
    Counted(Counted&&) noexcept { ++alive; }
    ~Counted() { --alive; }
};

static void one_round(mv::Monitor& monitor, mv::Subscription& own, const std::string& name,
                      std::uint16_t port) {
    const auto named = [&](const char* what) { return name + "-" + what; };
    const mv::Check beat = MUST(monitor.register_check(
        mv::CheckDocument(named("beat"), mv::Heartbeat{1h}).tags({"threads", name})));
    const mv::Check call = MUST(monitor.register_callback(
        mv::CheckDocument(named("call"), mv::Callback{}).interval(10ms).initial_delay(0s),
        [counted = Counted(), beat] { return beat.status() != mv::Status::unhealthy; }));
    const auto both = MUST(monitor.register_many(
        {mv::CheckDocument(named("tcp"), mv::Tcp{"127.0.0.1:" + std::to_string(port)})
             .interval(10ms)
             .initial_delay(0s),
         mv::CheckDocument(named("external"), mv::External{}).interval(10ms)}));
    MUST(monitor.beat(beat));
    CHECK(MUST(monitor.find(named("call"))) == call);
    CHECK(beat.status() != mv::Status::unhealthy && monitor.overall() <= mv::Status::unhealthy);
    static_cast<void>(MUST(monitor.group(name)).status());
    MUST(monitor.check_now(both[0]));
    for (const mv::Event& event : MUST(own.poll(0s))) {
        static_cast<void>(monitor.check(event.check()).status());
        CHECK(event.kind() >= mv::Kind::status && event.kind() <= mv::Kind::log);
    }
    CHECK(MUST(monitor.render("openmetrics")).size() > 0);
    MUST(monitor.pause(call));
    MUST(monitor.unregister_many(both));
    MUST(monitor.unregister(call));
    CHECK_STATUS(call.status(), unknown);
    MUST(monitor.override_status(beat, mv::Status::unhealthy));
    CHECK_STATUS(beat.status(), unhealthy);
    MUST(monitor.unregister(beat));
    CHECK_STATUS(beat.status(), unknown);
}

int main(int argc, char** argv) {
    const std::string argument = argc > 1 ? argv[1] : "100";
    const long count = std::strtol(argument.c_str(), nullptr, 10);
    const bool timed = argument.back() == 's';
    const mv::Time end = mv::Clock::now() + std::chrono::seconds(timed ? count : 0);
    std::uint16_t port = 0;
    const int listener = listen_on(&port);
    auto monitor = MUST(mv::Monitor::make(
        mv::MonitorDocument{}.system_checks(false).checks({mv::CheckDocument("a", mv::Cpu{})})));
    MUST(monitor.start());
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> rounds{0};
    std::vector<std::thread> readers, workers;
    const mv::Check always = MUST(monitor.find("a"));
    for (int i = 0; i < 2; i++)
        readers.emplace_back([&] {
            std::uint64_t own = 0;
            for (; !over; own++) {
                CHECK(always.status() <= mv::Status::unhealthy);
                CHECK(always.fresh_status() <= mv::Status::unhealthy);
                if (own % 1024 == 0) std::this_thread::yield();
            }
            readings += own;
        });
    for (int i = 0; i < THREADS; i++)
        workers.emplace_back([&, i] {
            auto own = MUST(monitor.subscribe(mv::Kinds::status | mv::Kinds::result |
                                                  mv::Kinds::life, 64));
            for (long at = 0; timed ? mv::Clock::now() < end : at < count; at++, rounds++)
                one_round(monitor, own, "t" + std::to_string(i), port);
        });
    for (std::thread& worker : workers) worker.join();
    over = true;
    for (std::thread& reader : readers) reader.join();
    CHECK_EQ(MUST(monitor.list()).size(), 2 /* a and meshvitals.self */);
    MUST(monitor.stop(std::chrono::milliseconds(PATIENCE_MS)));
    CHECK_EQ(alive, 0);
    CHECK(readings > 0);
    std::printf("%llu rounds, %llu readings\n", static_cast<unsigned long long>(rounds),
                static_cast<unsigned long long>(readings));
    close(listener);
    return 0;
}
