"""Probes that speak a protocol: what each of them is told.

``docs/documents.md`` explains every key. Passwords and the like are given as they are, or as the
path of a file or the name of a variable that holds them; no message ever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Mapping, Optional, Sequence

from ._documents import Duration
from .probes import Probe, Tls

__all__ = [
    "Amqp",
    "Dns",
    "Exec",
    "Grpc",
    "Memcached",
    "Mqtt",
    "Mysql",
    "Nats",
    "Postgres",
    "Redis",
    "Smtp",
    "Udp",
]


@dataclass(frozen=True)
class Grpc(Probe):
    """Asks the health service of a gRPC server (grpc.health.v1.Health).

    >>> Grpc("127.0.0.1:50051").document()
    {'grpc': {'address': '127.0.0.1:50051'}}
    """

    _word: ClassVar[str] = "grpc"
    #: Where to connect: "10.0.0.5:50051", "[::1]:50051", "orders.example:50051" or
    #: "unix:/run/x.sock".
    address: str
    #: The name that the server is asked under (:authority). Default: the host and port of the
    #: address, with tls.name in the place of the host; of a unix socket "localhost".
    authority: Optional[str] = None
    #: What is sent along, at most 64 names and 8 KiB together; the values are secret. Those of
    #: names that end in -bin are base64.
    metadata: Optional[Mapping[str, str]] = field(default=None, repr=False)
    #: The service that is asked about, such as "shop.v1.Orders". Default: "", the server as a
    #: whole.
    service: Optional[str] = None
    #: Encrypts the connection. Unless alpn says otherwise h2 is offered, and it must be chosen.
    tls: Optional[Tls] = None
    #: Whether a stream is kept on which the server tells of changes (Watch): the check then runs
    #: at once, and not only at its interval. Default: false.
    watch: Optional[bool] = None


@dataclass(frozen=True)
class Redis(Probe):
    """Asks a Redis server for a sign of life, and for more where more is said here.

    >>> Redis("127.0.0.1:6379").document()
    {'redis': {'address': '127.0.0.1:6379'}}
    """

    _word: ClassVar[str] = "redis"
    #: Where to connect: "10.0.0.5:6379", "[::1]:6379", "cache.example:6379" or "unix:/run/x.sock".
    address: str
    #: Whether the cluster that the server belongs to must be whole. Default: false.
    cluster: Optional[bool] = None
    #: The number of a database that must be there.
    database: Optional[int] = None
    #: The password. Without one a server that wants one passes as alive, even while it loads.
    password: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment that holds the password.
    password_env: Optional[str] = None
    #: A file that holds the password.
    password_file: Optional[str] = None
    #: The part that the server must play in replication: "master" or "replica". A replica that has
    #: lost its master is a warning. Default: any.
    role: Optional[str] = None
    #: Encrypts the connection.
    tls: Optional[Tls] = None
    #: The user to log in as, with a password. Default: the default user.
    user: Optional[str] = None


@dataclass(frozen=True)
class Postgres(Probe):
    """Asks a PostgreSQL server whether it would talk, and with a user logs in and asks for
    more.

    >>> Postgres("127.0.0.1:5432").document()
    {'postgres': {'address': '127.0.0.1:5432'}}
    """

    _word: ClassVar[str] = "postgres"
    #: Where to connect: "10.0.0.5:5432", "[::1]:5432", "db.example:5432" or
    #: "unix:/run/postgresql/.s.PGSQL.5432".
    address: str
    #: The database. Default: that of the user's name.
    database: Optional[str] = None
    #: How far the data of a replica may lie behind. 0 is measured where all that was received is
    #: replayed and a receiver runs; without one it is the age of the last transaction, which also
    #: grows while the primary is idle.
    max_lag: Optional[Duration] = None
    #: The password of the user. It goes in the clear only through TLS or a unix socket.
    password: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment that holds the password.
    password_env: Optional[str] = None
    #: A file that holds the password.
    password_file: Optional[str] = None
    #: What must run without an error and answer with at most 64 KiB; its rows do not matter.
    #: Default: "SELECT 1", unless a key below asks already.
    query: Optional[str] = None
    #: Whether new transactions must be read-only, or must not be. Default: any.
    read_only: Optional[bool] = None
    #: The part that the server must play in replication: "primary" or "replica". Default: any.
    role: Optional[str] = None
    #: Encrypts the connection, after the server was asked whether it can.
    tls: Optional[Tls] = None
    #: The user to log in as. Without one nobody logs in, and a server that refuses or wants a
    #: password passes as alive.
    user: Optional[str] = None


@dataclass(frozen=True)
class Mysql(Probe):
    """Asks a MySQL or MariaDB server whether it would talk, and with a user logs in.

    >>> Mysql("127.0.0.1:3306").document()
    {'mysql': {'address': '127.0.0.1:3306'}}
    """

    _word: ClassVar[str] = "mysql"
    #: Where to connect: "10.0.0.5:3306", "[::1]:3306", "db.example:3306" or
    #: "unix:/run/mysqld/mysqld.sock".
    address: str
    #: The database that is entered. Default: none.
    database: Optional[str] = None
    #: The password of the user. It goes in the clear only through TLS or a unix socket, where the
    #: server wants it so.
    password: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment that holds the password.
    password_env: Optional[str] = None
    #: A file that holds the password.
    password_file: Optional[str] = None
    #: Whether the server must be read-only, or must not be. Default: any.
    read_only: Optional[bool] = None
    #: Encrypts the connection, after the greeting has said that the server can.
    tls: Optional[Tls] = None
    #: The user to log in as, "SELECT 1" included. Without one a user that the server does not know
    #: is refused by it, which passes as alive and which it notes; one without rights and without a
    #: password leaves no note.
    user: Optional[str] = None


@dataclass(frozen=True)
class Memcached(Probe):
    """Asks a Memcached server for its version.

    >>> Memcached("127.0.0.1:11211").document()
    {'memcached': {'address': '127.0.0.1:11211'}}
    """

    _word: ClassVar[str] = "memcached"
    #: Where to connect: "10.0.0.5:11211", "[::1]:11211", "cache.example:11211" or
    #: "unix:/run/memcached.sock".
    address: str
    #: The password; secret. Without tls it travels in the clear.
    password: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment with the password.
    password_env: Optional[str] = None
    #: A file with the password.
    password_file: Optional[str] = None
    #: "text", or "binary" for a server that wants SASL. Default: text.
    protocol: Optional[str] = None
    #: Encrypts the connection.
    tls: Optional[Tls] = None
    #: Who logs in: as the server's file of users says (text), or by SASL PLAIN (binary); together
    #: with a password.
    user: Optional[str] = None


@dataclass(frozen=True)
class Nats(Probe):
    """Greets a NATS server, logs in and has a PING answered. A server that wants a login is
    only greeted where the check has none.

    >>> Nats("127.0.0.1:4222").document()
    {'nats': {'address': '127.0.0.1:4222'}}
    """

    _word: ClassVar[str] = "nats"
    #: Where to connect: "10.0.0.5:4222", "[::1]:4222", "nats.example:4222" or
    #: "unix:/run/nats.sock".
    address: str
    #: The password; secret. Without tls it travels in the clear.
    password: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment with the password.
    password_env: Optional[str] = None
    #: A file with the password.
    password_file: Optional[str] = None
    #: Encrypts the connection after the greeting of the server.
    tls: Optional[Tls] = None
    #: A token in place of user and password; secret. Without tls it travels in the clear.
    token: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment with the token.
    token_env: Optional[str] = None
    #: A file with the token.
    token_file: Optional[str] = None
    #: Who logs in; together with a password.
    user: Optional[str] = None


@dataclass(frozen=True)
class Mqtt(Probe):
    """Connects to an MQTT server, logs in where the check says so, and has a ping answered.

    >>> Mqtt("127.0.0.1:1883").document()
    {'mqtt': {'address': '127.0.0.1:1883'}}
    """

    _word: ClassVar[str] = "mqtt"
    #: Where to connect: "10.0.0.5:1883", "[::1]:1883", "mqtt.example:1883" or
    #: "unix:/run/mqtt.sock".
    address: str
    #: The name of the session. A session of the same name elsewhere is ended by the server.
    #: Default: "", for which the server makes up one.
    client_id: Optional[str] = None
    #: The password; secret. Without tls it travels in the clear.
    password: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment with the password.
    password_env: Optional[str] = None
    #: A file with the password.
    password_file: Optional[str] = None
    #: Encrypts the connection.
    tls: Optional[Tls] = None
    #: Who logs in; together with a password.
    user: Optional[str] = None
    #: The version of the protocol as it counts itself: 4 for MQTT 3.1.1, 5 for MQTT 5. Default: 4.
    version: Optional[int] = None


@dataclass(frozen=True)
class Amqp(Probe):
    """Greets an AMQP 0-9-1 server such as RabbitMQ. With a user it logs in and opens a virtual
    host.

    >>> Amqp("127.0.0.1:5672").document()
    {'amqp': {'address': '127.0.0.1:5672'}}
    """

    _word: ClassVar[str] = "amqp"
    #: Where to connect: "10.0.0.5:5672", "[::1]:5672", "mq.example:5672" or "unix:/run/mq.sock".
    address: str
    #: The password; secret. Without tls it travels in the clear.
    password: Optional[str] = field(default=None, repr=False)
    #: A variable of the environment with the password.
    password_env: Optional[str] = None
    #: A file with the password.
    password_file: Optional[str] = None
    #: Encrypts the connection.
    tls: Optional[Tls] = None
    #: Who logs in; together with a password. Without it the server is only greeted.
    user: Optional[str] = None
    #: The virtual host that is opened after the login. Default: "/".
    vhost: Optional[str] = None


@dataclass(frozen=True)
class Smtp(Probe):
    """Greets a mail server. No mail is sent and nobody logs in.

    >>> Smtp("127.0.0.1:25").document()
    {'smtp': {'address': '127.0.0.1:25'}}
    """

    _word: ClassVar[str] = "smtp"
    #: Where to connect: "10.0.0.5:25", "[::1]:25", "mail.example:587" or "unix:/run/mail.sock".
    address: str
    #: The name that the server is greeted with. Default: "localhost".
    hello: Optional[str] = None
    #: Whether encryption is asked for after the greeting, as the key tls says. Default: false.
    starttls: Optional[bool] = None
    #: Encrypts the connection from the first byte; with starttls after the greeting.
    tls: Optional[Tls] = None


@dataclass(frozen=True)
class Udp(Probe):
    """Sends one datagram and waits for the reply: silence is never a pass. A datagram that is
    lost is not sent again within the run; the failure threshold bears that.

    >>> Udp("127.0.0.1:123", send="ping").document()
    {'udp': {'address': '127.0.0.1:123', 'send': 'ping'}}
    """

    _word: ClassVar[str] = "udp"
    #: Where to send to: "10.0.0.5:5432", "[::1]:5432" or "db.example:5432".
    address: str
    #: Text of 1 to 4096 bytes that the reply must hold; secret. Default: any reply passes.
    expect: Optional[str] = field(default=None, repr=False)
    #: The same in hexadecimal digits.
    expect_hex: Optional[str] = None
    #: A regular expression that must match within the reply; secret.
    expect_regex: Optional[str] = field(default=None, repr=False)
    #: What is sent, 1 to 8192 bytes; secret.
    send: Optional[str] = field(default=None, repr=False)
    #: The same in hexadecimal digits, for bytes that no text can hold. One of the two is given.
    send_hex: Optional[str] = None


@dataclass(frozen=True)
class Dns(Probe):
    """Asks a name server, in a datagram first, and over a stream where the answer does not fit
    one. A datagram that is lost is not sent again within the run; the failure threshold
    bears that.

    >>> Dns("db.example").document()
    {'dns': {'name': 'db.example'}}
    """

    _word: ClassVar[str] = "dns"
    #: The name to ask for, always taken as a whole one: "www.example.com".
    name: str
    #: What must be among the answers, as zone files write it: "10.0.0.7", "10 mail.example", "1 2
    #: 5060 sip.example". Of TXT the strings of a record are joined.
    expect: Optional[Sequence[str]] = None
    #: Whether "all" of what is expected must be there or "any" of it. Default: all.
    match: Optional[str] = None
    #: How many answers of the type there must be, aliases followed, where the response code is
    #: NOERROR. Default: 1.
    min_answers: Optional[int] = None
    #: The response codes that pass. Default: ["NOERROR"].
    rcode: Optional[Sequence[str]] = None
    #: The name server: "10.0.0.53:53" or "ns.example:53". Default: the first one of
    #: /etc/resolv.conf when the check is registered.
    server: Optional[str] = None
    #: Asks over a stream at once, without a datagram. Default: false, with tls true.
    tcp: Optional[bool] = None
    #: Encrypts the stream (DNS over TLS, usually on port 853).
    tls: Optional[Tls] = None
    #: The type of the records to ask for. Default: A.
    type: Optional[str] = None


@dataclass(frozen=True)
class Exec(Probe):
    """Runs a program, without a shell: status 0 is a pass, 1 a warning, any other a failure.
    Only in a monitor whose configuration says allow_exec.

    >>> Exec(["/usr/local/bin/ready"]).document()
    {'exec': {'command': ['/usr/local/bin/ready']}}
    """

    _word: ClassVar[str] = "exec"
    #: The absolute path of the program and its arguments, which are secret:
    #: ["/usr/lib/nagios/plugins/check_load", "-w", "4,4,4"].
    command: Sequence[str] = field(repr=False)
    #: The absolute path of the directory in which it runs. Default: "/".
    directory: Optional[str] = None
    #: Its variables, at most 64; their values are secret. Nothing of the host program's
    #: environment is handed on. Default: a PATH of the usual directories, also beside others.
    environment: Optional[Mapping[str, str]] = field(default=None, repr=False)
