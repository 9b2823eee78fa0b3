package meshvitals

import "time"

// GRPC asks the health service of a gRPC server (grpc.health.v1.Health).
type GRPC struct {
	// Where to connect: "10.0.0.5:50051", "[::1]:50051", "orders.example:50051" or
	// "unix:/run/x.sock".
	Address string `doc:"address"`
	// The name that the server is asked under (:authority). Default: the host and port of the
	// address, with tls.name in the place of the host; of a unix socket "localhost".
	Authority string `doc:"authority"`
	// What is sent along, at most 64 names and 8 KiB together; the values are secret. Those of
	// names that end in -bin are base64.
	Metadata map[string]string `doc:"metadata"`
	// The service that is asked about, such as "shop.v1.Orders". Default: "", the server as a
	// whole.
	Service string `doc:"service"`
	// Encrypts the connection. Unless alpn says otherwise h2 is offered, and it must be chosen.
	TLS *TLS `doc:"tls"`
	// Whether a stream is kept on which the server tells of changes (Watch): the check then runs
	// at once, and not only at its interval. Default: false.
	Watch bool `doc:"watch"`
}

func (GRPC) key() string { return "grpc" }

// Redis asks a Redis server for a sign of life, and for more where more is said here.
type Redis struct {
	// Where to connect: "10.0.0.5:6379", "[::1]:6379", "cache.example:6379" or "unix:/run/x.sock".
	Address string `doc:"address"`
	// Whether the cluster that the server belongs to must be whole. Default: false.
	Cluster bool `doc:"cluster"`
	// The number of a database that must be there.
	Database int `doc:"database"`
	// The password. Without one a server that wants one passes as alive, even while it loads.
	Password string `doc:"password"`
	// A variable of the environment that holds the password.
	PasswordEnv string `doc:"password_env"`
	// A file that holds the password.
	PasswordFile string `doc:"password_file"`
	// The part that the server must play in replication: "master" or "replica". A replica that has
	// lost its master is a warning. Default: any.
	Role string `doc:"role"`
	// Encrypts the connection.
	TLS *TLS `doc:"tls"`
	// The user to log in as, with a password. Default: the default user.
	User string `doc:"user"`
}

func (Redis) key() string { return "redis" }

// Postgres asks a PostgreSQL server whether it would talk, and with a user logs in and asks for
// more.
type Postgres struct {
	// Where to connect: "10.0.0.5:5432", "[::1]:5432", "db.example:5432" or
	// "unix:/run/postgresql/.s.PGSQL.5432".
	Address string `doc:"address"`
	// The database. Default: that of the user's name.
	Database string `doc:"database"`
	// How far the data of a replica may lie behind. 0 is measured where all that was received is
	// replayed and a receiver runs; without one it is the age of the last transaction, which also
	// grows while the primary is idle.
	MaxLag time.Duration `doc:"max_lag"`
	// The password of the user. It goes in the clear only through TLS or a unix socket.
	Password string `doc:"password"`
	// A variable of the environment that holds the password.
	PasswordEnv string `doc:"password_env"`
	// A file that holds the password.
	PasswordFile string `doc:"password_file"`
	// What must run without an error and answer with at most 64 KiB; its rows do not matter.
	// Default: "SELECT 1", unless a key below asks already.
	Query string `doc:"query"`
	// Whether new transactions must be read-only, or must not be. Default: any.
	ReadOnly bool `doc:"read_only"`
	// The part that the server must play in replication: "primary" or "replica". Default: any.
	Role string `doc:"role"`
	// Encrypts the connection, after the server was asked whether it can.
	TLS *TLS `doc:"tls"`
	// The user to log in as. Without one nobody logs in, and a server that refuses or wants a
	// password passes as alive.
	User string `doc:"user"`
}

func (Postgres) key() string { return "postgres" }

// MySQL asks a MySQL or MariaDB server whether it would talk, and with a user logs in.
type MySQL struct {
	// Where to connect: "10.0.0.5:3306", "[::1]:3306", "db.example:3306" or
	// "unix:/run/mysqld/mysqld.sock".
	Address string `doc:"address"`
	// The database that is entered. Default: none.
	Database string `doc:"database"`
	// The password of the user. It goes in the clear only through TLS or a unix socket, where the
	// server wants it so.
	Password string `doc:"password"`
	// A variable of the environment that holds the password.
	PasswordEnv string `doc:"password_env"`
	// A file that holds the password.
	PasswordFile string `doc:"password_file"`
	// Whether the server must be read-only, or must not be. Default: any.
	ReadOnly bool `doc:"read_only"`
	// Encrypts the connection, after the greeting has said that the server can.
	TLS *TLS `doc:"tls"`
	// The user to log in as, "SELECT 1" included. Without one a user that the server does not know
	// is refused by it, which passes as alive and which it notes; one without rights and without a
	// password leaves no note.
	User string `doc:"user"`
}

