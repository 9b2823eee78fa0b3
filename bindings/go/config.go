package meshvitals

import "time"

// CheckConfig says what a check is. Name and Probe must be there. A field that is zero is left
// out, so that the default holds: the monitor's, else the library's. Where zero means something
// else the field is a pointer, see [Ptr]. What each key means and allows stands in
// docs/documents.md; the library judges, and its error names the key.
type CheckConfig struct {
	Name  string `doc:"name"`
	Probe Probe

	Interval        time.Duration  `doc:"interval"`         // between the starts of two runs: 15 s
	Timeout         time.Duration  `doc:"timeout"`          // from start to deadline: 5 s
	ConfirmInterval time.Duration  `doc:"confirm_interval"` // between runs while in doubt
	InitialDelay    *time.Duration `doc:"initial_delay"`    // before the first run
	Jitter          *float64       `doc:"jitter"`           // share of the interval: 0.1

	FailureThreshold   int           `doc:"failure_threshold"`    // failures that make UNHEALTHY: 3
	SuccessThreshold   int           `doc:"success_threshold"`    // passes that end that: 2
	DegradedThreshold  int           `doc:"degraded_threshold"`   // warnings that make DEGRADED: 2
	FirstResultDecides string        `doc:"first_result_decides"` // "pass", "any" or "none"
	DegradedIsFailure  *bool         `doc:"degraded_is_failure"`  // a warning counts as a failure
	StartGrace         time.Duration `doc:"start_grace"`          // not UNHEALTHY before this
	Policy             string        `doc:"policy"`               // "thresholds"

	Linger      time.Duration `doc:"linger"`        // a late answer is still told as late
	MaxInFlight int           `doc:"max_in_flight"` // runs at once: 1

	Critical  *bool    `doc:"critical"` // groups become UNHEALTHY with it: true
	Role      string   `doc:"role"`     // "gate", or "inform": stops at DEGRADED
	Tags      []string `doc:"tags"`     // the groups that it belongs to
	DependsOn []string `doc:"depends_on"`

	// Addresses says what the addresses of a name must come to: "any": one is alive; "all": all
	// are; "each": all are, and some dead ones are a warning.
	Addresses string `doc:"addresses"`
	Cookie    uint64 `doc:"cookie"` // a number that its events carry
}

// Config says what a monitor is. Zero fields are left out, as in CheckConfig; the zero Config
// watches CPU, memory and disk.
type Config struct {
	SystemChecks    *bool    `doc:"system_checks"`    // CPU, memory and disk: true
	CPUThreshold    float64  `doc:"cpu_threshold"`    // 0.9
	MemoryThreshold float64  `doc:"memory_threshold"` // 0.9
	DiskThreshold   float64  `doc:"disk_threshold"`   // 0.9
	DiskPaths       []string `doc:"disk_paths"`       // "/"

	Policy        string         `doc:"policy"`
	Jitter        *float64       `doc:"jitter"`
	Slack         time.Duration  `doc:"slack"`          // starts move by so much to share a wake-up
	MaxRuns       int            `doc:"max_runs"`       // in flight at once: 64
	MaxHandshakes int            `doc:"max_handshakes"` // in flight at once: 16
	StartSpread   *time.Duration `doc:"start_spread"`   // over which first runs are spread
	AllowExec     bool           `doc:"allow_exec"`
	StopTimeout   time.Duration  `doc:"stop_timeout"` // how long Close waits: 2 s
	Anchor        string         `doc:"anchor"`
	AllDownMeans  string         `doc:"all_down_means"`
	Clock         string         `doc:"clock"` // "system", or "manual": see Monitor.Advance

	// Defaults are for checks that are silent. It has no name, probe, dependencies or cookie.
	Defaults CheckConfig   `doc:"defaults"`
	Checks   []CheckConfig `doc:"checks"`
}

// Ptr is a pointer to a value, for the fields where zero is not the default.
func Ptr[T any](value T) *T {
	return &value
}
