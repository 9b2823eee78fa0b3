/* A check that runs on Asio: the library says when and decides, the io_context connects.

   It connects to an address whenever it is asked to, tells each change of status, and ends when the
   address has been up and then down:
   c++ -std=c++17 asio.cpp $(pkg-config --cflags --libs meshvitals) -lpthread -o asio &&
   ./asio 127.0.0.1 5432 */

#include <fcntl.h>

#include <asio.hpp>
#include <iostream>
#include <map>
#include <meshvitals.hpp>

namespace mv = meshvitals;
using namespace std::chrono_literals;
using asio::ip::tcp;

class Watcher {
   public:
    Watcher(asio::io_context &loop, const tcp::endpoint &target)
        : loop_(loop),
          target_(target),
          monitor_(mv::MonitorDocument{}.system_checks(false)),
          check_(monitor_.register_check(
              mv::CheckDocument{"target", mv::External{}}.interval(200ms).timeout(2s))),
          events_(monitor_.subscribe(mv::Kinds::status | mv::Kinds::due)),
          // The descriptor is the subscription's; Asio closes what it is given, so it gets a copy.
          ready_(loop, ::fcntl(events_.fd(), F_DUPFD_CLOEXEC, 0)) {
        monitor_.start();
        wait();
    }

   private:
    void wait() {
        ready_.async_wait(asio::posix::stream_descriptor::wait_read,
                          [this](const asio::error_code &error) {
                              if (error) return;
                              for (const mv::Event &event : events_.poll(0s)) take(event);
                              if (!over_) wait();
                          });
    }

    void take(const mv::Event &event) {
        switch (event.kind()) {
            case mv::Kind::check_due: begin(event); break;
            // The deadline passed: closing the socket ends the run.
            case mv::Kind::check_cancel: runs_.erase(event.token()); break;
            case mv::Kind::status:
                if (event.check() != check_.id() || event.reason() == mv::Reason::initial) break;
                std::cout << mv::text(event.status()) << " (" << event.text() << ")" << std::endl;
                was_up_ = was_up_ || event.status() == mv::Status::healthy;
                over_ = was_up_ && event.status() == mv::Status::unhealthy;
                if (over_) runs_.clear();
                break;
            default: break;
        }
    }

    void begin(const mv::Event &due) {
        tcp::socket &socket = runs_.emplace(due.token(), tcp::socket(loop_)).first->second;
        socket.async_connect(target_, [this, due](const asio::error_code &error) {
            // What was cancelled is told already.
            if (error == asio::error::operation_aborted) return;
            runs_.erase(due.token());
            report(due, error ? mv::RunResult::fail(error.message()) : mv::RunResult::pass());
        });
    }

    void report(const mv::Event &due, const mv::RunResult &result) try {
        monitor_.report(due, result);
    } catch (const mv::Error &error) {
        // The deadline was a moment earlier, and its event is still on the way.
        if (error.code() != mv::Code::stale) throw;
    }

    asio::io_context &loop_;
    tcp::endpoint target_;
    mv::Monitor monitor_;
    mv::Check check_;
    mv::Subscription events_;
    asio::posix::stream_descriptor ready_;
    std::map<std::uint64_t, tcp::socket> runs_;
    bool was_up_ = false, over_ = false;
};

int main(int argc, char **argv) try {
    asio::io_context loop;
    const std::string port = argc > 2 ? argv[2] : "5432";
    Watcher watcher(loop, {asio::ip::make_address(argc > 1 ? argv[1] : "127.0.0.1"),
                           static_cast<unsigned short>(std::stoi(port))});
    loop.run();
} catch (const std::exception &error) {
    std::cerr << error.what() << "\n";
    return 1;
}
