/* What a check measures: the probe keys of a document as types.

   Values are judged by the library when the check is registered, not here. docs/documents.md
   explains every key. */
#ifndef MESHVITALS_PROBE_HPP
#define MESHVITALS_PROBE_HPP

#include <initializer_list>

#include "json.hpp"
#include "parts.hpp"
#include "time.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// A probe key with its object. Made by its derived types.
class Probe {
   public:
    [[nodiscard]] std::string_view word() const noexcept { return word_; }
    [[nodiscard]] const json::Object& keys() const noexcept { return keys_; }

   protected:
    /// `word` must be a literal.
    explicit Probe(std::string_view word) : word_(word) {}

    std::string_view word_;
    json::Object keys_;
};

/// Connects to a stream socket: reachability, not health, of what listens.
class Tcp : public Probe {
   public:
    explicit Tcp(std::string_view address) : Probe("tcp") {
        keys_.set("address", json::quoted(address));
    }
    /// "full": a whole handshake; "fast": only the target's kernel sees it.
    Tcp& connect(std::string_view word) {
        keys_.set("connect", json::quoted(word));
        return *this;
    }
    /// The handshake is part of the connection.
    Tcp& tls(const Tls& tls) {
        keys_.set("tls", tls.keys().text());
        return *this;
    }
    /// What is said and expected on the connection, step by step.
    Tcp& script(std::initializer_list<Step> steps) {
        keys_.set("script", json::array(steps, [](const Step& one) { return one.keys().text(); }));
        return *this;
    }
};

/// A status code that passes, or a range of them: `200`, `{300, 399}`, "200-299".
class Codes {
   public:
    Codes(int code) : json_(json::number(code)) {}
    Codes(int first, int last)
        : json_(json::quoted(json::number(first) + "-" + json::number(last))) {}
    Codes(const char* range) : json_(json::quoted(range)) {}
    [[nodiscard]] const std::string& json() const noexcept { return json_; }

   private:
    std::string json_;
};

/// What the answer to an HTTP request must look like.
class Expect {
   public:
    Expect& status(std::initializer_list<Codes> codes) {
        keys_.set("status", json::array(codes, [](const Codes& one) { return one.json(); }));
        return *this;
    }
    /// Secret: no error, event, report or log repeats it.
    Expect& body_contains(std::string_view text) {
        keys_.set("body_contains", json::quoted(text));
        return *this;
    }
    Expect& body_limit(std::uint64_t bytes) {
        keys_.set("body_limit", json::number(bytes));
        return *this;
    }
    /// Codes that are a warning.
    Expect& warn(std::initializer_list<Codes> codes) {
        keys_.set("warn", json::array(codes, [](const Codes& one) { return one.json(); }));
        return *this;
    }
    /// Codes that are a failure.
    Expect& fail(std::initializer_list<Codes> codes) {
        keys_.set("fail", json::array(codes, [](const Codes& one) { return one.json(); }));
        return *this;
    }
    /// Codes that ask to come again.
    Expect& retry(std::initializer_list<Codes> codes) {
        keys_.set("retry", json::array(codes, [](const Codes& one) { return one.json(); }));
        return *this;
    }
    /// A header that the answer must have, with this value. Secret.
    Expect& header(std::string_view name, std::string_view value) {
        headers_.set(name, json::quoted(value));
        keys_.set("headers", headers_.text());
        return *this;
    }
    /// A header that must match a regular expression. Secret.
    Expect& header_regex(std::string_view name, std::string_view regex) {
        headers_.set(name, "{\"regex\":" + json::quoted(regex) + "}");
        keys_.set("headers", headers_.text());
        return *this;
    }
    /// A regular expression that the body must match. Secret.
    Expect& body_regex(std::string_view value) {
        keys_.set("body_regex", json::quoted(value));
        return *this;
    }
    /// What stands at a JSON pointer of the body, as JSON: `json("/status", "\"green\"")`.
    Expect& json(std::string_view pointer, std::string_view value) {
        values_.set(pointer, std::string(value));
        keys_.set("json", values_.text());
        return *this;
    }
    /// A header whose presence is a warning.
    Expect& degraded_header(std::string_view value) {
        keys_.set("degraded_header", json::quoted(value));
        return *this;
    }
    [[nodiscard]] const json::Object& keys() const noexcept { return keys_; }

   private:
    json::Object keys_;
    json::Object headers_;
    json::Object values_;
};

/// Sends one HTTP request on a fresh connection. Redirects are followed when asked for.
class Http : public Probe {
   public:
    explicit Http(std::string_view url) : Probe("http") { keys_.set("url", json::quoted(url)); }

    /// Connects there instead of where the URL points.
    Http& address(std::string_view address) {
        keys_.set("address", json::quoted(address));
        return *this;
    }
    Http& method(std::string_view method) {
        keys_.set("method", json::quoted(method));
        return *this;
    }
    /// One further header. Secret, as all of them.
    Http& header(std::string_view name, std::string_view value) {
        headers_.set(name, json::quoted(value));
        keys_.set("headers", headers_.text());
        return *this;
    }
    /// Secret.
    Http& body(std::string_view body) {
        keys_.set("body", json::quoted(body));
        return *this;
    }
    Http& host(std::string_view host) {
        keys_.set("host", json::quoted(host));
        return *this;
    }
    Http& expect(const Expect& expect) {
        keys_.set("expect", expect.keys().text());
        return *this;
    }