func (MySQL) key() string { return "mysql" }

// Memcached asks a Memcached server for its version.
type Memcached struct {
	// Where to connect: "10.0.0.5:11211", "[::1]:11211", "cache.example:11211" or
	// "unix:/run/memcached.sock".
	Address string `doc:"address"`
	// The password; secret. Without tls it travels in the clear.
	Password string `doc:"password"`
	// A variable of the environment with the password.
	PasswordEnv string `doc:"password_env"`
	// A file with the password.
	PasswordFile string `doc:"password_file"`
	// "text", or "binary" for a server that wants SASL. Default: text.
	Protocol string `doc:"protocol"`
	// Encrypts the connection.
	TLS *TLS `doc:"tls"`
	// Who logs in: as the server's file of users says (text), or by SASL PLAIN (binary); together
	// with a password.
	User string `doc:"user"`
}

func (Memcached) key() string { return "memcached" }

// NATS greets a NATS server, logs in and has a PING answered. A server that wants a login is only
// greeted where the check has none.
type NATS struct {
	// Where to connect: "10.0.0.5:4222", "[::1]:4222", "nats.example:4222" or
	// "unix:/run/nats.sock".
	Address string `doc:"address"`
	// The password; secret. Without tls it travels in the clear.
	Password string `doc:"password"`
	// A variable of the environment with the password.
	PasswordEnv string `doc:"password_env"`
	// A file with the password.
	PasswordFile string `doc:"password_file"`
	// Encrypts the connection after the greeting of the server.
	TLS *TLS `doc:"tls"`
	// A token in place of user and password; secret. Without tls it travels in the clear.
	Token string `doc:"token"`
	// A variable of the environment with the token.
	TokenEnv string `doc:"token_env"`
	// A file with the token.
	TokenFile string `doc:"token_file"`
	// Who logs in; together with a password.
	User string `doc:"user"`
}

func (NATS) key() string { return "nats" }

// MQTT connects to an MQTT server, logs in where the check says so, and has a ping answered.
type MQTT struct {
	// Where to connect: "10.0.0.5:1883", "[::1]:1883", "mqtt.example:1883" or
	// "unix:/run/mqtt.sock".
	Address string `doc:"address"`
	// The name of the session. A session of the same name elsewhere is ended by the server.
	// Default: "", for which the server makes up one.
	ClientID string `doc:"client_id"`
	// The password; secret. Without tls it travels in the clear.
	Password string `doc:"password"`
	// A variable of the environment with the password.
	PasswordEnv string `doc:"password_env"`
	// A file with the password.
	PasswordFile string `doc:"password_file"`
	// Encrypts the connection.
	TLS *TLS `doc:"tls"`
	// Who logs in; together with a password.
	User string `doc:"user"`
	// The version of the protocol as it counts itself: 4 for MQTT 3.1.1, 5 for MQTT 5. Default: 4.
	Version int `doc:"version"`
}

func (MQTT) key() string { return "mqtt" }

// AMQP greets an AMQP 0-9-1 server such as RabbitMQ. With a user it logs in and opens a virtual
// host.
type AMQP struct {
	// Where to connect: "10.0.0.5:5672", "[::1]:5672", "mq.example:5672" or "unix:/run/mq.sock".
	Address string `doc:"address"`
	// The password; secret. Without tls it travels in the clear.
	Password string `doc:"password"`
	// A variable of the environment with the password.
	PasswordEnv string `doc:"password_env"`
	// A file with the password.
	PasswordFile string `doc:"password_file"`
	// Encrypts the connection.
	TLS *TLS `doc:"tls"`
	// Who logs in; together with a password. Without it the server is only greeted.
	User string `doc:"user"`
	// The virtual host that is opened after the login. Default: "/".
	VHost string `doc:"vhost"`
}

func (AMQP) key() string { return "amqp" }

// SMTP greets a mail server. No mail is sent and nobody logs in.
type SMTP struct {
	// Where to connect: "10.0.0.5:25", "[::1]:25", "mail.example:587" or "unix:/run/mail.sock".
	Address string `doc:"address"`
	// The name that the server is greeted with. Default: "localhost".
	Hello string `doc:"hello"`
	// Whether encryption is asked for after the greeting, as the key tls says. Default: false.
	StartTLS bool `doc:"starttls"`
	// Encrypts the connection from the first byte; with starttls after the greeting.
	TLS *TLS `doc:"tls"`
}

func (SMTP) key() string { return "smtp" }

