/* Databases and caches as probes. docs/documents.md explains every key. */
#ifndef MESHVITALS_DATABASE_HPP
#define MESHVITALS_DATABASE_HPP

#include "probe.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// Asks a Redis server for a sign of life, and for more where more is said here.
class Redis : public Probe {
   public:
    explicit Redis(std::string_view address) : Probe("redis") { keys_.set("address", json::quoted(address)); }
    /// Whether the cluster that the server belongs to must be whole. Default: false.
    Redis& cluster(bool value) {
        keys_.set("cluster", json::boolean(value));
        return *this;
    }
    /// The number of a database that must be there.
    Redis& database(std::uint64_t value) {
        keys_.set("database", json::number(value));
        return *this;
    }
    /// The password. Without one a server that wants one passes as alive, even while it loads.
    Redis& password(std::string_view value) {
        keys_.set("password", json::quoted(value));
        return *this;
    }
    /// A variable of the environment that holds the password.
    Redis& password_env(std::string_view value) {
        keys_.set("password_env", json::quoted(value));
        return *this;
    }
    /// A file that holds the password.
    Redis& password_file(std::string_view value) {
        keys_.set("password_file", json::quoted(value));
        return *this;
    }
    /// The part that the server must play in replication: "master" or "replica". A replica that
    /// has lost its master is a warning. Default: any.
    Redis& role(std::string_view value) {
        keys_.set("role", json::quoted(value));
        return *this;
    }
    /// Encrypts the connection.
    Redis& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// The user to log in as, with a password. Default: the default user.
    Redis& user(std::string_view value) {
        keys_.set("user", json::quoted(value));
        return *this;
    }
};

/// Asks a PostgreSQL server whether it would talk, and with a user logs in and asks for more.
class Postgres : public Probe {
   public:
    explicit Postgres(std::string_view address) : Probe("postgres") { keys_.set("address", json::quoted(address)); }
    /// The database. Default: that of the user's name.
    Postgres& database(std::string_view value) {
        keys_.set("database", json::quoted(value));
        return *this;
    }
    /// How far the data of a replica may lie behind. 0 is measured where all that was received is
    /// replayed and a receiver runs; without one it is the age of the last transaction, which
    /// also grows while the primary is idle.
    Postgres& max_lag(Duration value) {
        keys_.set("max_lag", json::duration(value));
        return *this;
    }
    /// The password of the user. It goes in the clear only through TLS or a unix socket.
    Postgres& password(std::string_view value) {
        keys_.set("password", json::quoted(value));
        return *this;
    }
    /// A variable of the environment that holds the password.
    Postgres& password_env(std::string_view value) {
        keys_.set("password_env", json::quoted(value));
        return *this;
    }
    /// A file that holds the password.
    Postgres& password_file(std::string_view value) {
        keys_.set("password_file", json::quoted(value));
        return *this;
    }
    /// What must run without an error and answer with at most 64 KiB; its rows do not matter.
    /// Default: "SELECT 1", unless a key below asks already.
    Postgres& query(std::string_view value) {
        keys_.set("query", json::quoted(value));
        return *this;
    }
    /// Whether new transactions must be read-only, or must not be. Default: any.
    Postgres& read_only(bool value) {
        keys_.set("read_only", json::boolean(value));
        return *this;
    }
    /// The part that the server must play in replication: "primary" or "replica". Default: any.
    Postgres& role(std::string_view value) {
        keys_.set("role", json::quoted(value));
        return *this;
    }
    /// Encrypts the connection, after the server was asked whether it can.
    Postgres& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// The user to log in as. Without one nobody logs in, and a server that refuses or wants a
    /// password passes as alive.
    Postgres& user(std::string_view value) {
        keys_.set("user", json::quoted(value));
        return *this;
    }
};

/// Asks a MySQL or MariaDB server whether it would talk, and with a user logs in.
class Mysql : public Probe {
   public:
    explicit Mysql(std::string_view address) : Probe("mysql") { keys_.set("address", json::quoted(address)); }
    /// The database that is entered. Default: none.
    Mysql& database(std::string_view value) {
        keys_.set("database", json::quoted(value));
        return *this;
    }
    /// The password of the user. It goes in the clear only through TLS or a unix socket, where
    /// the server wants it so.
    Mysql& password(std::string_view value) {
        keys_.set("password", json::quoted(value));
        return *this;
    }
    /// A variable of the environment that holds the password.
    Mysql& password_env(std::string_view value) {
        keys_.set("password_env", json::quoted(value));
        return *this;
    }
    /// A file that holds the password.
    Mysql& password_file(std::string_view value) {
        keys_.set("password_file", json::quoted(value));
        return *this;
    }
    /// Whether the server must be read-only, or must not be. Default: any.
    Mysql& read_only(bool value) {
        keys_.set("read_only", json::boolean(value));
        return *this;
    }
    /// Encrypts the connection, after the greeting has said that the server can.
    Mysql& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// The user to log in as, "SELECT 1" included. Without one a user that the server does not
    /// know is refused by it, which passes as alive and which it notes; one without rights and
    /// without a password leaves no note.
    Mysql& user(std::string_view value) {
        keys_.set("user", json::quoted(value));
        return *this;
    }
};

/// Asks a Memcached server for its version.
class Memcached : public Probe {
   public:
    explicit Memcached(std::string_view address) : Probe("memcached") { keys_.set("address", json::quoted(address)); }
    /// The password; secret. Without tls it travels in the clear.
    Memcached& password(std::string_view value) {
        keys_.set("password", json::quoted(value));
        return *this;
    }
    /// A variable of the environment with the password.
    Memcached& password_env(std::string_view value) {
        keys_.set("password_env", json::quoted(value));
        return *this;
    }
    /// A file with the password.
    Memcached& password_file(std::string_view value) {
        keys_.set("password_file", json::quoted(value));
        return *this;
    }
    /// "text", or "binary" for a server that wants SASL. Default: text.
    Memcached& protocol(std::string_view value) {
        keys_.set("protocol", json::quoted(value));
        return *this;
    }
    /// Encrypts the connection.
    Memcached& tls(const Tls& value) {
        keys_.set("tls", value.keys().text());
        return *this;
    }
    /// Who logs in: as the server's file of users says (text), or by SASL PLAIN (binary);
    /// together with a password.
    Memcached& user(std::string_view value) {
        keys_.set("user", json::quoted(value));
        return *this;
    }
};

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
