/* Watches this machine and one port until the port is down: the example of the README.
   c++ -std=c++17 watch.cpp $(pkg-config --cflags --libs meshvitals) -o watch &&
   ./watch 127.0.0.1:5432 */

#include <iostream>
#include <meshvitals.hpp>

namespace mv = meshvitals;
using namespace std::chrono_literals;

int main(int argc, char **argv) try {
    // CPU, memory and disk are watched unless the configuration says otherwise.
    mv::Monitor monitor{mv::MonitorDocument{}.memory_threshold(0.95)};
    const mv::Check db = monitor.register_check(
        mv::CheckDocument{"db", mv::Tcp{argc > 1 ? argv[1] : "127.0.0.1:5432"}}
            .interval(2s).timeout(500ms).tags({"readiness"}));
    mv::Subscription events = monitor.subscribe(mv::Kinds::status);
    monitor.start();
    // A read takes no call and no lock: it may stand where requests are routed.
    while (db.status() != mv::Status::unhealthy) {
        for (const mv::Event &event : events.poll()) {
            std::cout << monitor.snapshot(event.check()).name() << ": "
                      << mv::text(event.previous()) << " -> " << mv::text(event.status())
                      << " (" << mv::text(event.reason()) << ")\n";
        }
    }
    std::cout << std::boolalpha << "ready: " << monitor.answer(monitor.group("readiness")) << "\n";
} catch (const mv::Error &error) {
    std::cerr << error.what() << "\n";
    return 1;
}
