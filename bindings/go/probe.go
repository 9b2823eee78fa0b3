package meshvitals

import (
	"context"
	"time"
)

// Probe is what a check does when it runs: [TCP], [HTTP], [CPU], [Memory], [Disk], [Signal],
// [Heartbeat], [External], or a function of the program, [Func] or [Measure].
type Probe interface {
	// key is the probe's key in a check's document.
	key() string
}

// TCP connects to a stream socket.
type TCP struct {
	Address string `doc:"address"` // "10.0.0.5:5432", "[::1]:5432", "db:5432", "unix:/run/x.sock"
	Connect string `doc:"connect"` // "full", or "fast": only the target's kernel sees it
	TLS     *TLS   `doc:"tls"`     // the handshake is part of the connection
	Script  []Step `doc:"script"`  // what is said and expected, step by step
}

// HTTP sends one HTTP request. Headers, body and expected text are secret: no message
// repeats them.
type HTTP struct {
	URL     string            `doc:"url"`
	Address string            `doc:"address"` // where to connect to instead
	Method  string            `doc:"method"`
	Headers map[string]string `doc:"headers"`
	Body    string            `doc:"body"`
	Host    string            `doc:"host"`
	Expect  Expect            `doc:"expect"`
	TLS     *TLS              `doc:"tls"`     // how https is encrypted
	Version string            `doc:"version"` // "1.1", "2" or "auto"

	Redirects  *Redirects `doc:"redirects"` // which are followed: none
	Proxy      string     `doc:"proxy"`
	ProxyBasic *Basic     `doc:"proxy_basic"`
	Basic      *Basic     `doc:"basic"`
	KeepAlive  bool       `doc:"keep_alive"`
	FreshEvery int        `doc:"fresh_every"` // runs per kept connection: 10
	Bearer     string     `doc:"bearer"`      // a token, or what holds it
	BearerFile string     `doc:"bearer_file"`
	BearerEnv  string     `doc:"bearer_env"`
}

// Expect is what the answer to an HTTP request must look like.
type Expect struct {
	Status       []string `doc:"status"` // codes and ranges: "204", "300-399"
	BodyContains string   `doc:"body_contains"`
	BodyLimit    int      `doc:"body_limit"` // bytes that are read

	Warn           []string       `doc:"warn"`    // codes that are a warning
	Fail           []string       `doc:"fail"`    // codes that are a failure
	Retry          []string       `doc:"retry"`   // codes that ask to come again
	Headers        map[string]any `doc:"headers"` // a text, or {"regex": ...}, by the name
	BodyRegex      string         `doc:"body_regex"`
	JSON           map[string]any `doc:"json"` // values by their JSON pointers
	DegradedHeader string         `doc:"degraded_header"`
}

// CPU measures the share of CPU time in use.
type CPU struct {
	Threshold float64 `doc:"threshold"`
}

// Memory measures the share of memory in use.
type Memory struct {
	Threshold float64 `doc:"threshold"`
}

// Disk measures the share of a filesystem in use.
type Disk struct {
	Path      string  `doc:"path"`
	Threshold float64 `doc:"threshold"`
}

// Signal watches what a host or a process runs out of. Levels are in the unit of the kind; those
// that are 0, and a Hold that is 0, are taken from the library's table of signals.
type Signal struct {
	Kind           string        // "memory_pressure", "disk_inodes" ...: a key of the table
	Path           string        `doc:"path"` // of kinds that begin with "disk_"
	DegradedEnter  float64       `doc:"degraded_enter"`
	DegradedExit   float64       `doc:"degraded_exit"`
	UnhealthyEnter float64       `doc:"unhealthy_enter"`
	UnhealthyExit  float64       `doc:"unhealthy_exit"`
	Hold           time.Duration `doc:"hold"`
}

// Heartbeat waits for [Check.Beat]; silence beyond the TTL is a failure.
type Heartbeat struct {
	TTL time.Duration `doc:"ttl"`
}

// External asks the program through CHECK_DUE events of a [Subscription] with [KindDue], which
// [Check.Report] answers. Func and Measure are the comfortable way; a monitor cannot have both,
// because only one subscription gets these events.
type External struct{}

// Func is a check of the program, run in a goroutine whenever it is due. nil passes; an error
// fails, unless [Warn] or [Local] made it. The context ends at the deadline, and when nobody
// wants the answer any more. At the deadline the result is a timeout, whatever the function does,
// but it is never started twice at once: one that does not come back is a timeout each round. A
// panic is that check's failure.
type Func func(ctx context.Context) error

// Measure is a check of the program that has more to say than Func: a value, a reason.
type Measure func(ctx context.Context) Result

func (TCP) key() string       { return "tcp" }
func (HTTP) key() string      { return "http" }
func (CPU) key() string       { return "cpu" }
func (Memory) key() string    { return "memory" }
func (Disk) key() string      { return "disk" }
func (s Signal) key() string  { return s.Kind }
func (Heartbeat) key() string { return "heartbeat" }
func (External) key() string  { return "external" }
func (Func) key() string      { return "external" }
func (Measure) key() string   { return "external" }

// function is what is to be called for a probe, nil if the library runs it.
func function(probe Probe) Measure {
	switch probe := probe.(type) {
	case Func:
		return func(ctx context.Context) Result { return resultOf(probe(ctx)) }
	case Measure:
		return probe
	}
	return nil
}
