#include "relay.hpp"

#include <sys/socket.h>

/// Bytes that may wait in one direction; beyond them the sender is not read from.
static constexpr std::size_t LIMIT = 64 * 1024;

Relay::Relay(Owner& owner, Fd client) : owner_(owner), client_(*this), upstream_(*this) {
    client_.fd = std::move(client);
}

void Relay::begin() {
    if (!connect()) owner_.over(*this);
}

void Relay::leave(const Upstream& upstream) {
    if (!accepted_ && chosen_ == &upstream && !connect()) owner_.over(*this);
}

/// Begins a connection to the next upstream that may take it. False if there is none.
bool Relay::connect() {
    while ((chosen_ = owner_.pool.choose(tried_)) != nullptr) {
        tried_.push_back(chosen_);
        // The one that was tried before is closed, and with that no longer waited for.
        upstream_.fd = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (upstream_.fd.get() < 0) return false;
        const auto* address = reinterpret_cast<const sockaddr*>(&chosen_->address);
        if (::connect(upstream_.fd.get(), address, sizeof chosen_->address) == 0 ||
            errno == EINPROGRESS) {
            upstream_.interest = EPOLLOUT;
            owner_.loop.watch(upstream_.fd.get(), EPOLLOUT, 0, upstream_);
            return true;
        }
        owner_.refused(*chosen_);
    }
    return false;
}

/// The outcome of the connection that was waited for: accepted, or begun with another upstream.
bool Relay::connected() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(upstream_.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        owner_.refused(*chosen_);
        return connect();
    }
    accepted_ = true;
    return true;
}

void Relay::ready(End& end, std::uint32_t events) {
    bool alive = true;
    if (!accepted_) {
        alive = connected();
    } else {
        End& other = &end == &client_ ? upstream_ : client_;
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) alive = read(end);
        // What was read is written at once; only what does not fit waits for EPOLLOUT.
        alive = alive && write(end, other) && write(other, end);
    }
    if (!alive || finished()) {
        owner_.over(*this);
    } else if (accepted_) {
        wish(client_, upstream_);
        wish(upstream_, client_);
    }
}

/// Reads once. False when the connection is broken.
bool Relay::read(End& end) {
    if (end.ended || end.left() >= LIMIT) return true;
    char buffer[16 * 1024];
    const ssize_t count = ::recv(end.fd.get(), buffer, sizeof buffer, 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    end.ended = count == 0;
    end.kept.insert(end.kept.end(), buffer, buffer + count);
    return true;
}

/// Writes what fits of what one end has kept to the other, and its end behind it.
bool Relay::write(End& from, End& to) {
    while (from.left() > 0) {
        const ssize_t count = ::send(to.fd.get(), from.kept.data() + from.written, from.left(),
                                     MSG_NOSIGNAL);
        if (count < 0) {
            // The room in front is given back, or what is kept would grow for ever.
            from.kept.erase(from.kept.begin(), from.kept.begin() + from.written);
            from.written = 0;
            return errno == EAGAIN || errno == EINTR;
        }
        from.written += static_cast<std::ptrdiff_t>(count);
    }
    from.kept.clear();
    from.written = 0;
    if (from.ended && !from.shut) {
        from.shut = true;
        ::shutdown(to.fd.get(), SHUT_WR);
    }
    return true;
}

bool Relay::finished() const { return client_.shut && upstream_.shut; }

/// Waits for what can be done now.
void Relay::wish(End& end, const End& other) {
    const bool reads = !end.ended && end.left() < LIMIT;
    const std::uint32_t interest =
        (reads ? EPOLLIN : 0u) | (other.left() > 0 ? EPOLLOUT : 0u);
    owner_.loop.watch(end.fd.get(), interest, end.interest, end);
    end.interest = interest;
}
