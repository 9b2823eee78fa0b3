/* How a probe encrypts its connection. docs/documents.md explains every key. */
#ifndef MESHVITALS_TLS_HPP
#define MESHVITALS_TLS_HPP

#include <string>
#include <vector>

#include "json.hpp"
#include "time.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// Encrypts the connection: `Tls{}` verifies against the authorities of the platform. The files are
/// read when the check is registered.
class Tls {
   public:
    /// The application protocols that are offered (ALPN), the preferred one first.
    Tls& alpn(const std::vector<std::string>& values) {
        keys_.set("alpn", json::array(values, json::quoted));
        return *this;
    }
    /// A file with the certificates of the authorities that are trusted, in PEM. Default: those
    /// of the platform.
    Tls& ca_file(std::string_view value) {
        keys_.set("ca_file", json::quoted(value));
        return *this;
    }
    /// A file with the certificate chain of this side, in PEM; together with key_file.
    Tls& certificate_file(std::string_view value) {
        keys_.set("certificate_file", json::quoted(value));
        return *this;
    }
    /// A certificate that expires within this time is a warning. Default: 336h (14 days).
    Tls& certificate_warn(Duration value) {
        keys_.set("certificate_warn", json::duration(value));
        return *this;
    }
    /// A file with the private key of this side, in PEM.
    Tls& key_file(std::string_view value) {
        keys_.set("key_file", json::quoted(value));
        return *this;
    }
    /// The oldest version that is spoken: "1.2" or "1.3". Default: 1.2.
    Tls& min_version(std::string_view value) {
        keys_.set("min_version", json::quoted(value));
        return *this;
    }
    /// The name or address that the certificate must be for, and that the server is told (SNI).
    /// Default: the host of the address.
    Tls& name(std::string_view value) {
        keys_.set("name", json::quoted(value));
        return *this;
    }
    /// Whether the certificate is verified. Default: true.
    Tls& verify(bool value) {
        keys_.set("verify", json::boolean(value));
        return *this;
    }
    [[nodiscard]] const json::Object& keys() const noexcept { return keys_; }

   private:
    json::Object keys_;
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
