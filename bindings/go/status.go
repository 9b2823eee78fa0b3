package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"
)

// Status is what everybody wants to know.
type Status int32

// The statuses.
const (
	Unknown   Status = C.MESHVITALS_STATUS_UNKNOWN   // not measured yet, too old, paused, blocked
	Healthy   Status = C.MESHVITALS_STATUS_HEALTHY   // works
	Degraded  Status = C.MESHVITALS_STATUS_DEGRADED  // works, with a warning
	Unhealthy Status = C.MESHVITALS_STATUS_UNHEALTHY // does not work
)

// IsFunctional says whether it works: healthy or degraded. What is degraded stays in
// load-balancing pools.
func (s Status) IsFunctional() bool {
	return s == Healthy || s == Degraded
}

// String is the word in capitals.
func (s Status) String() string {
	switch s {
	case Unknown:
		return "UNKNOWN"
	case Healthy:
		return "HEALTHY"
	case Degraded:
		return "DEGRADED"
	case Unhealthy:
		return "UNHEALTHY"
	}
	return "Status(" + strconv.Itoa(int(s)) + ")"
}

// ID names a check or group: unique over all monitors of the process, never used again. 0 is
// never an id.
type ID uint64

// cell is where a status is published. The library never unmaps it, so it may be read after the
// check, the monitor and the library's threads are gone; it then reads Unknown. Words and halves
// are those of meshvitals_cell_status in the header.
type cell struct {
	at *C.meshvitals_cell_t
	id ID
}

func (c cell) status() Status {
	if c.at == nil {
		return Unknown
	}
	word := atomic.LoadUint64((*uint64)(unsafe.Pointer(&c.at.word)))
	if word>>32 != uint64(c.id)>>32 {
		return Unknown
	}
	return Status(int32(word))
}

func (c cell) statusAt(nowNS uint64) Status {
	status := c.status()
	if status == Unknown {
		return status
	}
	if nowNS >= atomic.LoadUint64((*uint64)(unsafe.Pointer(&c.at.fresh_until_ns))) {
		return Unknown
	}
	return status
}

// Handle is what checks and groups have in common. It may outlive everything, and then reads
// Unknown; so does its zero value.
type Handle struct {
	cell    cell
	monitor *Monitor
}

// ID is the id.
func (h Handle) ID() ID {
	return h.cell.id
}

// Status is what the engine published last: one atomic load, about a nanosecond. A live engine
// publishes Unknown itself when a status gets too old; see [Handle.StatusAt] for readers that must
// not trust it to be alive.
func (h Handle) Status() Status {
	return h.cell.status()
}

// StatusAt is the status, and Unknown if it is too old at that instant, usually time.Now().
func (h Handle) StatusAt(now time.Time) Status {
	if h.monitor == nil {
		return Unknown
	}
	return h.cell.statusAt(h.monitor.inner.clock.ns(now))
}