// UDP sends one datagram and waits for the reply: silence is never a pass. A datagram that is
// lost is not sent again within the run; the failure threshold bears that.
type UDP struct {
	// Where to send to: "10.0.0.5:5432", "[::1]:5432" or "db.example:5432".
	Address string `doc:"address"`
	// Text of 1 to 4096 bytes that the reply must hold; secret. Default: any reply passes.
	Expect string `doc:"expect"`
	// The same in hexadecimal digits.
	ExpectHex string `doc:"expect_hex"`
	// A regular expression that must match within the reply; secret.
	ExpectRegex string `doc:"expect_regex"`
	// What is sent, 1 to 8192 bytes; secret.
	Send string `doc:"send"`
	// The same in hexadecimal digits, for bytes that no text can hold. One of the two is given.
	SendHex string `doc:"send_hex"`
}

func (UDP) key() string { return "udp" }

// DNS asks a name server, in a datagram first, and over a stream where the answer does not fit
// one. A datagram that is lost is not sent again within the run; the failure threshold bears
// that.
type DNS struct {
	// The name to ask for, always taken as a whole one: "www.example.com".
	Name string `doc:"name"`
	// What must be among the answers, as zone files write it: "10.0.0.7", "10 mail.example", "1 2
	// 5060 sip.example". Of TXT the strings of a record are joined.
	Expect []string `doc:"expect"`
	// Whether "all" of what is expected must be there or "any" of it. Default: all.
	Match string `doc:"match"`
	// How many answers of the type there must be, aliases followed, where the response code is
	// NOERROR. Default: 1.
	MinAnswers int `doc:"min_answers"`
	// The response codes that pass. Default: ["NOERROR"].
	Rcode []string `doc:"rcode"`
	// The name server: "10.0.0.53:53" or "ns.example:53". Default: the first one of
	// /etc/resolv.conf when the check is registered.
	Server string `doc:"server"`
	// Asks over a stream at once, without a datagram. Default: false, with tls true.
	TCP bool `doc:"tcp"`
	// Encrypts the stream (DNS over TLS, usually on port 853).
	TLS *TLS `doc:"tls"`
	// The type of the records to ask for. Default: A.
	Type string `doc:"type"`
}

func (DNS) key() string { return "dns" }

// Exec runs a program, without a shell: status 0 is a pass, 1 a warning, any other a failure.
// Only in a monitor whose configuration says allow_exec.
type Exec struct {
	// The absolute path of the program and its arguments, which are secret:
	// ["/usr/lib/nagios/plugins/check_load", "-w", "4,4,4"].
	Command []string `doc:"command"`
	// The absolute path of the directory in which it runs. Default: "/".
	Directory string `doc:"directory"`
	// Its variables, at most 64; their values are secret. Nothing of the host program's
	// environment is handed on. Default: a PATH of the usual directories, also beside others.
	Environment map[string]string `doc:"environment"`
}

func (Exec) key() string { return "exec" }

// Basic a user and a password.
type Basic struct {
	// The user: 1 to 255 bytes without a colon.
	User string `doc:"user"`
	// The password; secret.
	Password string `doc:"password"`
	// A variable of the environment that holds the password.
	PasswordEnv string `doc:"password_env"`
	// A file that holds the password.
	PasswordFile string `doc:"password_file"`
}

// Redirects which redirects are followed.
type Redirects struct {
	// The most that are followed in one run. Default: 5.
	Max int `doc:"max"`
	// Whether they must stay on the URL's host. Default: true.
	SameHost *bool `doc:"same_host"`
}

// Step one step, which is exactly one of these keys.
type Step struct {
	// "graceful", as the last step: says that nothing more comes and waits for the other side to
	// end, instead of a reset. It changes no verdict, and keeps a port of this machine for a
	// minute.
	Close string `doc:"close"`
	// What comes next must begin with this text of 1 to 4096 bytes; secret. The rest stays for the
	// next step. To find a text anywhere, use expect_regex.
	Expect string `doc:"expect"`
	// The same for bytes, written as pairs of hexadecimal digits; secret.
	ExpectHex string `doc:"expect_hex"`
	// What comes next must hold a match of this regular expression (of the Rust crate regex);
	// secret. ^ is where the step begins, $ the end of the stream. Everything up to the end of the
	// match is taken. A match that more bytes could lengthen is taken when a byte ends it.
	ExpectRegex string `doc:"expect_regex"`
	// Sends a text of 1 to 4096 bytes; secret. ${name} stands for what an earlier expect_regex has
	// captured under this name, $${ for ${ itself.
	Send string `doc:"send"`
	// Sends bytes, written as pairs of hexadecimal digits; secret.
	SendHex string `doc:"send_hex"`
	// true: encrypts the connection, as the key tls beside the script says.
	StartTLS bool `doc:"starttls"`
}
