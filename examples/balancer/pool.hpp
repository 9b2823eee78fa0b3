/* The upstreams, and which of them the next connection goes to. */
#ifndef POOL_HPP
#define POOL_HPP

#include <netinet/in.h>

#include <meshvitals.hpp>
#include <string>
#include <vector>

namespace mv = meshvitals;

/// `a.b.c.d:port` as the system has it; throws std::invalid_argument.
sockaddr_in parse_address(const std::string& text);

/// One upstream with the check that decides about it.
struct Upstream {
    std::string name;
    sockaddr_in address;
    mv::Check check;
    /// The end of the first failed run since the last good one, if there is one.
    std::optional<mv::Time> doubted{};
};

/// Registers an HTTP check for each upstream and chooses by their statuses.
class Pool {
   public:
    /// `path` is asked for by the checks; `names` are the addresses of the upstreams.
    Pool(mv::Monitor& monitor, const std::string& path, const std::vector<std::string>& names);

    /// The next upstream in turn that may take a connection: one that works, else one of which
    /// nothing is known yet, never one that does not work. `tried` were tried for this connection
    /// already. Reads each status inline, so it costs nanoseconds.
    Upstream* choose(const std::vector<const Upstream*>& tried);

    /// The upstream of a check.
    Upstream* of(mv::CheckId check);

   private:
    std::vector<Upstream> upstreams_;
    std::size_t turn_ = 0;
};

#endif
