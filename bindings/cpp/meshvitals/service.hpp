/* Services, names and programs as probes. docs/documents.md explains every key. */
#ifndef MESHVITALS_SERVICE_HPP
#define MESHVITALS_SERVICE_HPP

#include "probe.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// Asks the health service of a gRPC server (grpc.health.v1.Health).
class Grpc : public Probe {
   public:
    explicit Grpc(std::string_view address) : Probe("grpc") { keys_.set("address", json::quoted(address)); }
    /// The name that the server is asked under (:authority). Default: the host and port of the
    /// address, with tls.name in the place of the host; of a unix socket "localhost".
    Grpc& authority(std::string_view value) {
        keys_.set("authority", json::quoted(value));
        return *this;
    }
    /// What is sent along, at most 64 names and 8 KiB together; the values are secret. Those of
    /// names that end in -bin are base64.
    Grpc& metadata(std::string_view json) {
        keys_.set("metadata", std::string(json));
        return *this;
    }
    /// The service that is asked about, such as "shop.v1.Orders". Default: "", the server as a
    /// whole.
    Grpc& service(std::string_view value) {
        keys_.set("service", json::quoted(value));
        return *this;
    }
    /// Encrypts the connection. Unless alpn says otherwise h2 is offered, and it must be chosen.
    Grpc& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// Whether a stream is kept on which the server tells of changes (Watch): the check then runs
    /// at once, and not only at its interval. Default: false.
    Grpc& watch(bool value) {
        keys_.set("watch", json::boolean(value));
        return *this;
    }
};

/// Sends one datagram and waits for the reply: silence is never a pass. A datagram that is lost
/// is not sent again within the run; the failure threshold bears that.
class Udp : public Probe {
   public:
    explicit Udp(std::string_view address) : Probe("udp") { keys_.set("address", json::quoted(address)); }
    /// Text of 1 to 4096 bytes that the reply must hold; secret. Default: any reply passes.
    Udp& expect(std::string_view value) {
        keys_.set("expect", json::quoted(value));
        return *this;
    }
    /// The same in hexadecimal digits.
    Udp& expect_hex(std::string_view value) {
        keys_.set("expect_hex", json::quoted(value));
        return *this;
    }
    /// A regular expression that must match within the reply; secret.
    Udp& expect_regex(std::string_view value) {
        keys_.set("expect_regex", json::quoted(value));
        return *this;
    }
    /// What is sent, 1 to 8192 bytes; secret.
    Udp& send(std::string_view value) {
        keys_.set("send", json::quoted(value));
        return *this;
    }
    /// The same in hexadecimal digits, for bytes that no text can hold. One of the two is given.
    Udp& send_hex(std::string_view value) {
        keys_.set("send_hex", json::quoted(value));
        return *this;
    }
};

/// Asks a name server, in a datagram first, and over a stream where the answer does not fit one.
/// A datagram that is lost is not sent again within the run; the failure threshold bears that.
class Dns : public Probe {
   public:
    explicit Dns(std::string_view name) : Probe("dns") { keys_.set("name", json::quoted(name)); }
    /// What must be among the answers, as zone files write it: "10.0.0.7", "10 mail.example", "1
    /// 2 5060 sip.example". Of TXT the strings of a record are joined.
    Dns& expect(const std::vector<std::string>& values) {
        keys_.set("expect", json::array(values, json::quoted));
        return *this;
    }
    /// Whether "all" of what is expected must be there or "any" of it. Default: all.
    Dns& match(std::string_view value) {
        keys_.set("match", json::quoted(value));
        return *this;
    }
    /// How many answers of the type there must be, aliases followed, where the response code is
    /// NOERROR. Default: 1.
    Dns& min_answers(std::uint64_t value) {
        keys_.set("min_answers", json::number(value));
        return *this;
    }
    /// The response codes that pass. Default: ["NOERROR"].
    Dns& rcode(const std::vector<std::string>& values) {
        keys_.set("rcode", json::array(values, json::quoted));
        return *this;
    }
    /// The name server: "10.0.0.53:53" or "ns.example:53". Default: the first one of
    /// /etc/resolv.conf when the check is registered.
    Dns& server(std::string_view value) {
        keys_.set("server", json::quoted(value));
        return *this;
    }
    /// Asks over a stream at once, without a datagram. Default: false, with tls true.
    Dns& tcp(bool value) {
        keys_.set("tcp", json::boolean(value));
        return *this;
    }
    /// Encrypts the stream (DNS over TLS, usually on port 853).
    Dns& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// The type of the records to ask for. Default: A.
    Dns& type(std::string_view value) {
        keys_.set("type", json::quoted(value));
        return *this;
    }
};

/// Runs a program, without a shell: status 0 is a pass, 1 a warning, any other a failure. Only in
/// a monitor whose configuration says allow_exec.
class Exec : public Probe {
   public:
    explicit Exec(const std::vector<std::string>& commands) : Probe("exec") { keys_.set("command", json::array(commands, json::quoted)); }
    /// The absolute path of the directory in which it runs. Default: "/".
    Exec& directory(std::string_view value) {
        keys_.set("directory", json::quoted(value));
        return *this;
    }
    /// Its variables, at most 64; their values are secret. Nothing of the host program's
    /// environment is handed on. Default: a PATH of the usual directories, also beside others.
    Exec& environment(std::string_view json) {
        keys_.set("environment", std::string(json));
        return *this;
    }
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
