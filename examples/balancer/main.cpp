/* A TCP load balancer that carries the health engine inside itself.

   For each connection it reads the statuses of its upstreams inline, where they are, and never
   chooses one that is UNHEALTHY. When an upstream does not accept, the connection goes to the next
   one and the engine is asked to look at once; a second failure, one confirm interval later, takes
   the upstream out until it answers again.

   c++ -std=c++17 *.cpp $(pkg-config --cflags --libs meshvitals) -o balancer
   ./balancer 127.0.0.1:8080 /health 127.0.0.1:9001 127.0.0.1:9002 */

#include <sys/signalfd.h>
#include <sys/socket.h>

#include <csignal>
#include <iostream>
#include <map>
#include <memory>

#include "relay.hpp"

using namespace std::chrono_literals;

namespace {

/// Descriptors whose readiness is a plain call.
struct On : Handler {
    explicit On(std::function<void()> what) : call(std::move(what)) {}
    void ready(std::uint32_t) override { call(); }
    std::function<void()> call;
};

class Balancer {
   public:
    Balancer(const std::string& address, const std::string& path,
             const std::vector<std::string>& upstreams)
        : monitor_(mv::MonitorDocument{}.system_checks(false).start_spread(0s)),
          pool_(monitor_, path, upstreams),
          events_(monitor_.subscribe(mv::Kinds::status | mv::Kinds::result)),
          listener_(listen(address)),
          signals_(block_signals()) {
        loop_.watch(events_.fd(), EPOLLIN, 0, on_event_);
        loop_.watch(listener_.get(), EPOLLIN, 0, on_client_);
        loop_.watch(signals_.get(), EPOLLIN, 0, on_signal_);
        monitor_.start();
        std::cout << "listening on " << address << std::endl;
    }

    /// Until a signal ends it.
    void run() {
        while (!over_) loop_.turn();
    }

   private:
    static Fd listen(const std::string& text) {
        const sockaddr_in address = parse_address(text);
        const int one = 1;
        Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (fd.get() < 0) fail("socket");
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            fail(text.c_str());
        if (::listen(fd.get(), 1024) != 0) fail(text.c_str());
        return fd;
    }

    /// SIGINT and SIGTERM as a descriptor. The engine's threads block all signals anyway.
    static Fd block_signals() {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        ::sigprocmask(SIG_BLOCK, &set, nullptr);
        return Fd(::signalfd(-1, &set, SFD_CLOEXEC));
    }

    void accept() {
        Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client.get() < 0) {
            // Without descriptors the others wait in the backlog until a relay ends.
            if (errno == EMFILE || errno == ENFILE) pause(true);
            return;
        }
        auto relay = std::make_unique<Relay>(owner_, std::move(client));
        Relay& begun = *relay;
        relays_.emplace(&begun, std::move(relay));
        begun.begin();
    }

    void pause(bool paused) {
        if (paused == paused_) return;
        paused_ = paused;
        loop_.watch(listener_.get(), paused ? 0u : EPOLLIN, paused ? EPOLLIN : 0u, on_client_);
    }

    void take_events() {
        std::vector<mv::Event> batch;
        do {
            batch = events_.poll(0s);
            for (const mv::Event& event : batch)
                if (Upstream* upstream = pool_.of(event.check())) take(*upstream, event);
        } while (!batch.empty());
    }

    void take(Upstream& upstream, const mv::Event& event) {
        if (event.kind() == mv::Kind::result) {
            const bool good = event.outcome() == mv::Outcome::pass;
            if (!good && !upstream.doubted) upstream.doubted = event.at();
            if (good) upstream.doubted.reset();
            return;
        }
        if (event.reason() == mv::Reason::initial) return;
        std::cout << upstream.name << ": " << mv::text(event.previous()) << " -> "
                  << mv::text(event.status()) << " (" << mv::text(event.reason()) << ")";
        if (event.status() == mv::Status::unhealthy) {
            using milliseconds = std::chrono::duration<double, std::milli>;
            if (upstream.doubted)
                std::cout << ", " << milliseconds(event.at() - *upstream.doubted).count()
                          << " ms after its first failure";
            // `leave` may end relays, so it does not run over the map itself.
            std::vector<Relay*> all;
            for (const auto& [relay, owned] : relays_) all.push_back(relay);
            for (Relay* relay : all) relay->leave(upstream);
        }
        std::cout << std::endl;
    }

    mv::Monitor monitor_;
    Pool pool_;
    mv::Subscription events_;
    Fd listener_, signals_;
    Loop loop_;
    bool over_ = false, paused_ = false;
    On on_event_{[this] { take_events(); }};
    On on_client_{[this] { accept(); }};
    On on_signal_{[this] { over_ = true; }};
    Relay::Owner owner_{loop_, pool_,
                        [this](const Upstream& upstream) { monitor_.check_now(upstream.check); },
                        [this](Relay& relay) {
                            relays_.erase(&relay);
                            pause(false);
                        }};
    std::map<Relay*, std::unique_ptr<Relay>> relays_;
};

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 4) {
        std::cerr << "usage: balancer ADDRESS PATH UPSTREAM...\n";
        return 64;
    }
    Balancer(argv[1], argv[2], std::vector<std::string>(argv + 3, argv + argc)).run();
} catch (const std::exception& error) {
    std::cerr << "balancer: " << error.what() << "\n";
    return 70;
}