    /// How https is encrypted.
    Http& tls(const Tls& tls) {
        keys_.set("tls", tls.keys().text());
        return *this;
    }
    /// "1.1", "2" or "auto".
    Http& version(std::string_view value) {
        keys_.set("version", json::quoted(value));
        return *this;
    }
    /// Which redirects are followed; none without it.
    Http& redirects(const Redirects& redirects) {
        keys_.set("redirects", redirects.keys().text());
        return *this;
    }
    /// A proxy, as "http://host:port".
    Http& proxy(std::string_view value) {
        keys_.set("proxy", json::quoted(value));
        return *this;
    }
    /// Whether the connection is kept.
    Http& keep_alive(bool value) {
        keys_.set("keep_alive", json::boolean(value));
        return *this;
    }
    /// How many runs a kept connection serves.
    Http& fresh_every(std::uint64_t runs) {
        keys_.set("fresh_every", json::number(runs));
        return *this;
    }
    /// Who asks the proxy.
    Http& proxy_basic(const Basic& login) {
        keys_.set("proxy_basic", login.keys().text());
        return *this;
    }
    /// Who asks.
    Http& basic(const Basic& login) {
        keys_.set("basic", login.keys().text());
        return *this;
    }
    /// A token. Secret.
    Http& bearer(std::string_view value) {
        keys_.set("bearer", json::quoted(value));
        return *this;
    }
    /// A file that holds the token.
    Http& bearer_file(std::string_view value) {
        keys_.set("bearer_file", json::quoted(value));
        return *this;
    }
    /// A variable of the environment that holds the token.
    Http& bearer_env(std::string_view value) {
        keys_.set("bearer_env", json::quoted(value));
        return *this;
    }

   private:
    json::Object headers_;
};

/// The share of CPU time in use.
class Cpu : public Probe {
   public:
    Cpu() : Probe("cpu") {}
    explicit Cpu(double threshold) : Cpu() { keys_.set("threshold", json::number(threshold)); }
};

/// The share of memory in use.
class Memory : public Probe {
   public:
    Memory() : Probe("memory") {}
    explicit Memory(double threshold) : Memory() {
        keys_.set("threshold", json::number(threshold));
    }
};

/// The share of a filesystem in use.
class Disk : public Probe {
   public:
    Disk() : Probe("disk") {}
    explicit Disk(std::string_view path) : Disk() { keys_.set("path", json::quoted(path)); }
    Disk& threshold(double threshold) {
        keys_.set("threshold", json::number(threshold));
        return *this;
    }
};

/// The kinds of signals; docs of the library have their units and defaults.
enum class SignalKind : std::uint8_t {
    cpu_utilisation,
    cpu_throttling,
    cpu_pressure,
    cpu_steal,
    memory_working_set,
    memory_available,
    memory_unreclaimable,
    oom_kills,
    memory_limit_hits,
    memory_pressure,
    memory_pressure_rising,
    swap,
    disk_space,
    disk_inodes,
    disk_read_only,
    disk_write,
    disk_fill,
    io_pressure,
    descriptors,
    system_descriptors,
    tasks,
    listen_overflows,
    tcp_memory,
    conntrack,
    interface_errors,
    ports,
    clock_sync,
};

/// The key of a kind in a document.
[[nodiscard]] constexpr std::string_view key(SignalKind kind) noexcept {
    constexpr std::string_view keys[] = {
        "cpu_utilisation",
        "cpu_throttling",
        "cpu_pressure",
        "cpu_steal",
        "memory_working_set",
        "memory_available",
        "memory_unreclaimable",
        "oom_kills",
        "memory_limit_hits",
        "memory_pressure",
        "memory_pressure_rising",
        "swap",
        "disk_space",
        "disk_inodes",
        "disk_read_only",
        "disk_write",
        "disk_fill",
        "io_pressure",
        "descriptors",
        "system_descriptors",
        "tasks",
        "listen_overflows",
        "tcp_memory",
        "conntrack",
        "interface_errors",
        "ports",
        "clock_sync",
    };
    return keys[static_cast<std::size_t>(kind)];
}

/// What a host or a process runs out of. Levels are in the unit of the kind; what is not said is
/// taken from the library's table.
class Signal : public Probe {
   public:
    explicit Signal(SignalKind kind) : Probe(key(kind)) {}
    /// Any path on the filesystem, of kinds that begin with `disk_`.
    Signal& path(std::string_view path) {
        keys_.set("path", json::quoted(path));
        return *this;
    }
    /// From `enter` there is a warning, which ends beyond `exit`.
    Signal& degraded(double enter, double exit) {
        keys_.set("degraded_enter", json::number(enter));
        keys_.set("degraded_exit", json::number(exit));
        return *this;
    }
    /// From `enter` there is a failure, which ends beyond `exit`.
    Signal& unhealthy(double enter, double exit) {
        keys_.set("unhealthy_enter", json::number(enter));
        keys_.set("unhealthy_exit", json::number(exit));
        return *this;
    }
    /// How long a value must hold before a level is entered or left.
    Signal& hold(Duration hold) {
        keys_.set("hold", json::duration(hold));
        return *this;
    }
};

/// The program reports whenever it likes; silence beyond `ttl` is a failure.
class Heartbeat : public Probe {
   public:
    explicit Heartbeat(Duration ttl) : Probe("heartbeat") {
        keys_.set("ttl", json::duration(ttl));
    }
};

/// A callable of the program, given to Monitor::register_callback.
class Callback : public Probe {
   public:
    Callback() : Probe("callback") {}
};

/// The program runs the check when a CHECK_DUE event asks for it, and reports.
class External : public Probe {
   public:
    External() : Probe("external") {}
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
