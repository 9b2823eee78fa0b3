/* What several probes are told: logins, redirects, steps. docs/documents.md explains every key. */
#ifndef MESHVITALS_PARTS_HPP
#define MESHVITALS_PARTS_HPP

#include "json.hpp"
#include "tls.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// A user and a password.
class Basic {
   public:
    explicit Basic(std::string_view user) { keys_.set("user", json::quoted(user)); }
    /// The password; secret.
    Basic& password(std::string_view value) {
        keys_.set("password", json::quoted(value));
        return *this;
    }
    /// A variable of the environment that holds the password.
    Basic& password_env(std::string_view value) {
        keys_.set("password_env", json::quoted(value));
        return *this;
    }
    /// A file that holds the password.
    Basic& password_file(std::string_view value) {
        keys_.set("password_file", json::quoted(value));
        return *this;
    }
    [[nodiscard]] const json::Object& keys() const noexcept { return keys_; }

   private:
    json::Object keys_;
};

/// Which redirects are followed.
class Redirects {
   public:
    /// The most that are followed in one run. Default: 5.
    Redirects& max(std::uint64_t value) {
        keys_.set("max", json::number(value));
        return *this;
    }
    /// Whether they must stay on the URL's host. Default: true.
    Redirects& same_host(bool value) {
        keys_.set("same_host", json::boolean(value));
        return *this;
    }
    [[nodiscard]] const json::Object& keys() const noexcept { return keys_; }

   private:
    json::Object keys_;
};

/// One step, which is exactly one of these keys.
class Step {
   public:
    /// "graceful", as the last step: says that nothing more comes and waits for the other side to
    /// end, instead of a reset. It changes no verdict, and keeps a port of this machine for a
    /// minute.
    Step& close(std::string_view value) {
        keys_.set("close", json::quoted(value));
        return *this;
    }
    /// What comes next must begin with this text of 1 to 4096 bytes; secret. The rest stays for
    /// the next step. To find a text anywhere, use expect_regex.
    Step& expect(std::string_view value) {
        keys_.set("expect", json::quoted(value));
        return *this;
    }
    /// The same for bytes, written as pairs of hexadecimal digits; secret.
    Step& expect_hex(std::string_view value) {
        keys_.set("expect_hex", json::quoted(value));
        return *this;
    }
    /// What comes next must hold a match of this regular expression (of the Rust crate regex);
    /// secret. ^ is where the step begins, $ the end of the stream. Everything up to the end of
    /// the match is taken. A match that more bytes could lengthen is taken when a byte ends it.
    Step& expect_regex(std::string_view value) {
        keys_.set("expect_regex", json::quoted(value));
        return *this;
    }
    /// Sends a text of 1 to 4096 bytes; secret. ${name} stands for what an earlier expect_regex
    /// has captured under this name, $${ for ${ itself.
    Step& send(std::string_view value) {
        keys_.set("send", json::quoted(value));
        return *this;
    }
    /// Sends bytes, written as pairs of hexadecimal digits; secret.
    Step& send_hex(std::string_view value) {
        keys_.set("send_hex", json::quoted(value));
        return *this;
    }
    /// true: encrypts the connection, as the key tls beside the script says.
    Step& starttls(bool value) {
        keys_.set("starttls", json::boolean(value));
        return *this;
    }
    [[nodiscard]] const json::Object& keys() const noexcept { return keys_; }

   private:
    json::Object keys_;
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
