/* Descriptors and the loop that waits for them. */
#ifndef LOOP_HPP
#define LOOP_HPP

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

/// What failed, in the system's words.
[[noreturn]] inline void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// A descriptor that is closed with its owner.
class Fd {
   public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

   private:
    int fd_ = -1;
};

/// What is told when a descriptor is ready.
class Handler {
   public:
    virtual ~Handler() = default;
    virtual void ready(std::uint32_t events) = 0;
};

/// epoll, level-triggered.
class Loop {
   public:
    Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        if (epoll_.get() < 0) fail("epoll_create1");
    }

    /// Waits for these events of a descriptor in the place of those before, 0 for none. What is
    /// not waited for at all cannot wake the loop either, as a broken connection otherwise would.
    void watch(int fd, std::uint32_t events, std::uint32_t before, Handler& handler) {
        if (events == before) return;
        epoll_event interest{};
        interest.events = events;
        interest.data.ptr = &handler;
        const int what = before == 0   ? EPOLL_CTL_ADD
                         : events == 0 ? EPOLL_CTL_DEL
                                       : EPOLL_CTL_MOD;
        if (::epoll_ctl(epoll_.get(), what, fd, &interest) != 0) fail("epoll_ctl");
    }

    /// Waits, and tells one handler. One at a time: a handler may end any other.
    void turn() {
        epoll_event ready{};
        const int count = ::epoll_wait(epoll_.get(), &ready, 1, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        if (count == 1) static_cast<Handler*>(ready.data.ptr)->ready(ready.events);
    }

   private:
    Fd epoll_;
};

#endif
