/* Events in the event loop of a program, without exceptions: one descriptor more for epoll.

   It watches an address and answers each line on its standard input with the status of the moment,
   until the input ends:
   c++ -std=c++17 -fno-exceptions epoll.cpp $(pkg-config --cflags --libs meshvitals) -o epoll &&
   ./epoll 127.0.0.1:5432 */

#include <sys/epoll.h>
#include <unistd.h>

#include <iostream>
#include <meshvitals.hpp>

namespace mv = meshvitals;
using namespace std::chrono_literals;

/* What a program without exceptions does with an error of its own set-up. */
template <class T>
static T need(mv::Expected<T> answer) {
    if (answer) return *std::move(answer);
    std::cerr << answer.error().what() << std::endl;
    std::exit(1);
}

static void watch(int loop, int fd) {
    epoll_event interest{};
    // Level-triggered, so that nothing is lost when a batch leaves something behind.
    interest.events = EPOLLIN;
    interest.data.fd = fd;
    if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &interest) != 0) std::exit(1);
}

int main(int argc, char **argv) {
    auto monitor = need(mv::Monitor::make(mv::MonitorDocument{}.system_checks(false)));
    const mv::Check target = need(monitor.register_check(
        mv::CheckDocument{"target", mv::Tcp{argc > 1 ? argv[1] : "127.0.0.1:5432"}}
            .interval(500ms)));
    auto events = need(monitor.subscribe(mv::Kinds::status));
    if (const auto started = monitor.start(); !started) {
        std::cerr << started.error().what() << std::endl;
        return 1;
    }
    const int loop = epoll_create1(EPOLL_CLOEXEC);
    watch(loop, need(events.fd()));
    watch(loop, STDIN_FILENO);
    for (epoll_event ready{};;) {
        if (epoll_wait(loop, &ready, 1, -1) != 1) continue;
        if (ready.data.fd == STDIN_FILENO) {
            char line[256];
            if (read(STDIN_FILENO, line, sizeof line) <= 0) break;
            // No call, no lock: this may stand where requests are routed.
            std::cout << "now " << mv::text(target.status()) << std::endl;
            continue;
        }
        for (const mv::Event &event : need(events.poll(0s)))
            if (event.check() == target.id())
                std::cout << mv::text(event.previous()) << " -> " << mv::text(event.status())
                          << " (" << mv::text(event.reason()) << ")" << std::endl;
    }
    close(loop);
}
