/* A check that is a callable of the program: the library calls it, on a thread of its own and under
   a deadline, and owns it until its last return.

   A queue fills up and is emptied; the program ends when its check is HEALTHY again:
   c++ -std=c++17 callback.cpp $(pkg-config --cflags --libs meshvitals) -lpthread -o callback &&
   ./callback */

#include <atomic>
#include <iostream>
#include <meshvitals.hpp>

namespace mv = meshvitals;
using namespace std::chrono_literals;

constexpr int LIMIT = 10;

int main() try {
    // Shared by the program and the callable; whoever lets go last destroys it.
    const auto length = std::make_shared<std::atomic<int>>(0);
    mv::Monitor monitor{mv::MonitorDocument{}.system_checks(false)};
    mv::Subscription events = monitor.subscribe(mv::Kinds::status);
    monitor.start();
    // It may return a RunResult, a bool or nothing; an exception would be a failure of the check.
    const mv::Check queue = monitor.register_callback(
        mv::CheckDocument{"queue", mv::Callback{}}.interval(50ms).timeout(1s).initial_delay(0s)
            .success_threshold(1),
        [length](const mv::Run &) {
            const int taken = *length;
            const std::string text = std::to_string(taken) + " places taken";
            return mv::RunResult(taken < LIMIT ? mv::Outcome::pass : mv::Outcome::fail)
                .with_message(text).with_value(taken);
        });
    for (bool was_full = false;;) {
        for (const mv::Event &event : events.poll()) {
            if (event.check() != queue.id() || event.reason() == mv::Reason::initial) continue;
            std::cout << mv::text(event.status()) << " (" << event.text() << ")" << std::endl;
            if (was_full && event.status() == mv::Status::healthy) return 0;
            was_full = event.status() == mv::Status::unhealthy;
            *length = was_full ? 0 : LIMIT;
        }
    }
} catch (const mv::Error &error) {
    std::cerr << error.what() << "\n";
    return 1;
}
