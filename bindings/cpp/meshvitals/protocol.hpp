/* Probes that speak a protocol: what each of them is told. docs/documents.md explains every key. */
#ifndef MESHVITALS_PROTOCOL_HPP
#define MESHVITALS_PROTOCOL_HPP

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
    /// A regular expression that must match within the reply.
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
