package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// stopTimeout is how long Close waits for functions, unless the config says otherwise.
const stopTimeout = 2 * time.Second

// Monitor is one engine: checks, one background thread outside of Go, and what it publishes.
// Make it with [New], end it with [Monitor.Close].
type Monitor struct {
	inner *inner
}

// inner is what goroutines of the package hold. They do not hold the Monitor, so that one that
// nobody holds any more can be closed.
type inner struct {
	// gate is held for reading by every call into C, for writing when the handle is freed.
	gate        sync.RWMutex
	c           *C.meshvitals_monitor_t // nil when it was closed
	clock       clock
	overall     cell
	stopTimeout time.Duration
	// life orders Start, Stop and Close.
	life      sync.Mutex
	advancing atomic.Bool
	functions functions
	log       log
}

// New makes a monitor. Nothing runs until [Monitor.Start].
func New(config Config) (*Monitor, error) {
	text, err := encode("new", config)
	if err != nil {
		return nil, err
	}
	monitor, err := NewJSON(text)
	if err != nil {
		return nil, err
	}
	if config.StopTimeout > 0 {
		monitor.inner.stopTimeout = config.StopTimeout
	}
	// Nothing has asked for them yet: nothing runs.
	err = monitor.withFunctions("new", config.Checks, func() ([]Check, error) {
		return monitor.checks(config.Checks)
	})
	if err != nil {
		return nil, errors.Join(err, monitor.Close())
	}
	return monitor, nil
}

// checks finds the checks of a config that was taken.
func (m *Monitor) checks(configs []CheckConfig) ([]Check, error) {
	checks := make([]Check, len(configs))
	for i, config := range configs {
		check, err := m.Check(config.Name)
		if err != nil {
			return nil, err
		}
		checks[i] = check
	}
	return checks, nil
}

// NewJSON makes a monitor from a configuration document, see docs/documents.md.
func NewJSON(config string) (*Monitor, error) {
	text, err := document("new", config)
	if err != nil {
		return nil, err
	}
	i := &inner{stopTimeout: stopTimeout}
	var raw C.meshvitals_error_t
	if err := failure("new", C.meshvitals_monitor_new(text, &i.c, &raw), &raw); err != nil {
		return nil, err
	}
	i.clock = newClock(i.c)
	i.functions.init(i)
	i.log.init(i)
	monitor := &Monitor{inner: i}
	// For who forgets Close. It may wait, which a cleanup must not.
	runtime.AddCleanup(monitor, func(i *inner) { go i.close() }, i)
	overall, err := monitor.Group("overall")
	if err != nil {
		return nil, errors.Join(err, monitor.Close())
	}
	i.overall = overall.cell
	return monitor, nil
}

// enter is what a call does in C. It may leave the error empty: then the code's text stands for it.
type enter func(*C.meshvitals_monitor_t, *C.meshvitals_error_t) C.meshvitals_code_t

// call enters C unless the monitor was closed.
func (i *inner) call(op string, enter enter) error {
	i.gate.RLock()
	defer i.gate.RUnlock()
	if i.c == nil {
		return closed(op)
	}
	var raw C.meshvitals_error_t
	code := enter(i.c, &raw)
	return failure(op, code, &raw)
}

// Overall is the status of the whole: one atomic load.
func (m *Monitor) Overall() Status {
	return m.inner.overall.status()
}

// Render is a report of all checks and groups: "json" or "openmetrics".
func (m *Monitor) Render(format string) (string, error) {
	defer runtime.KeepAlive(m)
	name, ok := toC(format)
	if !ok {
		return "", &Error{Op: "render", Code: ErrRange}
	}
	var buffer []byte
	for {
		var length C.int64_t
		err := m.inner.call("render", func(
			c *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
		) C.meshvitals_code_t {
			place := (*C.char)(unsafe.Pointer(unsafe.SliceData(buffer)))
			length = C.meshvitals_render(c, name, place, C.size_t(len(buffer)))
			return C.meshvitals_code_t(min(length, 0))
		})
		if err != nil {
			return "", err
		}
		if int(length) < len(buffer) {
			return string(buffer[:length]), nil
		}
		// A report that grows meanwhile shall fit too.
		buffer = make([]byte, int(length)+int(length)/8+64)
	}
}
