/* Brokers and mail servers as probes. docs/documents.md explains every key. */
#ifndef MESHVITALS_MESSAGING_HPP
#define MESHVITALS_MESSAGING_HPP

#include "probe.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// Greets a NATS server, logs in and has a PING answered. A server that wants a login is only
/// greeted where the check has none.
class Nats : public Probe {
   public:
    explicit Nats(std::string_view address) : Probe("nats") { keys_.set("address", json::quoted(address)); }
    /// The password; secret. Without tls it travels in the clear.
    Nats& password(std::string_view value) {
        keys_.set("password", json::quoted(value));
        return *this;
    }
    /// A variable of the environment with the password.
    Nats& password_env(std::string_view value) {
        keys_.set("password_env", json::quoted(value));
        return *this;
    }
    /// A file with the password.
    Nats& password_file(std::string_view value) {
        keys_.set("password_file", json::quoted(value));
        return *this;
    }
    /// Encrypts the connection after the greeting of the server.
    Nats& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// A token in place of user and password; secret. Without tls it travels in the clear.
    Nats& token(std::string_view value) {
        keys_.set("token", json::quoted(value));
        return *this;
    }
    /// A variable of the environment with the token.
    Nats& token_env(std::string_view value) {
        keys_.set("token_env", json::quoted(value));
        return *this;
    }
    /// A file with the token.
    Nats& token_file(std::string_view value) {
        keys_.set("token_file", json::quoted(value));
        return *this;
    }
    /// Who logs in; together with a password.
    Nats& user(std::string_view value) {
        keys_.set("user", json::quoted(value));
        return *this;
    }
};

/// Connects to an MQTT server, logs in where the check says so, and has a ping answered.
class Mqtt : public Probe {
   public:
    explicit Mqtt(std::string_view address) : Probe("mqtt") { keys_.set("address", json::quoted(address)); }
    /// The name of the session. A session of the same name elsewhere is ended by the server.
    /// Default: "", for which the server makes up one.
    Mqtt& client_id(std::string_view value) {
        keys_.set("client_id", json::quoted(value));
        return *this;
    }
    /// The password; secret. Without tls it travels in the clear.
    Mqtt& password(std::string_view value) {
        keys_.set("password", json::quoted(value));
        return *this;
    }
    /// A variable of the environment with the password.
    Mqtt& password_env(std::string_view value) {
        keys_.set("password_env", json::quoted(value));
        return *this;
    }
    /// A file with the password.
    Mqtt& password_file(std::string_view value) {
        keys_.set("password_file", json::quoted(value));
        return *this;
    }
    /// Encrypts the connection.
    Mqtt& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// Who logs in; together with a password.
    Mqtt& user(std::string_view value) {
        keys_.set("user", json::quoted(value));
        return *this;
    }
    /// The version of the protocol as it counts itself: 4 for MQTT 3.1.1, 5 for MQTT 5. Default:
    /// 4.
    Mqtt& version(std::uint64_t value) {
        keys_.set("version", json::number(value));
        return *this;
    }
};

/// Greets an AMQP 0-9-1 server such as RabbitMQ. With a user it logs in and opens a virtual host.
class Amqp : public Probe {
   public:
    explicit Amqp(std::string_view address) : Probe("amqp") { keys_.set("address", json::quoted(address)); }
    /// The password; secret. Without tls it travels in the clear.
    Amqp& password(std::string_view value) {
        keys_.set("password", json::quoted(value));
        return *this;
    }
    /// A variable of the environment with the password.
    Amqp& password_env(std::string_view value) {
        keys_.set("password_env", json::quoted(value));
        return *this;
    }
    /// A file with the password.
    Amqp& password_file(std::string_view value) {
        keys_.set("password_file", json::quoted(value));
        return *this;
    }
    /// Encrypts the connection.
    Amqp& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// Who logs in; together with a password. Without it the server is only greeted.
    Amqp& user(std::string_view value) {
        keys_.set("user", json::quoted(value));
        return *this;
    }
    /// The virtual host that is opened after the login. Default: "/".
    Amqp& vhost(std::string_view value) {
        keys_.set("vhost", json::quoted(value));
        return *this;
    }
};

/// Greets a mail server. No mail is sent and nobody logs in.
class Smtp : public Probe {
   public:
    explicit Smtp(std::string_view address) : Probe("smtp") { keys_.set("address", json::quoted(address)); }
    /// The name that the server is greeted with. Default: "localhost".
    Smtp& hello(std::string_view value) {
        keys_.set("hello", json::quoted(value));
        return *this;
    }
    /// Whether encryption is asked for after the greeting, as the key tls says. Default: false.
    Smtp& starttls(bool value) {
        keys_.set("starttls", json::boolean(value));
        return *this;
    }
    /// Encrypts the connection from the first byte; with starttls after the greeting.
    Smtp& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
