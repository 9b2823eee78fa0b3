/* One connection through the balancer: bytes from the client to an upstream and back. */
#ifndef RELAY_HPP
#define RELAY_HPP

#include <functional>
#include <vector>

#include "loop.hpp"
#include "pool.hpp"

/// Nothing of the client's was sent before the upstream accepted, so until then another upstream
/// can take its place.
class Relay {
   public:
    /// What a relay needs of its owner.
    struct Owner {
        Loop& loop;
        Pool& pool;
        /// An upstream did not accept a connection.
        std::function<void(const Upstream&)> refused;
        /// The relay is over; it may be destroyed in this call.
        std::function<void(Relay&)> over;
    };

    Relay(Owner& owner, Fd client);

    /// Connects to the upstream whose turn it is.
    void begin();

    /// An upstream is out: who still waits for it to accept goes elsewhere.
    void leave(const Upstream& upstream);

   private:
    /// One of the two ends.
    struct End : Handler {
        explicit End(Relay& whole) : relay(whole) {}
        void ready(std::uint32_t events) override { relay.ready(*this, events); }

        Relay& relay;
        Fd fd;
        std::uint32_t interest = 0;
        /// What was read here and not yet written to the other end.
        std::vector<char> kept;
        std::ptrdiff_t written = 0;
        std::size_t left() const { return kept.size() - static_cast<std::size_t>(written); }
        bool ended = false, shut = false;
    };

    void ready(End& end, std::uint32_t events);
    bool connect();
    bool connected();
    bool read(End& end);
    bool write(End& from, End& to);
    bool finished() const;
    void wish(End& end, const End& other);

    Owner& owner_;
    End client_, upstream_;
    const Upstream* chosen_ = nullptr;
    bool accepted_ = false;
    std::vector<const Upstream*> tried_;
};

#endif
